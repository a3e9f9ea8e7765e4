// AUTH, HELLO and what a connection that has not logged in may do.

import { test } from 'tap';
import { bulk, FrontHarness } from './front-harness.ts';

const WRONGPASS = '-WRONGPASS invalid username-password pair or user is disabled.\r\n';
const NOAUTH_HELLO =
  '-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH ' +
  '<user> <pass> option can be used to authenticate the client and select the RESP protocol ' +
  'version at the same time\r\n';
const NO_PASSWORD_SET =
  '-ERR AUTH <password> called without any password configured for the default user. Are you ' +
  'sure your configuration is correct?\r\n';
const BAD_NAME = '-ERR Client names cannot contain spaces, newlines or special characters.\r\n';

function helloReply(version: 2 | 3): string {
  const facts = ['server', 'redis', 'version', '7.2.4'].map(bulk).join('');
  const mode = ['mode', 'standalone', 'role', 'master', 'modules'].map(bulk).join('');
  const head = version === 3 ? '%7\r\n' : '*14\r\n';
  return `${head}${facts}${bulk('proto')}:${version}\r\n${bulk('id')}:7\r\n${mode}*0\r\n`;
}

test('AUTH and HELLO where nobody needs a password', async (t) => {
  const rows: [string[], string][] = [
    [['AUTH', 'x'], NO_PASSWORD_SET],
    [['AUTH', ''], NO_PASSWORD_SET],
    [['AUTH', 'default', 'x'], '+OK\r\n'],
    [['AUTH', 'nobody', 'x'], WRONGPASS],
    [['AUTH', '__proto__', 'x'], WRONGPASS],
    [['AUTH', 'a', 'b', 'c'], '-ERR syntax error\r\n'],
    [['AUTH'], "-ERR wrong number of arguments for 'auth' command\r\n"],
    [['HELLO'], helloReply(2)],
    [['HELLO', '2'], helloReply(2)],
    [['HELLO', '4'], '-NOPROTO unsupported protocol version\r\n'],
    [['HELLO', '1'], '-NOPROTO unsupported protocol version\r\n'],
    [['HELLO', '-3'], '-NOPROTO unsupported protocol version\r\n'],
    [['HELLO', '4', 'FOO'], '-NOPROTO unsupported protocol version\r\n'],
    [['HELLO', 'abc'], '-ERR Protocol version is not an integer or out of range\r\n'],
    [['HELLO', '03'], '-ERR Protocol version is not an integer or out of range\r\n'],
    [['HELLO', ' 3'], '-ERR Protocol version is not an integer or out of range\r\n'],
    [['HELLO', '3.0'], '-ERR Protocol version is not an integer or out of range\r\n'],
    [['HELLO', '3', 'FOO'], "-ERR Syntax error in HELLO option 'FOO'\r\n"],
    [['HELLO', '3', 'setname'], "-ERR Syntax error in HELLO option 'setname'\r\n"],
    [['HELLO', '3', 'AUTH', 'default'], "-ERR Syntax error in HELLO option 'AUTH'\r\n"],
    [['HELLO', '3', 'a\r\nb'], "-ERR Syntax error in HELLO option 'a  b'\r\n"],
    [['HELLO', '3', 'SETNAME', 'a b'], BAD_NAME],
    [['HELLO', '3', 'SETNAME', 'a b', 'FOO'], BAD_NAME],
    [['HELLO', '3', 'AUTH', 'nobody', 'x'], WRONGPASS],
    [['HELLO', '2', 'AUTH', 'default', 'x'], helloReply(2)],
    [['hello', '2', 'auth', 'default', 'x', 'setname', 'n'], helloReply(2)],
    [['HELLO', '3'], helloReply(3)],
    [['HELLO'], helloReply(3)],
    [['HELLO', '2'], helloReply(2)],
  ];
  const front = new FrontHarness();
  for (const [args, reply] of rows) t.equal(await front.send(...args), reply, args.join(' '));
});

test('an unknown HELLO option is shown up to 128 characters', async (t) => {
  const front = new FrontHarness();
  const reply = await front.send('HELLO', '3', 'x'.repeat(1000));
  t.equal(reply, `-ERR Syntax error in HELLO option '${'x'.repeat(128)}'\r\n`);
});

test('before the login', async (t) => {
  const rows: [string[], string][] = [
    [['PING'], '-NOAUTH Authentication required.\r\n'],
    [['CLIENT', 'ID'], '-NOAUTH Authentication required.\r\n'],
    [['INFO'], '-NOAUTH Authentication required.\r\n'],
    [['COMMAND'], '-NOAUTH Authentication required.\r\n'],
    [['HELLO'], NOAUTH_HELLO],
    [['HELLO', '3'], NOAUTH_HELLO],
    [['HELLO', '3', 'SETNAME', 'x'], NOAUTH_HELLO],
    [['HELLO', '4'], '-NOPROTO unsupported protocol version\r\n'],
    [['HELLO', '3', 'SETNAME', 'a b'], BAD_NAME],
    [['HELLO', '3', 'FOO'], "-ERR Syntax error in HELLO option 'FOO'\r\n"],
    [['HELLO', '3', 'AUTH', 'default', 'bad'], WRONGPASS],
    [['HELLO', '3', 'AUTH', 'nobody', 'sesame'], WRONGPASS],
    [['AUTH', 'bad'], WRONGPASS],
    [['AUTH', ''], WRONGPASS],
    [['AUTH', 'default', 'bad'], WRONGPASS],
    [['AUTH', 'nobody', 'sesame'], WRONGPASS],
    [['AUTH', 'a', 'b', 'c'], '-ERR syntax error\r\n'],
    [['RESET'], '+RESET\r\n'],
    [['QUIT'], '+OK\r\n'],
  ];
  const front = new FrontHarness({ password: 'sesame' });
  for (const [args, reply] of rows) {
    t.equal(await front.send(...args), reply, args.join(' '));
    t.equal(front.session.authenticated, false, 'still outside');
  }
  t.equal(front.session.name, '');
  t.equal(front.session.resp, 2);
});

test('the ways in, and RESET as the way out', async (t) => {
  for (const way of [
    ['AUTH', 'sesame'],
    ['AUTH', 'default', 'sesame'],
    ['HELLO', '2', 'AUTH', 'default', 'sesame'],
  ]) {
    const front = new FrontHarness({ password: 'sesame' });
    t.notMatch(await front.send(...way), /^-/);
    t.equal(await front.send('PING'), '+PONG\r\n');
    t.equal(await front.send('AUTH', 'bad'), WRONGPASS);
    t.equal(await front.send('PING'), '+PONG\r\n', 'a failed AUTH does not log out');
    t.equal(await front.send('RESET'), '+RESET\r\n');
    t.equal(await front.send('PING'), '-NOAUTH Authentication required.\r\n');
  }
});

test('HELLO does everything or nothing', async (t) => {
  const front = new FrontHarness({ password: 'sesame' });
  const { session } = front;
  await front.send('HELLO', '3', 'SETNAME', 'early', 'AUTH', 'default', 'bad');
  t.strictSame([session.resp, session.name, session.authenticated], [2, '', false]);
  await front.send('HELLO', '3', 'AUTH', 'default', 'sesame', 'FOO');
  t.strictSame([session.resp, session.name, session.authenticated], [2, '', false]);
  t.strictSame(front.services.calls, [['logIn', 'default', 'bad']], 'no guess with bad syntax');
  const reply = await front.send('HELLO', '3', 'AUTH', 'default', 'sesame', 'SETNAME', 'late');
  t.equal(reply, helloReply(3), 'answered in the new protocol');
  t.strictSame([session.resp, session.name, session.authenticated], [3, 'late', true]);
  await front.send('HELLO', '3', 'SETNAME', '');
  t.equal(session.name, '', 'an empty name takes it away');
});

test('passwords are bytes', async (t) => {
  const front = new FrontHarness({ password: 'a\xff\x00b' });
  t.equal(await front.send('AUTH', 'a\xff'), WRONGPASS);
  t.equal(await front.send('AUTH', 'a\xff\x00b'), '+OK\r\n');
});
