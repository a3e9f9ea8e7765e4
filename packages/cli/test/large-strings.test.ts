// Large strings, taken in and replied in slices, while other clients change the same keys: a string
// that is always written as one stamp repeated is never a mixture of two, two that are set together
// are always equal, one that is only appended to is always a beginning of the whole. Who leaves in
// the middle, removes what is being read, or does not read, disturbs nobody.

import { createConnection, type Socket } from 'node:net';
import {
  type CommandArg,
  describeReply,
  encodeCommands,
  Prng,
  type Reply,
  type RespClient,
} from '@forgekv/testkit';
import { t as file, type Test, test } from 'tap';
import { connect, keyOnShard, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const LENGTH = 150_000;
const STAMP = 8;
const READS = 25;
const ROUNDS = 60;
const SLICED = ['--debug-slice-elements', '64'];
const ONE = [5];
const SEVERAL = [3, 20, 40, 60];
/** Values go to the stores and come back all the time. */
const COLD = ['--large-values-max-bytes', '100000', '--debug-keep-cold', 'yes'];
const SERVERS = [
  { fronts: 1, workers: 1, args: SLICED, shards: ONE },
  { fronts: 2, workers: 4, args: SLICED, shards: SEVERAL },
  { fronts: 2, workers: 4, args: [...SLICED, '--wal-sync-mode', 'Always'], shards: SEVERAL },
  { fronts: 2, workers: 2, args: [...SLICED, ...COLD], shards: SEVERAL },
];

file.setTimeout(180_000);
const seed = Number(process.env.FORGEKV_LARGE_SEED ?? Date.now() % 2 ** 31);
process.stderr.write(`large strings: FORGEKV_LARGE_SEED=${seed}\n`);

interface Keys {
  /** Always one stamp. */
  readonly one: string;
  readonly moved: string;
  /** Always the same, or both missing. */
  readonly pair: readonly [string, string];
  /** Counters behind each other. */
  readonly grown: string;
  readonly field: string;
}

function keysOn(shards: readonly number[]): Keys {
  const key = (name: string, i: number): string => keyOnShard(shards[i % shards.length]!, name);
  return {
    ...{ one: key('one', 0), moved: key('moved', 1), grown: key('grown', 2) },
    ...{ pair: [key('left', 3), key('right', 0)], field: key('field', 1) },
  };
}

function stamped(number: number, length = LENGTH): Buffer {
  return Buffer.alloc(length, String(number).padStart(STAMP, '0'));
}

function counters(from: number, count: number): Buffer {
  const texts = Array.from({ length: count }, (_, i) => String(from + i).padStart(STAMP, '0'));
  return Buffer.from(texts.join(''));
}

for (const { fronts, workers, args, shards } of SERVERS) {
  const name = `${fronts} fronts, ${workers} workers, ${args.slice(2).join(' ')}`;
  test(`nothing is torn: ${name}`, async (t) => {
    const server = await serve(t, { fronts, workers, args });
    const keys = keysOn(shards);
    const state = { isOver: false };
    const open = (resp: 2 | 3): Promise<RespClient> => connect(t, server, { resp });
    const writers = await Promise.all([open(2), open(3)]);
    const problems = writers.map((client, i) => write(client, keys, new Prng(seed + i), state));
    const growing = grow(await open(2), keys.grown, new Prng(seed + 5), state);
    const readers = await Promise.all([open(2), open(3), open(2)]);
    const read = readers.map((client, i) => readAll(client, keys, new Prng(seed + 10 + i)));
    t.same(await Promise.all(read), ['', '', '']);
    await leave(() => open(2), keys);
    state.isOver = true;
    t.same(await Promise.all(problems), ['', '']);
    t.equal(await growing, '');
    await removeWhileReading(t, open, keys);
  });
}

/** Changes that keep to what the readers rely on; returns what was wrong with their replies. */
async function write(
  client: RespClient,
  { one, moved, pair, field }: Keys,
  prng: Prng,
  state: { readonly isOver: boolean },
): Promise<string> {
  const steps: ((n: number) => readonly (readonly CommandArg[])[])[] = [
    (n) => [['SET', one, stamped(n)]],
    (n) => [['SETRANGE', one, '0', stamped(n)]],
    (n) => [['GETSET', one, stamped(n)]],
    (n) => [['SET', one, stamped(n), 'PX', '40', 'GET']],
    (n) => [['SETEX', one, '100', stamped(n)]],
    (n) => [['SETNX', one, stamped(n)]],
    (n) => [['MSET', pair[0], stamped(n), 'small', 'x', pair[1], stamped(n)]],
    (n) => [['MSETNX', pair[0], stamped(n), pair[1], stamped(n)]],
    () => [['DEL', ...pair]],
    () => [['GETDEL', one]],
    () => [['GETEX', one, 'PX', '30']],
    () => [['GETEX', one, 'PERSIST']],
    () => [['COPY', one, moved, 'REPLACE']],
    () => [['RENAME', moved, one]],
    (n) => [
      ['HSET', field, `${n % 5}`, stamped(n)],
      ['HGET', field, `${n % 5}`],
    ],
    () => [['DEL', one, moved]],
    (n) => [
      ['SET', `gap${n % 2}`, stamped(1, 20_000)],
      ['SETRANGE', `gap${n % 2}`, String(300_000 + n), 'x'],
      ['GETRANGE', `gap${n % 2}`, '20000', '300000'],
      ['SETBIT', `gap${n % 2}`, '4000000', '1'],
      ['GETRANGE', `gap${n % 2}`, '400001', '499999'],
    ],
    (n) => [['PING'], ['SET', one, stamped(n)], ['GET', one], ['SET', moved, stamped(n)]],
  ];
  while (!state.isOver) {
    const replies = await client.pipeline(prng.pick(steps)(prng.below(100_000)));
    for (const reply of replies) {
      const problem = notStamped(reply);
      if (problem !== '') return problem;
    }
  }
  return '';
}

/** Appends counters, many or few, and sets some in place that are what they were. */
async function grow(
  client: RespClient,
  key: string,
  prng: Prng,
  state: { readonly isOver: boolean },
): Promise<string> {
  let count = 0;
  while (!state.isOver) {
    const added = prng.chance(0.5) ? 1 + prng.below(3) : 1000 + prng.below(2000);
    const reply = await client.command('APPEND', key, counters(count, added));
    count += added;
    const wanted = `(integer) ${count * STAMP}`;
    if (describeReply(reply) !== wanted) return `APPEND: ${describeReply(reply)}, not ${wanted}`;
    const from = prng.below(count);
    const again = counters(from, Math.min(count - from, 1200));
    await client.command('SETRANGE', key, String(from * STAMP), again);
    if (count > 60_000) {
      await client.command('DEL', key);
      count = 0;
    }
  }
  return '';
}

async function readAll(client: RespClient, keys: Keys, prng: Prng): Promise<string> {
  const { one, moved, pair, grown } = keys;
  for (let i = 0; i < READS; i++) {
    const from = prng.below(LENGTH / STAMP) * STAMP;
    const [whole, part, both, prefix, echo, some] = await client.pipeline([
      ['GET', prng.pick([one, moved])],
      ['GETRANGE', one, String(from), '-1'],
      ['MGET', ...pair, 'small', pair[1], 'missing'],
      ['GET', grown],
      ['ECHO', 'between'],
      ['SUBSTR', one, '0', '20000'],
    ]);
    const problem = notStamped(whole!) || notStamped(part!) || notStamped(some!) || notSame(both!);
    if (problem !== '') return problem;
    if (describeReply(echo!) !== '"between"') return `ECHO: ${describeReply(echo!)}`;
    const text = bytesOf(prefix!);
    if (text !== null && !text.equals(counters(0, text.length / STAMP))) return 'APPEND is torn';
  }
  return '';
}

function bytesOf(reply: Reply): Buffer | null {
  return reply.kind === 'bulk' ? Buffer.from(reply.bytes) : null;
}

/** What is wrong with a reply that is no string, or some stamps of one kind. */
function notStamped(reply: Reply): string {
  const bytes = bytesOf(reply);
  if (bytes === null || bytes.length < STAMP) return '';
  const wanted = Buffer.alloc(bytes.length, bytes.subarray(0, STAMP));
  return bytes.equals(wanted) ? '' : `torn: ${bytes.length} bytes`;
}

function notSame(reply: Reply): string {
  if (reply.kind !== 'array' || reply.items.length !== 5) return `MGET: ${describeReply(reply)}`;
  const [left, right, , again, missing] = reply.items.map(bytesOf);
  if (missing !== null) return 'MGET: something is there';
  const isSame = [right, again].every((other) =>
    left === null ? other === null : other !== null && other!.equals(left!),
  );
  return isSame ? notStamped(reply.items[0]!) : 'MGET: two that are set together differ';
}

/** Clients go in the middle of requests and replies. */
async function leave(open: () => Promise<RespClient>, { one, pair }: Keys): Promise<void> {
  for (let i = 0; i < 10; i++) {
    const leaving = await open();
    const exchange = leaving.pipeline([
      ['GET', one],
      ['SET', one, stamped(i)],
      ['MGET', ...pair],
    ]);
    exchange.catch(() => undefined);
    if (i % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    leaving.destroy();
  }
}

async function removeWhileReading(
  t: Test,
  open: (resp: 2 | 3) => Promise<RespClient>,
  { one, pair }: Keys,
): Promise<void> {
  const [reader, other, victim] = [await open(2), await open(3), await open(2)];
  const removals = [['DEL', one], ['FLUSHALL'], ['SET', one, 'x'], ['PEXPIRE', one, '1']];
  for (const removal of removals) {
    await other.must('MSET', one, stamped(7), pair[0], stamped(8), pair[1], stamped(8));
    const reading = reader.pipeline([
      ['GET', one],
      ['MGET', ...pair, 'a', pair[1], 'b'],
    ]);
    const killed = victim.pipeline([['MGET', one, one, one]]).catch(() => []);
    await other.must(removal[0]!, ...removal.slice(1));
    if (removal === removals.at(-1)) {
      const id = describeReply(await reader.must('CLIENT', 'ID')).replace('(integer) ', '');
      await other.command('CLIENT', 'KILL', 'ID', id, 'SKIPME', 'yes');
      await reading.catch(() => []);
    } else {
      const [value, both] = await reading;
      t.equal(notStamped(value!) || notSame(both!), '', removal.join(' '));
    }
    await killed;
  }
  await other.must('SET', one, stamped(1));
}

test('who does not read holds nobody up, and gets what was there', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2, args: SLICED });
  const client = await connect(t, server);
  const length = 24 << 20;
  const key = keyOnShard(9, 'big');
  await client.must('SET', key, stamped(1, length));
  const lazy = await raw(t, server.port!);
  lazy.pause();
  lazy.write(encodeCommands([['GET', key], ['PING']]));
  const waiting = async (): Promise<number> => {
    const list = describeReply(await client.must('CLIENT', 'LIST', 'TYPE', 'normal'), 10_000);
    return Math.max(...list.match(/omem=(\d+)/g)!.map((text) => +text.slice(5)));
  };
  // The reply is under way, and will not get further than buffers go.
  t.ok(await until(async () => (await waiting()) > 0), 'the reply does not fit the socket');
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.ok((await waiting()) < 4 << 20, 'little of it waits at the front');
  await client.must('SETRANGE', key, '8', stamped(2, 16_000));
  await client.must('APPEND', key, 'end');
  await client.must('DEL', key);
  const head = `$${length}\r\n`;
  const wanted = Buffer.concat([
    Buffer.from(head),
    stamped(1, length),
    Buffer.from('\r\n+PONG\r\n'),
  ]);
  const got = await take(lazy, wanted.length);
  t.ok(got.equals(wanted) || got.equals(Buffer.from('$-1\r\n+PONG\r\n')));
});

async function raw(t: Test, port: number): Promise<Socket> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  t.teardown(() => socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

async function take(socket: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks);
}

/** One connection's keys, and what it has sent and been answered. */
class Actor {
  readonly #key: (name: string) => string;
  #sent = 0;
  #answered = 0;
  #appended = 0;
  #appendedSurely = 0;

  constructor(who: number) {
    this.#key = (name) => `${name}:${who}`;
  }

  /** Sets and appends until the connection ends. */
  async act(client: RespClient, prng: Prng): Promise<void> {
    for (;;) {
      const n = ++this.#sent;
      const value = stamped(n, 20_000 + prng.below(LENGTH) * STAMP);
      const [one, left, right, log] = ['one', 'left', 'right', 'log'].map(this.#key);
      const more = counters(this.#appended, 600 + prng.below(2000));
      this.#appended += more.length / STAMP;
      await client.pipeline([
        ['SET', one!, value],
        ['MSET', left!, value, right!, value],
        ['APPEND', log!, more],
        ['SET', 'ttl', value, 'PX', '100000'],
      ]);
      this.#answered = n;
      this.#appendedSurely = this.#appended;
    }
  }

  /** Compares what is there with what may be; goes on from it. */
  async check(t: Test, client: RespClient): Promise<void> {
    const keys = ['one', 'left', 'right', 'log'].map(this.#key);
    const reply = await client.must('MGET', ...keys);
    const items = reply.kind === 'array' ? reply.items : [];
    const [one, left, right, log] = items.map(bytesOf);
    for (const [i, item] of items.slice(0, 3).entries()) t.equal(notStamped(item), '', keys[i]!);
    for (const bytes of [one, left, right]) {
      const n = Number(bytes?.subarray(0, STAMP).toString() ?? 0);
      t.ok(n >= this.#answered && n <= this.#sent, `${n} of ${this.#answered}..${this.#sent}`);
    }
    t.ok(left === null ? right === null : right!.equals(left!), 'all or none');
    const count = (log?.length ?? 0) / STAMP;
    t.ok(count >= this.#appendedSurely && count <= this.#appended, `${count} were appended`);
    t.ok(log === null || log!.equals(counters(0, count)), 'in order');
    this.#appended = count;
    this.#appendedSurely = count;
  }
}

for (const { fronts, workers } of SERVERS.slice(0, 2)) {
  test(`all or none after kill -9: ${fronts} fronts, ${workers} workers`, async (t) => {
    const prng = new Prng(seed);
    const server = await serve(t, { fronts, workers, args: SLICED });
    const actors = Array.from({ length: 4 }, (_, who) => new Actor(who));
    for (let round = 0; round < 4; round++) {
      const clients = await Promise.all(actors.map(() => connect(t, server)));
      const acts = actors.map((actor, i) =>
        actor.act(clients[i]!, new Prng(seed + round * ROUNDS + i)).catch(() => undefined),
      );
      await new Promise((resolve) => setTimeout(resolve, prng.between(200, 900)));
      await server.kill9();
      await Promise.all(acts);
      await server.restart();
      const client = await connect(t, server);
      for (const actor of actors) await actor.check(t, client);
      const ttl = await client.must('GET', 'ttl');
      t.equal(notStamped(ttl), '', 'with an expiry');
      client.destroy();
    }
  });
}
