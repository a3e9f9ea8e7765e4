// Users that change while their connections live: what is in force when ACL answers, who is closed,
// who stops waiting; and ACL LOG, which has what all threads refuse.

import {
  type ConnectionError,
  describeReply,
  type RespClient,
  type ServerHandle,
} from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { connect, connectToEveryFront, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const NO_KEY = 'NOPERM No permissions to access a key';
const WRONG = 'WRONGPASS invalid username-password pair or user is disabled.';
const ANYTHING = ['on', 'nopass', '~*', '&*', '+@all'];

async function says(client: RespClient, ...words: string[]): Promise<string> {
  return describeReply(await client.command(...words), Infinity);
}

async function userOf(t: Test, server: ServerHandle, name: string): Promise<RespClient> {
  const client = await connect(t, server);
  await client.must('AUTH', name, 'any');
  return client;
}

async function isClosed(client: RespClient): Promise<boolean> {
  let closed = false;
  void client.closed.then(() => {
    closed = true;
  });
  return until(async () => closed);
}

const LAYOUTS = [{ fronts: 2, workers: 4 }];

/** Resolves when so many clients wait for keys. */
async function waiting(admin: RespClient, count: number): Promise<void> {
  await until(async () =>
    (await says(admin, 'INFO', 'clients')).includes(`blocked_clients:${count}`),
  );
}

for (const { fronts, workers } of LAYOUTS) {
  test(`a change is in force everywhere, ${fronts}×${workers}`, async (t) => {
    const server = await serve(t, { fronts, workers });
    const clients = await connectToEveryFront(t, server, fronts);
    const [admin, ...users] = clients as [RespClient, ...RespClient[]];
    await admin.must('ACL', 'SETUSER', 'u', ...ANYTHING);
    for (const client of users) await client.must('AUTH', 'u', '');
    const late: string[] = [];
    for (let i = 0; i < 50; i++) {
      await admin.must('ACL', 'SETUSER', 'u', 'resetkeys', `~only${i}`);
      const asked = users.map((client) =>
        client.pipeline([
          ['GET', `only${i}`],
          ['GET', 'k'],
        ]),
      );
      for (const [own, other] of await Promise.all(asked)) {
        const said = `${describeReply(own!)} ${describeReply(other!)}`;
        if (!said.startsWith('(nil') || !said.includes(NO_KEY)) late.push(`${i}: ${said}`);
      }
    }
    t.same(late, []);
    t.equal(await says(users[0]!, 'ACL', 'WHOAMI'), '"u"');
    t.match(await says(admin, 'CLIENT', 'LIST'), / user=u /);
    t.equal(await says(admin, 'ACL', 'DELUSER', 'u', 'nobody'), '(integer) 1');
    for (const client of users) t.ok(await isClosed(client), 'his connections are closed');
    t.match(await says(admin, 'AUTH', 'u', ''), WRONG);
    t.equal(await says(admin, 'ACL', 'WHOAMI'), '"default"', 'who was in stays in');
  });
}

async function manyChanges(t: Test, server: ServerHandle): Promise<void> {
  const clients = await connectToEveryFront(t, server, 2);
  await Promise.all(
    clients.map(async (client, who) => {
      for (let i = 0; i < 20; i++) {
        await client.must('ACL', 'SETUSER', `u${i % 5}`, `~k${who}-${i}`, '+get');
        if (i % 7 === 0) await client.must('ACL', 'DELUSER', `u${(i + who) % 5}`);
      }
    }),
  );
  const lists = await Promise.all(clients.map((client) => client.must('ACL', 'LIST')));
  const texts = lists.map((list) => describeReply(list, Infinity));
  t.equal(new Set(texts).size, 1, 'all fronts know the same users');
}

async function deletesHimself(t: Test, server: ServerHandle): Promise<void> {
  const admin = await connect(t, server);
  await admin.must('ACL', 'SETUSER', 'u', ...ANYTHING);
  const user = await userOf(t, server, 'u');
  t.equal(await says(user, 'ACL', 'DELUSER', 'u'), '(integer) 1');
  t.ok(await isClosed(user));
  t.match(await says(admin, 'ACL', 'DELUSER', 'default'), "The 'default' user cannot be removed");
}

async function listens(t: Test, server: ServerHandle): Promise<void> {
  const admin = await connect(t, server);
  await admin.must('ACL', 'SETUSER', 'u', ...ANYTHING);
  const rows = [
    ['SUBSCRIBE', 'news'],
    ['PSUBSCRIBE', 'n*'],
    ['SSUBSCRIBE', 'news'],
  ] as const;
  const listeners: RespClient[] = [];
  for (const words of rows) {
    const client = await connect(t, server, { resp: 3 });
    await client.must('AUTH', 'u', '');
    client.send(Buffer.from(`${words.join(' ')}\r\n`));
    await client.nextPush();
    listeners.push(client);
  }
  await admin.must('ACL', 'SETUSER', 'u', 'resetchannels', '&news', '&n*');
  for (const client of listeners) t.equal(await says(client, 'PING'), '+"PONG"', 'still allowed');
  await admin.must('ACL', 'SETUSER', 'u', 'resetchannels', '&news*');
  t.ok(await isClosed(listeners[1]!), 'the pattern is another one');
  t.equal(await says(listeners[0]!, 'PING'), '+"PONG"');
  await admin.must('ACL', 'SETUSER', 'u', 'resetchannels', '(&x)');
  t.ok(await isClosed(listeners[0]!));
  t.ok(await isClosed(listeners[2]!));
}

for (const args of [[], ['--debug-force-hop', 'yes']]) {
  test(`who waits for a key that he may not have any more ${args.join(' ')}`, async (t) => {
    const server = await serve(t, { fronts: 2, workers: 2, args });
    const admin = await connect(t, server);
    await admin.must('ACL', 'SETUSER', 'u', ...ANYTHING);
    const commands = [
      ['BLPOP', 'l', 'other', '0'],
      ['BLMOVE', 'l', 'to', 'LEFT', 'LEFT', '0'],
      ['BZPOPMIN', 'z', '0'],
      ['XREAD', 'BLOCK', '0', 'STREAMS', 's', '$'],
    ];
    const users = await Promise.all(commands.map(() => userOf(t, server, 'u')));
    const replies = users.map((client, i) => says(client, ...commands[i]!));
    const allowed = await userOf(t, server, 'u');
    const served = says(allowed, 'BLPOP', 'mine', '0');
    await waiting(admin, 5);
    await admin.must('ACL', 'SETUSER', 'u', 'resetkeys', '~mine');
    t.equal(await says(admin, 'RPUSH', 'l', 'a'), '(integer) 1');
    for (const reply of replies) t.match(await reply, NO_KEY);
    t.equal(await says(admin, 'LRANGE', 'l', '0', '-1'), '["a"]', 'nobody got it');
    await admin.must('RPUSH', 'mine', 'x');
    t.equal(await served, '["mine", "x"]');
    t.match(await says(users[0]!, 'GET', 'k'), NO_KEY, 'the connection goes on');
  });
}

test('the default user', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  const admin = await connect(t, server);
  await admin.must('ACL', 'SETUSER', 'admin', ...ANYTHING);
  await admin.must('AUTH', 'admin', '');
  const early = await connect(t, server);
  t.equal(await says(early, 'PING'), '+"PONG"');
  await admin.must('CONFIG', 'SET', 'requirepass', 'secret');
  t.match(await says(admin, 'ACL', 'GETUSER', 'default'), /"passwords", \["2bb80d537b1da3e3/);
  const late = await connect(t, server);
  t.match(await says(late, 'PING'), 'NOAUTH');
  t.match(await says(late, 'AUTH', 'wrong'), WRONG);
  t.equal(await says(late, 'AUTH', 'secret'), '+"OK"');
  await admin.must('ACL', 'SETUSER', 'default', '>second', '<secret');
  t.match(await says(late, 'AUTH', 'secret'), WRONG);
  t.equal(await says(late, 'AUTH', 'default', 'second'), '+"OK"');
  const outside = await connect(t, server);
  t.match(await says(outside, 'PING'), 'NOAUTH');
  await admin.must('CONFIG', 'SET', 'requirepass', '');
  t.equal(await says(outside, 'PING'), '+"PONG"', 'nobody needs a password now');
  t.match(await says(outside, 'AUTH', 'any'), 'without any password configured');
  await admin.must('ACL', 'SETUSER', 'default', 'off');
  t.match(await says(outside, 'PING'), 'NOAUTH', 'it never logged in');
  t.equal(await says(early, 'PING'), '+"PONG"', 'who was in stays in');
  t.match(await says(early, 'AUTH', 'default', 'any'), WRONG);
  await admin.must('ACL', 'SETUSER', 'default', 'on', '-@all', '+get');
  t.match(await says(early, 'SET', 'k', 'v'), /NOPERM User default has no permissions to run/);
  t.match(await says(outside, 'HELLO', '2', 'AUTH', 'admin', 'x'), /"server"/);
  t.equal(await says(outside, 'RESET'), '+"RESET"');
  t.match(await says(outside, 'SET', 'k', 'v'), 'NOPERM');
});

async function inTransaction(t: Test, server: ServerHandle): Promise<void> {
  const admin = await connect(t, server);
  await admin.must('ACL', 'SETUSER', 'u', ...ANYTHING);
  const user = await userOf(t, server, 'u');
  const replies = await user.pipeline([
    ['MULTI'],
    ['SET', 'k', 'v'],
    ['ACL', 'SETUSER', 'u', 'resetkeys'],
    ['AUTH', 'default', ''],
    ['ACL', 'WHOAMI'],
    ['EXEC'],
    ['GET', 'k'],
  ]);
  t.equal(describeReply(replies[5]!), '[+"OK", +"OK", +"OK", "default"]');
  t.equal(describeReply(replies[6]!), '"v"');
}

interface Logged {
  readonly count: string;
  readonly reason: string;
  readonly context: string;
  readonly object: string;
  readonly username: string;
  readonly info: string;
}

async function log(client: RespClient, ...words: string[]): Promise<Logged[]> {
  const reply = await client.must('ACL', 'LOG', ...words);
  if (reply.kind !== 'array') throw new Error(describeReply(reply));
  return reply.items.map((item) => {
    const pairs = item.kind === 'array' ? item.items : [];
    const text = (name: string): string => {
      const at = pairs.findIndex((one) => describeReply(one) === `"${name}"`);
      return describeReply(pairs[at + 1]!, Infinity).replaceAll('"', '');
    };
    return {
      ...{ count: text('count'), reason: text('reason'), context: text('context') },
      ...{ object: text('object'), username: text('username'), info: text('client-info') },
    };
  });
}

for (const { fronts, workers } of LAYOUTS) {
  test(`ACL LOG, ${fronts}×${workers}`, async (t) => {
    const server = await serve(t, { fronts, workers });
    const admin = await connect(t, server);
    await admin.must('ACL', 'SETUSER', 'u', ...ANYTHING, '-@dangerous', '-del', 'resetkeys', '~k');
    await admin.must('ACL', 'SETUSER', 'u', 'resetchannels', '>secret');
    const user = await connect(t, server);
    await user.command('auth', 'u', 'wrong');
    await user.command('HELLO', '3', 'AUTH', 'nobody', 'wrong');
    await user.must('AUTH', 'u', 'secret');
    await user.command('GET', 'x');
    await user.command('GET', 'x');
    await user.command('DEL', 'k');
    await user.command('PUBLISH', 'c', 'm');
    await user.pipeline([['MULTI'], ['GET', 'x'], ['EXEC']]);
    await user.command('EVAL', "redis.pcall('GET', 'y') redis.pcall('GET', 'y')", '0');
    const id = (await says(user, 'CLIENT', 'ID')).replace('(integer) ', '');
    const entries = await log(admin);
    t.strictSame(
      entries.map(({ info, ...entry }) => Object.values(entry).join(' ')),
      [
        '(integer) 2 key lua y u',
        '(integer) 1 key multi x u',
        '(integer) 1 channel toplevel c u',
        '(integer) 1 command toplevel del u',
        '(integer) 2 key toplevel x u',
        '(integer) 1 auth toplevel HELLO nobody',
        '(integer) 1 auth toplevel auth u',
      ],
    );
    for (const { info } of entries) t.match(info, `id=${id} addr=`);
    t.equal((await log(admin, '2')).length, 2);
    const stats = await says(admin, 'INFO', 'stats');
    for (const [name, count] of Object.entries({ auth: 2, cmd: 1, key: 5, channel: 1 })) {
      t.match(stats, `acl_access_denied_${name}:${count}\\r`, name);
    }
    await admin.must('CONFIG', 'SET', 'acllog-max-len', '3');
    await user.command('GET', 'z');
    t.equal((await log(admin, '10')).length, 3);
    await admin.must('ACL', 'LOG', 'RESET');
    t.same(await log(admin), []);
  });
}

async function hostile(t: Test, server: ServerHandle): Promise<void> {
  const admin = await connect(t, server);
  await admin.must('ACL', 'SETUSER', 'u', 'reset', 'on', 'nopass');
  const user = await userOf(t, server, 'u');
  for (const words of [
    ['ACL', 'SETUSER', 'u', '+@all'],
    ['ACL', 'LIST'],
    ['ACL', 'WHOAMI'],
    ['CONFIG', 'GET', 'requirepass'],
    ['MULTI'],
    ['EVAL', 'return 1', '0'],
    ['COMMAND'],
    ['MONITOR'],
  ]) {
    t.match(await says(user, ...words), 'NOPERM', words.join(' '));
  }
  t.match(await says(admin, 'ACL', 'SETUSER', 'a b'), "Usernames can't contain spaces");
  t.match(await says(admin, 'ACL', 'SETUSER', 'u', '(+get'), 'Unmatched parenthesis');
  t.match(
    await says(admin, 'ACL', 'SETUSER', 'v', '+get', '+nope'),
    "Error in ACL SETUSER modifier '+nope': Unknown command or category name in ACL",
  );
  t.equal(await says(admin, 'ACL', 'GETUSER', 'v'), '(nil $-1)', 'all rules or none');
  const long = 'x'.repeat(100_000);
  await admin.must('ACL', 'SETUSER', long, `~${long}`, `&${long}*`);
  t.match(await says(admin, 'ACL', 'DRYRUN', long, 'GET', long), 'no permissions to run');
  const gone = await connect(t, server);
  gone.send(
    Buffer.from('*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\nx\r\n*2\r\n$3\r\nACL\r\n$4\r\nLIST\r\n'),
  );
  gone.destroy();
  t.equal(await says(admin, 'PING'), '+"PONG"');
  await gone.command('PING').catch((error: ConnectionError) => t.ok(error));
}

test('users that change', async (t) => {
  const server = await serve(t, { fronts: 2, workers: 2 });
  await t.test('changes from everywhere at once', (t) => manyChanges(t, server));
  await t.test('who deletes himself gets his answer', (t) => deletesHimself(t, server));
  await t.test('who listens to what he may not any more', (t) => listens(t, server));
  await t.test('in a transaction', (t) => inTransaction(t, server));
  await t.test('hostile users', (t) => hostile(t, server));
});
