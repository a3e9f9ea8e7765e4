// What a worker says of itself ten times a second, beyond the counters that commands change.

import { getHeapStatistics } from 'node:v8';
import type { ThreadStats } from '@forgekv/commands';
import type { LargeStore } from './large-store.ts';

/** @param runs and @param slicedRuns how many wait, and how many are executed in slices */
export function sampleWorker(
  stats: ThreadStats,
  store: LargeStore,
  runs: number,
  slicedRuns: number,
): void {
  stats.largeBytes = store.bytes;
  stats.heapBytes = getHeapStatistics().used_heap_size;
  const values = { heldValues: store.held.size, borrowedValues: store.borrowedCount };
  stats.waits.tell({ runs, slicedRuns, ...values });
}
