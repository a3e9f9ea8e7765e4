// Options of COMMAND, CLIENT, CONFIG and SHUTDOWN, the wrong ones too, beside a Redis. COMMAND
// GETKEYS takes a command without arguments, as Redis does since 7.2.

import { describeReply, type RespClient, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { test } from 'tap';
import { connect, serve } from './support/servers.ts';

const COMMANDS: readonly string[] = [
  ...['command count x', 'command nosuch', 'command info nosuch get', 'command docs x'],
  ...['command info client|id client|nosuch', 'command list x', 'command list filterby'],
  ...['command list filterby module', 'command list filterby module nosuch'],
  ...['command list filterby aclcat nosuch', 'command list filterby nosuch x'],
  ...['command list filterby pattern zzz*'],
  ...['command list filterby pattern client|k*', 'command list filterby pattern a b'],
  ...['command getkeys', 'command getkeys get a', 'command getkeys nosuch a'],
  ...['command getkeys mset a 1 b 2', 'command getkeys eval x 2 a b c'],
  ...['command getkeys eval x 0', 'command getkeys sort a store b', 'command getkeys eval x y'],
  ...['command getkeys zunionstore d 2 a b', 'command getkeys xread streams a b 0 0'],
  ...['command getkeysandflags'],
  ...['command getkeysandflags set k v', 'command getkeysandflags lmove a b left right'],
  ...['command getkeysandflags copy a b'],
  ...['client', 'client nosuch', 'client id x', 'client getname', 'client setname'],
  ...['client setname a b', 'client kill', 'client kill x', 'client kill 1.2.3.4:5'],
  ...['client kill id', 'client kill id x', 'client kill id 0', 'client kill id 999999'],
  ...['client kill type x', 'client kill type master', 'client kill type replica'],
  ...['client kill addr 1.2.3.4:5', 'client kill laddr 1.2.3.4:5', 'client kill skipme x id 1'],
  ...['client kill user nosuch', 'client kill skipme maybe', 'client kill id 1 skipme'],
  ...['client list type x', 'client list type master', 'client list id', 'client list id x'],
  ...['client list id 999999', 'client list x', 'client pause', 'client pause x'],
  ...['client pause -1', 'client pause 1 x', 'client unpause x', 'client reply x', 'client reply'],
  ...['client no-evict', 'client no-evict x', 'client no-evict on', 'client unblock'],
  ...['client unblock x', 'client unblock 999999', 'client unblock 999999 x', 'client getredir'],
  ...['client unblock 999999 error', 'client unblock 999999 timeout', 'client trackinginfo'],
  ...['client tracking', 'client tracking x', 'client tracking on redirect 999999'],
  ...['client caching yes', 'client caching x', 'client tracking on optin optout'],
  ...['client tracking off', 'client pause 0', 'client pause 1 write', 'client info x'],
  ...['config', 'config nosuch', 'config get', 'config set', 'config set a', 'config set nosuch 1'],
  ...['config set hz 10 hz 20', 'config set port', 'config resetstat x', 'config rewrite x'],
  ...['config set databases 3', 'config set maxmemory x', 'config get nosuch', 'config rewrite'],
  ...['shutdown x', 'shutdown save nosave', 'shutdown abort', 'shutdown abort now'],
  ...[
    'shutdown now abort',
    'shutdown force force abort',
    'shutdown nosave save',
    'shutdown abort abort',
  ],
];

async function says(client: RespClient, line: string): Promise<string> {
  return describeReply(await client.command(...line.split(' ')), Infinity);
}

test('beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const forge = await serve(t, { fronts: 2, workers: 2 });
  const [ours, theirs] = [await connect(t, forge), await connect(t, redis)];
  for (const line of COMMANDS) t.equal(await says(ours, line), await says(theirs, line), line);
});

test('COMMAND LIST FILTERBY ACLCAT has what Redis has', { skip: skipWithoutRedis() }, async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const forge = await serve(t, { fronts: 1, workers: 1 });
  const [ours, theirs] = [await connect(t, forge), await connect(t, redis)];
  const names = async (client: RespClient, filter: string): Promise<string[]> =>
    JSON.parse(await says(client, `command list ${filter}`.trim())) as string[];
  const known = new Set(await names(ours, ''));
  const shared = new Set((await names(theirs, '')).filter((name) => known.has(name)));
  t.ok(shared.size > 300, `${shared.size}`);
  for (const category of ['read', 'write', 'keyspace', 'dangerous', 'admin', 'fast', 'pubsub']) {
    const [one, two] = await Promise.all(
      [ours, theirs].map((client) => names(client, `filterby aclcat ${category}`)),
    );
    const inBoth = (list: string[] | undefined): string[] =>
      (list ?? []).filter((name) => shared.has(name)).sort();
    t.same(inBoth(one), inBoth(two), category);
  }
});
