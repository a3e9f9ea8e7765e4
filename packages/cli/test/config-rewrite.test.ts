// CONFIG REWRITE of a running server: its file, beside that of a real Redis, and a start from it.

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config } from '@forgekv/config';
import { describeReply, freePort, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, serve } from './support/servers.ts';
import { Spawned, temporaryDirectory } from './support/spawned.ts';

/** What tells where a server is, or is ours alone. */
const OF_THE_SERVER = ['port', 'dir', 'bind', 'pidfile', 'logfile', 'daemonize', 'user'];

/** A stock file of Debian, where there is one, and one with a bit of everything. */
const MIXED = `# redis.conf
bind 127.0.0.1

timeout 5
# ten
hz 10
save 900 1
save 300 10
slave-priority 90
client-output-buffer-limit normal 0 0 0
client-output-buffer-limit replica 256mb 64mb 60
client-output-buffer-limit pubsub 32mb 8mb 60
hash-max-ziplist-entries 100
notify-keyspace-events ""
maxmemory 100mb
`;

const CHANGES: readonly (readonly string[])[] = [
  ['timeout', '0', 'maxmemory', '3000000'],
  ['maxmemory-policy', 'allkeys-lru', 'maxclients', '500'],
  ['save', '60 1'],
  ['save', ''],
  ['save', '3600 1 300 100 60 10000 1 1'],
  ['client-output-buffer-limit', 'replica 1gb 1000 5'],
  ['requirepass', 'a "b" \\ \n\x07'],
  ['notify-keyspace-events', 'KEA'],
  ['hash-max-listpack-entries', '12', 'replica-priority', '1'],
  ['appendfsync', 'always', 'lua-time-limit', '123'],
  ['latency-tracking-info-percentiles', '50 75.5'],
  ['oom-score-adj-values', '1 2 3', 'loglevel', 'verbose'],
  ['shutdown-on-sigterm', 'nosave force'],
  ['proto-max-bulk-len', '1048577', 'slowlog-log-slower-than', '-1'],
];

/** What a file says, but for what belongs to one server only. */
function settings(path: string): Map<string, string> {
  const { config } = Config.load({ file: path });
  const all = new Map(config.get(['*']));
  for (const name of [...OF_THE_SERVER, 'wal-segment-mb', 'front-threads', 'shard-threads']) {
    all.delete(name);
  }
  return all;
}

for (const [name, text] of [
  ['a mixed file', MIXED],
  ['an empty file', ''],
] as const) {
  test(`the same file, changes and REWRITE, beside Redis: ${name}`, {
    skip: skipWithoutRedis(),
  }, async (t) => {
    const directory = temporaryDirectory(t);
    const [ours, theirs] = [join(directory, 'ours.conf'), join(directory, 'theirs.conf')];
    for (const path of [ours, theirs]) writeFileSync(path, text);
    const args = ['--save', '', '--appendonly', 'no'];
    const forge = await serve(t, { fronts: 1, workers: 1, file: ours, args });
    const redis = await startRedis({ file: theirs, args });
    t.teardown(() => redis.stop());
    const clients = [await connect(t, forge), await connect(t, redis)];
    for (const change of CHANGES) {
      for (const client of clients) await client.must('CONFIG', 'SET', ...change);
      for (const client of clients) await client.must('CONFIG', 'REWRITE');
      t.same(settings(ours), settings(theirs), change.join(' '));
    }
    const comments = (path: string): string[] =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('#'));
    t.same(comments(ours), comments(theirs));

    // A real Redis starts from ours, but for what it does not know, and ForgeKV from Redis's.
    const known = readFileSync(ours, 'utf8').replace(
      /^(wal-segment-mb|front-th|shard-th).*\n/gm,
      '',
    );
    writeFileSync(ours, known);
    const swapped = await startRedis({ file: ours });
    t.teardown(() => swapped.stop());
    const crossed = await serve(t, { fronts: 1, workers: 1, file: theirs });
    for (const server of [swapped, crossed]) {
      const client = await connect(t, server);
      await client.must('AUTH', 'a "b" \\ \n\x07');
      t.match(await client.must('CONFIG', 'GET', 'hash-max-ziplist-entries'), {
        items: [{}, { bytes: Buffer.from('12') }],
      });
    }
  });
}

test('users and a password survive; the mode of the file stays', async (t) => {
  const path = join(temporaryDirectory(t), 'forgekv.conf');
  writeFileSync(path, 'user old on nopass ~* +@all\n');
  chmodSync(path, 0o640);
  const server = await serve(t, { fronts: 2, workers: 1, file: path });
  const client = await connect(t, server);
  await client.must('ACL', 'SETUSER', 'new', 'on', '>pw', '~a', '(~b', '+get)', '+set');
  await client.must('ACL', 'SETUSER', Buffer.from('\xff"', 'latin1'), 'on', 'nopass', '+ping');
  await client.must('ACL', 'DELUSER', 'old');
  await client.must('CONFIG', 'SET', 'requirepass', 'x y');
  await client.must('CONFIG', 'REWRITE');
  const before = describeReply(await client.must('ACL', 'LIST'), Infinity);
  t.equal(statSync(path).mode & 0o777, 0o640);
  t.notMatch(readFileSync(path, 'utf8'), 'pw', 'only its hash');
  await server.restart();
  const again = await connect(t, server);
  await again.must('AUTH', 'x y');
  // As in Redis: a user line of the default user begins with a reset, which sets this flag.
  const after = describeReply(await again.must('ACL', 'LIST'), Infinity);
  t.equal(after.replace('user default on sanitize-payload', 'user default on'), before);
});

test('REWRITE that cannot be', async (t) => {
  const without = await connect(t, await serve(t, { fronts: 1, workers: 1 }));
  t.match(await without.command('CONFIG', 'REWRITE'), {
    text: 'ERR The server is running without a config file',
  });
  const directory = join(temporaryDirectory(t), 'conf');
  mkdirSync(directory);
  const path = join(directory, 'forgekv.conf');
  writeFileSync(path, 'hz 20\n');
  const client = await connect(t, await serve(t, { fronts: 1, workers: 1, file: path }));
  // Whoever edits the file meanwhile does not get its mistakes for a configuration.
  writeFileSync(path, 'hz 20\ninclude /nowhere\n');
  const refused = await client.command('CONFIG', 'REWRITE');
  t.match(refused, { text: /^ERR Rewriting config file: .*can't read config file '\/nowhere'/ });
  t.equal(readFileSync(path, 'utf8'), 'hz 20\ninclude /nowhere\n');
});

/** Starts a server from its directory; asks with a password, and stops it. */
async function withPassword(
  t: Test,
  { dir, password, args = [] }: { dir: string; password: string; args?: readonly string[] },
  ...commands: readonly (readonly string[])[]
): Promise<string[]> {
  const port = await freePort();
  const options = ['--dir', dir, '--port', String(port), '--front-threads', '1', ...args];
  const conf = join(dir, 'forgekv.conf');
  const secret = join(dir, 'password');
  const server = new Spawned(t, [conf, ...options], [], [`FORGEKV_REQUIREPASS_FILE=${secret}`]);
  await server.ready();
  const client = await connect(t, { port });
  const said: string[] = [];
  for (const command of [['GET', 'k'], ['AUTH', password], ...commands]) {
    said.push(describeReply(await client.command(...command), 2000));
  }
  client.destroy();
  server.kill('SIGTERM');
  await server.ended;
  return said;
}

test('a password from a file stays in that file, and can be replaced there', async (t) => {
  const dir = temporaryDirectory(t);
  const conf = join(dir, 'forgekv.conf');
  const secret = join(dir, 'password');
  const [first, second, own] = ['first secret', 'second \xe9', 'of CONFIG SET'];
  const hashes = [first, second, own].map((text) =>
    createHash('sha256').update(text).digest('hex'),
  );
  const rewrite = ['CONFIG', 'REWRITE'];
  writeFileSync(conf, 'hz 20\n');
  writeFileSync(secret, `${first}\n`);
  const as = (password: string) => ({ dir, password });
  const denied = /NOAUTH/;

  t.match(await withPassword(t, as(first), ['CONFIG', 'SET', 'hz', '30'], rewrite), [
    ...[denied, 'OK', 'OK', 'OK'],
  ]);
  t.match(readFileSync(conf, 'utf8'), /^hz 30\n(?:.*\n)*user default on /);
  for (const word of ['requirepass', first, hashes[0]!, 'nopass']) {
    t.notOk(readFileSync(conf, 'utf8').includes(word), `it has no ${word}`);
  }

  writeFileSync(secret, second);
  t.match(await withPassword(t, as(first)), [denied, /WRONGPASS/], 'replaced');
  const setUser = ['ACL', 'SETUSER', 'default', '>third', '-@dangerous', '+config', '+acl'];
  t.match(await withPassword(t, as(second), setUser, rewrite), [denied, 'OK', 'OK', 'OK']);
  t.match(
    readFileSync(conf, 'utf8'),
    /^user default on .*-@dangerous/m,
    'what else it may is kept',
  );
  t.notOk(readFileSync(conf, 'utf8').includes(hashes[1]!));
  t.match(await withPassword(t, as('third')), [denied, /WRONGPASS/], 'that of the file is the one');

  const change = ['CONFIG', 'SET', 'requirepass', own];
  t.match(await withPassword(t, as(second), change, rewrite), [denied, 'OK', 'OK', 'OK']);
  t.match(readFileSync(conf, 'utf8'), `requirepass "${own}"\n`, 'what was said to it is written');
  t.match(await withPassword(t, as(own)), [denied, /WRONGPASS/], 'but the file wins at a start');
  const args = ['--requirepass', own];
  t.match(await withPassword(t, { ...as(own), args }, rewrite), [denied, 'OK', 'OK'], 'an option');
  t.match(readFileSync(conf, 'utf8'), `requirepass "${own}"\n`);
  t.match(await withPassword(t, as(second)), [denied, 'OK']);

  writeFileSync(secret, '\n');
  const refused = new Spawned(t, [conf, '--dir', dir], [], [`FORGEKV_REQUIREPASS_FILE=${secret}`]);
  t.equal(await refused.ended, 2, 'no start without it');
});
