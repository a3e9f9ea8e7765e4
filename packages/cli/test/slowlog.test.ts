// SLOWLOG beside Redis: what is shown of which commands, on every way a command is executed, and
// what is hidden. And how long they took.

import {
  describeReply,
  type Reply,
  type RespClient,
  type ServerHandle,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, connectToEveryFront, LAYOUTS, serve } from './support/servers.ts';

const WAYS = [[], ['--debug-force-hop', 'yes'], ['--debug-slice-elements', '4']] as const;
const LONG = 'x'.repeat(200);
const MANY = Array.from({ length: 40 }, (_, i) => `k${i}`);
/** Runs for a hundred milliseconds; the clock of Redis stands still in scripts. */
const SLOW_SCRIPT = 'local n = 0 for i = 1, 2000000 do n = n + i % 7 end return 1';

const SCRIPT: readonly (readonly (string | Buffer)[])[] = [
  ['SET', 'a', LONG],
  ['SET', 'b', Buffer.from('\0\r\n\xff', 'latin1')],
  ['MGET', ...MANY],
  ['MGET', ...MANY.slice(0, 31)],
  ['MGET', ...MANY.slice(0, 32)],
  ['get', 'a'],
  ['GET'],
  ['NOSUCH', 'a'],
  ['SLOWLOG', 'NOSUCH'],
  ['LPUSH', 'a', 'wrong type'],
  ['AUTH', 'secret'],
  ['AUTH', 'somebody', 'secret'],
  ['HELLO', '2', 'AUTH', 'somebody', 'secret'],
  ['HELLO', '2', 'SETNAME', 'me'],
  ['CLIENT', 'SETNAME', 'other'],
  ['ACL', 'SETUSER', 'bob', 'on', '>secret', '~*'],
  ['ACL', 'GETUSER', 'bob'],
  ['ACL', 'DELUSER', 'bob'],
  ['CONFIG', 'SET', 'masterauth', 'secret', 'maxmemory', '0'],
  ['CONFIG', 'GET', 'maxmemory'],
  ['SADD', 'set', '1', '2', '3', '4', '5', '6', '7'],
  ['SMEMBERS', 'set'],
  ['SUNIONSTORE', 'set2', 'set', 'set3'],
  ['MULTI'],
  ['SET', 'q', '1'],
  ['GET', 'q'],
  ['PING'],
  ['EXEC'],
  ['MULTI'],
  ['SMEMBERS', 'set'],
  ['CONFIG', 'GET', 'port'],
  ['EXEC'],
  ['EVAL', "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])", '1', 'e', '1'],
  ['BLPOP', 'list', '0.01'],
  ['RPUSH', 'list', 'x'],
  ['BLPOP', 'list', '1'],
  ['KEYS', 'a*'],
  ['MSET', 'm1', '1', 'm2', '2', 'm3', '3'],
  ['SELECT', '1'],
  ['SELECT', '0'],
  ['SUBSCRIBE', 'x'],
  ['UNSUBSCRIBE', 'x'],
  ['SLOWLOG', 'GET', '-2'],
  ['SLOWLOG', 'GET', 'x'],
  ['SLOWLOG', 'GET', '1', '2'],
  ['SLOWLOG', 'LEN'],
];

interface Shown {
  readonly id: number;
  readonly unixSeconds: number;
  readonly microseconds: number;
  readonly words: string[];
  readonly address: string;
  readonly name: string;
}

function shownOf(reply: Reply): Shown {
  if (reply.kind !== 'array') throw new Error(describeReply(reply));
  const [id, unixSeconds, microseconds, args, address, name] = reply.items.map(plain);
  return {
    ...{ id: Number(id), unixSeconds: Number(unixSeconds), microseconds: Number(microseconds) },
    ...{ words: args as string[], address: address as string, name: name as string },
  };
}

function plain(reply: Reply): unknown {
  if (reply.kind === 'array') return reply.items.map(plain);
  if (reply.kind === 'bulk') return reply.bytes.toString('latin1');
  if (reply.kind === 'integer') return Number(reply.value);
  return describeReply(reply);
}

async function entries(client: RespClient, count = -1): Promise<Shown[]> {
  const reply = await client.must('SLOWLOG', 'GET', count);
  if (reply.kind !== 'array') throw new Error(describeReply(reply));
  return reply.items.map(shownOf);
}

/** The replies of SLOWLOG, and what it shows of the script, without times and ports. */
async function play(t: Test, server: ServerHandle): Promise<string[]> {
  const [client, other] = [await connect(t, server), await connect(t, server)];
  await other.must('CONFIG', 'SET', 'slowlog-log-slower-than', '0', 'slowlog-max-len', '1000');
  await other.must('SLOWLOG', 'RESET');
  const before = (await entries(other, 1))[0]!;
  const shown: string[] = [];
  for (const args of SCRIPT) {
    const reply = await client.command(...args);
    if (args[0] === 'SLOWLOG' && args[1] !== 'LEN') shown.push(describeReply(reply));
  }
  const all = (await entries(other)).filter(({ id }) => id > before.id);
  let last = Number.POSITIVE_INFINITY;
  for (const entry of all) {
    if (entry.id >= last) t.fail('newest first');
    last = entry.id;
    if (Math.abs(entry.unixSeconds * 1000 - Date.now()) > 60_000) t.fail('not a time');
    if (entry.microseconds > 20_000_000) t.fail(`${entry.words} took ${entry.microseconds}`);
    const address = entry.address.replace(/^127\.0\.0\.1:\d+$/, 'address');
    shown.push(JSON.stringify([entry.words, address, entry.name]));
  }
  await other.must('SLOWLOG', 'RESET');
  const after = (await entries(other, 5)).map(({ words }) => words.join(' '));
  shown.push(...after);
  return shown;
}

test('what is shown beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const wanted = await play(t, redis);
  for (const layout of LAYOUTS) {
    for (const args of WAYS) {
      const server = await serve(t, { ...layout, args: [...args] });
      t.strictSame(await play(t, server), wanted, `${JSON.stringify(layout)} ${args.join(' ')}`);
      await server.stop();
    }
  }
});

test('how long', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const clients = await connectToEveryFront(t, server, 2);
  const [first, second, third] = clients as [RespClient, RespClient, RespClient];
  await first.must('CONFIG', 'SET', 'slowlog-log-slower-than', '2000');
  await first.must('SLOWLOG', 'RESET');
  // In a pipeline with quick ones.
  const quick = Array.from({ length: 50 }, () => ['SET', 'a', 'b']);
  const startedMs = performance.now();
  await second.pipeline([...quick, ['EVAL', SLOW_SCRIPT, '0'], ...quick]);
  const tookUs = (performance.now() - startedMs) * 1000;
  const slow = (await entries(third)).filter(({ words }) => words[0] === 'EVAL');
  t.equal(slow.length, 1);
  t.ok(slow[0]!.microseconds >= 2000 && slow[0]!.microseconds <= tookUs, 'as long as it took');

  await first.must('SLOWLOG', 'RESET');
  const half = 'ab'.repeat(4000);
  await first.must('MSET', '{l}1', half, '{l}2', `${half}c`);
  await second.must('LCS', '{l}1', '{l}2', 'LEN');
  await second.pipeline([['MULTI'], ['PING'], ['LCS', '{l}1', '{l}2', 'LEN'], ['EXEC']]);
  const found = (await entries(third)).filter(({ words }) => words[0] === 'LCS');
  t.equal(found.length, 2);
  for (const { microseconds } of found) t.ok(microseconds > 2000);

  await first.must('SLOWLOG', 'RESET');
  const waits = third.command('BLPOP', 'nothing', '0');
  await new Promise((resolve) => setTimeout(resolve, 50));
  await first.must('LPUSH', 'nothing', 'x');
  await waits;
  const waited = (await entries(first)).find(({ words }) => words[0] === 'BLPOP');
  t.ok(waited === undefined || waited.microseconds < 50_000, 'waiting does not count');

  await first.must('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
  await first.must('SLOWLOG', 'RESET');
  for (const client of clients) await client.must('EVAL', SLOW_SCRIPT, '0');
  t.equal(describeReply(await first.must('SLOWLOG', 'LEN')), '(integer) 0');
});

test('bounds', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const clients = await connectToEveryFront(t, server, 2);
  const client = clients[0]!;
  await client.must('CONFIG', 'SET', 'slowlog-log-slower-than', '0', 'slowlog-max-len', '20');
  await Promise.all(
    clients.map(async (each, i) => {
      for (let k = 0; k < 50; k++) await each.must('SET', `key ${i} ${k}`, 'x');
    }),
  );
  t.equal(describeReply(await client.must('SLOWLOG', 'LEN')), '(integer) 20');
  t.equal((await entries(client)).length, 20);
  await client.must('CONFIG', 'SET', 'slowlog-max-len', '3');
  t.equal(describeReply(await client.must('SLOWLOG', 'LEN')), '(integer) 3');
  await client.must('CONFIG', 'SET', 'slowlog-max-len', '0');
  t.equal(describeReply(await client.must('SLOWLOG', 'LEN')), '(integer) 0');
});
