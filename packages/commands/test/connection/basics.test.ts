// PING, ECHO, SELECT, QUIT, RESET.

import { test } from 'tap';
import { FrontHarness } from './front-harness.ts';

test('replies', async (t) => {
  const rows: [string[], string][] = [
    [['PING'], '+PONG\r\n'],
    [['ping', 'hi'], '$2\r\nhi\r\n'],
    [['PING', ''], '$0\r\n\r\n'],
    [['PING', 'a', 'b'], "-ERR wrong number of arguments for 'ping' command\r\n"],
    [['ECHO', 'a\x00\xff\r\nb'], '$6\r\na\x00\xff\r\nb\r\n'],
    [['ECHO'], "-ERR wrong number of arguments for 'echo' command\r\n"],
    [['SELECT', '15'], '+OK\r\n'],
    [['SELECT', '0'], '+OK\r\n'],
    [['SELECT', '16'], '-ERR DB index is out of range\r\n'],
    [['SELECT', '-1'], '-ERR DB index is out of range\r\n'],
    [['SELECT', '2147483647'], '-ERR DB index is out of range\r\n'],
    [
      ['SELECT', '2147483648'],
      '-ERR value is out of range, value must between -2147483648 and 2147483647\r\n',
    ],
    [['SELECT', 'abc'], '-ERR value is not an integer or out of range\r\n'],
    [['SELECT', '01'], '-ERR value is not an integer or out of range\r\n'],
    [['SELECT', '+1'], '-ERR value is not an integer or out of range\r\n'],
    [['SELECT', ''], '-ERR value is not an integer or out of range\r\n'],
    [['SELECT', '99999999999999999999'], '-ERR value is not an integer or out of range\r\n'],
    [['SELECT', '1', '2'], "-ERR wrong number of arguments for 'select' command\r\n"],
    [['RESET', 'x'], "-ERR wrong number of arguments for 'reset' command\r\n"],
    [['RESET'], '+RESET\r\n'],
    [['QUIT', 'x'], '+OK\r\n'],
  ];
  const front = new FrontHarness();
  for (const [args, reply] of rows) t.equal(await front.send(...args), reply, args.join(' '));
});

test('SELECT counts from the next command on, and a failed one changes nothing', async (t) => {
  const front = new FrontHarness();
  await front.send('SELECT', '3');
  t.strictSame([front.session.db, front.context.db], [3, 3]);
  await front.send('SELECT', '16');
  t.strictSame([front.session.db, front.context.db], [3, 3]);
});

test('QUIT closes after its reply', async (t) => {
  const front = new FrontHarness();
  t.equal(front.session.closeAfterReply, false);
  await front.send('QUIT');
  t.equal(front.session.closeAfterReply, true);
});

test('RESET makes a new connection of an old one, but the library stays', async (t) => {
  const front = new FrontHarness();
  const { session, context } = front;
  await front.send('HELLO', '3', 'SETNAME', 'joe');
  await front.send('SELECT', '5');
  await front.send('CLIENT', 'NO-EVICT', 'ON');
  await front.send('CLIENT', 'NO-TOUCH', 'ON');
  await front.send('CLIENT', 'SETINFO', 'LIB-NAME', 'lib');
  t.equal(await front.send('RESET'), '+RESET\r\n');
  const { db, resp, name, noEvict, noTouch, libName, authenticated } = session;
  t.strictSame([db, resp, name, noEvict, noTouch, libName], [0, 2, '', false, false, 'lib']);
  t.equal(authenticated, true, 'the default user needs no password here');
  t.equal(context.db, 0);
  t.equal(context.reply.resp3, false);
});

test('a pipeline', async (t) => {
  const front = new FrontHarness();
  const request = Buffer.from('PING\r\nSELECT 2\r\nHELLO 3\r\nCLIENT GETNAME\r\nRESET\r\n');
  const reply = await front.sendRaw(Buffer.from(new Uint8Array(request).buffer));
  t.match(reply, /^\+PONG\r\n\+OK\r\n%7\r\n.*_\r\n\+RESET\r\n$/s);
});
