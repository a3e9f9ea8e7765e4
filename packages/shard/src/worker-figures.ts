// What a worker says of itself ten times a second, beyond the counters that commands change.

import { getHeapStatistics } from 'node:v8';
import type { ThreadStats } from '@forgekv/commands';
import type { LargeStore } from './large-store.ts';

/** One sample in that many asks for the size of the heap, which costs more than all the rest. */
const HEAP_EVERY = 10;

export class WorkerFigures {
  readonly #stats: ThreadStats;
  readonly #store: LargeStore;
  #samples = 0;

  constructor(stats: ThreadStats, store: LargeStore) {
    this.#stats = stats;
    this.#store = store;
  }

  /**
   * @param runs and @param slicedRuns how many wait, and how many are executed in slices
   * @param luaBytes memory of the engine for scripts
   */
  sample(runs: number, slicedRuns: number, luaBytes: number): void {
    const stats = this.#stats;
    const store = this.#store;
    stats.largeBytes = store.bytes;
    stats.luaBytes = luaBytes;
    if (this.#samples++ % HEAP_EVERY === 0) stats.heapBytes = getHeapStatistics().used_heap_size;
    const values = { heldValues: store.held.size, borrowedValues: store.borrowedCount };
    stats.waits.tell({ runs, slicedRuns, ...values });
  }
}
