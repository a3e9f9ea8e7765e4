// The replies of ACL and its subcommands, on a front whose server is made up.

import { test } from 'tap';
import { AclLog, DenialBook } from '../../src/acl/acl-log.ts';
import { applyAll } from '../../src/acl/acl-user.ts';
import { factsOf, newSession } from '../connection/fake-services.ts';
import { FrontHarness } from '../connection/front-harness.ts';

const NOW_MS = 1_700_000_000_000;

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

function frontWithUser(): FrontHarness {
  const front = new FrontHarness();
  const { all } = front.services.users;
  const user = all.newUser('u');
  applyAll(user, ['on', `#${'a'.repeat(64)}`, '~k', '%R~r', '&c', '+get', '(+set ~w)']);
  all.set(user, 2);
  return front;
}

test('showing users', async (t) => {
  const front = frontWithUser();
  t.equal(await front.send('ACL', 'WHOAMI'), bulk('default'));
  t.equal(await front.send('ACL', 'USERS'), `*2\r\n${bulk('default')}${bulk('u')}`);
  const line = `user u on #${'a'.repeat(64)} ~k %R~r resetchannels &c -@all +get `;
  const lines = ['user default on nopass ~* &* +@all', `${line}(~w resetchannels -@all +set)`];
  t.equal(await front.send('ACL', 'LIST'), `*2\r\n${lines.map(bulk).join('')}`);
  t.equal(await front.send('ACL', 'GETUSER', 'none'), '$-1\r\n');
  const texts = (...words: string[]): string => words.map(bulk).join('');
  const selector = texts('commands', '-@all +set', 'keys', '~w', 'channels', '');
  const body = (map: (pairs: number) => string, set: string): string =>
    `${map(6)}${bulk('flags')}${set}1\r\n${bulk('on')}` +
    `${bulk('passwords')}*1\r\n${bulk('a'.repeat(64))}` +
    `${texts('commands', '-@all +get', 'keys', '~k %R~r', 'channels', '&c', 'selectors')}` +
    `*1\r\n${map(3)}${selector}`;
  t.equal(
    await front.send('ACL', 'GETUSER', 'u'),
    body((pairs) => `*${pairs * 2}\r\n`, '*'),
  );
  front.session.resp = 3;
  t.equal(
    await front.send('ACL', 'GETUSER', 'u'),
    body((pairs) => `%${pairs}\r\n`, '~'),
  );
});

test('changing users', async (t) => {
  const front = frontWithUser();
  const { users, calls } = front.services;
  t.equal(await front.send('ACL', 'SETUSER', 'a', 'on', '(+get', '~x)'), '+OK\r\n');
  users.problem = 'ERR because';
  t.equal(await front.send('ACL', 'SETUSER', 'a'), '-ERR because\r\n');
  t.equal(await front.send('ACL', 'LOAD'), '-ERR because\r\n');
  t.equal(await front.send('ACL', 'SAVE'), '-ERR because\r\n');
  t.equal(await front.send('ACL', 'DELUSER', 'a', 'b'), ':2\r\n');
  t.match(await front.send('ACL', 'DELUSER', 'a', 'default'), "-ERR The 'default' user cannot");
  t.match(await front.send('ACL', 'SETUSER', 'a b'), "-ERR Usernames can't contain spaces");
  t.match(await front.send('ACL', 'SETUSER', 'a\0'), "-ERR Usernames can't contain spaces");
  t.strictSame(calls, [
    ['setUser', 'a', ['on', '(+get', '~x)']],
    ['setUser', 'a', []],
    ['loadUsers'],
    ['saveUsers'],
    ['deleteUsers', ['a', 'b']],
  ]);
});

test('CAT, GENPASS, DRYRUN', async (t) => {
  const front = frontWithUser();
  const ask = (text: string): Promise<string> => front.send('ACL', ...text.split(' '));
  t.match(await ask('CAT'), /^\*\d+\r\n\$8\r\nkeyspace\r\n/);
  t.match(await ask('CAT Transaction'), bulk('multi'));
  t.equal(await ask('CAT nope'), "-ERR Unknown category 'nope'\r\n");
  t.match(await ask('CAT a b'), '-ERR wrong number of arguments');
  t.match(await ask('GENPASS'), /^\$64\r\n[0-9a-f]{64}\r\n$/);
  t.match(await ask('GENPASS 5'), /^\$2\r\n[0-9a-f]{2}\r\n$/);
  t.match(await ask('GENPASS 1'), /^\$1\r\n[0-9a-f]\r\n$/);
  t.match(await ask('GENPASS 4096'), /^\$1024\r\n/);
  for (const bits of ['0', '4097', '-1']) {
    t.match(await ask(`GENPASS ${bits}`), '-ERR ACL GENPASS argument must be the number of bits');
  }
  t.match(await ask('GENPASS x'), '-ERR value is not an integer');
  for (const [text, reply] of [
    ['u get k', '+OK\r\n'],
    ['u GET r', '+OK\r\n'],
    ['u set w 1', '+OK\r\n'],
    ['u set k 1', bulk("User u has no permissions to access the 'k' key")],
    ['u del k', bulk("User u has no permissions to run the 'del' command")],
    ['u config get x', bulk("User u has no permissions to run the 'config|get' command")],
    ['default publish c m', '+OK\r\n'],
    ['none get k', "-ERR User 'none' not found\r\n"],
    ['u nope', "-ERR Command 'nope' not found\r\n"],
    ['u config nope', "-ERR Command 'config' not found\r\n"],
    ['u get', "-ERR wrong number of arguments for 'get' command\r\n"],
  ] as const) {
    t.equal(await ask(`DRYRUN ${text}`), reply, text);
  }
});

test('ACL LOG', async (t) => {
  const client = factsOf(newSession(5, true));
  const denial = { reason: 'key', context: 'toplevel', object: 'k', user: 'u', client } as const;
  const one = new DenialBook();
  const other = new DenialBook();
  one.add(denial, NOW_MS);
  one.add(denial, NOW_MS + 10);
  one.add({ ...denial, object: 'z' }, NOW_MS + 30);
  other.add(denial, NOW_MS + 20);
  other.add({ ...denial, context: 'lua', client: 77 }, NOW_MS + 40);
  const log = new AclLog();
  log.add([...one.take(), ...other.take()], 128);
  t.same(one.take(), [], 'handed over once');
  const shown = (): string[] =>
    log
      .newest(9)
      .map(({ id, count, denial }) => `${id} ${count} ${denial.context} ${denial.object}`);
  t.strictSame(shown(), ['2 1 lua k', '1 1 toplevel z', '0 3 toplevel k']);
  one.add(denial, NOW_MS + 61_000);
  log.add(one.take(), 3);
  t.strictSame(shown(), ['3 1 toplevel k', '2 1 lua k', '1 1 toplevel z'], 'a minute later');
  const front = frontWithUser();
  front.services.users.entries = log.newest(2);
  const reply = await front.send('ACL', 'LOG', '2');
  t.match(reply, /^\*2\r\n\*20\r\n\$5\r\ncount\r\n:1\r\n\$6\r\nreason\r\n\$3\r\nkey\r\n/);
  t.match(reply, 'client-info\r\n$5\r\nid=77\r\n', 'of a client that has gone the number');
  t.match(reply, `timestamp-created\r\n:${NOW_MS + 61_000}\r\n`);
  t.equal(await front.send('ACL', 'LOG', 'RESET'), '+OK\r\n');
  t.match(await front.send('ACL', 'LOG', 'x'), '-ERR value is not an integer');
  t.strictSame(front.services.calls, [['denials', 2], ['forgetDenials']]);
  log.reset();
  t.same(log.newest(9), []);
});

test('a book of denials is bounded', async (t) => {
  const book = new DenialBook();
  const client = 1;
  for (let i = 0; i < 5000; i++) {
    const object = `${i}`.padEnd(2000, 'x');
    book.add({ reason: 'key', context: 'toplevel', object, user: 'u', client }, NOW_MS);
  }
  const records = book.take();
  t.ok(records.length <= 1024);
  t.ok(records.every(({ denial }) => denial.object.length <= 1024));
  t.match(records[0]?.denial.object, /^4999x/, 'the newest first');
});
