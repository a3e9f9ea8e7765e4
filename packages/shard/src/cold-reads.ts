// What of this worker's values is only in its stores, as its runs and the other workers see it:
// brought back at once, or in the background while runs wait. Ties the parts together; what is read
// and how is in stored-values.ts and collection-loads.ts.

import { AWAITS, type CommandContext, FULL, OUT_OF_MEMORY } from '@forgekv/commands';
import type { Doorbell } from '@forgekv/rings';
import { CollectionLoads } from './collection-loads.ts';
import type { LargeStore } from './large-store.ts';
import type { Awaited, Peers } from './peers.ts';
import type { ShardStores } from './shard-stores.ts';
import { StoredValues } from './stored-values.ts';

export interface ColdReadsModules {
  readonly context: CommandContext;
  readonly stores: ShardStores;
  readonly large: LargeStore;
  readonly peers: Peers;
  /** The worker's own: it may be asleep when something was read. */
  readonly doorbell: Doorbell;
  readonly owns: (shard: number) => boolean;
}

export class ColdReads {
  readonly #m: ColdReadsModules;
  readonly #loads: CollectionLoads;
  readonly #stored: StoredValues;

  constructor(modules: ColdReadsModules) {
    this.#m = modules;
    const { context, stores, owns, peers, doorbell } = modules;
    this.#loads = new CollectionLoads(modules);
    this.#loads.onDone = () => doorbell.ring();
    this.#stored = new StoredValues(stores, owns, this.#loads);
    context.cold = this.#stored;
    peers.warmKey = (db, key, loaded) => this.#warmKey(db, key, loaded);
  }

  /** True while something is being read: the event loop must turn. */
  get isBusy(): boolean {
    return this.#loads.isBusy;
  }

  /** What the last command waits for here that was answered with AWAITS. */
  takeAwaited(): Awaited[] {
    return this.#stored.takeAwaited();
  }

  /** Resolves when nothing is being read. */
  async idle(): Promise<void> {
    this.#stored.takeAwaited();
    await this.#loads.idle();
  }

  /** Brings a value back for another worker; between commands of this one. */
  #warmKey(db: number, key: Buffer, loaded: () => void): string | null {
    const { context } = this.#m;
    const { table } = context;
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    const hash = table.hasher.digest(key, view, 0, key.length);
    const shard = table.hasher.digestShard;
    table.locks.lock(shard);
    table.selectHashed(key, view, 0, key.length, db, shard, hash);
    const entry = table.find();
    const outcome = entry !== 0 && table.isCold(entry) ? context.cold.warm(context, entry) : 0;
    table.locks.unlock(shard);
    if (outcome >= 0) return '';
    if (outcome === AWAITS) {
      for (const load of this.#stored.takeAwaited()) this.#loads.whenDone(load, loaded);
      return null;
    }
    return outcome === FULL ? OUT_OF_MEMORY : context.unreadable;
  }
}
