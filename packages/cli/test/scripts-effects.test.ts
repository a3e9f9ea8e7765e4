// What others notice of scripts and functions: those who wait, listen, monitor and cache, all
// workers and later lives of the server; and what they are refused when memory is short.

import {
  describeReply,
  type RespClient,
  type ServerHandle,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { FrameClient } from './support/frame-client.ts';
import { connect, connectToEveryFront, infoField, keyOnShard, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const LAYOUT = { fronts: 2, workers: 4 };
const KEYS = Array.from({ length: 12 }, (_, i) => keyOnShard(i * 5, 'effects:'));
const [FIRST = '', SECOND = '', THIRD = ''] = KEYS;
const LIBRARY = `#!lua name=counting
redis.register_function('count', function(keys) return redis.call('incr', keys[1]) end)
redis.register_function('loop', function(keys, args) while true do end end)`;

async function said(client: RespClient, ...words: string[]): Promise<string> {
  return describeReply(await client.command(...words), 200);
}

test('who waits is served behind a script', async (t) => {
  const server = await serve(t, LAYOUT);
  const [client, popper, mover] = await Promise.all([1, 2, 3].map(() => connect(t, server)));
  const popped = said(popper!, 'BLPOP', SECOND, '0');
  const moved = said(mover!, 'BLMOVE', FIRST, SECOND, 'LEFT', 'RIGHT', '0');
  await until(async () => (await infoField(client!, 'blocked_clients')) === '2');
  const push = "redis.call('rpush', KEYS[1], ARGV[1]) return redis.call('llen', KEYS[1])";
  t.equal(await said(client!, 'EVAL', push, '1', FIRST, 'x'), '(integer) 1', 'not yet served');
  t.equal(await moved, '"x"');
  t.equal(await popped, `["${SECOND}", "x"]`);
  const later = said(popper!, 'BZPOPMIN', THIRD, '0');
  await until(async () => (await infoField(client!, 'blocked_clients')) === '1');
  const undeclared = "redis.call('zadd', ARGV[1], 1, 'm') return redis.call('zcard', ARGV[1])";
  t.equal(await said(client!, 'EVAL', undeclared, '0', THIRD), '(integer) 1');
  t.equal(await later, `["${THIRD}", "m", "1"]`);
});

test('what scripts do is told as by Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const server = await serve(t, LAYOUT);
  const wanted = await tellingsOf(t, redis);
  t.same(await tellingsOf(t, server), wanted);
});

/** What one who monitors, one who listens and one who caches are told. */
async function tellingsOf(t: Test, server: ServerHandle): Promise<string[]> {
  const client = await connect(t, server);
  await client.must('CONFIG', 'SET', 'notify-keyspace-events', 'KEA');
  const monitor = await FrameClient.connect(t, server.port);
  const listener = await FrameClient.connect(t, server.port);
  const cache = await FrameClient.connect(t, server.port, 3);
  await monitor.call('MONITOR');
  await listener.call('PSUBSCRIBE', '__keyevent*');
  await cache.call('CLIENT', 'TRACKING', 'ON');
  await cache.call('EVAL_RO', "return redis.call('get', KEYS[1])", '1', FIRST);
  const script =
    "redis.call('set', KEYS[1], 1) redis.call('select', 2) redis.call('rpush', ARGV[1], 1, 2) " +
    "redis.pcall('nosuch') redis.call('publish', 'c', 'm') return redis.call('del', ARGV[1])";
  await client.must('EVAL', script, '1', FIRST, SECOND);
  await client.pipeline([['MULTI'], ['EVAL', "return redis.call('get', KEYS[1])", '1', FIRST]]);
  await client.must('EXEC');
  await client.must('PUBLISH', 'end', 'end');
  const tellings: string[] = [];
  for (;;) {
    const line = (await monitor.frames(1))[0]!.raw.toString('latin1');
    tellings.push(line.replace(/\d+\.\d+ /, '').replace(/127[\d.:]+\]/, 'address]'));
    if (line.includes('"PUBLISH"')) break;
  }
  for (const { raw } of await listener.frames(3)) tellings.push(raw.toString('latin1'));
  for (const { raw } of await cache.frames(1)) tellings.push(raw.toString('latin1'));
  return tellings;
}

test('functions are everywhere at once, and there again', async (t) => {
  const server = await serve(t, LAYOUT);
  const clients = await connectToEveryFront(t, server, LAYOUT.fronts);
  const [client] = clients as [RespClient];
  for (let round = 1; round <= 3; round++) {
    await clients[round]!.must('FUNCTION', 'LOAD', 'REPLACE', LIBRARY);
    const counts = await Promise.all(
      KEYS.map((key, i) => said(clients[i % clients.length]!, 'FCALL', 'count', '1', key)),
    );
    t.same(new Set(counts), new Set([`(integer) ${round}`]));
    if (round === 2) await client.must('FUNCTION', 'DELETE', 'counting');
    if (round !== 2) continue;
    const gone = KEYS.map((key, i) =>
      said(clients[i % clients.length]!, 'FCALL', 'count', '1', key),
    );
    t.same(new Set(await Promise.all(gone)), new Set(['(error) "ERR Function not found"']));
  }
  t.equal(await infoField(client, 'number_of_functions'), '2');
  const listed = await said(client, 'FUNCTION', 'LIST');
  await server.kill9();
  await server.restart();
  const again = await connect(t, server);
  t.equal(await said(again, 'FUNCTION', 'LIST'), listed);
  t.equal(await said(again, 'FCALL', 'count', '1', FIRST), '(integer) 4');
  await again.must('FUNCTION', 'FLUSH');
  await server.restart();
  t.equal(await said(await connect(t, server), 'FUNCTION', 'LIST'), '[]');
});

test('payloads are those of Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const server = await serve(t, { fronts: 1, workers: 2 });
  for (const [from, to] of [
    [redis, server],
    [server, redis],
  ] as const) {
    const [giver, taker] = [await connect(t, from), await connect(t, to)];
    await giver.must('FUNCTION', 'FLUSH');
    await giver.must('FUNCTION', 'LOAD', LIBRARY);
    const dump = await giver.must('FUNCTION', 'DUMP');
    const payload = dump.kind === 'bulk' ? dump.bytes : Buffer.alloc(0);
    t.equal((await taker.command('FUNCTION', 'RESTORE', payload, 'FLUSH')).kind, 'simple');
    t.equal((await taker.command('FUNCTION', 'RESTORE', payload)).kind, 'error');
    t.equal((await taker.command('FUNCTION', 'RESTORE', payload, 'REPLACE')).kind, 'simple');
    t.equal(await said(taker, 'FCALL', 'count', '1', 'restored'), '(integer) 1');
    t.equal(await said(taker, 'DEL', 'restored'), '(integer) 1');
  }
});

test('a busy function beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const args = ['--busy-reply-threshold', '50'];
  const redis = await startRedis({ args });
  t.teardown(() => redis.stop());
  const server = await serve(t, { fronts: 1, workers: 1, args });
  const answers: string[][] = [];
  for (const side of [redis, server]) {
    const [client, caller] = [await connect(t, side), await connect(t, side)];
    await client.must('FUNCTION', 'LOAD', LIBRARY);
    const ended = said(caller, 'FCALL', 'loop', '1', FIRST, 'x');
    await until(async () => (await said(client, 'GET', FIRST)).includes('BUSY'));
    answers.push([
      await said(client, 'GET', FIRST),
      (await said(client, 'FUNCTION', 'STATS')).replace(/\(integer\) \d\d+/, 'some'),
      await said(client, 'SCRIPT', 'KILL'),
      await said(client, 'FUNCTION', 'KILL'),
      await ended,
      await said(client, 'FUNCTION', 'KILL'),
      await said(client, 'FUNCTION', 'STATS'),
    ]);
  }
  t.same(answers[1], answers[0]);
});

test('without memory as Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const server = await serve(t, { fronts: 1, workers: 2 });
  const answers: string[][] = [];
  for (const side of [redis, server]) {
    const client = await connect(t, side);
    await client.must('SET', FIRST, 'x'.repeat(1000));
    await client.must('SCRIPT', 'LOAD', '#!lua\nreturn 1');
    await client.must('CONFIG', 'SET', 'maxmemory', '1');
    const all: string[] = [];
    for (const script of [
      "return redis.call('set', KEYS[1], 'y')",
      "return redis.pcall('set', KEYS[1], 'y').err",
      "return redis.call('strlen', KEYS[1])",
      "redis.call('del', KEYS[1]) return redis.call('set', KEYS[1], 'z')",
      '#!lua\nreturn 1',
      '#!lua flags=allow-oom\nreturn redis.call("set", KEYS[1], "w")',
      '#!lua flags=no-writes\nreturn redis.call("strlen", KEYS[1])',
    ]) {
      all.push(await said(client, 'EVAL', script, '1', FIRST));
    }
    all.push(await said(client, 'FUNCTION', 'LOAD', LIBRARY));
    answers.push(all);
  }
  t.same(answers[1], answers[0]);
});
