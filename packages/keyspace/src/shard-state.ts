// What a shard says of itself beside its entries: its LSN, its gate, how many entries it has, per
// database how many keys and bytes. Under the shard's lock, but for the gate, which anybody may
// look at.
//
// The bytes of the records that its store has follow from the bytes of the dataset, though nobody
// notes the length of a record that a key is about to lose. A flush pass goes over a shard in hash
// order and leaves a record of each key as it is then. So behind a pass the store has what the
// dataset has, but for what came to keys that the pass had been at already: that is counted.

import { invariant } from '@forgekv/base';
import type { Arena } from './arena.ts';
import { AwaitedKeys } from './awaited-keys.ts';
import { BIG_BYTES, BigKeys } from './big-keys.ts';
import { DatasetCap } from './dataset-cap.ts';
import { Entries } from './entries.ts';
import {
  COUNTER_AWAY,
  COUNTER_BYTES,
  COUNTER_KEYS,
  COUNTER_LATER,
  COUNTER_WORDS,
  LARGE_ID_NEXT,
  SHARD_BLOCK_WORDS,
  SHARD_ENTRIES,
  SHARD_GATE,
  SHARD_LSN,
  SHARD_MISCOUNTED,
  SHARD_PASSED,
} from './layout.ts';
import { ShardLocks } from './shard-lock.ts';

export class ShardState extends Entries {
  readonly locks: ShardLocks;
  readonly cap: DatasetCap;
  readonly big: BigKeys;
  /** Which keys somebody waits for. */
  readonly awaited: AwaitedKeys;
  readonly #shards: number;
  readonly #counters: number;
  readonly #databases: number;

  /** @param threadId 1..255, different in every thread that uses the arena */
  constructor(arena: Arena, threadId: number) {
    super(arena);
    this.#shards = arena.shards;
    this.#counters = arena.counters;
    this.#databases = arena.databases;
    this.locks = new ShardLocks(arena, threadId);
    this.cap = new DatasetCap(arena);
    this.big = new BigKeys(arena);
    this.awaited = new AwaitedKeys(arena);
  }

  /** Takes the next LSN of a shard whose lock is held. */
  nextLsn(shard: number): number {
    const at = (this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_LSN) >> 1;
    const lsn = this.floats[at]! + 1;
    this.floats[at] = lsn;
    return lsn;
  }

  /** The last LSN given out in a shard whose lock is held. */
  lastLsn(shard: number): number {
    return this.floats[(this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_LSN) >> 1]!;
  }

  /** Sets what the last LSN of a shard was, whose lock is held: for recovery. */
  setLastLsn(shard: number, lsn: number): void {
    this.floats[(this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_LSN) >> 1] = lsn;
  }

  /** Counts entries of any namespace and kind that come or go. */
  protected countEntries(shard: number, by: number): void {
    const at = this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_ENTRIES;
    this.words[at] = this.words[at]! + by;
  }

  /** Changes one of the counters of a shard and database. */
  protected countIn(shard: number, db: number, counter: number, by: number): void {
    const at = this.#counter(shard, db) + counter;
    this.words[at] = this.words[at]! + by;
  }

  /**
   * Counts what comes to the dataset or, below 0, leaves it, of a key with a hash.
   * @param valueBytes that its value has now, 0: the key is gone
   */
  protected countBytes(
    shard: number,
    db: number,
    hash: number,
    by: number,
    valueBytes: number,
  ): void {
    // That it is big now, or was.
    if (valueBytes >= BIG_BYTES || valueBytes - by >= BIG_BYTES) {
      this.big.noteIn(shard, db, hash, valueBytes);
    }
    const counter = this.#counter(shard, db);
    const at = (counter + COUNTER_BYTES) >> 1;
    this.floats[at] = this.floats[at]! + by;
    const passed = this.floats[(this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_PASSED) >> 1]!;
    if (passed !== 0 && hash >>> 0 < passed) {
      const later = (counter + COUNTER_LATER) >> 1;
      this.floats[later] = this.floats[later]! + by;
    }
    if (by > 0) this.cap.grew(by);
    // Whatever was counted wrong, since a record is damaged, ends with the last key.
    else if (this.words[counter + COUNTER_KEYS] === 0) this.floats[at] = 0;
  }

  /** True when a key of a shard and database that has no entry does not exist. */
  protected isCompleteIn(shard: number, db: number): boolean {
    return this.words[this.#counter(shard, db) + COUNTER_AWAY] === 0;
  }

  #counter(shard: number, db: number): number {
    return this.#counters + (shard * this.#databases + db) * COUNTER_WORDS;
  }

  /** Begins a flush pass over a shard, whose lock is held. */
  beginPass(shard: number): void {
    this.setPassed(shard, 0);
    for (let db = 0; db < this.#databases; db++) {
      this.floats[(this.#counter(shard, db) + COUNTER_LATER) >> 1] = 0;
    }
  }

  /** Notes up to where (0..2^32) a flush pass has been; in the hold of the lock it got there. */
  setPassed(shard: number, position: number): void {
    this.floats[(this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_PASSED) >> 1] = position;
  }

  /** Notes that what a key counted is not what its record says. */
  miscount(shard: number): void {
    this.words[this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_MISCOUNTED] = 1;
  }

  isMiscounted(shard: number): boolean {
    return this.words[this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_MISCOUNTED] === 1;
  }

  /** Id of the transaction that owns the shard, 0 = none. */
  gateOf(shard: number): number {
    return this.words[this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_GATE]!;
  }

  setGate(shard: number, transaction: number): void {
    invariant(this.locks.holds(shard), 'a gate changes under its shard lock');
    this.words[this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_GATE] = transaction;
  }

  /** Returns an id for a large value, unique in the process's life (32 bits). */
  nextLargeId(): number {
    return Atomics.add(this.words, LARGE_ID_NEXT, 1);
  }
}
