// Times small pieces of code: warm-up, a batch size that takes a while, many batches, the median.
// What it reports is nanoseconds per operation on a warm machine; cold caches are not its subject.

import {
  formatFigure,
  markdownTable,
  relativeNoise,
  type Spread,
  spreadOf,
} from 'redis-benchmark-wrapper';

/** One micro-benchmark. */
export interface Micro {
  /** The layer it belongs to and what it does: `parser: GET p16`. */
  readonly name: string;
  /** Operations in one iteration, such as the commands in a parsed batch. Default 1. */
  readonly operationsPerIteration?: number;
  /** Builds what is measured; its own time does not count. */
  prepare(): MicroBody | Promise<MicroBody>;
}

export interface MicroBody {
  /**
   * Does the work `iterations` times and returns a number that depends on all of it, so that the
   * compiler cannot leave the work out. The loop belongs in here: a call per iteration would be
   * measured too.
   */
  run(iterations: number): number | Promise<number>;
  /** Ends threads, closes files. */
  dispose?(): void | Promise<void>;
}

export interface MicroResult {
  readonly name: string;
  readonly nanosPerOperation: Spread;
  /** Iterations in one batch. */
  readonly iterations: number;
}

export interface MicroOptions {
  /** Timed batches. Default 15. */
  readonly batches?: number;
  /** Shortest batch in milliseconds. Default 30. */
  readonly batchMs?: number;
  /** Warm-up in milliseconds, for the compiler to finish. Default 200. */
  readonly warmUpMs?: number;
  readonly onResult?: (result: MicroResult) => void;
}

const MAX_ITERATIONS = 1 << 30;

// Typed array on purpose: a result stored where other code can read it cannot be optimized away.
const sink = new Float64Array(1);

/** The sum of everything the benchmarks returned; printing it keeps them honest. */
export function checksum(): number {
  return sink[0]!;
}

/** Runs the benchmarks one after the other. */
export async function runMicros(
  micros: readonly Micro[],
  options: MicroOptions = {},
): Promise<MicroResult[]> {
  const results: MicroResult[] = [];
  for (const micro of micros) {
    const result = await runMicro(micro, options);
    options.onResult?.(result);
    results.push(result);
  }
  return results;
}

/** One row per benchmark. */
export function microsToMarkdown(results: readonly MicroResult[]): string {
  const rows = results.map(({ name, nanosPerOperation: nanos }) => [
    name,
    formatFigure(nanos.median, nanos.median < 100 ? 2 : 0),
    formatFigure(nanos.min, nanos.min < 100 ? 2 : 0),
    `${formatFigure(relativeNoise(nanos) * 100, 0)} %`,
    formatFigure(1e3 / nanos.median, 2),
  ]);
  const headers = ['what', 'ns/op:', 'fastest:', 'noise:', 'million/s:'];
  return `${markdownTable(headers, rows)}\n\nchecksum ${checksum()}`;
}

async function runMicro(micro: Micro, options: MicroOptions): Promise<MicroResult> {
  const { batches = 15, batchMs = 30, warmUpMs = 200 } = options;
  const body = await micro.prepare();
  try {
    let iterations = 1;
    let lastMs = await timeBatch(body, iterations);
    const warmUntilMs = performance.now() + warmUpMs;
    while (lastMs < batchMs || performance.now() < warmUntilMs) {
      // Grow by at most eight times: the first batches run slow, uncompiled code.
      const growth = Math.min(8, Math.max(1, (batchMs * 1.2) / Math.max(lastMs, 1e-3)));
      if (iterations >= MAX_ITERATIONS) break;
      iterations = Math.min(Math.ceil(iterations * growth), MAX_ITERATIONS);
      lastMs = await timeBatch(body, iterations);
    }
    const operations = iterations * (micro.operationsPerIteration ?? 1);
    const nanos: number[] = [];
    for (let batch = 0; batch < batches; batch += 1) {
      nanos.push(((await timeBatch(body, iterations)) * 1e6) / operations);
    }
    return { name: micro.name, nanosPerOperation: spreadOf(nanos)!, iterations };
  } finally {
    await body.dispose?.();
  }
}

async function timeBatch(body: MicroBody, iterations: number): Promise<number> {
  const startedAtMs = performance.now();
  const pending = body.run(iterations);
  const value = typeof pending === 'number' ? pending : await pending;
  const elapsedMs = performance.now() - startedAtMs;
  sink[0] = sink[0]! + value;
  return elapsedMs;
}
