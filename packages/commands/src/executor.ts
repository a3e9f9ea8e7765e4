// Runs keyed commands: finds their shards, takes the locks in ascending order, calls the
// function, releases. The only place that takes shard locks for them.

import { SHARD_COUNT } from '@forgekv/base';
import { type CommandTable, extractKeys } from '@forgekv/catalog';
import { MAX_KEY_BYTES, type ShardLocks } from '@forgekv/keyspace';
import type { CommandContext } from './context.ts';
import { ERR_KEY_TOO_LONG } from './errors.ts';
import type { CommandRegistry } from './registry.ts';
import { NOT_HERE, type Outcome } from './outcome.ts';

/** No keys: `shardsOf` found nothing to lock. */
const NO_KEYS = 0;
const KEY_TOO_LONG = -1;

export class Executor {
  readonly #registry: CommandRegistry;
  readonly #table: CommandTable;
  readonly #context: CommandContext;
  readonly #locks: ShardLocks;
  readonly #mayWait: boolean;
  readonly #keys: number[] = [];
  readonly #keyText = (index: number): Buffer => this.#context.request.slice(index);
  // Shards of the command being run, as a 64-bit set.
  #low = 0;
  #high = 0;

  /** @param mayWait true on workers: they sleep for a lock, fronts go over the ring instead */
  constructor(registry: CommandRegistry, context: CommandContext, mayWait: boolean) {
    this.#registry = registry;
    this.#table = registry.table;
    this.#context = context;
    this.#locks = context.table.locks;
    this.#mayWait = mayWait;
  }

  /**
   * Runs the command in `context.request`, whose single key (if the catalog says it has one
   * at a fixed place) was hashed by `setPrehashed`.
   */
  run(id: number): Outcome {
    const context = this.#context;
    const run = this.#registry.runs[id]!;
    const single = this.#registry.singleKey[id]!;
    if (single !== 0) {
      if (context.request.length(single) > MAX_KEY_BYTES) return context.fail(ERR_KEY_TOO_LONG);
      const shard = context.keyShards[single]!;
      if (this.#mayWait) this.#locks.lock(shard);
      else if (!this.#locks.tryLock(shard)) return this.#missed();
      const outcome = run(context);
      this.#locks.unlock(shard);
      return outcome;
    }
    return this.#runMany(id, run);
  }

  #runMany(id: number, run: (c: CommandContext) => Outcome): Outcome {
    const context = this.#context;
    const found = this.shardsOf(id);
    if (found === KEY_TOO_LONG) return context.fail(ERR_KEY_TOO_LONG);
    let outcome: Outcome;
    if (!this.#lockSet()) {
      outcome = this.#missed();
    } else {
      outcome = run(context);
      this.#unlockSet();
    }
    for (let i = 0; i < found; i++) context.clearPrehashed(this.#keys[i]!);
    return outcome;
  }

  #missed(): Outcome {
    this.#context.stats.lockMisses++;
    return NOT_HERE;
  }

  /**
   * Hashes every key of the command and collects their shards in `lowShards`/`highShards`.
   * @returns the number of keys, or -1 when one is too long
   */
  shardsOf(id: number): number {
    const context = this.#context;
    const { request } = context;
    this.#low = 0;
    this.#high = 0;
    const count = extractKeys(this.#table, id, request.argc, this.#keyText, this.#keys);
    for (let i = 0; i < count; i++) {
      const index = this.#keys[i]!;
      if (request.length(index) > MAX_KEY_BYTES) return KEY_TOO_LONG;
      const shard = context.prehash(index);
      if (shard < 32) this.#low |= 1 << shard;
      else this.#high |= 1 << (shard - 32);
    }
    return count > 0 ? count : NO_KEYS;
  }

  /** Shards 0..31 of the command last seen by `shardsOf`, one bit each. */
  get lowShards(): number {
    return this.#low;
  }

  /** Shards 32..63. */
  get highShards(): number {
    return this.#high;
  }

  #lockSet(): boolean {
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      if (!this.#inSet(shard)) continue;
      if (this.#mayWait) {
        this.#locks.lock(shard);
      } else if (!this.#locks.tryLock(shard)) {
        for (let taken = 0; taken < shard; taken++) {
          if (this.#inSet(taken)) this.#locks.unlock(taken);
        }
        return false;
      }
    }
    return true;
  }

  #unlockSet(): void {
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      if (this.#inSet(shard)) this.#locks.unlock(shard);
    }
  }

  #inSet(shard: number): boolean {
    return shard < 32 ? (this.#low & (1 << shard)) !== 0 : (this.#high & (1 << (shard - 32))) !== 0;
  }
}

