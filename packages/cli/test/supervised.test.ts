// What systemd is told: by a program that writes down what `systemd-notify` would have said. And
// that systemd accepts the unit.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { run } from './support/run-program.ts';
import { Spawned, temporaryDirectory } from './support/spawned.ts';
import { until } from './support/until.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

test('what systemd is told', async (t) => {
  const dir = temporaryDirectory(t);
  const program = path.join(dir, 'systemd-notify');
  const told = path.join(dir, 'told');
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >>'${told}'\n`);
  chmodSync(program, 0o755);
  const text = (): string => (existsSync(told) ? readFileSync(told, 'utf8') : '');
  const args = ['--supervised', 'systemd', '--port', '0', '--unixsocket', path.join(dir, 'socket')];
  const env = [
    'NOTIFY_SOCKET=/a/socket',
    'WATCHDOG_USEC=1500000',
    `PATH=${dir}:${process.env.PATH}`,
  ];
  const server = new Spawned(t, [...args, '--dir', path.join(dir, 'data')], [], env);
  t.ok(await until(() => /^\/a\/socket READY=1 STATUS=ready, \d+ connections$/m.test(text())));
  t.ok(await until(() => text().split('WATCHDOG=1').length > 2), 'it says that it is alive');
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);
  t.match(text(), /STOPPING=1 STATUS=stopping EXTEND_TIMEOUT_USEC=\d+\n/);
});

test('nobody to be told', async (t) => {
  const dir = temporaryDirectory(t);
  const args = [
    '--port',
    '0',
    '--unixsocket',
    path.join(dir, 'socket'),
    '--dir',
    path.join(dir, 'data'),
  ];
  const server = new Spawned(t, ['--supervised', 'systemd', ...args], [], ['-u', 'NOTIFY_SOCKET']);
  t.ok(await until(() => server.log.includes('connect ')));
  t.match(server.log, 'supervised systemd: NOTIFY_SOCKET is not set');
  server.kill('SIGTERM');
  t.equal(await server.ended, 0);
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const skip = hasSystemd ? false : 'systemd-analyze is not installed';

test('systemd accepts the unit', { skip }, async (t) => {
  const unit = path.join(temporaryDirectory(t), 'forgekv.service');
  const template = readFileSync(path.join(ROOT, 'scripts/systemd/forgekv.service'), 'utf8');
  const filled = template.replaceAll('@PREFIX@', ROOT.replace(/\/$/, ''));
  writeFileSync(unit, filled.replaceAll('@NODE_PATH@', path.dirname(process.execPath)));
  const { code, stdout, stderr } = await run('systemd-analyze', ['verify', unit]);
  t.same({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
});
