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
 * Commands on small values never leave the front, so fronts are what scales with cores; workers
 * serve what is cold, large or blocking, and one of them keeps several fronts company. Measured
 * on two cores against a load generator on the same machine; see BENCHMARK_RESULTS.md.
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
