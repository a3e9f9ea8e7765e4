// redis-benchmark: arguments, the CSV, and every way it fails.

import { test } from 'tap';
import { BenchmarkError, type BenchmarkErrorCode } from '../src/load.ts';
import {
  parseRedisBenchmarkCsv,
  type RedisBenchmarkScenario,
  readRedisBenchmark,
  redisBenchmarkArguments,
  splitOverProcesses,
} from '../src/redis-benchmark.ts';
import * as samples from './samples.ts';

const set: RedisBenchmarkScenario = {
  work: { test: 'set' },
  endpoint: { port: 7000 },
  requests: 100,
};

function codeOf(action: () => unknown): BenchmarkErrorCode | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof BenchmarkError) return error.code;
    throw error;
  }
}

test('arguments', async (t) => {
  const full: RedisBenchmarkScenario = {
    ...set,
    clients: 20,
    threads: 2,
    pipeline: 16,
    valueBytes: 64,
    keyspace: 1_000_000,
    resp3: true,
  };
  t.equal(
    redisBenchmarkArguments(full).join(' '),
    '-h 127.0.0.1 -p 7000 -c 20 -n 100 -P 16 -d 64 --csv -r 1000000 --threads 2 -3 -t set',
  );
  const raw: RedisBenchmarkScenario = {
    work: { command: ['HSET', 'h:__rand_int__', 'f', 'v'] },
    endpoint: { socket: '/tmp/s' },
    requests: 5,
  };
  t.equal(
    redisBenchmarkArguments(raw).join(' '),
    '-s /tmp/s -c 50 -n 5 -P 1 -d 3 --csv HSET h:__rand_int__ f v',
  );
});

test('senseless scenarios are refused', async (t) => {
  const senseless: Partial<RedisBenchmarkScenario>[] = [
    { requests: 0 },
    { requests: 1.5 },
    { clients: 0 },
    { pipeline: -1 },
    { threads: 65 },
    { keyspace: 0 },
    { endpoint: { port: 70_000 } },
    { endpoint: { socket: '' } },
    { work: { test: 'set,get' } },
    { work: { command: [] } },
    { work: { command: ['-h', 'elsewhere'] } },
  ];
  for (const part of senseless) {
    const code = codeOf(() => redisBenchmarkArguments({ ...set, ...part }));
    t.equal(code, 'BAD_SCENARIO', JSON.stringify(part));
  }
  t.equal(
    codeOf(() => splitOverProcesses({ ...set, processes: 2, clients: 1 })),
    'BAD_SCENARIO',
  );
});

test('processes share clients and requests', async (t) => {
  const parts = splitOverProcesses({ ...set, processes: 3, clients: 20, requests: 100 });
  t.same(
    parts.map((part) => [part.clients, part.requests, part.processes]),
    [
      [7, 34, 1],
      [7, 33, 1],
      [6, 33, 1],
    ],
  );
});

test('the CSV', async (t) => {
  t.same(parseRedisBenchmarkCsv(samples.CSV_SET, 100_000), {
    opsPerSecond: 398406.41,
    operations: 100_000,
    avgMs: 0.169,
    p50Ms: 0.151,
    p95Ms: 0.287,
    p99Ms: 0.783,
    maxMs: 1.663,
  });
  t.match(parseRedisBenchmarkCsv(samples.CSV_QUOTES, 1), { opsPerSecond: 124999.99, maxMs: 3.383 });
  t.match(parseRedisBenchmarkCsv(samples.CSV_TWO_ROWS, 1), { opsPerSecond: 90909.09 });
});

test('text that is not the CSV', async (t) => {
  const broken = [
    '',
    'SET: 100000.00 requests per second\n',
    samples.CSV_HEADER,
    `${samples.CSV_HEADER}"SET","398406.41"\n`,
    samples.CSV_SET.replace('398406.41', 'nan'),
    samples.CSV_SET.replace('398406.41', '0'),
    samples.CSV_SET.replace('p99_latency_ms', 'p98_latency_ms'),
  ];
  for (const csv of broken) {
    const code = codeOf(() => parseRedisBenchmarkCsv(csv, 1));
    t.equal(code, 'UNPARSABLE', JSON.stringify(csv.slice(-40)));
  }
});

test('a run too short for the clock of the tool', async (t) => {
  const csv = samples.CSV_SET.replace('398406.41', 'inf');
  t.equal(
    codeOf(() => parseRedisBenchmarkCsv(csv, 91)),
    'TOO_SHORT',
  );
});

test('failures carry the words of the tool', async (t) => {
  const failed = (stderr: string, gaveUp = false) => ({
    stdout: samples.CSV_HEADER,
    stderr,
    exitCode: gaveUp ? null : 1,
    gaveUp,
  });
  const cases: [ReturnType<typeof failed>, BenchmarkErrorCode, string][] = [
    [failed(samples.STDERR_UNKNOWN_COMMAND), 'SERVER_ERROR', "ERR unknown command 'nosuch'"],
    [failed(samples.STDERR_WRONG_TYPE), 'SERVER_ERROR', 'WRONGTYPE Operation against a key'],
    [failed(samples.STDERR_NO_AUTH), 'SERVER_ERROR', 'NOAUTH Authentication required.'],
    [failed(samples.STDERR_REFUSED, true), 'CONNECTION', 'Connection refused'],
    [failed(samples.STDERR_RESET), 'CONNECTION', 'Connection reset by peer'],
    [failed('Invalid option'), 'TOOL_FAILED', 'Invalid option'],
    [failed(''), 'TOOL_FAILED', 'ended with 1'],
  ];
  for (const [output, code, words] of cases) {
    const read = () => readRedisBenchmark(output, 1);
    t.equal(codeOf(read), code, words);
    t.throws(read, { message: new RegExp(words.replaceAll('.', '\\.')) });
  }
});
