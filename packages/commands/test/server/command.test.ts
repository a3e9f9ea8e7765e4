// COMMAND and its subcommands, HELP of the containers, MODULE LIST.

import { test } from 'tap';
import { bulk, FrontHarness } from '../connection/front-harness.ts';

const PING_ROW =
  '*10\r\n$4\r\nping\r\n:-1\r\n*1\r\n+fast\r\n:0\r\n:0\r\n:0\r\n*2\r\n+@fast\r\n+@connection\r\n' +
  '*2\r\n$25\r\nrequest_policy:all_shards\r\n$29\r\nresponse_policy:all_succeeded\r\n*0\r\n*0\r\n';

test('COMMAND INFO', async (t) => {
  const front = new FrontHarness();
  const resp3 = PING_ROW.replace('*1\r\n+fast', '~1\r\n+fast').replace('*2\r\n+@', '~2\r\n+@');
  t.equal(await front.send('COMMAND', 'INFO', 'PING', 'nope'), `*2\r\n${PING_ROW}$-1\r\n`);
  await front.send('HELLO', '3');
  const expected = resp3.replace('*2\r\n$25', '~2\r\n$25').replace('*0\r\n*0\r\n', '~0\r\n~0\r\n');
  t.equal(await front.send('COMMAND', 'INFO', 'ping', 'nope'), `*2\r\n${expected}_\r\n`);
});

test('COMMAND and COMMAND INFO without names have a row for each command', async (t) => {
  const front = new FrontHarness();
  const commands = front.registry.table.topLevelIds().length;
  const all = await front.send('COMMAND');
  t.ok(all.startsWith(`*${commands}\r\n*10\r\n`));
  t.equal(await front.send('COMMAND', 'INFO'), all);
  t.equal(await front.send('COMMAND', 'COUNT'), `:${commands}\r\n`);
  t.match(all, /\r\n\$4\r\nping\r\n/);
  t.match(all, /\r\n\$11\r\nclient\|list\r\n/, 'subcommands are inside their container');
  t.notMatch(all, /\r\n\$8\r\nfailover\r\n/, 'what has no function does not exist');
});

test('COMMAND DOCS', async (t) => {
  const front = new FrontHarness();
  const { table } = front.registry;
  const { summary } = table.specs[table.idOf('echo')]!;
  const head = `${bulk('summary')}${bulk(summary)}${bulk('since')}${bulk('1.0.0')}`;
  const group = `${bulk('group')}${bulk('connection')}${bulk('complexity')}${bulk('O(1)')}`;
  const args = bulk('arguments');
  const arg = [
    ['name', 'message'],
    ['type', 'string'],
  ]
    .flat()
    .map(bulk)
    .join('');
  const echoDoc = `${bulk('echo')}*10\r\n${head}${group}${args}*1\r\n*4\r\n${arg}`;
  t.equal(await front.send('COMMAND', 'DOCS', 'nope', 'Echo'), `*2\r\n${echoDoc}`);
  t.equal(await front.send('COMMAND', 'DOCS', 'nope'), '*0\r\n');
  const all = await front.send('COMMAND', 'DOCS');
  t.ok(all.startsWith(`*${table.topLevelIds().length * 2}\r\n`));
  await front.send('HELLO', '3');
  const echoMap = `${bulk('echo')}%5\r\n${head}${group}${args}*1\r\n%2\r\n${arg}`;
  t.equal(await front.send('COMMAND', 'DOCS', 'echo'), `%1\r\n${echoMap}`);
  t.equal(await front.send('COMMAND', 'DOCS', 'nope'), '%0\r\n');
});

test('COMMAND LIST and GETKEYS', async (t) => {
  const rows: [string[], string][] = [
    [['LIST', 'FILTERBY', 'PATTERN', 'HELL?'], '*1\r\n$5\r\nhello\r\n'],
    [['list', 'filterby', 'pattern', 'nope*'], '*0\r\n'],
    [['LIST', 'FILTERBY', 'MODULE', 'x'], '*0\r\n'],
    [['LIST', 'FILTERBY', 'ACLCAT', 'nope'], '*0\r\n'],
    [['LIST', 'FILTERBY', 'ACLCAT', '__proto__'], '*0\r\n'],
    [['LIST', 'FOO'], '-ERR syntax error\r\n'],
    [['LIST', 'FILTERBY'], '-ERR syntax error\r\n'],
    [['LIST', 'FILTERBY', 'FOO', 'x'], '-ERR syntax error\r\n'],
    [['LIST', 'FILTERBY', 'PATTERN', 'x', 'y'], '-ERR syntax error\r\n'],
    [['GETKEYS', 'get', 'k\xff'], '*1\r\n$2\r\nk\xff\r\n'],
    [['GETKEYS', 'GET', 'a', 'b'], '-ERR Invalid number of arguments specified for command\r\n'],
    [['GETKEYS', 'nope', 'a'], '-ERR Invalid command specified\r\n'],
    [['GETKEYS', 'ping', 'a'], '-ERR The command has no key arguments\r\n'],
    [['GETKEYS', 'client', 'id'], '-ERR The command has no key arguments\r\n'],
    [['GETKEYS'], "-ERR wrong number of arguments for 'command|getkeys' command\r\n"],
    [['GETKEYSANDFLAGS', 'set', 'a', 'b'], '*1\r\n*2\r\n$1\r\na\r\n*2\r\n+OW\r\n+update\r\n'],
    [['COUNT', 'x'], "-ERR wrong number of arguments for 'command|count' command\r\n"],
    [['NOPE'], "-ERR unknown subcommand 'NOPE'. Try COMMAND HELP.\r\n"],
  ];
  const front = new FrontHarness();
  for (const [args, reply] of rows) {
    t.equal(await front.send('COMMAND', ...args), reply, args.join(' '));
  }
  const names = front.registry.table.names.length;
  t.ok((await front.send('COMMAND', 'LIST')).startsWith(`*${names}\r\n`));
  await front.send('HELLO', '3');
  const flags = await front.send('COMMAND', 'GETKEYSANDFLAGS', 'get', 'a');
  t.equal(flags, '*1\r\n*2\r\n$1\r\na\r\n~2\r\n+RO\r\n+access\r\n');
});

test('HELP names what exists, and nothing else', async (t) => {
  const front = new FrontHarness();
  for (const container of ['CLIENT', 'COMMAND', 'CONFIG', 'MODULE']) {
    const reply = await front.send(container, 'HELP');
    const [count, ...lines] = reply.trimEnd().split('\r\n');
    t.equal(count, `*${lines.length}`);
    t.ok(lines.every((line) => line.startsWith('+')));
    t.ok(lines.includes('+HELP'), container);
    const { table } = front.registry;
    t.equal(lines.length, 1 + 2 * table.subcommandIds(table.idOf(container)).length);
  }
  const help = await front.send('CLIENT', 'HELP');
  t.match(help, /\+PAUSE timeout \[WRITE\|ALL\]\r\n\+ {4}\S/);
  t.equal(
    await front.send('CLIENT', 'HELP', 'x'),
    "-ERR wrong number of arguments for 'client|help' command\r\n",
  );
});

test('MODULE LIST and ROLE', async (t) => {
  const front = new FrontHarness();
  const role = '*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n';
  t.match(await front.send('MODULE', 'LIST'), /^\*2\r\n\*8\r\n\$4\r\nname\r\n\$6\r\nReJSON/);
  t.equal(await front.send('ROLE'), role);
  await front.send('HELLO', '3');
  t.match(await front.send('MODULE', 'LIST'), /^\*2\r\n%4\r\n\$4\r\nname\r\n\$6\r\nReJSON/);
  t.equal(await front.send('ROLE'), role);
});
