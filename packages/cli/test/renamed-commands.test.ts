// rename-command NAME NEW: clients, transactions and scripts know a command by its new name; its
// own is in logs, in the rules of users and in figures. What was written is there whatever a later
// configuration calls it by.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeReply, type ServerHandle, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { FrameClient } from './support/frame-client.ts';
import { runForgeKv } from './support/run-program.ts';
import { connect, serve } from './support/servers.ts';
import { temporaryDirectory } from './support/spawned.ts';

/** GET and SET change places; a dangerous command has the name of a harmless one. */
const RENAMES: readonly (readonly [name: string, newName: string])[] = [
  ...([['GET', 'spare'] as const, ['set', 'GET'] as const, ['Spare', 'SET'] as const] as const),
  ...([['ECHO', 'say'] as const, ['FLUSHALL', 'echo'] as const] as const),
  ...([['SADD', 'Put'] as const, ['APPEND', 'put-this-behind-what-there-is'] as const] as const),
  ...([['CONFIG', 'cfg'] as const, ['XGROUP', 'g|s'] as const, ['EVAL', 'lua'] as const] as const),
  ...([['FUNCTION', 'fn'] as const, ['EXEC', 'go'] as const, ['AUTH', 'login'] as const] as const),
  ...([['RESTORE', 'r'] as const, ['RPUSH', 'INCREMENT'] as const] as const),
  ...([['INCREMENT', 'ü'] as const, ['KEYS', 'k'] as const, ['k', ''] as const] as const),
  ['MSET', 'ms'],
];
const LINES = RENAMES.map(([name, newName]) => `rename-command ${name} "${newName}"\n`).join('');
const LIBRARY = "#!lua name=l\nredis.register_function('f', function() return 1 end)";

const ASKED: readonly (readonly string[])[] = [
  ['GET', 'a', '1'],
  ['SET', 'a'],
  ['get', 'a'],
  ['set', 'a', '2'],
  ['spare', 'a'],
  ['echo', 'sync', 'x'],
  ['say', 'x'],
  ['put', 's', 'm', 'n'],
  ['PUT', 's'],
  ['SADD', 's', 'm'],
  ['SCARD', 's'],
  ['put-this-behind-what-there-is', 'a', 'x'],
  ['ü', 'list', 'x', 'y'],
  ['INCREMENT', 'list', 'x'],
  ['RPUSH', 'list', 'x'],
  ['KEYS', '*'],
  ['k', '*'],
  ['ms', 'm1', '1', 'm2', '2'],
  ['cfg', 'GET', 'port', 'x'],
  ['cfg', 'nosuch'],
  ['cfg'],
  ['cfg', 'get'],
  ['config', 'get', 'port'],
  ['g|s', 'create', 'st', 'g', '$', 'MKSTREAM'],
  ['g|s', 'nosuch', 'st'],
  ['xgroup', 'create', 'st', 'g2', '$'],
  ['MULTI'],
  ['GET', 'b', '1'],
  ['SET', 'b'],
  ['put', 's', 'o'],
  ['go'],
  ['MULTI'],
  ['exec'],
  ['go'],
  ['lua', "return redis.call('get', KEYS[1], ARGV[1])", '1', 'c', '3'],
  ['lua', "return redis.call('SET', KEYS[1])", '1', 'c'],
  ['lua', "return {redis.call('ms', 'x', 1, 'y', 2), redis.call('set', 'y')}", '0'],
  ['lua', "return redis.call('sadd', 's', 'm')", '0'],
  ['lua', "return redis.pcall('spare', 's')", '0'],
  ['eval', 'return 1', '0'],
  ['fn', 'load', LIBRARY],
  ['FCALL', 'f', '0'],
  ['function', 'list'],
  ['COMMAND', 'INFO', 'set', 'spare', 'put', 'sadd', 'cfg|get', 'config|get', 'config', 'k'],
  ['COMMAND', 'GETKEYS', 'get', 'a', '1'],
  ['COMMAND', 'GETKEYS', 'set', 'a'],
  ['COMMAND', 'GETKEYS', 'put', 's', 'm'],
  ['COMMAND', 'GETKEYS', 'sadd', 's', 'm'],
  ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'sad*'],
  ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'put*'],
  ['ACL', 'SETUSER', 'u', 'on', '>pw', '~*', '+get', '-set', '+sadd', '+config|get', '+exec'],
  ['ACL', 'SETUSER', 'u', '+put'],
  ['ACL', 'SETUSER', 'u', '+cfg|get'],
  ['ACL', 'DRYRUN', 'u', 'set', 'a'],
  ['ACL', 'DRYRUN', 'u', 'sadd', 's', 'm'],
  ['AUTH', 'u', 'pw'],
  ['login', 'u', 'pw'],
  ['SET', 'a'],
  ['GET', 'a', 'b'],
  ['put', 's', 'p'],
  ['cfg', 'get', 'port', 'x'],
  ['cfg', 'set', 'hz', '10'],
  ['ECHO', 'sync'],
];
const FORMS: readonly (readonly string[])[] = [[], ['--debug-force-hop', 'yes']];

function written(t: Test, lines: string): string {
  const path = join(temporaryDirectory(t), 'redis.conf');
  writeFileSync(path, lines);
  return path;
}

async function says(t: Test, server: ServerHandle): Promise<string[]> {
  const client = await connect(t, server);
  const said: string[] = [];
  for (const words of ASKED) {
    const reply = describeReply(await client.command(...words), Infinity);
    // Versions of Redis 7 say who it is that may not in two ways.
    const shown = reply.replaceAll(`${server.port}`, 'PORT').replace(/this user has/, 'User u has');
    said.push(`${words.join(' ')}: ${shown}`);
  }
  return said;
}

/** What MONITOR and SLOWLOG show, and what is counted. */
async function shows(t: Test, server: ServerHandle): Promise<string[]> {
  const client = await connect(t, server);
  await client.must('cfg', 'set', 'slowlog-log-slower-than', '0');
  await client.must('cfg', 'resetstat');
  await client.must('slowlog', 'reset');
  const monitor = await FrameClient.connect(t, server.port);
  monitor.send('MONITOR');
  await monitor.shown();
  const commands = [
    ...[
      ['GET', 'a', '1'],
      ['SET', 'a'],
      ['Put', 's', 'x'],
      ['login', 'default', 'secret'],
    ],
    ...[['MULTI'], ['GET', 'a', '2'], ['GO'], ['cfg', 'set', 'requirepass', ''], ['PING']],
    ['lua', "return redis.call('get', 'a', '3')", '0'],
  ];
  for (const words of commands) await client.command(...words);
  const slow = describeReply(await client.command('slowlog', 'get', '-1'), Infinity);
  t.notMatch(slow, 'secret');
  const lines: string[] = [];
  while (!lines.at(-1)?.startsWith('lua]')) {
    const { raw } = (await monitor.frames(1))[0]!;
    lines.push(raw.toString('latin1').replace(/^.*? \[\d+ (127\.0\.0\.1:\d+)?/s, ''));
  }
  const shown = lines.map((line) => line.trim());
  for (const word of ['"GET" "a" "1"', '"Put"', '"lua"', 'lua] "get" "a" "3"']) {
    t.ok(
      shown.some((line) => line.includes(word)),
      `MONITOR shows ${word}`,
    );
  }
  for (const word of ['GET', 'Put', 'login', 'lua', 'cfg']) t.match(slow, `"${word}"`);
  const stats = describeReply(await client.command('info', 'commandstats'), Infinity);
  const counted = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(
    ([, name, calls]) => `${name} ${calls}`,
  );
  // Redis counts the call that clears the counters.
  const kept = counted.filter((line) => !line.startsWith('config|resetstat')).sort();
  return [...shown.filter((line) => !line.includes('slowlog')), ...kept];
}

test('commands that were renamed, beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const file = written(t, LINES);
  const redis = await startRedis({ file });
  t.teardown(() => redis.stop());
  const wanted = await says(t, redis);
  const seen = await shows(t, redis);
  for (const args of FORMS) {
    const forge = await serve(t, { fronts: 2, workers: 2, file, args });
    t.strictSame(await says(t, forge), wanted, args.join(' '));
    t.strictSame(await shows(t, forge), seen, args.join(' '));
    await forge.stop();
  }
});

/** Writes on every path, with the names of a server that has them renamed. */
async function write(t: Test, server: ServerHandle, large: string): Promise<void> {
  const client = await connect(t, server);
  await client.must('GET', 'string', 'a');
  await client.must('put-this-behind-what-there-is', 'string', 'b');
  await client.must('put', 'set', 'm1', 'm2');
  await client.must('ü', 'list', 'one', 'two');
  await client.must('g|s', 'create', 'stream', 'g', '0', 'MKSTREAM');
  await client.must('fn', 'load', LIBRARY);
  await client.must('MULTI');
  await client.must('put', 'set', 'm3');
  await client.must('ü', 'list', 'three');
  await client.must('go');
  await client.must('lua', "redis.call('put', KEYS[1], 'm4') redis.call('ms', 'x', 1)", '1', 'set');
  // Taken into the log in parts before the command is executed, alone and beside others.
  await client.must('GET', 'large', large);
  await client.must('put-this-behind-what-there-is', 'large', large);
  await client.must('put', 'large-set', 'small', `${large}1`, 'another', `${large}2`);
  await client.must('ü', 'large-list', `${large}1`, 'small');
  await client.must('ms', 'large-1', large, 'small-1', 's', 'large-2', large);
  const dump = await client.command('DUMP', 'large-list');
  if (dump.kind === 'bulk') await client.must('r', 'restored', '0', dump.bytes);
  // With values of other workers, where a worker does it for the one that runs the script.
  const script = "redis.call('ms', KEYS[1], 1) redis.call('put', KEYS[2], ARGV[1])";
  for (let i = 0; i < 8; i++) await client.must('lua', script, '2', `k${i}`, 'large-set', `m${i}`);
  // Inline.
  const inline = await FrameClient.connect(t, server.port);
  inline.sendBytes(Buffer.from('pUt set m5\r\n'));
  t.equal(await inline.shown(), '(integer) 1');
}

/** What is there, by commands that no configuration here renames. */
async function contents(t: Test, server: ServerHandle): Promise<string[]> {
  const client = await connect(t, server);
  const asked = [
    ...[
      ['MGET', 'string', 'x', 'small-1'],
      ['SORT', 'set', 'ALPHA'],
      ['LRANGE', 'list', '0', '9'],
    ],
    ...[['XINFO', 'GROUPS', 'stream'], ['FCALL', 'f', '0'], ['DBSIZE'], ['STRLEN', 'large']],
    ...[
      ['GETRANGE', 'large', '99990', '100020'],
      ['SCARD', 'large-set'],
    ],
    ...[
      ['STRLEN', 'large-1'],
      ['STRLEN', 'large-2'],
    ],
    ...[
      ['LINDEX', 'large-list', '1'],
      ['LLEN', 'restored'],
      ['LINDEX', 'restored', '1'],
    ],
  ];
  const said: string[] = [];
  for (const words of asked) said.push(describeReply(await client.command(...words), Infinity));
  for (const member of ['1', '2']) {
    const whole = `${'large'.repeat(300_000)}${member}`;
    said.push(describeReply(await client.command('SISMEMBER', 'large-set', whole)));
  }
  const digests = ['large', 'large-set', 'large-list', 'large-1', 'large-2', 'restored'];
  return [...said, describeReply(await client.command('DEBUG', 'DIGEST-VALUE', ...digests))];
}

for (const args of FORMS) {
  const title = `what was written is there, also without the new names ${args.join(' ')}`;
  test(title.trim(), async (t) => {
    const file = written(t, LINES);
    const options = {
      fronts: 2,
      workers: 2,
      file,
      args: [...args, '--enable-debug-command', 'yes'],
    };
    const server = await serve(t, options);
    await write(t, server, 'large'.repeat(300_000));
    const before = await contents(t, server);
    t.match(before[0], /"ab".*"1".*"s"/s);
    await server.kill9();
    await server.restart();
    t.strictSame(await contents(t, server), before);
    const client = await connect(t, server);
    await client.must('put', 'set', 'm6');
    writeFileSync(file, 'rename-command SREM put\n');
    await server.kill9();
    await server.restart();
    const other = await connect(t, server);
    t.equal(describeReply(await other.command('put', 'set', 'm6')), '(integer) 1');
    t.strictSame(await contents(t, server), before);
    t.equal(describeReply(await other.command('GET', 'string')), '"ab"');
  });
}

test('a block in which something is refused', async (t) => {
  for (const args of FORMS) {
    const file = written(t, LINES);
    const server = await serve(t, { fronts: 1, workers: 2, file, args });
    const [admin, client] = [await connect(t, server), await connect(t, server)];
    await admin.must('ACL', 'SETUSER', 'u', 'on', 'nopass', '~*', '+@all');
    await client.must('login', 'u', 'x');
    await admin.must('GET', 'kept', '1');
    await client.must('MULTI');
    await client.must('GET', 'a', '1');
    await client.must('put', 's', 'm');
    await client.must('SET', 'a');
    await admin.must('ACL', 'SETUSER', 'u', '-sadd');
    const said = describeReply(await client.command('go'), Infinity);
    t.match(said, /OK/);
    t.match(said, /NOPERM/);
    t.match(said, /"1"/);
    t.equal(describeReply(await admin.command('EXISTS', 'kept', 's')), '(integer) 1');
    await server.stop();
  }
});

test('what cannot be renamed', async (t) => {
  const taken = /Target command name already exists/;
  const cases: readonly (readonly [lines: string, why: RegExp])[] = [
    ['rename-command GET set\n', taken],
    ['rename-command GET Del\nrename-command DEL x\n', taken],
    ['rename-command GET new\nrename-command SET NEW\n', taken],
    ['rename-command config|get x\n', /only a whole command can be renamed or removed/],
  ];
  for (const [lines, why] of cases) {
    const path = written(t, lines);
    const ended = await runForgeKv([path, '--port', '0']);
    t.equal(ended.code, 2);
    t.match(ended.stderr, why);
    const checked = await runForgeKv(['check-config', path]);
    t.equal(checked.code, 1);
    t.match(checked.stdout, why);
  }
  const good = await runForgeKv(['check-config', written(t, LINES)]);
  t.equal(good.code, 0);
});
