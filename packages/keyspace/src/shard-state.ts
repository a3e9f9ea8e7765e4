// What a shard says of itself beside its entries: its LSN, its gate, how many entries it has. Under
// the shard's lock, but for the gate, which anybody may look at.

import { invariant } from '@forgekv/base';
import type { Arena } from './arena.ts';
import { Entries } from './entries.ts';
import {
  LARGE_ID_NEXT,
  SHARD_BLOCK_WORDS,
  SHARD_ENTRIES,
  SHARD_GATE,
  SHARD_LSN,
} from './layout.ts';
import { ShardLocks } from './shard-lock.ts';

export class ShardState extends Entries {
  readonly locks: ShardLocks;
  readonly #shards: number;

  /** @param threadId 1..255, different in every thread that uses the arena */
  constructor(arena: Arena, threadId: number) {
    super(arena);
    this.#shards = arena.shards;
    this.locks = new ShardLocks(arena, threadId);
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
