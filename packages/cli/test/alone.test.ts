// What a server answers that has no cluster, no replicas and no master, beside a Redis like that;
// and WAITAOF, which Redis has since 7.2.

import { describeReply, type RespClient, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { test } from 'tap';
import { connect, serve } from './support/servers.ts';

const ASKED: readonly string[] = [
  ...['cluster', 'cluster info', 'CLUSTER nosuch', 'cluster slots', 'cluster slots x'],
  ...['cluster keyslot', 'cluster keyslot x', 'cluster help', 'cluster getkeysinslot 1'],
  ...['cluster meet a', 'cluster shards', 'cluster nodes', 'cluster myid', 'cluster addslots 1'],
  ...['asking', 'asking x', 'readonly', 'READWRITE', 'readwrite x'],
  ...['replicaof no one', 'SLAVEOF NO ONE', 'replicaof no', 'replicaof localhost x'],
  ...['replicaof localhost 65536', 'replicaof localhost -1'],
  ...['role', 'multi', 'cluster info', 'readonly', 'replicaof no one', 'exec'],
  'command info asking readonly readwrite cluster|info cluster|meet cluster|slots replicaof',
  'module nosuch',
];

async function says(client: RespClient, line: string): Promise<string> {
  return describeReply(await client.command(...line.split(' ')), Infinity);
}

test('no cluster, no replication', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const forge = await serve(t, { fronts: 2, workers: 2 });
  const [ours, theirs] = [await connect(t, forge), await connect(t, redis)];
  for (const line of ASKED) t.equal(await says(ours, line), await says(theirs, line), line);
  t.match(await says(ours, 'replicaof localhost 1'), 'cannot follow a master');
  const names = async (client: RespClient): Promise<string[]> =>
    JSON.parse((await says(client, 'command list filterby pattern cluster*')) as string).sort();
  t.same(await names(ours), await names(theirs));
});

test('WAITAOF', async (t) => {
  for (const mode of ['Always', 'EverySecond', 'Never']) {
    const args = ['--wal-sync-mode', mode];
    const client = await connect(t, await serve(t, { fronts: 2, workers: 2, args }));
    for (let i = 0; i < 20; i++) {
      const set = client.command('SET', `k${i}`, 'v');
      const push = client.command('LPUSH', 'l', 'x'.repeat(100_000));
      t.equal(await says(client, 'WAITAOF 1 0 0'), '[(integer) 1, (integer) 0]');
      await Promise.all([set, push]);
    }
    t.equal(await says(client, 'WAITAOF 1 3 10000'), '[(integer) 1, (integer) 0]');
    const unasked = mode === 'Always' ? 1 : 0;
    t.equal(await says(client, 'WAITAOF 0 0 0'), `[(integer) ${unasked}, (integer) 0]`);
    const wrong: readonly (readonly [string, string])[] = [
      ['2 0 0', 'value is out of range, value must between 0 and 1'],
      ['x 0 0', 'value is out of range, value must between 0 and 1'],
      ['1 -1 0', 'value is out of range, must be positive'],
      ['1 0 x', 'timeout is not an integer or out of range'],
      ['1 0 -1', 'timeout is negative'],
      ['1 0', "wrong number of arguments for 'waitaof' command"],
    ];
    for (const [words, text] of wrong) t.match(await says(client, `WAITAOF ${words}`), text);
  }
});
