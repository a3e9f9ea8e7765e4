// Scripts and transactions that have changed something and then lead to large values which they do
// not declare, and which are only on disk or being read in slices: they get them, on every layout.

import { describeReply, type RespClient } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, infoField, keyOnShard, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const FIELDS = 300;
const LONG = 'x'.repeat(100);
const COUNTER = keyOnShard(0, 'cold:counter');
const SHARDS = [0, 13, 37, 58];

interface Kind {
  readonly name: string;
  /** What makes one. */
  readonly make: (key: string) => string[][];
  /** What is asked of it in Lua, KEYS[1] being a counter, ARGV[1] its name. */
  readonly ask: string;
  readonly answer: string;
}

function batches(command: string, key: string, words: (i: number) => string[]): string[][] {
  return Array.from({ length: FIELDS / 50 }, (_, b) => [
    ...[command, key],
    ...Array.from({ length: 50 }, (_, i) => words(b * 50 + i)).flat(),
  ]);
}

const KINDS: readonly Kind[] = [
  {
    name: 'hash',
    make: (key) => batches('HSET', key, (i) => [`f${i}`, `${LONG}${i}`]),
    ask: `redis.call('hset', ARGV[1], 'f7', 'new')
      return {redis.call('hlen', ARGV[1]), redis.call('hget', ARGV[1], 'f299')}`,
    answer: `[(integer) 300, "${LONG}299"]`,
  },
  {
    name: 'list',
    make: (key) => batches('RPUSH', key, (i) => [`${LONG}${i}`]),
    ask: `redis.call('rpush', ARGV[1], 'e')
      return {redis.call('llen', ARGV[1]), redis.call('lindex', ARGV[1], 299)}`,
    answer: `[(integer) 301, "${LONG}299"]`,
  },
  {
    name: 'set',
    make: (key) => batches('SADD', key, (i) => [`${LONG}${i}`]),
    ask: `return {redis.call('scard', ARGV[1]),
      redis.call('sismember', ARGV[1], '3')}`,
    answer: '[(integer) 300, (integer) 0]',
  },
  {
    name: 'zset',
    make: (key) => batches('ZADD', key, (i) => [`${i}`, `${LONG}${i}`]),
    ask: `redis.call('zadd', ARGV[1], 1, 'm')
      return {redis.call('zcard', ARGV[1]), redis.call('zcount', ARGV[1], 10, 19)}`,
    answer: '[(integer) 301, (integer) 10]',
  },
  {
    name: 'stream',
    make: (key) => Array.from({ length: FIELDS }, (_, i) => ['XADD', key, `${i + 1}-1`, 'f', LONG]),
    ask: `redis.call('xadd', ARGV[1], '999-1', 'f', 'v')
      return {redis.call('xlen', ARGV[1]), #redis.call('xrange', ARGV[1], '5', '9')}`,
    answer: '[(integer) 301, (integer) 5]',
  },
  {
    name: 'string',
    make: (key) => [['SET', key, LONG.repeat(5000)]],
    ask: `redis.call('append', ARGV[1], 'end')
      return {redis.call('strlen', ARGV[1]), redis.call('getrange', ARGV[1], -5, -1)}`,
    answer: '[(integer) 500003, "xxend"]',
  },
];

async function said(client: RespClient, ...words: string[]): Promise<string> {
  return describeReply(await client.command(...words), 2000);
}

/** Waits until the values are only in the stores. */
async function goneCold(client: RespClient): Promise<void> {
  await until(async () => (await infoField(client, 'large_value_bytes')) === '0');
}

for (const layout of LAYOUTS) {
  const name = `${layout.fronts}x${layout.workers}`;
  test(`${name}: what is only on disk is there for a script that has written`, async (t) => {
    const server = await serve(t, { ...layout, args: ['--debug-keep-cold', 'yes'] });
    const client = await connect(t, server);
    const keys = KINDS.flatMap((kind) =>
      SHARDS.map((shard) => ({ kind, key: keyOnShard(shard, `cold:${kind.name}:`) })),
    );
    for (const { kind, key } of keys) await client.pipeline(kind.make(key));
    await goneCold(client);
    for (const { kind, key } of keys) {
      const script = `redis.call('incr', KEYS[1]) ${kind.ask}`;
      t.equal(await said(client, 'EVAL', script, '1', COUNTER, key), kind.answer, kind.name);
    }
    t.equal(await said(client, 'GET', COUNTER), `"${keys.length}"`, 'each has run once');
    await twoInOne(t, client);
  });
}

/** A transaction, and a script that needs two of them. */
async function twoInOne(t: Test, client: RespClient): Promise<void> {
  const [near = '', far = ''] = [0, 37].map((shard) => keyOnShard(shard, 'cold:hash:'));
  await goneCold(client);
  const script = `redis.call('incr', KEYS[1])
    return redis.call('hlen', ARGV[1]) + redis.call('hlen', ARGV[2])`;
  t.equal(await said(client, 'EVAL', script, '1', COUNTER, near, far), '(integer) 600');
  await goneCold(client);
  await client.must('MULTI');
  await client.must('INCR', COUNTER);
  await client.must('EVAL', script, '1', COUNTER, far, near);
  t.match(await said(client, 'EXEC'), /\(integer\) \d+, \(integer\) 600\]/);
}

test('what others read in slices is there, too, and they see it as it was', async (t) => {
  const layout = { fronts: 2, workers: 4 };
  const server = await serve(t, { ...layout, args: ['--debug-slice-elements', '16'] });
  const [reader, client] = await Promise.all([connect(t, server), connect(t, server)]);
  const [near = '', far = ''] = [0, 37].map((shard) => keyOnShard(shard, 'held:'));
  for (const key of [near, far]) await client!.pipeline(KINDS[0]!.make(key));
  const script = `redis.call('incr', KEYS[1])
    for i = 0, 299 do redis.call('hset', ARGV[1], 'f' .. i, ARGV[2]) end return 1`;
  for (let round = 1; round <= 20; round++) {
    for (const key of [near, far]) {
      const read = reader!.must('HVALS', key);
      t.equal(await said(client!, 'EVAL', script, '1', COUNTER, key, `${round}`), '(integer) 1');
      const reply = await read;
      const values = reply.kind === 'array' ? reply.items.map((item) => describeReply(item)) : [];
      t.equal(values.length, 300);
      const olds = values.filter((value) => value === `"${round}"`).length;
      t.ok(olds === 0 || olds === 300, `round ${round}: ${olds} are new`);
    }
  }
});
