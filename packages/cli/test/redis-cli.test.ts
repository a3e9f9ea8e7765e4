// redis-cli, where installed: its modes for people who look around, and mass insertion.

import { spawn } from 'node:child_process';
import { encodeCommands } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { type Ended, run } from './support/run-program.ts';
import { connect, LAYOUTS, serve } from './support/servers.ts';
import { until } from './support/until.ts';

const KEYS = 10_000;

const installed = await run('redis-cli', ['--version']).then(
  ({ code }) => code === 0,
  () => false,
);
const skip = installed ? false : 'redis-cli is not installed';
if (skip) process.stderr.write(`\n*** SKIP: ${skip} ***\n\n`);

/** A server with KEYS small keys and one of 100,000 bytes, filled with --pipe. */
async function filledServer(t: Test, fronts: number, workers: number): Promise<number> {
  const { port } = await serve(t, { fronts, workers });
  const commands = Array.from({ length: KEYS }, (_, i) => ['SET', `key:${i}`, `value-${i}`]);
  const input = encodeCommands([...commands, ['SET', 'big', 'x'.repeat(100_000)]]);
  const { code, stdout } = await run('redis-cli', ['-p', String(port), '--pipe'], { input });
  t.equal(code, 0);
  t.match(stdout, `errors: 0, replies: ${KEYS + 1}`);
  return port;
}

for (const { fronts, workers } of LAYOUTS) {
  test(`redis-cli with ${fronts} fronts, ${workers} workers`, { skip }, async (t) => {
    const port = await filledServer(t, fronts, workers);
    const cli = (...args: string[]): Promise<Ended> =>
      run('redis-cli', ['-p', String(port), ...args]);

    const scan = await cli('--scan');
    const keys = scan.stdout.trim().split('\n');
    t.equal(keys.length, KEYS + 1);
    t.equal(new Set(keys).size, KEYS + 1);
    const some = await cli('--scan', '--pattern', 'key:99*');
    t.equal(some.stdout.trim().split('\n').length, 111);

    const bigKeys = await cli('--bigkeys');
    t.match(bigKeys.stdout, /Biggest string found .*big.* has 100000 bytes/);
    t.match(bigKeys.stdout, `Sampled ${KEYS + 1} keys in the keyspace!`);

    t.equal((await cli('GET', 'key:77')).stdout, 'value-77\n');
    t.equal((await cli('-3', 'CONFIG', 'GET', 'databases')).stdout, 'databases 16\n');
    t.match((await cli('INFO', 'keyspace')).stdout, `db0:keys=${KEYS + 1},expires=0`);
    t.equal((await cli('-n', '3', 'DBSIZE')).stdout, '0\n');
    t.match((await cli('NOSUCH', 'x')).stdout, "ERR unknown command 'NOSUCH'");
    const repeated = await cli('-r', '100', 'INCR', 'counter');
    t.equal(repeated.stdout.trim().split('\n').at(-1), '100');
    const text = await run('redis-cli', ['-p', String(port), '-x', 'SET', 'x'], {
      input: 'a\r\nb',
    });
    t.equal(text.stdout, 'OK\n');
    t.equal((await cli('STRLEN', 'x')).stdout, '4\n');
  });
}

test('modes that watch the server', { skip }, async (t) => {
  const port = await filledServer(t, 2, 2);
  t.ok(await statShows(port, /^10001 +\S+ +\d+ +0 +\d+ \(\+\d+\)/m));
  const latency = await run('redis-cli', ['-p', String(port), '--latency', '-i', '0.4']);
  const [, samples] = /^\d+ \d+ \d+\.\d+ (\d+)$/m.exec(latency.stdout) ?? [];
  t.ok(Number(samples) >= 5, `${samples} samples`);
  const client = await connect(t, { port });
  t.match(await client.command('PING'), { text: 'PONG' });
});

/** True once `redis-cli --stat`, which never ends by itself, prints what is expected. */
async function statShows(port: number, expected: RegExp): Promise<boolean> {
  const args = ['-oL', 'redis-cli', '-p', String(port), '--stat', '-i', '0.1'];
  const child = spawn('stdbuf', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const isShown = await until(() => expected.test(text));
  child.kill('SIGTERM');
  await closed;
  return isShown;
}
