// How many threads of each kind the server runs.

import { availableParallelism } from 'node:os';

export interface ThreadPlan {
  readonly fronts: number;
  readonly workers: number;
}

const MOST_THREADS = 64;

/**
 * Returns the thread counts for this machine.
 *
 * Commands on small values never leave the front, so fronts are what scales with cores: on two
 * cores that a saturating load generator shared, two fronts served 1.0 to 1.4 times what one did
 * when pipelined, about as much unpipelined over 40 connections, and less over ten. One front had
 * the lower 99th percentile with 40 pipelined connections (figures in BENCHMARK_RESULTS.md).
 * Workers serve what is large, cold or blocking and mostly sleep; one keeps two fronts company.
 * More than two cores have not been measured.
 * @param fronts as configured, 0 = automatic
 * @param workers as configured, 0 = automatic
 */
export function planThreads(
  fronts: number,
  workers: number,
  cores: number = availableParallelism(),
): ThreadPlan {
  return {
    fronts: fronts || Math.min(MOST_THREADS, Math.max(1, cores)),
    workers: workers || Math.min(MOST_THREADS, Math.max(1, Math.ceil(cores / 2))),
  };
}
