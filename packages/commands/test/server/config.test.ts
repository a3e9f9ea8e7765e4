// CONFIG GET, SET, RESETSTAT through a front.

import { test } from 'tap';
import { bulk, FrontHarness } from '../connection/front-harness.ts';

test('CONFIG GET', async (t) => {
  const front = new FrontHarness({ conf: 'port 7001\nrequirepass "p\u00e4ss"\n' });
  const port = `${bulk('port')}${bulk('7001')}`;
  t.equal(await front.send('CONFIG', 'GET', 'port'), `*2\r\n${port}`);
  t.equal(
    await front.send('CONFIG', 'GET', 'PORT', 'por[t]'),
    `*2\r\n${bulk('PORT')}${bulk('7001')}`,
  );
  t.equal(await front.send('CONFIG', 'GET', 'nope'), '*0\r\n');
  t.equal(await front.send('CONFIG', 'GET', '__proto__', 'constructor'), '*0\r\n');
  const secret = `${bulk('requirepass')}${bulk('p\xc3\xa4ss')}`;
  t.equal(await front.send('CONFIG', 'GET', 'requirepass'), `*2\r\n${secret}`, 'in UTF-8');
  await front.send('HELLO', '3');
  t.equal(await front.send('CONFIG', 'GET', 'port'), `%1\r\n${port}`);
  t.equal(await front.send('CONFIG', 'GET', 'nope'), '%0\r\n');
  const all = await front.send('CONFIG', 'GET', '*');
  t.match(all, /\r\n\$9\r\nmaxmemory\r\n\$1\r\n0\r\n/);
});

test('CONFIG SET', async (t) => {
  const front = new FrontHarness();
  const { services } = front;
  t.equal(await front.send('CONFIG', 'SET', 'hz', '12', 'TIMEOUT', '3'), '+OK\r\n');
  t.equal(await front.send('CONFIG', 'SET', 'requirepass', 'p\xc3\xa4ss'), '+OK\r\n');
  t.strictSame(services.calls, [
    [
      'setConfig',
      [
        ['hz', '12'],
        ['TIMEOUT', '3'],
      ],
      7,
    ],
    ['setConfig', [['requirepass', 'p\u00e4ss']], 7],
  ]);
  services.setConfigError = "ERR CONFIG SET failed (possibly related to argument 'hz') - why";
  t.equal(await front.send('CONFIG', 'SET', 'hz', 'x'), `-${services.setConfigError}\r\n`);
});

test('CONFIG with wrong arguments', async (t) => {
  const rows: [string[], string][] = [
    [['GET'], "-ERR wrong number of arguments for 'config|get' command\r\n"],
    [['SET', 'a'], "-ERR wrong number of arguments for 'config|set' command\r\n"],
    [['SET', 'a', 'b', 'c'], '-ERR syntax error\r\n'],
    [
      ['SET', 'requirepass', 'a\xff'],
      "-ERR CONFIG SET failed (possibly related to argument 'requirepass') - argument is not " +
        'UTF-8 text\r\n',
    ],
    [['RESETSTAT', 'x'], "-ERR wrong number of arguments for 'config|resetstat' command\r\n"],
    [['NOPE'], "-ERR unknown subcommand 'NOPE'. Try CONFIG HELP.\r\n"],
    [[], "-ERR wrong number of arguments for 'config' command\r\n"],
  ];
  const front = new FrontHarness();
  for (const [args, reply] of rows) {
    t.equal(await front.send('CONFIG', ...args), reply, args.join(' '));
  }
  t.strictSame(front.services.calls, []);
});

test('CONFIG RESETSTAT', async (t) => {
  const front = new FrontHarness();
  t.equal(await front.send('CONFIG', 'RESETSTAT'), '+OK\r\n');
  t.strictSame(front.services.calls, [['resetStats']]);
});
