// Order: what one connection writes is seen by others in the order it was written, wherever each
// command ran, and replies come in the order of the requests, however those arrive.
//
// FORGEKV_ORDER_PAIRS makes the first test longer, FORGEKV_ORDER_SEED repeats the second.

import {
  describeReply,
  encodeCommand,
  encodeCommands,
  Prng,
  type RespClient,
  type ServerHandle,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { sendInChunks } from './support/chunks.ts';
import { orderScript } from './support/order-script.ts';
import { connect, connectToEveryFront, keyOnShard, LAYOUTS, serve } from './support/servers.ts';

const pairs = Number(process.env.FORGEKV_ORDER_PAIRS ?? 100_000);
const seed = Number(process.env.FORGEKV_ORDER_SEED ?? Date.now() % 2 ** 31);

/** Values longer than this are large, so a pair of values runs in two places. */
const HOT_BYTES = 64;
const LARGE_ARGS = ['--hot-value-max-bytes', String(HOT_BYTES)];
const PAIR_KEYS = 16;
/** Pairs the writer has on the way. */
const WINDOW = 500;

/** Every command on a key goes to a worker. */
const FORCE_HOP = ['--debug-force-hop', 'yes'];

interface Mode {
  readonly name: string;
  /** Bytes that make the first and the second value of a pair large, or 0. */
  readonly paddings: readonly [first: number, second: number];
}

const MODES: readonly Mode[] = [
  { name: 'both small', paddings: [0, 0] },
  { name: 'first large, second small', paddings: [200, 0] },
  { name: 'first small, second large', paddings: [0, 200] },
];

const SERVERS = [
  ...LAYOUTS.map((layout) => ({ ...layout, args: LARGE_ARGS })),
  { fronts: 2, workers: 4, args: [...LARGE_ARGS, ...FORCE_HOP] },
];

/** Key pairs on different shards and, with several workers, on different workers. */
const KEYS = Array.from({ length: PAIR_KEYS }, (_, i) => [
  keyOnShard((i * 5) % 64, 'a'),
  keyOnShard((i * 5 + 31) % 64, 'b'),
]) as readonly (readonly [string, string])[];

for (const { fronts, workers, args } of SERVERS) {
  test(`order with ${fronts} fronts, ${workers} workers, ${args.join(' ')}`, async (t) => {
    const server = await serve(t, { fronts, workers, args });
    for (const mode of MODES) {
      await t.test(`pairs are seen in order: ${mode.name}`, (t) =>
        seePairs(t, server, fronts, mode),
      );
    }
    await t.test('replies come in the order of the requests', (t) => replyInOrder(t, server));
    await t.test('CLIENT REPLY OFF and SKIP', (t) => replyModes(t, server));
    await t.test('a client that closes its side', (t) => closeOneSide(t, server));
    await t.test('inline and array commands in one stream', (t) => mixInline(t, server));
  });
}

async function seePairs(t: Test, server: ServerHandle, fronts: number, mode: Mode): Promise<void> {
  const [writer, ...observers] = await connectToEveryFront(t, server, fronts);
  const setup = KEYS.flatMap(([a, b]) => [
    ['SET', a, numbered(0, mode.paddings[0])],
    ['SET', b, numbered(0, mode.paddings[1])],
  ]);
  await writer!.pipeline(setup);
  const stop = observe(observers);
  const count = Math.ceil(pairs / MODES.length / SERVERS.length);
  await writePairs(writer!, mode, count);
  const { observations, changes, disorders } = await stop();
  t.same(disorders, []);
  t.ok(changes > 20, `${count} pairs, ${observations} observations, ${changes} of them new`);
}

/** A number that is easy to read back from the first bytes of a value. */
function numbered(n: number, padding: number): string {
  return String(n).padStart(10, '0') + 'x'.repeat(padding);
}

async function writePairs(writer: RespClient, mode: Mode, count: number): Promise<void> {
  const prng = new Prng(seed);
  for (let first = 1; first <= count; first += WINDOW) {
    const numbers = Array.from(
      { length: Math.min(WINDOW, count + 1 - first) },
      (_, i) => first + i,
    );
    const commands = numbers.flatMap((n) => {
      const [a, b] = KEYS[n % PAIR_KEYS]!;
      const [firstPadding, secondPadding] = mode.paddings;
      return [
        ['SET', a, numbered(n, firstPadding)],
        ['SET', b, numbered(n, secondPadding)],
      ];
    });
    const replies = writer.exchange(Buffer.alloc(0), commands.length);
    await sendInChunks(writer, encodeCommands(commands), prng, 20_000);
    const wrong = (await replies).find(({ reply }) => describeReply(reply) !== '+"OK"');
    if (wrong !== undefined) throw new Error(describeReply(wrong.reply));
  }
}

interface Observed {
  observations: number;
  changes: number;
  readonly disorders: string[];
}

/** Observers read the second key of a pair and then the first, until stopped. */
function observe(observers: readonly RespClient[]): () => Promise<Observed> {
  const seen: Observed = { observations: 0, changes: 0, disorders: [] };
  let isDone = false;
  const look = async (client: RespClient): Promise<void> => {
    const commands = KEYS.flatMap(([a, b]) => [
      ['GETRANGE', b, '0', '9'],
      ['GETRANGE', a, '0', '9'],
    ]);
    const last = KEYS.map(() => 0);
    while (!isDone) {
      const replies = await client.pipeline(commands);
      for (let i = 0; i < KEYS.length; i++) {
        const [second, first] = [replies[2 * i]!, replies[2 * i + 1]!].map(numberOf);
        seen.observations++;
        if (second !== last[i]) seen.changes++;
        last[i] = second!;
        if (first! < second!) seen.disorders.push(`${KEYS[i]}: ${second} was seen before it`);
      }
    }
  };
  const all = Promise.all(observers.slice(0, 6).map(look));
  all.catch(() => {});
  return async () => {
    isDone = true;
    await all;
    return seen;
  };
}

function numberOf(reply: Parameters<typeof describeReply>[0]): number {
  if (reply.kind !== 'bulk') throw new Error(describeReply(reply));
  return Number(reply.bytes.toString());
}

async function replyInOrder(t: Test, server: ServerHandle): Promise<void> {
  process.stderr.write(`ordering test: FORGEKV_ORDER_SEED=${seed}\n`);
  const run = async (who: number): Promise<void> => {
    const prng = new Prng(seed + who);
    const client = await connect(t, server);
    for (let round = 0; round < 10; round++) {
      const script = orderScript(prng, `c${who}:${round}`, 250);
      const replies = client.exchange(Buffer.alloc(0), script.length);
      const bytes = encodeCommands(script.map(({ args }) => args));
      await sendInChunks(client, bytes, prng, prng.below(3) === 0 ? 40 : 3000);
      for (const [i, { reply }] of (await replies).entries()) {
        const { args, expect } = script[i]!;
        const said = describeReply(reply, 40);
        if (expect.test(said)) continue;
        t.fail(`#${i} ${args.join(' ').slice(0, 80)}: expected ${expect}, got ${said}`);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: 6 }, (_, who) => run(who)));
  t.pass('every reply was its own');
}

/** Sends commands and says what came back, in one string per reply. */
async function repliesTo(
  client: RespClient,
  commands: readonly (readonly string[])[],
  count: number,
): Promise<string[]> {
  const replies = await client.exchange(encodeCommands(commands), count);
  return replies.map(({ reply }) => describeReply(reply, 40));
}

async function replyModes(t: Test, server: ServerHandle): Promise<void> {
  const client = await connect(t, server);
  const large = 'L'.repeat(300);
  const skip = ['CLIENT', 'REPLY', 'SKIP'];
  // Skipped: in place, on a worker, a worker command, a deferred one, an error, none at all.
  for (const skipped of [
    ['SET', 'k', '1'],
    ['SET', 'big', large],
    ['KEYS', '*'],
    ['CLIENT', 'LIST'],
    ['CONFIG', 'SET', 'slowlog-max-len', '77'],
    ['NOSUCH'],
    ['GET'],
    ['CLIENT', 'REPLY', 'SKIP'],
  ]) {
    const commands = [['ECHO', 'before'], skip, skipped, ['ECHO', 'after'], ['STRLEN', 'big']];
    const isTwice = skipped[1] === 'REPLY';
    const expected = isTwice ? ['"before"'] : ['"before"', '"after"'];
    const replies = await repliesTo(client, commands, expected.length + 1);
    t.same(replies.slice(0, -1), expected, `skipped: ${skipped.join(' ').slice(0, 40)}`);
    t.match(replies.at(-1), /^\(integer\) (0|300)$/);
  }
  const off = [
    ['ECHO', 'before'],
    ['CLIENT', 'REPLY', 'OFF'],
    ...Array.from({ length: 50 }, (_, i) => ['SET', `off:${i}`, i % 2 ? large : String(i)]),
    ['CLIENT', 'LIST'],
    ['KEYS', '*'],
    ['CONFIG', 'SET', 'slowlog-max-len', '78'],
    ['CLIENT', 'REPLY', 'SKIP'],
    ['NOSUCH'],
    ['GET', 'off:49'],
    ['CLIENT', 'REPLY', 'ON'],
    ['CONFIG', 'GET', 'slowlog-max-len'],
    ['STRLEN', 'off:49'],
    ['GET', 'off:48'],
  ];
  t.same(await repliesTo(client, off, 5), [
    '"before"',
    '+"OK"',
    '["slowlog-max-len", "78"]',
    '(integer) 300',
    '"48"',
  ]);
}

/** Whatever is sent before the client closes its side is executed and answered. */
async function closeOneSide(t: Test, server: ServerHandle): Promise<void> {
  const large = 'L'.repeat(300);
  const commands = [
    ['SET', 'big', large],
    ['CLIENT', 'LIST'],
    ['SET', 'a', '1'],
    ['KEYS', 'nothing'],
    ['APPEND', 'big', large],
    ['CONFIG', 'SET', 'slowlog-max-len', '99'],
    ['INCR', 'a'],
    ['DBSIZE'],
    ['STRLEN', 'big'],
  ];
  for (let round = 0; round < 10; round++) {
    const client = await connect(t, server);
    await client.must('FLUSHALL');
    const replies = client.exchange(encodeCommands(commands), commands.length);
    const closed = client.close();
    const said = (await replies).map(({ reply }) => describeReply(reply, 20));
    t.same(said.slice(2), [
      '+"OK"',
      '[]',
      '(integer) 600',
      '+"OK"',
      '(integer) 2',
      '(integer) 2',
      '(integer) 600',
    ]);
    await closed;
  }
}

async function mixInline(t: Test, server: ServerHandle): Promise<void> {
  const client = await connect(t, server);
  const prng = new Prng(seed);
  const long = 'x'.repeat(100);
  const parts: Buffer[] = [];
  const expected: string[] = [];
  for (let i = 0; i < 500; i++) {
    const value = prng.below(2) === 0 ? `value ${i}` : `${i} ${long}`;
    const isInline = prng.below(2) === 0;
    const set = isInline
      ? Buffer.from(`SET "inline ${i % 7}" "${value}"\r\n`)
      : encodeCommand(['SET', `inline ${i % 7}`, value]);
    const get = prng.below(2) === 0 ? `GET 'inline ${i % 7}'\r\n` : `GET "inline\\x20${i % 7}"\n`;
    parts.push(set, Buffer.from(get));
    expected.push('+"OK"', `"${value}"`);
  }
  const replies = client.exchange(Buffer.alloc(0), expected.length);
  await sendInChunks(client, Buffer.concat(parts), prng, 200);
  t.same(
    (await replies).map(({ reply }) => describeReply(reply)),
    expected,
  );
}
