// CLIENT subcommands about the connection itself.

import { test } from 'tap';
import { FrontHarness } from './front-harness.ts';

const BAD_NAME = '-ERR Client names cannot contain spaces, newlines or special characters.\r\n';

test('replies', async (t) => {
  const rows: [string[], string][] = [
    [['CLIENT'], "-ERR wrong number of arguments for 'client' command\r\n"],
    [['CLIENT', 'NOPE'], "-ERR unknown subcommand 'NOPE'. Try CLIENT HELP.\r\n"],
    [['CLIENT', 'ID'], ':7\r\n'],
    [['CLIENT', 'ID', 'x'], "-ERR wrong number of arguments for 'client|id' command\r\n"],
    [['CLIENT', 'GETNAME'], '$-1\r\n'],
    [['CLIENT', 'SETNAME', 'a b'], BAD_NAME],
    [['CLIENT', 'SETNAME', 'a\n'], BAD_NAME],
    [['CLIENT', 'SETNAME', 'a\x7f'], BAD_NAME],
    [['CLIENT', 'SETNAME', '\xc3\xa4'], BAD_NAME],
    [['CLIENT', 'GETNAME'], '$-1\r\n'],
    [['CLIENT', 'SETNAME', '!~'], '+OK\r\n'],
    [['CLIENT', 'GETNAME'], '$2\r\n!~\r\n'],
    [['CLIENT', 'SETNAME', ''], '+OK\r\n'],
    [['CLIENT', 'GETNAME'], '$-1\r\n'],
    [['CLIENT', 'SETINFO', 'lib-name', 'redis-py(x_v1)'], '+OK\r\n'],
    [['CLIENT', 'SETINFO', 'LIB-VER', '8.1.0'], '+OK\r\n'],
    [['CLIENT', 'SETINFO', 'badger', 'hamster'], "-ERR Unrecognized option 'badger'\r\n"],
    [
      ['CLIENT', 'SETINFO', 'lib-name', 'redis py'],
      '-ERR lib-name cannot contain spaces, newlines or special characters.\r\n',
    ],
    [
      ['CLIENT', 'SETINFO', 'LIB-VER', '1\n'],
      '-ERR LIB-VER cannot contain spaces, newlines or special characters.\r\n',
    ],
    [
      ['CLIENT', 'SETINFO', 'lib-name'],
      "-ERR wrong number of arguments for 'client|setinfo' command\r\n",
    ],
    [['CLIENT', 'NO-EVICT', 'ON'], '+OK\r\n'],
    [['CLIENT', 'NO-EVICT', 'maybe'], '-ERR syntax error\r\n'],
    [['CLIENT', 'NO-EVICT'], "-ERR wrong number of arguments for 'client|no-evict' command\r\n"],
    [['CLIENT', 'NO-TOUCH', 'on'], '+OK\r\n'],
    [['CLIENT', 'NO-TOUCH', 'x'], '-ERR syntax error\r\n'],
    [['CLIENT', 'REPLY', 'ON'], '+OK\r\n'],
    [['CLIENT', 'REPLY', 'x'], '-ERR syntax error\r\n'],
    [['CLIENT', 'REPLY'], "-ERR wrong number of arguments for 'client|reply' command\r\n"],
  ];
  const front = new FrontHarness();
  for (const [args, reply] of rows) t.equal(await front.send(...args), reply, args.join(' '));
  const { libName, libVersion, noEvict, noTouch } = front.session;
  t.strictSame([libName, libVersion, noEvict, noTouch], ['redis-py(x_v1)', '8.1.0', true, true]);
  await front.send('CLIENT', 'NO-EVICT', 'OFF');
  await front.send('CLIENT', 'NO-TOUCH', 'OFF');
  t.strictSame([front.session.noEvict, front.session.noTouch], [false, false]);
});

test('CLIENT GETNAME is null in RESP3', async (t) => {
  const front = new FrontHarness();
  await front.send('HELLO', '3');
  t.equal(await front.send('CLIENT', 'GETNAME'), '_\r\n');
});

test('CLIENT INFO has the fields of Redis 7.2 in its order', async (t) => {
  const front = new FrontHarness();
  await front.send('CLIENT', 'SETNAME', 'joe');
  await front.send('CLIENT', 'SETINFO', 'lib-name', 'lib');
  await front.send('CLIENT', 'SETINFO', 'lib-ver', '1.2');
  const line =
    'id=7 addr=127.0.0.1:50007 laddr=127.0.0.1:6379 fd=9 name=joe age=5 idle=1 flags=N db=0 ' +
    'sub=0 psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 ' +
    'oll=0 omem=0 tot-mem=0 events=r cmd=client|info user=default redir=-1 resp=2 lib-name=lib ' +
    'lib-ver=1.2\n';
  t.equal(await front.send('CLIENT', 'INFO'), `$${line.length}\r\n${line}\r\n`);
  await front.send('HELLO', '3');
  const verbatim = line.replace('resp=2', 'resp=3');
  t.equal(await front.send('CLIENT', 'INFO'), `=${line.length + 4}\r\ntxt:${verbatim}\r\n`);
});

test('CLIENT REPLY, every sequence as redis-server 7.0 answers it', async (t) => {
  const skip = ['CLIENT', 'REPLY', 'SKIP'];
  const off = ['CLIENT', 'REPLY', 'OFF'];
  const on = ['CLIENT', 'REPLY', 'ON'];
  const ping = ['PING'];
  const pong = '+PONG\r\n';
  const rows: [string[][], string[]][] = [
    [
      [skip, ping, ping],
      ['', '', pong],
    ],
    [
      [skip, skip, ping, ping],
      ['', '', '', pong],
    ],
    [
      [skip, on, ping],
      ['', '+OK\r\n', pong],
    ],
    [
      [skip, ['NOPE'], ping],
      ['', '', pong],
    ],
    [
      [skip, ['GET'], ping],
      ['', '', pong],
    ],
    [
      [skip, ['RESET'], ping],
      ['', '', pong],
    ],
    [
      [skip, ['CLIENT', 'LIST'], ping],
      ['', '', pong],
    ],
    [
      [skip, off, ping, on, ping],
      ['', '', '', '+OK\r\n', pong],
    ],
    [
      [off, ping, skip, ping, ['CLIENT', 'REPLY', 'x'], ping, on, ping],
      ['', '', '', '', '', '', '+OK\r\n', pong],
    ],
    [
      [off, ['RESET'], ping],
      ['', '+RESET\r\n', pong],
    ],
    [
      [off, ['QUIT']],
      ['', ''],
    ],
  ];
  for (const [commands, replies] of rows) {
    const front = new FrontHarness();
    const got: string[] = [];
    for (const args of commands) got.push(await front.send(...args));
    t.strictSame(got, replies, commands.map((args) => args.join(' ')).join('; '));
  }
});
