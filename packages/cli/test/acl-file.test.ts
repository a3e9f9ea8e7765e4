// Users that are configured: by `user` lines, by a file of users, read again and saved, over
// restarts; what is wrong with them is said in Redis's words, and beside a real Redis.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  describeReply,
  type RespClient,
  type ServerHandle,
  skipWithoutRedis,
  startRedis,
} from '@forgekv/testkit';
import { test } from 'tap';
import { runForgeKv } from './support/run-program.ts';
import { connect, serve } from './support/servers.ts';
import { temporaryDirectory } from './support/spawned.ts';
import { until } from './support/until.ts';

const SECRET = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';

async function says(client: RespClient, ...words: string[]): Promise<string> {
  return describeReply(await client.command(...words), Infinity);
}

/** The first reply that is not about data being loaded; a server that answers is there already. */
async function saysLoaded(client: RespClient, ...words: string[]): Promise<string> {
  let said = '';
  await until(async () => {
    said = await says(client, ...words);
    return !said.includes('LOADING');
  });
  return said;
}

/** Files of users, of all kinds. */
const FILES: readonly string[] = [
  'user a on nopass ~x +get\n',
  'user a on nopass\nuser a off\n',
  'foo a\n',
  'user\n',
  'user b +nope\nuser c +nope2 xx\n',
  'user b (+get\n',
  '# comment\nuser b on\n',
  '   \n\n  user b on   +get\t\r\n',
  'user b xx yy\nuser c zz\n',
  'user b on ~* ~x\n',
  'user b on (~a +get) (+set ~b &c) >pw',
  'user default on nopass ~* &* +@all\nuser d on',
  'user default off\nuser default on\n',
  '',
  `user e on #${SECRET} #12\n`,
  'user \xe9 on ~\xff* +get\n',
];

test('ACL LOAD, beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const path = join(temporaryDirectory(t), 'users.acl');
  writeFileSync(path, '');
  const redis = await startRedis({ args: ['--aclfile', path] });
  t.teardown(() => redis.stop());
  const forge = await serve(t, { fronts: 2, workers: 2, args: ['--aclfile', path] });
  const sides = await Promise.all([redis, forge].map((server) => connect(t, server)));
  for (const text of FILES) {
    writeFileSync(path, text, 'latin1');
    const loaded = await Promise.all(sides.map((side) => says(side, 'ACL', 'LOAD')));
    t.equal(loaded[1], loaded[0], JSON.stringify(text));
    const lists = await Promise.all(sides.map((side) => says(side, 'ACL', 'LIST')));
    t.equal(lists[1], lists[0]);
    const saved: string[] = [];
    for (const side of sides) {
      await side.must('ACL', 'SAVE');
      saved.push(readFileSync(path, 'latin1'));
    }
    t.equal(saved[1], saved[0]);
  }
});

test('a file of users, over a restart', async (t) => {
  const dir = temporaryDirectory(t);
  const path = join(dir, 'users.acl');
  writeFileSync(
    path,
    'user admin on >admin ~* &* +@all\nuser default off\nuser gone on nopass +@all\n',
  );
  const server: ServerHandle = await serve(t, {
    ...{ fronts: 2, workers: 2 },
    args: ['--aclfile', path, '--requirepass', 'not used'],
  });
  const admin = await connect(t, server);
  t.match(await says(admin, 'PING'), 'NOAUTH');
  t.equal(await says(admin, 'AUTH', 'admin', 'admin'), '+"OK"');
  const gone = await connect(t, server);
  t.equal(await says(gone, 'AUTH', 'gone', 'x'), '+"OK"');
  await admin.must('ACL', 'SETUSER', 'later', 'on', '>later', '~k*', '+@read', '(+set ~w)');
  writeFileSync(path, 'user admin on >admin ~* &* +@all\nuser later on bad\n');
  t.match(await says(admin, 'ACL', 'LOAD'), /users\.acl:2: Syntax error\. WARNING: ACL errors/);
  t.match(await says(admin, 'ACL', 'USERS'), '["admin", "default", "gone", "later"]');
  await admin.must('ACL', 'SAVE');
  const lines = await admin.must('ACL', 'LIST');
  const items = lines.kind === 'array' ? lines.items : [];
  const text = items.map((item) => (item.kind === 'bulk' ? `${item.bytes}\n` : '')).join('');
  t.equal(readFileSync(path, 'utf8'), text);
  writeFileSync(path, text.replace(/^user gone.*\n/m, ''));
  let closed = false;
  void gone.closed.then(() => {
    closed = true;
  });
  t.equal(await says(admin, 'ACL', 'LOAD'), '+"OK"');
  t.ok(await until(() => closed), 'whose user is no more, is closed');
  t.equal(await says(admin, 'ACL', 'WHOAMI'), '"admin"', 'others stay');
  const listed = await says(admin, 'ACL', 'LIST');
  await admin.must('ACL', 'SAVE');
  await server.restart();
  const again = await connect(t, server);
  t.match(await says(again, 'PING'), 'NOAUTH');
  t.equal(await says(again, 'AUTH', 'admin', 'admin'), '+"OK"');
  t.equal(await says(again, 'ACL', 'LIST'), listed, 'as they were saved');
  t.equal(await says(again, 'AUTH', 'later', 'later'), '+"OK"');
  t.equal(await saysLoaded(again, 'SET', 'w', 'v'), '+"OK"');
  t.match(await says(again, 'SET', 'k', 'v'), 'NOPERM No permissions to access a key');
});

test('user lines of the configuration', async (t) => {
  const dir = temporaryDirectory(t);
  const conf = join(dir, 'redis.conf');
  writeFileSync(
    conf,
    'user worker +@list on (~q* +get) ~jobs:* >secret\nuser "na\\xc3\\xafve" on nopass\n' +
      'requirepass "secret"\nacl-pubsub-default allchannels\n',
  );
  const server = await serve(t, { fronts: 1, workers: 1, args: ['--config', conf] });
  const client = await connect(t, server);
  t.match(await says(client, 'PING'), 'NOAUTH');
  t.equal(await says(client, 'AUTH', 'worker', 'secret'), '+"OK"');
  t.equal(await saysLoaded(client, 'LPUSH', 'jobs:1', 'x'), '(integer) 1');
  t.match(await says(client, 'GET', 'jobs:1'), 'NOPERM');
  t.equal(await says(client, 'AUTH', 'secret'), '+"OK"');
  t.equal(
    await says(client, 'ACL', 'LIST'),
    `["user default on #${SECRET} ~* &* +@all", "user na\\xc3\\xafve on nopass &* -@all", ` +
      `"user worker on #${SECRET} ~jobs:* &* -@all +@list (~q* &* -@all +get)"]`,
  );
  t.match(await says(client, 'ACL', 'LOAD'), 'not configured to use an ACL file');
  t.match(await says(client, 'ACL', 'SAVE'), 'not configured to use an ACL file');
  await client.must('CONFIG', 'SET', 'acl-pubsub-default', 'resetchannels');
  await client.must('ACL', 'SETUSER', 'new');
  t.match(await says(client, 'ACL', 'LIST'), 'user new off resetchannels -@all');
});

test('users that cannot be used', async (t) => {
  const dir = temporaryDirectory(t);
  const bad = join(dir, 'bad.acl');
  writeFileSync(bad, 'user q +nope\n');
  const cases: readonly (readonly [conf: string, complaint: RegExp])[] = [
    ['user a +nope', /Error in user declaration 'a': \+nope: Unknown command or category name/],
    ['user a (+get', /Error in user declaration 'a': Unmatched parenthesis/],
    ['user a on\nuser a off', /Error in user declaration 'a': Duplicate user found/],
    ['user "a b" on', /Spaces not allowed in ACL usernames/],
    [`aclfile ${bad}`, /bad\.acl:1: Error in applying operation '\+nope': Unknown command/],
    ['aclfile absent.acl', /Error loading ACLs, opening file 'absent\.acl': No such file/],
    [`user a on\naclfile ${bad}`, /both by user lines of the configuration and by aclfile/],
  ];
  await Promise.all(
    cases.map(async ([text, complaint], i) => {
      const conf = join(dir, `${i}.conf`);
      writeFileSync(conf, `port 1\ndir ${join(dir, `${i}`)}\nwal-segment-mb 1\n${text}\n`);
      const { code, stderr } = await runForgeKv([conf]);
      t.match(stderr, complaint, text);
      t.notMatch(stderr, /^\s+at /m, 'no stack trace');
      t.not(code, 0);
    }),
  );
});
