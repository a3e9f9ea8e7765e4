/** Starting, stopping and restarting servers, and that none is left behind whatever happens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { describeReply } from '../src/reply.ts';
import { RespClient } from '../src/resp-client.ts';
import {
  redisServerPath,
  skipWithoutRedis,
  startForgeKv,
  startRedis,
} from '../src/server-process.ts';

const FAKE = fileURLToPath(new URL('fake-server.js', import.meta.url));
const LEAKY = fileURLToPath(new URL('leaky-program.js', import.meta.url));

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function isGone(pid: number): Promise<boolean> {
  for (let wait = 0; wait < 200 && isAlive(pid); wait++) await sleep(20);
  return !isAlive(pid);
}

test('redis: start, command, kill9, restart, stop', { skip: skipWithoutRedis() }, async (t) => {
  const server = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  t.teardown(() => server.stop());
  const { port, pid, dir } = server;
  const client = await RespClient.connect({ port });
  t.equal(describeReply(await client.command('SET', 'k', 'v')), '+"OK"');
  await server.kill9();
  t.ok(await client.closed.then(() => true));
  t.notOk(isAlive(pid));
  t.equal(server.pid, undefined);
  t.ok(existsSync(dir), 'the directory survives a crash');
  await server.restart();
  t.equal(server.port, port);
  t.not(server.pid, pid);
  const again = await RespClient.connect({ port, resp: 3 });
  t.equal(describeReply(await again.command('GET', 'k')), '"v"');
  await again.close();
  t.match(server.log(), /Ready to accept connections/);
  await server.stop();
  t.notOk(existsSync(dir), 'the temporary directory is removed');
  await server.stop();
  await t.rejects(server.restart(), { message: /stopped for good/ });
});

test('redis: a bad option is a clear error', { skip: skipWithoutRedis() }, async (t) => {
  await t.rejects(startRedis({ args: ['--no-such-option', '1'] }), {
    message: /redis ended before it was ready:[\s\S]*--- its log[\s\S]*Bad directive/,
  });
});

test('redis: not installed', async (t) => {
  const path = process.env.REDIS_SERVER;
  process.env.REDIS_SERVER = '/nonexistent/redis-server';
  t.teardown(() => {
    if (path === undefined) delete process.env.REDIS_SERVER;
    else process.env.REDIS_SERVER = path;
  });
  t.equal(redisServerPath(), undefined);
  t.match(skipWithoutRedis(), /not installed/);
  await t.rejects(startRedis(), { message: /not installed/ });
});

test('forgekv: arguments, environment, own directory', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'testkit-own-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const server = await startForgeKv({ entry: FAKE, fronts: 2, workers: 3, dir });
  t.teardown(() => server.stop());
  t.match(server.log(), `"port":"${server.port}","dir":"${dir}"`);
  t.match(server.log(), '"front-threads":"2","shard-threads":"3"');
  t.match(server.log(), /NODE_OPTIONS=$/m, "the test runner's loader stays out");
  await server.stop();
  t.match(server.log(), '[forgekv ended: SIGTERM]');
  t.ok(existsSync(dir), 'a directory that was given stays');
});

test('forgekv: failures to start and to stop', async (t) => {
  const start = (mode: string) =>
    startForgeKv({ entry: FAKE, args: ['--mode', mode], startTimeoutMs: 1500, stopTimeoutMs: 300 });
  await t.rejects(start('dies'), {
    message: /ended before it was ready[\s\S]*cannot open the data/,
  });
  await t.rejects(start('mute'), { message: /not ready in 1500 ms/ });
  await t.rejects(startForgeKv({ entry: '/nonexistent.js' }), { message: /not built/ });
  const stubborn = await start('stubborn');
  t.teardown(() => stubborn.stop());
  const { pid } = stubborn;
  await stubborn.stop();
  t.notOk(isAlive(pid));
  t.match(stubborn.log(), /SIGTERM ignored[\s\S]*no end in 300 ms after SIGTERM, killed/);
});

async function firstLine(child: ChildProcess): Promise<{ pid: number; dir: string }> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return JSON.parse(text) as { pid: number; dir: string };
}

test('nothing outlives a test process', async (t) => {
  for (const ending of ['throw', 'exit', 'kill']) {
    const child = spawn(process.execPath, [LEAKY, FAKE, ending], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const { pid, dir } = await firstLine(child);
    if (ending === 'kill') child.kill('SIGKILL');
    const canTie = ending !== 'kill' || existsSync('/usr/bin/setpriv');
    if (canTie) t.ok(await isGone(pid), `server gone after ${ending}`);
    else process.kill(pid, 'SIGKILL');
    // Nobody is left to remove the directory after SIGKILL.
    if (ending === 'kill') rmSync(dir, { recursive: true, force: true });
    else t.notOk(existsSync(dir), `directory gone after ${ending}`);
  }
});
