// DEBUG: refused unless it is allowed, the same answers as Redis, and what it does.

import { describeReply, type RespClient, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, connectToEveryFront, infoField, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const TYPES = [
  ...['string', 'integer', 'double', 'bignum', 'null', 'array', 'set', 'map', 'attrib', 'push'],
  ...['verbatim', 'true', 'false', 'nosuch'],
];
const ASKED: readonly (readonly string[])[] = [
  ['DEBUG'],
  ['DEBUG', 'NOSUCH'],
  ['DEBUG', 'JMAP'],
  ['DEBUG', 'sleep'],
  ['DEBUG', 'SLEEP', '1', '2'],
  ['DEBUG', 'SLEEP', 'x'],
  ['DEBUG', 'SLEEP', '-1'],
  ['DEBUG', 'SLEEP', '0.01'],
  ['DEBUG', 'ERROR', 'foo bar'],
  ['DEBUG', 'ERROR', '-BAR x'],
  ['DEBUG', 'ERROR', 'a\r\nb'],
  ['DEBUG', 'OBJECT', 'none'],
  ['DEBUG', 'LOG', 'hello'],
  ['DEBUG', 'QUICKLIST-PACKED-THRESHOLD', 'x'],
  ['DEBUG', 'QUICKLIST-PACKED-THRESHOLD', '5gb'],
  ['DEBUG', 'QUICKLIST-PACKED-THRESHOLD', '10kb'],
  ['DEBUG', 'CHANGE-REPL-ID'],
  ['DEBUG', 'change-repl-id', 'x'],
  ['DEBUG', 'SET-ACTIVE-EXPIRE'],
  ['DEBUG', 'SET-ACTIVE-EXPIRE', '0'],
  ['DEBUG', 'SET-ACTIVE-EXPIRE', '1'],
  ['MULTI'],
  ['DEBUG', 'SLEEP', '0'],
  ['EXEC'],
  ['EVAL', "return redis.call('debug', 'sleep', '0')", '0'],
  ...TYPES.map((type) => ['DEBUG', 'PROTOCOL', type]),
];

/** Its replies are an attribute and a push, which a client hides. */
const OUT_OF_BAND = ['attrib', 'push'];

async function says(client: RespClient, words: readonly string[]): Promise<string> {
  return describeReply(await client.command(...words), Infinity);
}

test('the same answers as Redis', { skip: skipWithoutRedis() }, async (t) => {
  const args = ['--enable-debug-command', 'yes'];
  const redis = await startRedis({ args });
  t.teardown(() => redis.stop());
  const forge = await serve(t, { fronts: 2, workers: 2, args });
  for (const resp of [2, 3] as const) {
    const [ours, theirs] = [await connect(t, forge, { resp }), await connect(t, redis, { resp })];
    for (const words of ASKED) {
      if (resp === 3 && OUT_OF_BAND.includes(words[2]!)) continue;
      t.equal(await says(ours, words), await says(theirs, words), `${resp} ${words.join(' ')}`);
    }
  }
  const [ours, theirs] = [await connect(t, forge), await connect(t, redis)];
  const values: readonly (readonly string[])[] = [
    ['SET', 'k', 'hello'],
    ['SET', 'k', '12345'],
    ['SET', 'k', 'x'.repeat(100)],
    ['SADD', 's', '1', '2', '3'],
    ['ZADD', 'z', '1', 'a'],
    ['HSET', 'h', 'a', 'b'],
  ];
  for (const words of values) {
    const told: (string | undefined)[] = [];
    for (const client of [ours, theirs]) {
      await client.must(...words);
      const text = await says(client, ['DEBUG', 'OBJECT', words[1]!]);
      const parts = /^\+"Value at:0x[0-9a-f]+ refcount:\d+ (.*) lru:\d+ lru_seconds_idle:\d+"/;
      told.push(parts.exec(text)?.[1]);
    }
    t.match(told[0], /^encoding:/);
    t.equal(told[0], told[1], words.join(' ').slice(0, 40));
  }
});

test('who may', { skip: skipWithoutRedis() }, async (t) => {
  for (const allowed of ['no', 'local']) {
    const args = ['--enable-debug-command', allowed, '--requirepass', 'pw'];
    const redis = await startRedis({ args });
    t.teardown(() => redis.stop());
    const forge = await serve(t, { fronts: 1, workers: 1, args });
    const [ours, theirs] = [await connect(t, forge), await connect(t, redis)];
    const asked = [
      ['DEBUG', 'SLEEP', '0'],
      ['DEBUG', 'NOSUCH'],
      ['AUTH', 'pw'],
      ['DEBUG', 'SLEEP', '0'],
      ['DEBUG', 'NOSUCH'],
      ['DEBUG', 'OBJECT', 'k'],
      ['DEBUG'],
      ['MULTI'],
      ['DEBUG', 'SLEEP', '0'],
      ['EXEC'],
    ];
    for (const words of asked) {
      t.equal(await says(ours, words), await says(theirs, words), `${allowed}: ${words.join(' ')}`);
    }
  }
});

test('SLEEP holds all clients back, of all fronts', async (t) => {
  const args = ['--enable-debug-command', 'local'];
  const server = await serve(t, { fronts: 2, workers: 1, args });
  const [sleeper, ...others] = await Promise.all([1, 2, 3, 4].map(() => connect(t, server)));
  const beganAt = Date.now();
  const slept = sleeper!.must('DEBUG', 'SLEEP', '0.5');
  // By then it has been read.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await Promise.all(others.map((client) => client.must('PING')));
  t.ok(Date.now() - beganAt >= 490, `${Date.now() - beganAt} ms`);
  await slept;
});

test('SET-ACTIVE-EXPIRE', async (t) => {
  const args = ['--enable-debug-command', 'yes'];
  const client = await connect(t, await serve(t, { fronts: 1, workers: 2, args }));
  await client.must('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
  await client.must('SET', 'k', 'v', 'PX', '1');
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.match(await says(client, ['DBSIZE']), '1', 'it is still there');
  t.match(await says(client, ['INFO', 'stats']), 'expired_keys:0');
  await client.must('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
  await until(async () => (await says(client, ['INFO', 'stats'])).includes('expired_keys:1'));
});

test('CHANGE-REPL-ID: another id at every call, for the clients of all fronts', async (t) => {
  const args = ['--enable-debug-command', 'yes'];
  const server = await serve(t, { fronts: 2, workers: 1, args });
  const clients = await connectToEveryFront(t, server, 2);
  const ids = await idsTheySay(t, clients);
  ids.push(await infoField(clients[0]!, 'run_id'));
  t.equal(new Set(ids).size, 4, 'three of replication, and that of the run');
  await server.restart();
  const after = await connect(t, server);
  t.notOk(ids.includes(await infoField(after, 'master_replid')), 'and with every start');
});

test('CHANGE-REPL-ID of Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis({ args: ['--enable-debug-command', 'yes'] });
  t.teardown(() => redis.stop());
  t.equal(new Set(await idsTheySay(t, [await connect(t, redis)])).size, 3);
});

/** The ids of replication at first and after each of two changes: every client says the same. */
async function idsTheySay(t: Test, clients: readonly RespClient[]): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    if (i > 0) await clients[i % clients.length]!.must('DEBUG', 'CHANGE-REPL-ID');
    const said = await Promise.all(clients.map((client) => infoField(client, 'master_replid')));
    t.equal(new Set(said).size, 1);
    t.match(said[0], /^[0-9a-f]{40}$/);
    ids.push(said[0] ?? '');
    t.equal(await infoField(clients[0]!, 'master_replid2'), '0'.repeat(40));
    t.equal(await infoField(clients[0]!, 'second_repl_offset'), '-1');
  }
  return ids;
}
