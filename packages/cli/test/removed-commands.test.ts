// rename-command NAME "": nobody finds the command, wherever it is asked for; data that was written
// by it before is there all the same.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeReply, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { test } from 'tap';
import { connect, serve } from './support/servers.ts';
import { temporaryDirectory } from './support/spawned.ts';

const LINES = ['FLUSHALL', 'config', 'SADD', 'Time']
  .map((name) => `rename-command ${name} ""\n`)
  .join('');
const ASKED: readonly (readonly string[])[] = [
  ['FLUSHALL'],
  ['flushall', 'async'],
  ['CONFIG', 'GET', 'port'],
  ['CONFIG', 'NOSUCH'],
  ['SADD', 's', 'm'],
  ['TIME'],
  ['COMMAND', 'INFO', 'sadd', 'config', 'config|get'],
  ['COMMAND', 'GETKEYS', 'sadd', 's', 'm'],
  ['COMMAND', 'DOCS', 'sadd'],
  ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'config*'],
  ['MULTI'],
  ['SADD', 's', 'm'],
  ['EXEC'],
  ['EVAL', "return redis.call('sadd', 's', 'm')", '0'],
  ['EVAL', "return redis.pcall('time')", '0'],
  ['ACL', 'SETUSER', 'u', '+sadd', '-config|get'],
  ['ACL', 'DRYRUN', 'default', 'sadd', 's', 'm'],
  ['FLUSHDB'],
];

test('commands that were removed, beside Redis', { skip: skipWithoutRedis() }, async (t) => {
  const path = join(temporaryDirectory(t), 'redis.conf');
  writeFileSync(path, LINES);
  const redis = await startRedis({ file: path });
  t.teardown(() => redis.stop());
  const forge = await serve(t, { fronts: 2, workers: 2, file: path });
  const [ours, theirs] = [await connect(t, forge), await connect(t, redis)];
  for (const words of ASKED) {
    const said = describeReply(await ours.command(...words), Infinity);
    t.equal(said, describeReply(await theirs.command(...words), Infinity), words.join(' '));
  }
});

test('what a command wrote before it was removed is there', async (t) => {
  const path = join(temporaryDirectory(t), 'redis.conf');
  writeFileSync(path, '');
  const server = await serve(t, { fronts: 1, workers: 2, file: path });
  await (await connect(t, server)).must('SADD', 's', 'a', 'b');
  writeFileSync(
    path,
    'rename-command SADD ""\nrename-command REPLICAOF ""\nrename-command XX ""\n',
  );
  await server.kill9();
  await server.restart();
  const client = await connect(t, server);
  t.equal(describeReply(await client.command('SCARD', 's')), '(integer) 2');
  t.match(await client.command('SADD', 's', 'c'), { text: /^ERR unknown command 'SADD'/ });
  t.match(server.log(), 'rename-command: there is no command XX');
});
