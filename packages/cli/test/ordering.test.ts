// Order: what one connection writes is seen by others in the order it was written, wherever each
// command ran, and replies come in the order of the requests, however those arrive.
//
// FORGEKV_ORDER_PAIRS makes the first test longer, FORGEKV_ORDER_SEED repeats the second.

import {
  describeReply,
  encodeCommand,
  encodeCommands,
  formatPairs,
  PAIR_MODES,
  type PairMode,
  Prng,
  type RespClient,
  runPairs,
  type ServerHandle,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { sendInChunks } from './support/chunks.ts';
import { FrameClient } from './support/frame-client.ts';
import { orderScript } from './support/order-script.ts';
import { connect, connectToEveryFront, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const pairs = Number(process.env.FORGEKV_ORDER_PAIRS ?? 60_000);
const seed = Number(process.env.FORGEKV_ORDER_SEED ?? Date.now() % 2 ** 31);

/** Values longer than this are large, so a pair of values runs in two places. */
const HOT_BYTES = 64;
const LARGE_ARGS = ['--hot-value-max-bytes', String(HOT_BYTES)];

/** Every command on a key goes to a worker. */
const FORCE_HOP = ['--debug-force-hop', 'yes'];

const OBSERVERS = 6;

const SERVERS = [
  ...LAYOUTS.map((layout) => ({ ...layout, args: LARGE_ARGS })),
  { fronts: 2, workers: 4, args: [...LARGE_ARGS, ...FORCE_HOP] },
];

for (const { fronts, workers, args } of SERVERS) {
  test(`order with ${fronts} fronts, ${workers} workers, ${args.join(' ')}`, async (t) => {
    const server = await serve(t, { fronts, workers, args });
    for (const mode of PAIR_MODES) {
      await t.test(`pairs are seen in order: ${mode.name}`, (t) =>
        seePairs(t, server, fronts, mode),
      );
    }
    await t.test('replies come in the order of the requests', (t) => replyInOrder(t, server));
    await t.test('CLIENT REPLY OFF and SKIP', (t) => replyModes(t, server));
    await t.test('writes without replies', (t) => writeSilently(t, server, fronts));
    await t.test('a client that closes its side', (t) => closeOneSide(t, server));
    await t.test('inline and array commands in one stream', (t) => mixInline(t, server));
  });
}

async function seePairs(
  t: Test,
  server: ServerHandle,
  fronts: number,
  mode: PairMode,
): Promise<void> {
  const [writer, ...others] = await connectToEveryFront(t, server, fronts);
  const count = Math.ceil(pairs / PAIR_MODES.length / SERVERS.length);
  const observers = others.slice(0, OBSERVERS);
  const result = await runPairs({ mode, pairs: count, seed, writer: writer!, observers });
  t.same(result.disorders, []);
  t.ok(result.changes > 20, formatPairs(result));
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

/** Whose reply depends on a write does not wait for the writer's front to have something to say. */
async function writeSilently(t: Test, server: ServerHandle, fronts: number): Promise<void> {
  const readers = await connectToEveryFront(t, server, fronts);
  const silent = await FrameClient.connect(t, server.port);
  silent.send('CLIENT', 'REPLY', 'OFF');
  for (const [i, reader] of readers.entries()) {
    // The front of the reader before is idle by now, be it the writer's.
    await new Promise((resolve) => setTimeout(resolve, 20));
    silent.send('SET', `silent:${i}`, `${i}`);
    const isThere = async (): Promise<boolean> =>
      describeReply(await reader.command('GET', `silent:${i}`)) === `"${i}"`;
    t.ok(await until(isThere));
  }
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
