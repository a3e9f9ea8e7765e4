// The real tools against a real redis-server on a unix socket, for a second or two.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { compare } from '../src/compare.ts';
import { runMemtier } from '../src/memtier.ts';
import { type RedisBenchmarkScenario, runRedisBenchmark } from '../src/redis-benchmark.ts';
import { tiedToParent } from '../src/run-tool.ts';
import { findOnPath } from '../src/which.ts';

const missing = ['redis-server', 'redis-benchmark'].filter((name) => !findOnPath(name));
const skip = missing.length > 0 ? `NOT TESTED: ${missing.join(', ')} not installed` : false;
const skipMemtier = findOnPath('memtier_benchmark') ? false : 'NOT TESTED: memtier not installed';

async function startRedis(directory: string): Promise<{ child: ChildProcess; socket: string }> {
  const socket = join(directory, 'redis.sock');
  const server = ['redis-server', '--port', '0', '--unixsocket', socket, '--dir', directory];
  const [command, ...args] = tiedToParent([...server, '--save', '', '--appendonly', 'no']);
  const child = spawn(command!, args, { stdio: 'ignore' });
  for (let tries = 0; tries < 200 && !existsSync(socket); tries += 1) await sleep(50);
  return { child, socket };
}

test('against a real redis-server', { skip }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'benchmark-wrapper-'));
  const { child, socket } = await startRedis(directory);
  t.teardown(() => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  const set: RedisBenchmarkScenario = {
    work: { test: 'set' },
    endpoint: { socket },
    clients: 4,
    processes: 2,
    pipeline: 16,
    valueBytes: 64,
    keyspace: 1000,
    requests: 20_000,
  };

  await t.test('a load', async (t) => {
    const result = await runRedisBenchmark(set);
    t.equal(result.operations, 20_000);
    t.ok(result.opsPerSecond > 1000, `${result.opsPerSecond} operations per second`);
    t.ok(result.p50Ms <= result.p99Ms && result.p99Ms <= result.maxMs);
  });

  await t.test('RESP3 and a raw command', async (t) => {
    const work = { command: ['HSET', 'h:__rand_int__', 'f', 'a value'] };
    const result = await runRedisBenchmark({ ...set, work, resp3: true, processes: 1 });
    t.ok(result.opsPerSecond > 1000);
  });

  await t.test('an error reply', async (t) => {
    const run = runRedisBenchmark({ ...set, work: { command: ['NOSUCH'] } });
    await t.rejects(run, { code: 'SERVER_ERROR', message: /^ERR unknown command/ });
  });

  await t.test('a refused connection does not hang', async (t) => {
    const run = runRedisBenchmark({ ...set, endpoint: { port: 1 } }, 20_000);
    await t.rejects(run, { code: 'CONNECTION', message: /Could not connect .* refused/ });
  });

  await t.test('a comparison of a server with itself', async (t) => {
    const pid = child.pid!;
    const result = await compare({
      servers: [
        { name: 'redis', socket, pid },
        { name: 'again', socket, pid },
      ],
      scenarios: [{ name: 'SET p16', load: set }],
      baseline: 'redis',
      rounds: 2,
      run: ({ server, scenario }) => runRedisBenchmark({ ...scenario.load, endpoint: server }),
    });
    const [redis, again] = result.scenarios[0]!.servers;
    t.same(redis!.failures, []);
    t.ok(redis!.opsPerSecond!.median > 1000);
    t.ok(again!.ratio!.median > 0.1 && again!.ratio!.median < 10, 'loose: the machine is shared');
  });

  await t.test('memtier', { skip: skipMemtier }, async (t) => {
    const work = { sets: 1, gets: 10 };
    const amount = { requests: 20_000 };
    const result = await runMemtier({ work, endpoint: { socket }, clients: 4, amount });
    t.ok(result.opsPerSecond > 1000);
    t.ok(result.operations >= 20_000);
  });
});
