// Runs memtier_benchmark and reads its tables. Written against 1.3 to 2.2; columns found by name.

import {
  BenchmarkError,
  type Endpoint,
  type LoadResult,
  requireEndpoint,
  requireInteger,
} from './load.ts';
import { runTool, type ToolOutput, tail } from './run-tool.ts';
import { requireOnPath } from './which.ts';

/** One memtier_benchmark load. */
export interface MemtierScenario {
  /** SETs and GETs in this proportion, or one raw command with `__key__` and `__data__`. */
  readonly work:
    | { readonly sets: number; readonly gets: number }
    | { readonly command: readonly string[] };
  readonly endpoint: Endpoint;
  /** Connections over all threads, a multiple of `threads`. Default 50. */
  readonly clients?: number;
  /** 1..64, default 1. */
  readonly threads?: number;
  /** 1..10000, default 1. */
  readonly pipeline?: number;
  /** Bytes, default 32. */
  readonly valueBytes?: number;
  /** Keys are `keyPrefix` and a random number from `keyMinimum` to `keyMinimum + keyspace - 1`. */
  readonly keyspace?: number;
  readonly keyMinimum?: number;
  readonly keyPrefix?: string;
  /** Either commands over all connections (rounded up to a multiple of them), or whole seconds. */
  readonly amount: { readonly requests: number } | { readonly seconds: number };
  /** Talk RESP3. Default false. */
  readonly resp3?: boolean;
}

const SERVER_WORDS = /handle error response: ?-?([^\n]*)/;
const REFUSED = /connection error|failed to connect|connection refused/i;
const HOPELESS = new RegExp(`${SERVER_WORDS.source}|${REFUSED.source}`, 'i');
const MAX_REQUESTS = 1_000_000_000;

/** The command line for a scenario. @throws BenchmarkError BAD_SCENARIO */
export function memtierArguments(scenario: MemtierScenario): string[] {
  const { endpoint, clients = 50, threads = 1, pipeline = 1, valueBytes = 32 } = scenario;
  const { keyspace = 10_000_000, keyMinimum = 0, keyPrefix = 'key:' } = scenario;
  requireEndpoint(endpoint);
  requireInteger('threads', threads, 1, 64);
  requireInteger('clients', clients, threads, 10_000);
  if (clients % threads !== 0) {
    throw new BenchmarkError('BAD_SCENARIO', 'clients must be a multiple of threads');
  }
  requireInteger('pipeline', pipeline, 1, 10_000);
  requireInteger('valueBytes', valueBytes, 1, 1 << 30);
  requireInteger('keyspace', keyspace, 1, 999_999_999_999);
  requireInteger('keyMinimum', keyMinimum, 0, 999_999_999_999);
  const args =
    'port' in endpoint ? ['-s', '127.0.0.1', '-p', `${endpoint.port}`] : ['-S', endpoint.socket];
  args.push(`--protocol=${scenario.resp3 === true ? 'resp3' : 'redis'}`);
  args.push(`--threads=${threads}`, `--clients=${clients / threads}`, `--pipeline=${pipeline}`);
  args.push(`--data-size=${valueBytes}`, `--key-prefix=${keyPrefix}`);
  args.push(`--key-minimum=${keyMinimum}`, `--key-maximum=${keyMinimum + keyspace - 1}`);
  args.push('--hide-histogram', '--distinct-client-seed', '--print-percentiles=50,95,99,100');
  return [...args, ...workArguments(scenario.work), amountArgument(scenario.amount, clients)];
}

function workArguments(work: MemtierScenario['work']): string[] {
  if ('command' in work) {
    if (work.command.length === 0) throw new BenchmarkError('BAD_SCENARIO', 'an empty command');
    const words = work.command.map((word) => (/[\s"]/.test(word) ? JSON.stringify(word) : word));
    return [`--command=${words.join(' ')}`, '--command-key-pattern=R'];
  }
  requireInteger('sets', work.sets, 0, 1000);
  requireInteger('gets', work.gets, work.sets === 0 ? 1 : 0, 1000);
  return [`--ratio=${work.sets}:${work.gets}`, '--key-pattern=R:R'];
}

function amountArgument(amount: MemtierScenario['amount'], clients: number): string {
  if ('seconds' in amount) {
    requireInteger('seconds', amount.seconds, 1, 86_400);
    return `--test-time=${amount.seconds}`;
  }
  requireInteger('requests', amount.requests, 1, MAX_REQUESTS);
  return `--requests=${Math.ceil(amount.requests / clients)}`;
}

/**
 * Runs the load and waits for its end.
 * @param timeoutMs hard limit in milliseconds, default 60 000
 * @throws BenchmarkError with the tool's own words
 */
export async function runMemtier(
  scenario: MemtierScenario,
  timeoutMs = 60_000,
): Promise<LoadResult> {
  const args = memtierArguments(scenario);
  const program = requireOnPath('memtier_benchmark');
  return readMemtier(await runTool(program, args, { timeoutMs, hopeless: HOPELESS }));
}

/** Turns what memtier_benchmark printed into a result. @throws BenchmarkError */
export function readMemtier(output: ToolOutput): LoadResult {
  const { stdout, stderr, exitCode } = output;
  const words = SERVER_WORDS.exec(stderr);
  if (words !== null) throw new BenchmarkError('SERVER_ERROR', words[1]!.trim());
  if (output.gaveUp || exitCode !== 0) {
    const code = REFUSED.test(stderr) ? 'CONNECTION' : 'TOOL_FAILED';
    throw new BenchmarkError(code, tail(stderr) || `memtier_benchmark ended with ${exitCode}`);
  }
  return parseMemtier(stdout, stderr);
}

/**
 * Reads memtier's output. The rate is `(avg: N) ops/sec` of the last progress line: the `Totals`
 * line divides by a duration rounded to whole seconds, so a 2-second run can read double.
 * @param stdout the tables
 * @param stderr the progress lines, one over the other with carriage returns
 * @throws BenchmarkError UNPARSABLE
 */
export function parseMemtier(stdout: string, stderr: string): LoadResult {
  const last = stderr
    .split(/[\r\n]/)
    .findLast((line) => line.startsWith('[RUN') && line.includes('ops/sec'));
  const progress = /:\s*(\d+) ops,.*?\(avg:\s*(\d+)\) ops\/sec/.exec(last ?? '');
  const [operations, opsPerSecond] = [Number(progress?.[1]), Number(progress?.[2])];
  if (progress === null || !(operations > 0) || !(opsPerSecond > 0)) {
    throw new BenchmarkError('UNPARSABLE', `no progress line: ${tail(stderr) || '(no output)'}`);
  }
  const read = totalsReader(stdout);
  return {
    opsPerSecond,
    operations,
    avgMs: read(/^(Avg\. )?Latency$/),
    p50Ms: read(/^p50(\.0+)? Latency$/),
    p95Ms: read(/^p95(\.0+)? Latency$/),
    p99Ms: read(/^p99(\.0+)? Latency$/),
    maxMs: read(/^p100(\.0+)? Latency$/),
  };
}

function totalsReader(stdout: string): (column: RegExp) => number {
  const lines = stdout.split('\n');
  const header = lines.find((line) => /^Type\s+Ops\/sec/.test(line))?.trim();
  const totals = lines.find((line) => /^Totals\s/.test(line))?.trim();
  if (header === undefined || totals === undefined) {
    throw new BenchmarkError('UNPARSABLE', `no Totals line: ${tail(stdout) || '(no output)'}`);
  }
  const columns = header.split(/\s{2,}/); // column names contain single spaces
  const cells = totals.split(/\s+/);
  return (column) => {
    const value = Number(cells[columns.findIndex((name) => column.test(name))] ?? 'none');
    if (Number.isFinite(value) && cells.length === columns.length) return value;
    throw new BenchmarkError('UNPARSABLE', `no ${column.source} in: ${tail(stdout)}`);
  };
}
