// What of this worker's keys and values is only in its stores, as its runs and the other workers
// see it: brought back at once, or in the background while runs wait. Ties the parts together;
// what is read and how is in stored-values.ts, collection-loads.ts and key-pages.ts.

import { AWAITS, type CommandContext, FULL, OUT_OF_MEMORY } from '@forgekv/commands';
import { CollectionLoads } from './collection-loads.ts';
import { StoredKeyPages } from './key-pages.ts';
import type { LargeStore } from './large-store.ts';
import { PagedRuns } from './paged-runs.ts';
import type { Awaited, Peers } from './peers.ts';
import type { ShardStores } from './shard-stores.ts';
import { StoredValues } from './stored-values.ts';
import { warmKey } from './warm-key.ts';

/** Rounds of making room for a key of another worker's transaction. */
const MOST_ROUNDS = 100;

export interface ColdReadsModules {
  readonly context: CommandContext;
  readonly stores: ShardStores;
  readonly large: LargeStore;
  readonly peers: Peers;
  readonly workerOf: Uint8Array;
  /** Of this worker. */
  readonly index: number;
  /** Hands over what this worker did. */
  readonly settle: () => boolean;
  /** Wakes this worker: something was read. */
  readonly wake: () => void;
  /** Makes room in the hot table; false: there is none to be had at once. */
  readonly makeRoom: () => boolean;
}

export class ColdReads {
  readonly stored: StoredValues;
  /** Runs that wait for pages of keys. */
  readonly paged: PagedRuns;
  readonly #m: ColdReadsModules;
  readonly #loads: CollectionLoads;

  constructor(modules: ColdReadsModules) {
    this.#m = modules;
    const { context, stores, large, peers, workerOf, index, wake } = modules;
    this.#loads = new CollectionLoads(modules);
    this.#loads.onDone = wake;
    const owns = (shard: number): boolean => workerOf[shard] === index;
    this.stored = new StoredValues(stores, owns, this.#loads, () => large.isUrgent);
    context.cold = this.stored;
    peers.warmKey = (db, key, value, loaded) => this.#warmKey(db, key, value, loaded);
    const pages = new StoredKeyPages(modules);
    peers.readKeys = (query) => pages.read(query);
    this.paged = new PagedRuns(pages, wake);
    context.pages = this.paged;
  }

  /** True while something is being read: the event loop must turn. */
  get isBusy(): boolean {
    return this.#loads.isBusy || this.paged.isBusy;
  }

  /** What the last command waits for here that was answered with AWAITS. */
  takeAwaited(): Awaited[] {
    return this.stored.takeAwaited();
  }

  /** Resolves when no collection is being read. */
  async idle(): Promise<void> {
    this.stored.takeAwaited();
    await this.#loads.idle();
  }

  /** Brings a key back for another worker's transaction; between commands of this one. */
  #warmKey(db: number, key: Buffer, value: boolean, loaded: () => void): string | null {
    const { context, makeRoom } = this.#m;
    for (let rounds = 0; ; rounds++) {
      const outcome = warmKey(context, this.stored, db, key, value);
      if (outcome >= 0) return '';
      if (outcome === AWAITS) {
        for (const load of this.stored.takeAwaited()) this.#loads.whenDone(load, loaded);
        return null;
      }
      if (outcome !== FULL) return context.unreadable;
      if (!makeRoom() || rounds === MOST_ROUNDS) return OUT_OF_MEMORY;
    }
  }
}
