// memtier_benchmark: arguments, its tables, and how it fails.

import { test } from 'tap';
import { BenchmarkError } from '../src/load.ts';
import {
  type MemtierScenario,
  memtierArguments,
  parseMemtier,
  readMemtier,
} from '../src/memtier.ts';
import * as samples from './samples.ts';

const mix: MemtierScenario = {
  work: { sets: 1, gets: 10 },
  endpoint: { port: 7000 },
  clients: 40,
  threads: 2,
  pipeline: 16,
  valueBytes: 64,
  keyspace: 1000,
  keyMinimum: 5000,
  amount: { requests: 401 },
};

test('arguments', async (t) => {
  t.equal(
    memtierArguments(mix).join(' '),
    '-s 127.0.0.1 -p 7000 --protocol=redis --threads=2 --clients=20 --pipeline=16 --data-size=64 ' +
      '--key-prefix=key: --key-minimum=5000 --key-maximum=5999 --hide-histogram ' +
      '--distinct-client-seed --print-percentiles=50,95,99,100 ' +
      '--ratio=1:10 --key-pattern=R:R --requests=11',
  );
  const raw: MemtierScenario = {
    work: { command: ['SET', '__key__', 'a b'] },
    endpoint: { socket: '/tmp/s' },
    amount: { seconds: 2 },
    resp3: true,
  };
  const args = memtierArguments(raw);
  t.same(args.slice(0, 3), ['-S', '/tmp/s', '--protocol=resp3']);
  t.same(args.slice(-3), [
    '--command=SET __key__ "a b"',
    '--command-key-pattern=R',
    '--test-time=2',
  ]);
});

test('senseless scenarios are refused', async (t) => {
  const senseless: Partial<MemtierScenario>[] = [
    { clients: 41 },
    { clients: 1 },
    { threads: 0 },
    { work: { sets: 0, gets: 0 } },
    { work: { command: [] } },
    { amount: { seconds: 0.5 } },
    { amount: { requests: 0 } },
  ];
  for (const part of senseless) {
    t.throws(
      () => memtierArguments({ ...mix, ...part }),
      { code: 'BAD_SCENARIO' },
      JSON.stringify(part),
    );
  }
});

test('the rate is the average of the last progress line, not Totals', async (t) => {
  t.same(parseMemtier(samples.MEMTIER_STDOUT, samples.MEMTIER_STDERR), {
    opsPerSecond: 204081,
    operations: 400_000,
    avgMs: 3.18082,
    p50Ms: 3.055,
    p95Ms: 4.119,
    p99Ms: 5.239,
    maxMs: 12.095,
  });
  t.match(parseMemtier(samples.MEMTIER_NEW_STDOUT, samples.MEMTIER_NEW_STDERR), {
    opsPerSecond: 249_875,
    p99Ms: 3.071,
  });
});

test('text that is not the tables', async (t) => {
  const broken: [string, string][] = [
    ['', ''],
    [samples.MEMTIER_STDOUT, 'no progress'],
    ['no totals', samples.MEMTIER_STDERR],
    [samples.MEMTIER_STDOUT.replaceAll('p99 ', 'p98 '), samples.MEMTIER_STDERR],
    [samples.MEMTIER_STDOUT.replace('3.18082', ''), samples.MEMTIER_STDERR],
  ];
  for (const [stdout, stderr] of broken) {
    t.throws(() => parseMemtier(stdout, stderr), { code: 'UNPARSABLE' });
  }
});

test('failures carry the words of the tool', async (t) => {
  const failed = { stdout: '', exitCode: 1, gaveUp: false };
  t.throws(
    () => readMemtier({ ...failed, stderr: samples.MEMTIER_STDERR_ERROR }),
    new BenchmarkError('SERVER_ERROR', "ERR unknown command 'GET'"),
  );
  t.throws(
    () => readMemtier({ ...failed, stderr: samples.MEMTIER_STDERR_REFUSED, gaveUp: true }),
    new BenchmarkError('CONNECTION', 'connection error: Connection refused'),
  );
  t.throws(() => readMemtier({ ...failed, stderr: '' }), { code: 'TOOL_FAILED' });
});
