// What a worker says of itself ten times a second, beyond the counters that commands change.

import { getHeapStatistics } from 'node:v8';
import type { ThreadStats } from '@forgekv/commands';
import type { LargeStore } from './large-store.ts';

/** One sample in that many asks for the size of the heap, which costs more than all the rest. */
const HEAP_EVERY = 10;

/** Where runs wait, each for something else. */
export interface WaitingPlaces {
  readonly places: readonly { readonly length: number }[];
  /** Those that are executed in slices. */
  readonly sliced: { readonly length: number };
  readonly store: LargeStore;
}

export class WorkerFigures {
  readonly #stats: ThreadStats;
  readonly #m: WaitingPlaces;
  #samples = 0;

  constructor(stats: ThreadStats, modules: WaitingPlaces) {
    this.#stats = stats;
    this.#m = modules;
  }

  /**
   * @param pagedRuns how many wait for pages of collections
   * @param luaBytes memory of the engine for scripts
   */
  sample(pagedRuns: number, luaBytes: number): void {
    const stats = this.#stats;
    const { places, sliced, store } = this.#m;
    stats.largeBytes = store.bytes;
    stats.luaBytes = luaBytes;
    if (this.#samples++ % HEAP_EVERY === 0) stats.heapBytes = getHeapStatistics().used_heap_size;
    const values = { heldValues: store.held.size, borrowedValues: store.borrowedCount };
    let runs = pagedRuns;
    for (const { length } of places) runs += length;
    stats.waits.tell({ runs, slicedRuns: sliced.length, ...values });
  }
}
