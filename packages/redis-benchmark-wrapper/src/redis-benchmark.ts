// Runs redis-benchmark and reads its CSV. Written against 7.0; the columns are found by name.

import {
  BenchmarkError,
  type Endpoint,
  type LoadResult,
  mergeLoads,
  requireEndpoint,
  requireInteger,
} from './load.ts';
import { runTool, type ToolOutput, tail } from './run-tool.ts';
import { requireOnPath } from './which.ts';

/** One redis-benchmark load. */
export interface RedisBenchmarkScenario {
  /** A built-in test such as `set`, or a raw command whose `__rand_int__` become random keys. */
  readonly work: { readonly test: string } | { readonly command: readonly string[] };
  readonly endpoint: Endpoint;
  /** Connections over all processes, 1..10000. Default 50. */
  readonly clients?: number;
  /**
   * redis-benchmark's own `--threads`, 1..64. Beware: with it the tool looks at its clock only
   * every 250 ms, so the duration is rounded up and a 1-second run can read 25 % low. `processes`
   * has no such rounding.
   */
  readonly threads?: number;
  /** Copies of the tool run at once; they share `clients` and `requests`. 1..16, default 1. */
  readonly processes?: number;
  /** Commands sent before waiting for their replies, 1..10000. Default 1. */
  readonly pipeline?: number;
  /** Value size of the built-in tests in bytes. Default 3. */
  readonly valueBytes?: number;
  /** Random keys are drawn from 0..keyspace-1. Without it there is a single key. */
  readonly keyspace?: number;
  /** Commands over all processes. */
  readonly requests: number;
  /** Talk RESP3. Default false. */
  readonly resp3?: boolean;
}

// A refused connection can leave redis-benchmark 7.0 spinning for ever at full CPU.
const HOPELESS =
  /Could not connect to|Error: (?:Server closed|Connection reset|Connection refused)/;
const SERVER_WORDS = /Error from server: ([^\n]*)|replied with error:\s*([^\n]*)/;
const MAX_REQUESTS = 1_000_000_000;

/** The arguments of one process for a scenario. @throws BenchmarkError BAD_SCENARIO */
export function redisBenchmarkArguments(scenario: RedisBenchmarkScenario): string[] {
  const { endpoint, clients = 50, threads = 1, pipeline = 1, valueBytes = 3 } = scenario;
  requireEndpoint(endpoint);
  requireInteger('clients', clients, 1, 10_000);
  requireInteger('threads', threads, 1, 64);
  requireInteger('pipeline', pipeline, 1, 10_000);
  requireInteger('valueBytes', valueBytes, 1, 1 << 30);
  requireInteger('requests', scenario.requests, 1, MAX_REQUESTS);
  const args =
    'port' in endpoint ? ['-h', '127.0.0.1', '-p', `${endpoint.port}`] : ['-s', endpoint.socket];
  args.push('-c', `${clients}`, '-n', `${scenario.requests}`);
  args.push('-P', `${pipeline}`, '-d', `${valueBytes}`, '--csv');
  if (scenario.keyspace !== undefined) {
    requireInteger('keyspace', scenario.keyspace, 1, 999_999_999_999);
    args.push('-r', `${scenario.keyspace}`);
  }
  if (threads > 1) args.push('--threads', `${threads}`);
  if (scenario.resp3 === true) args.push('-3');
  return [...args, ...workArguments(scenario.work)];
}

function workArguments(work: RedisBenchmarkScenario['work']): readonly string[] {
  if ('test' in work) {
    if (/^[a-z_0-9]+$/.test(work.test)) return ['-t', work.test];
    throw new BenchmarkError('BAD_SCENARIO', `not the name of one test: ${work.test}`);
  }
  const name = work.command[0];
  if (name === undefined || name === '' || name.startsWith('-')) {
    throw new BenchmarkError('BAD_SCENARIO', 'a raw command must begin with its name');
  }
  return work.command;
}

/**
 * Runs the load and waits for its end.
 * @param timeoutMs hard limit in milliseconds, default 60 000
 * @throws BenchmarkError with the tool's own words
 */
export async function runRedisBenchmark(
  scenario: RedisBenchmarkScenario,
  timeoutMs = 60_000,
): Promise<LoadResult> {
  const program = requireOnPath('redis-benchmark');
  const parts = splitOverProcesses(scenario);
  const runs = parts.map(async (part) => {
    const args = redisBenchmarkArguments(part);
    const output = await runTool(program, args, { timeoutMs, hopeless: HOPELESS });
    return readRedisBenchmark(output, part.requests);
  });
  // All of them end before an error is thrown: no load outlives this call.
  const settled = await Promise.allSettled(runs);
  return mergeLoads(
    settled.map((run) => {
      if (run.status === 'rejected') throw run.reason;
      return run.value;
    }),
  );
}

/** The scenario of each process, clients and requests dealt out as evenly as they go. */
export function splitOverProcesses(scenario: RedisBenchmarkScenario): RedisBenchmarkScenario[] {
  const { processes = 1, clients = 50, requests } = scenario;
  requireInteger('processes', processes, 1, 16);
  if (clients < processes || requests < processes) {
    throw new BenchmarkError('BAD_SCENARIO', 'fewer clients or requests than processes');
  }
  return Array.from({ length: processes }, (_, index) => ({
    ...scenario,
    processes: 1,
    clients: share(clients, processes, index),
    requests: share(requests, processes, index),
  }));
}

function share(total: number, parts: number, index: number): number {
  return Math.floor(total / parts) + (index < total % parts ? 1 : 0);
}

/** Turns what one process printed into a result. @throws BenchmarkError */
export function readRedisBenchmark(output: ToolOutput, requests: number): LoadResult {
  const { stdout, stderr, exitCode } = output;
  const words = SERVER_WORDS.exec(stderr);
  if (words !== null) {
    throw new BenchmarkError('SERVER_ERROR', (words[1] ?? words[2] ?? '').trim());
  }
  if (output.gaveUp) throw new BenchmarkError('CONNECTION', tail(stderr));
  if (exitCode !== 0) {
    const code = /connect/i.test(stderr) ? 'CONNECTION' : 'TOOL_FAILED';
    throw new BenchmarkError(code, tail(stderr) || `redis-benchmark ended with ${exitCode}`);
  }
  return parseRedisBenchmarkCsv(stdout, requests);
}

/**
 * The last row of redis-benchmark's `--csv` output.
 * @param requests the number of commands asked for; the CSV does not repeat it
 * @throws BenchmarkError UNPARSABLE, or TOO_SHORT when the tool divided by a duration of 0
 */
export function parseRedisBenchmarkCsv(csv: string, requests: number): LoadResult {
  const lines = csv.split('\n').filter((line) => line.startsWith('"'));
  const header = lines.find((line) => line.startsWith('"test","rps"'));
  const row = lines.at(-1);
  if (header === undefined || row === undefined || row === header) {
    throw new BenchmarkError('UNPARSABLE', `no CSV row: ${tail(csv) || '(no output)'}`);
  }
  const columns = cellsAfterName(header);
  const cells = cellsAfterName(row);
  if (cells[columns.indexOf('rps')] === 'inf') {
    throw new BenchmarkError('TOO_SHORT', `${requests} requests took less than a millisecond`);
  }
  const read = (column: string): number => {
    const cell = cells[columns.indexOf(column)];
    const value = cell === undefined || cell === '' ? Number.NaN : Number(cell);
    if (Number.isFinite(value) && value >= 0) return value;
    throw new BenchmarkError('UNPARSABLE', `no ${column} in: ${tail(csv)}`);
  };
  const opsPerSecond = read('rps');
  if (opsPerSecond === 0) throw new BenchmarkError('UNPARSABLE', `a rate of 0: ${tail(csv)}`);
  return {
    opsPerSecond,
    operations: requests,
    avgMs: read('avg_latency_ms'),
    p50Ms: read('p50_latency_ms'),
    p95Ms: read('p95_latency_ms'),
    p99Ms: read('p99_latency_ms'),
    maxMs: read('max_latency_ms'),
  };
}

// The first cell is a raw command printed unescaped, quotes and commas included, so a row is read
// from its end.
function cellsAfterName(line: string): string[] {
  const cells = /(?:,"[^",]*")+$/.exec(line)?.[0] ?? '';
  return [...cells.matchAll(/"([^",]*)"/g)].map((cell) => cell[1]!);
}
