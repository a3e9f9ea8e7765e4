// CLIENT subcommands about other connections.

import { test } from 'tap';
import { factsOf, NOW_MS, newSession } from './fake-services.ts';
import { FrontHarness } from './front-harness.ts';

const LINE =
  'id=8 addr=127.0.0.1:50008 laddr=127.0.0.1:6379 fd=9 name= age=5 idle=1 flags=N db=0 sub=0 ' +
  'psub=0 ssub=0 multi=-1 qbuf=11 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 ' +
  'omem=22 tot-mem=33 events=rw cmd=NULL user=default redir=-1 resp=2 lib-name= lib-ver=\n';

test('CLIENT LIST', async (t) => {
  const front = new FrontHarness();
  const { services } = front;
  t.equal(await front.send('CLIENT', 'LIST'), '$0\r\n\r\n', 'nobody there');
  const changes = { inputBytes: 11, outputBytes: 22, lastCommand: '' };
  const eight = factsOf(newSession(8, true), changes);
  const nine = factsOf(newSession(9, true));
  services.connected = [eight];
  t.equal(await front.send('CLIENT', 'LIST'), `$${LINE.length}\r\n${LINE}\r\n`);
  await front.send('HELLO', '3');
  t.equal(await front.send('CLIENT', 'LIST'), `=${LINE.length + 4}\r\ntxt:${LINE}\r\n`);
  services.connected = [eight, nine];
  const reply = await front.send('CLIENT', 'LIST', 'ID', '9', '99', '8', '9');
  t.match(reply, /^=\d+\r\ntxt:id=9 [^\n]+\nid=8 [^\n]+\n\r\n$/, 'in the order asked for, once');
});

test('what CLIENT LIST asks the fronts for', async (t) => {
  const rows: [string[], object][] = [
    [[], {}],
    [['TYPE', 'normal'], { type: 'normal' }],
    [['type', 'MASTER'], { type: 'master' }],
    [['TYPE', 'slave'], { type: 'replica' }],
    [['TYPE', 'replica'], { type: 'replica' }],
    [['TYPE', 'pubsub'], { type: 'pubsub' }],
    [['ID', '3'], { ids: [3] }],
    [['id', '3', '4', '3'], { ids: [3, 4] }],
    [['ID', '0'], { ids: [0] }],
  ];
  for (const [args, filter] of rows) {
    const front = new FrontHarness();
    await front.send('CLIENT', 'LIST', ...args);
    t.strictSame(front.services.calls, [['clients', filter]], args.join(' '));
  }
});

test('CLIENT LIST with wrong arguments', async (t) => {
  const rows: [string[], string][] = [
    [['TYPE'], '-ERR syntax error\r\n'],
    [['TYPE', 'foo'], "-ERR Unknown client type 'foo'\r\n"],
    [['TYPE', 'normal', 'x'], '-ERR syntax error\r\n'],
    [['ID'], '-ERR syntax error\r\n'],
    [['ID', 'abc'], '-ERR Invalid client ID\r\n'],
    [['ID', '1', 'x'], '-ERR Invalid client ID\r\n'],
    [['ID', '99999999999999999999'], '-ERR Invalid client ID\r\n'],
    [['FOO', '1'], '-ERR syntax error\r\n'],
    [['foo'], '-ERR syntax error\r\n'],
  ];
  const front = new FrontHarness();
  for (const [args, reply] of rows) {
    t.equal(await front.send('CLIENT', 'LIST', ...args), reply, args.join(' '));
  }
  t.strictSame(front.services.calls, []);
});

test('CLIENT UNBLOCK', async (t) => {
  const rows: [string[], string][] = [
    [['5'], ':1\r\n'],
    [['5', 'timeout'], ':1\r\n'],
    [['5', 'ERROR'], ':1\r\n'],
    [['6', 'ERROR'], ':0\r\n'],
    [['x'], '-ERR value is not an integer or out of range\r\n'],
    [['x', 'y'], '-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR\r\n'],
    [[], "-ERR wrong number of arguments for 'client|unblock' command\r\n"],
  ];
  const front = new FrontHarness();
  for (const [args, reply] of rows) {
    t.equal(await front.send('CLIENT', 'UNBLOCK', ...args), reply, args.join(' '));
  }
  const asked = ['5', '5', '5', '6'].map((id, i) => ['unblock', Number(id), i >= 2]);
  t.strictSame(front.services.calls, asked);
});

test('what CLIENT KILL asks the fronts for', async (t) => {
  const rows: [string[], object][] = [
    [['1.2.3.4:5'], { address: '1.2.3.4:5' }],
    [['ID'], { address: 'ID' }],
    [['ID', '3'], { ids: [3], exceptId: 7 }],
    [['ID', '3', 'ID', '4'], { ids: [4], exceptId: 7 }],
    [['ADDR', 'a:1', 'LADDR', 'b:2'], { address: 'a:1', localAddress: 'b:2', exceptId: 7 }],
    [['type', 'slave', 'skipme', 'no'], { type: 'replica' }],
    [['SKIPME', 'no', 'SKIPME', 'yes', 'USER', 'default'], { user: 'default', exceptId: 7 }],
    [['MAXAGE', '100'], { maxAgeSeconds: 100, exceptId: 7 }],
  ];
  for (const [args, filter] of rows) {
    const front = new FrontHarness();
    await front.send('CLIENT', 'KILL', ...args);
    t.strictSame(front.services.calls, [['kill', filter, 7]], args.join(' '));
  }
});

test('what CLIENT KILL answers', async (t) => {
  const front = new FrontHarness();
  t.equal(await front.send('CLIENT', 'KILL', '1.2.3.4:5'), '-ERR No such client\r\n');
  t.equal(await front.send('CLIENT', 'KILL', 'ID', '3'), ':0\r\n');
  front.services.killed = 2;
  t.equal(await front.send('CLIENT', 'KILL', '1.2.3.4:5'), '+OK\r\n');
  t.equal(await front.send('CLIENT', 'KILL', 'TYPE', 'normal'), ':2\r\n');
});

test('CLIENT KILL with wrong arguments', async (t) => {
  const rows: [string[], string][] = [
    [[], "-ERR wrong number of arguments for 'client|kill' command\r\n"],
    [['ID', 'abc'], '-ERR client-id should be greater than 0\r\n'],
    [['ID', '0'], '-ERR client-id should be greater than 0\r\n'],
    [['ID', '99999999999999999999'], '-ERR client-id should be greater than 0\r\n'],
    [['TYPE', 'foo'], "-ERR Unknown client type 'foo'\r\n"],
    [['TYPE', 'foo', 'FOO'], "-ERR Unknown client type 'foo'\r\n"],
    [['USER', 'nobody'], "-ERR No such user 'nobody'\r\n"],
    [['USER', '__proto__'], "-ERR No such user '__proto__'\r\n"],
    [['USER', 'nobody', 'ID', 'x'], "-ERR No such user 'nobody'\r\n"],
    [['SKIPME', 'maybe'], '-ERR syntax error\r\n'],
    [['FOO', 'x'], '-ERR syntax error\r\n'],
    [['', ''], '-ERR syntax error\r\n'],
    [['ID', '9', 'FOO'], '-ERR syntax error\r\n'],
    [['ID', '9', 'SKIPME'], '-ERR syntax error\r\n'],
    [['MAXAGE', 'x'], '-ERR maxage is not an integer or out of range\r\n'],
    [['MAXAGE', '0'], '-ERR maxage should be greater than 0\r\n'],
  ];
  const front = new FrontHarness();
  for (const [args, reply] of rows) {
    t.equal(await front.send('CLIENT', 'KILL', ...args), reply, args.join(' '));
  }
  t.strictSame(front.services.calls, []);
});

test('CLIENT PAUSE and UNPAUSE', async (t) => {
  const rows: [string[], string, unknown[]][] = [
    [['PAUSE', '100'], '+OK\r\n', [['pause', 'all', NOW_MS + 100]]],
    [['PAUSE', '0'], '+OK\r\n', [['pause', 'all', NOW_MS]]],
    [['pause', '1', 'write'], '+OK\r\n', [['pause', 'write', NOW_MS + 1]]],
    [['PAUSE', '1', 'ALL'], '+OK\r\n', [['pause', 'all', NOW_MS + 1]]],
    [['UNPAUSE'], '+OK\r\n', [['unpause']]],
    [['PAUSE', 'abc'], '-ERR timeout is not an integer or out of range\r\n', []],
    [['PAUSE', '1.5'], '-ERR timeout is not an integer or out of range\r\n', []],
    [['PAUSE', '-1'], '-ERR timeout is negative\r\n', []],
    [['PAUSE', '9223372036854775807'], '-ERR timeout is out of range\r\n', []],
    [['PAUSE', 'abc', 'foo'], '-ERR CLIENT PAUSE mode must be WRITE or ALL\r\n', []],
    [['PAUSE'], "-ERR wrong number of arguments for 'client|pause' command\r\n", []],
    [
      ['pause', '1', 'ALL', 'x'],
      "-ERR unknown subcommand or wrong number of arguments for 'pause'. Try CLIENT HELP.\r\n",
      [],
    ],
    [['UNPAUSE', 'x'], "-ERR wrong number of arguments for 'client|unpause' command\r\n", []],
  ];
  for (const [args, reply, calls] of rows) {
    const front = new FrontHarness();
    t.equal(await front.send('CLIENT', ...args), reply, args.join(' '));
    t.strictSame(front.services.calls, calls, args.join(' '));
  }
});

test('a front that does not answer makes an error reply', async (t) => {
  const front = new FrontHarness();
  front.services.clients = () => Promise.reject(new Error('ERR a thread did not answer'));
  t.equal(await front.send('CLIENT', 'LIST'), '-ERR a thread did not answer\r\n');
});
