// The cap on the dataset (`maxmemory`): how many bytes all keys and values have, wherever they
// are, whether that is too much, and what follows for writes. Evicts nothing itself.
//
// The bytes are counted per shard and database, under the shard's lock. Nobody adds them up for a
// command: one shared word says whether the dataset is above the cap, and is brought up to date by
// every thread after so many bytes of its own growth, by workers now and then, and by whoever is
// about to act on it. So with T threads the dataset exceeds the cap by T * `stepBytes` and the
// commands under way at most, or twice that when two threads look at the same time and the older
// answer is the one that stays.

import { SHARD_COUNT } from '@forgekv/base';
import type { Arena } from './arena.ts';
import {
  CAP_EVICTS,
  CAP_HELD,
  CAP_LIMIT,
  CAP_REACHED,
  CAP_STATE,
  COUNTER_BYTES,
  COUNTER_WORDS,
} from './layout.ts';

/** The dataset is within its cap. */
export const CAP_UNDER = 0;
/** It is not: before a write that may add to it, keys are evicted. */
export const CAP_EVICT = 1;
/** It is not: such a write is refused. */
export const CAP_REFUSE = 2;

const MOST_STEP_BYTES = 64 * 1024;
const LEAST_STEP_BYTES = 1024;
const STEPS_PER_CAP = 64;
/** Without a cap; growth stays a small integer. */
const NO_STEP_BYTES = 2 ** 30;
/** The cap counts as reached for so long after it was. */
const REACHED_SECONDS = 2;

export class DatasetCap {
  readonly #words: Int32Array;
  readonly #floats: Float64Array;
  readonly #counters: number;
  readonly #count: number;
  readonly #epochMs: number;
  #grownBytes = 0;
  #stepBytes = NO_STEP_BYTES;

  constructor(arena: Arena) {
    this.#words = arena.words;
    this.#floats = arena.floats;
    this.#counters = (arena.counters + COUNTER_BYTES) >> 1;
    this.#count = SHARD_COUNT * arena.databases;
    this.#epochMs = arena.epochMs;
  }

  /**
   * Sets the cap; every thread does, whoever is last.
   * @param limitBytes 0 = none
   * @param evicts the policy evicts keys
   */
  configure(limitBytes: number, evicts: boolean): void {
    this.#floats[CAP_LIMIT >> 1] = limitBytes;
    this.#words[CAP_EVICTS] = evicts ? 1 : 0;
    const share = Math.floor(limitBytes / STEPS_PER_CAP);
    this.#stepBytes =
      limitBytes === 0
        ? NO_STEP_BYTES
        : Math.min(MOST_STEP_BYTES, Math.max(LEAST_STEP_BYTES, share));
    this.look();
  }

  /**
   * Holds or releases: held, the dataset counts as within its cap. For a start, while some shards
   * have keys whose removal is yet to be replayed: others must not be evicted for those.
   */
  hold(isHeld: boolean): void {
    Atomics.store(this.#words, CAP_HELD, isHeld ? 1 : 0);
    this.look();
  }

  /** In bytes, 0 = none. */
  get limitBytes(): number {
    return this.#floats[CAP_LIMIT >> 1]!;
  }

  get evicts(): boolean {
    return this.#words[CAP_EVICTS] === 1;
  }

  /** CAP_UNDER, CAP_EVICT or CAP_REFUSE, as somebody last saw it. */
  get state(): number {
    return this.#words[CAP_STATE]!;
  }

  /** Notes that this thread has added bytes. */
  grew(bytes: number): void {
    this.#grownBytes += bytes;
    if (this.#grownBytes >= this.#stepBytes) this.#step();
  }

  #step(): void {
    this.#grownBytes = 0;
    if (this.#stepBytes !== NO_STEP_BYTES) this.look();
  }

  /** Bytes of all keys and values; without locks, as exact as any moment during the reading. */
  bytes(): number {
    let sum = 0;
    const stride = COUNTER_WORDS >> 1;
    const end = this.#counters + this.#count * stride;
    for (let at = this.#counters; at < end; at += stride) sum += this.#floats[at]!;
    return sum;
  }

  /** Brings the state up to date; returns the bytes of the dataset. */
  look(): number {
    const bytes = this.bytes();
    const limitBytes = this.limitBytes;
    let state = CAP_UNDER;
    if (limitBytes > 0 && bytes > limitBytes && this.#words[CAP_HELD] === 0) {
      state = this.evicts ? CAP_EVICT : CAP_REFUSE;
      const reached = this.#now() + 1;
      if (this.#words[CAP_REACHED] !== reached) this.#words[CAP_REACHED] = reached;
    }
    if (this.#words[CAP_STATE] !== state) this.#words[CAP_STATE] = state;
    return bytes;
  }

  /** True when the dataset was above the cap a moment ago: it may soon be again. */
  get wasReached(): boolean {
    const reached = this.#words[CAP_REACHED]!;
    return reached > 0 && this.#now() - reached < REACHED_SECONDS;
  }

  #now(): number {
    return Math.floor((Date.now() - this.#epochMs) / 1000);
  }
}
