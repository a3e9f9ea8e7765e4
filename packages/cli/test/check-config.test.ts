// forgekv check-config, and what a start says of directives without effect.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { runForgeKv } from './support/run-program.ts';
import { serve } from './support/servers.ts';
import { temporaryDirectory } from './support/spawned.ts';

test('forgekv check-config', async (t) => {
  const path = join(temporaryDirectory(t), 'redis.conf');
  writeFileSync(path, '# x\nmaxmemory 1gb\ndaemonize yes\nrequirepass secret\n');
  const good = await runForgeKv(['check-config', path]);
  t.equal(good.code, 0);
  t.match(good.stdout, path);
  t.match(good.stdout, /2 {2}maxmemory 1gb +honoured\n/);
  t.match(good.stdout, /3 {2}daemonize yes +without effect: it stays in the foreground/);
  t.match(good.stdout, '3 directives: 2 honoured, 1 without effect, 0 refused');
  t.notMatch(good.stdout, 'secret');
  const option = await runForgeKv(['check-config', path, '--hz', 'x']);
  t.equal(option.code, 1);
  t.match(option.stdout, /\(command line\)\n +\d .*hz x +refused: /);
  writeFileSync(path, 'port 1\nno-such x\n');
  const bad = await runForgeKv(['check-config', path]);
  t.equal(bad.code, 1);
  t.match(bad.stdout, /2 {2}no-such x +refused: unknown directive/);
  const unreadable = await runForgeKv(['check-config', `${path}.none`]);
  t.equal(unreadable.code, 2);
  t.match(unreadable.stderr, `can't read config file '${path}.none'`);
  t.equal((await runForgeKv(['check-config'])).code, 2);
});

test('a start names what has no effect in one line', async (t) => {
  const path = join(temporaryDirectory(t), 'redis.conf');
  writeFileSync(path, 'daemonize no\n\nlazyfree-lazy-expire no\nhz 10\n');
  const server = await serve(t, { fronts: 1, workers: 1, file: path, args: ['--save', ''] });
  const lines = server
    .log()
    .split('\n')
    .filter((line) => line.includes('without effect'));
  t.equal(lines.length, 2);
  t.match(lines[0], `${path}: without effect here: 1 daemonize, 3 lazyfree-lazy-expire; `);
  t.match(lines[1], 'without effect here: --save');
});
