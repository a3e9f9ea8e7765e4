// Runs keyed commands: finds their shards, takes the locks in ascending order, calls the
// function, releases. The only place that takes shard locks for them.

import { type CommandTable, extractKeys, FLAG_WRITE } from '@forgekv/catalog';
import { type ShardLocks, TouchPass } from '@forgekv/keyspace';
import type { CommandContext } from './context.ts';
import { NOT_HERE, type Outcome } from './outcome.ts';
import type { CommandRegistry } from './registry.ts';

/** Keys of one command whose memory is touched before they are opened. */
const TOUCHED_KEYS = 128;
/** Shards per half of the 64-bit set. */
const HALF = 32;
const ALL_OF_HALF = -1;

export class Executor {
  readonly #registry: CommandRegistry;
  readonly #table: CommandTable;
  readonly #context: CommandContext;
  readonly #locks: ShardLocks;
  readonly #mayWait: boolean;
  readonly #keys: number[] = [];
  readonly #touch: TouchPass;
  readonly #touched = new Int32Array(TOUCHED_KEYS);
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
    this.#touch = new TouchPass(context.table, TOUCHED_KEYS);
    this.#mayWait = mayWait;
  }

  /**
   * Runs the command in `context.request`, whose single key (if the catalog says it has one
   * at a fixed place) was hashed by `setPrehashed`.
   */
  run(id: number): Outcome {
    const context = this.#context;
    const run = this.#registry.runs[id]!;
    context.mayChange = (this.#table.flagBits[id]! & FLAG_WRITE) !== 0;
    const single = this.#registry.singleKey[id]!;
    if (single !== 0) {
      const shard = context.keyShards[single]!;
      if (this.#mayWait) this.#locks.lock(shard);
      else if (!this.#locks.tryLock(shard)) return this.#missed();
      const outcome = run(context);
      context.mayChange = false;
      if (context.noted !== 0) context.endNotes(outcome);
      context.log?.endGroup();
      this.#locks.unlock(shard);
      return outcome;
    }
    return this.#runMany(id, run);
  }

  #runMany(id: number, run: (c: CommandContext) => Outcome): Outcome {
    const context = this.#context;
    const found = this.shardsOf(id);
    if (found > 2) this.#touchKeys(found);
    let outcome: Outcome;
    if (!this.#lockSet()) {
      outcome = this.#missed();
    } else {
      outcome = run(context);
      context.mayChange = false;
      if (context.noted !== 0) context.endNotes(outcome);
      context.log?.endGroup();
      this.#unlockSet();
    }
    for (let i = 0; i < found; i++) context.clearPrehashed(this.#keys[i]!);
    return outcome;
  }

  /** Runs a command whose shards the caller has locked with `lockShards`; ends no group. */
  runLocked(id: number): Outcome {
    const context = this.#context;
    const found = this.#registry.singleKey[id]! === 0 ? this.shardsOf(id) : 0;
    context.mayChange = (this.#table.flagBits[id]! & FLAG_WRITE) !== 0;
    const outcome = this.#registry.runs[id]!(context);
    context.mayChange = false;
    if (context.noted !== 0) context.endNotes(outcome);
    for (let i = 0; i < found; i++) context.clearPrehashed(this.#keys[i]!);
    return outcome;
  }

  /**
   * Serves one that has waited with the command in the context's request; its shards are gated.
   * @param key the argument that is the key that is there now
   * @param target the argument that is the key it makes, 0: none
   */
  serve(id: number, key: number, target: number): Outcome {
    const context = this.#context;
    this.#low = 0;
    this.#high = 0;
    this.#addShard(context.prehash(key));
    if (target !== 0) this.#addShard(context.prehash(target));
    this.#lockSet();
    context.mayChange = true;
    const outcome = this.#registry.serves[id]!(context, key);
    context.mayChange = false;
    if (context.noted !== 0) context.endNotes(outcome);
    context.log?.endGroup();
    this.#unlockSet();
    context.clearPrehashed(key);
    context.clearPrehashed(target);
    return outcome;
  }

  /** True unless the key that is there has nothing for the command in the context's request. */
  isReady(id: number, key: number): boolean {
    const test = this.#registry.readyTests[id];
    if (test === undefined) return true;
    const context = this.#context;
    this.#low = 0;
    this.#high = 0;
    this.#addShard(context.prehash(key));
    this.#lockSet();
    const isReady = test(context, key);
    context.publishNotes();
    context.log?.endGroup();
    this.#unlockSet();
    context.clearPrehashed(key);
    return isReady;
  }

  #addShard(shard: number): void {
    if (shard < HALF) this.#low |= 1 << shard;
    else this.#high |= 1 << (shard - HALF);
  }

  /** Takes the locks of a set of shards, in ascending order; false: none is held. */
  lockShards(low: number, high: number): boolean {
    this.#low = low;
    this.#high = high;
    return this.#lockSet();
  }

  unlockShards(low: number, high: number): void {
    this.#low = low;
    this.#high = high;
    this.#unlockSet();
  }

  #touchKeys(found: number): void {
    const { keyHashes, keyShards } = this.#context;
    const count = Math.min(found, TOUCHED_KEYS);
    for (let i = 0; i < count; i++) this.#touched[i] = this.#keys[i]!;
    this.#touch.touch(keyShards, keyHashes, this.#touched, count);
  }

  #missed(): Outcome {
    this.#context.stats.lockMisses++;
    return NOT_HERE;
  }

  /**
   * Hashes every key of the command and collects their shards in `lowShards`/`highShards`; all
   * shards where the request may lead to keys that it does not name.
   * @returns the number of keys, 0 also when the arguments do not name them properly
   */
  shardsOf(id: number): number {
    const context = this.#context;
    const { request } = context;
    this.#low = 0;
    this.#high = 0;
    const count = extractKeys(this.#table, id, request.argc, this.#keyText, this.#keys);
    for (let i = 0; i < count; i++) {
      const index = this.#keys[i]!;
      const shard = context.prehash(index);
      if (shard < 32) this.#low |= 1 << shard;
      else this.#high |= 1 << (shard - 32);
    }
    const isWide = this.#registry.wideTests[id];
    if (isWide?.(request)) {
      this.#low = ALL_OF_HALF;
      this.#high = ALL_OF_HALF;
    }
    return Math.max(count, 0);
  }

  /**
   * The argument that is the first key of the request, 0: none. Where it stands behind a word, only
   * the request tells.
   */
  firstKeyOf(id: number): number {
    const key = this.#table.firstKey[id]!;
    if (key !== 0 || this.#table.specs[id]!.keys.length === 0) return key;
    const { argc } = this.#context.request;
    const count = extractKeys(this.#table, id, argc, this.#keyText, this.#keys);
    return count > 0 ? this.#keys[0]! : 0;
  }

  /** Argument index of a key of the command last seen by `shardsOf`. */
  keyAt(i: number): number {
    return this.#keys[i]!;
  }

  /** Shards 0..31 of the command last seen by `shardsOf`, one bit each. */
  get lowShards(): number {
    return this.#low;
  }

  /** Shards 32..63. */
  get highShards(): number {
    return this.#high;
  }

  /** Takes the locks of the set in ascending order; false: none is held. */
  #lockSet(): boolean {
    if (!this.#lockHalf(this.#low, 0)) return false;
    if (this.#lockHalf(this.#high, HALF)) return true;
    this.#unlockHalf(this.#low, 0);
    return false;
  }

  #unlockSet(): void {
    this.#unlockHalf(this.#low, 0);
    this.#unlockHalf(this.#high, HALF);
  }

  #lockHalf(bits: number, base: number): boolean {
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      const shard = base + lowest(rest);
      if (this.#mayWait) {
        this.#locks.lock(shard);
      } else if (!this.#locks.tryLock(shard)) {
        this.#unlockHalf(bits & ~rest, base);
        return false;
      }
    }
    return true;
  }

  #unlockHalf(bits: number, base: number): void {
    for (let rest = bits; rest !== 0; rest &= rest - 1) this.#locks.unlock(base + lowest(rest));
  }
}

/** Index of the lowest bit that is set. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
