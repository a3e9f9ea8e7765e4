// What every load generator shares: where the load goes, what came out, how it can fail.
// Not the generators themselves: redis-benchmark.ts, memtier.ts.

/**
 * Where the server listens. Only the loopback address 127.0.0.1 or a unix socket: a benchmark
 * that can be pointed at another machine by a typing error is a denial of service.
 */
export type Endpoint = { readonly port: number } | { readonly socket: string };

/** What one load did. Latencies are milliseconds as a client of the server saw them. */
export interface LoadResult {
  /** Operations answered per second of wall time. */
  readonly opsPerSecond: number;
  /** Operations answered in the run. */
  readonly operations: number;
  readonly avgMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export type BenchmarkErrorCode =
  /** the tool is not installed */
  | 'TOOL_MISSING'
  /** nothing listens there, or the connection broke */
  | 'CONNECTION'
  /** the server answered with an error */
  | 'SERVER_ERROR'
  /** the hard time limit passed; the tool was killed */
  | 'TIMEOUT'
  /** the tool ended with a failure that is none of the above */
  | 'TOOL_FAILED'
  /** the tool printed something this package cannot read */
  | 'UNPARSABLE'
  /** the run ended before the tool's clock moved, so it has no rate */
  | 'TOO_SHORT'
  /** a scenario no tool could run */
  | 'BAD_SCENARIO';

/** A load that gave no result. `message` holds the tool's own words where it said any. */
export class BenchmarkError extends Error {
  override readonly name = 'BenchmarkError';
  readonly code: BenchmarkErrorCode;

  constructor(code: BenchmarkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Throws BAD_SCENARIO unless `value` is an integer in min..max. */
export function requireInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new BenchmarkError(
    'BAD_SCENARIO',
    `${name} must be an integer in ${min}..${max}: ${value}`,
  );
}

/** Throws BAD_SCENARIO unless the endpoint can be put on a command line. */
export function requireEndpoint(endpoint: Endpoint): void {
  if ('port' in endpoint) {
    requireInteger('port', endpoint.port, 1, 65535);
  } else if (endpoint.socket === '') {
    throw new BenchmarkError('BAD_SCENARIO', 'socket must be a path');
  }
}

/**
 * Several loads that ran at the same time, as one. The rate is all operations over the longest
 * duration. Averages are weighted; percentiles are the worst of the parts, which is an upper bound
 * of the percentile of the whole (the tools do not hand out their histograms).
 */
export function mergeLoads(loads: readonly LoadResult[]): LoadResult {
  if (loads.length === 0) throw new BenchmarkError('BAD_SCENARIO', 'no loads to merge');
  const operations = sum(loads.map((load) => load.operations));
  const longestSeconds = Math.max(...loads.map((load) => load.operations / load.opsPerSecond));
  return {
    opsPerSecond: operations / longestSeconds,
    operations,
    avgMs: sum(loads.map((load) => load.avgMs * load.operations)) / operations,
    p50Ms: Math.max(...loads.map((load) => load.p50Ms)),
    p95Ms: Math.max(...loads.map((load) => load.p95Ms)),
    p99Ms: Math.max(...loads.map((load) => load.p99Ms)),
    maxMs: Math.max(...loads.map((load) => load.maxMs)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
