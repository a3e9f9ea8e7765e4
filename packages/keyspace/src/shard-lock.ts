// The lock of a shard: one word, held for nanoseconds to microseconds.
//
// States: 0 free; holder id (1..255); holder id | WAITERS: somebody sleeps on the word. Who
// holds it may touch everything that belongs to the shard: its block, directory, segments,
// pages and counters. Several locks are taken in ascending shard order only, and never held
// across an await, so no cycle of waiting threads can exist. A waiter sets WAITERS before it
// sleeps and takes the lock *with* WAITERS, since it cannot know whether others still sleep;
// the release then wakes one more thread than needed at worst.

import { invariant } from '@forgekv/base';
import type { Arena } from './arena.ts';
import { SHARD_BLOCK_WORDS, SHARD_LOCK } from './layout.ts';

const WAITERS = 256;
const HOLDER_MASK = 255;
/**
 * Tries before a front gives up and goes over the ring, or a worker goes to sleep: about as long
 * as a lock is held unless its holder has lost its core.
 */
const SPINS = 400;
/** A lost wake-up cannot happen by the argument above; the timeout bounds it all the same. */
const SLEEP_MS = 20;

/** Takes and releases shard locks on behalf of one thread. */
export class ShardLocks {
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #id: number;

  /** @param threadId 1..255, different in every thread that uses the arena */
  constructor(arena: Arena, threadId: number) {
    invariant(threadId >= 1 && threadId <= HOLDER_MASK, 'thread ids are 1..255');
    this.#words = arena.words;
    this.#base = arena.shards + SHARD_LOCK;
    this.#id = threadId;
  }

  /** Takes the lock unless another thread keeps it for longer than a short spin. */
  tryLock(shard: number): boolean {
    const word = this.#base + shard * SHARD_BLOCK_WORDS;
    const words = this.#words;
    if (Atomics.compareExchange(words, word, 0, this.#id) === 0) return true;
    invariant((words[word]! & HOLDER_MASK) !== this.#id, 'a shard lock is taken twice');
    for (let spin = 0; spin < SPINS; spin++) {
      if (words[word] === 0 && Atomics.compareExchange(words, word, 0, this.#id) === 0) return true;
    }
    return false;
  }

  /** Takes the lock, sleeping when it must. For workers; fronts use tryLock. */
  lock(shard: number): void {
    if (this.tryLock(shard)) return;
    const word = this.#base + shard * SHARD_BLOCK_WORDS;
    const words = this.#words;
    for (;;) {
      const seen = Atomics.load(words, word);
      if (seen === 0) {
        if (Atomics.compareExchange(words, word, 0, this.#id | WAITERS) === 0) return;
        continue;
      }
      const marked = seen | WAITERS;
      if (seen === marked || Atomics.compareExchange(words, word, seen, marked) === seen) {
        Atomics.wait(words, word, marked, SLEEP_MS);
      }
    }
  }

  /** Releases a lock this thread holds. */
  unlock(shard: number): void {
    const word = this.#base + shard * SHARD_BLOCK_WORDS;
    // compareExchange is the cheapest of the atomic calls that write (half of exchange).
    const before = Atomics.compareExchange(this.#words, word, this.#id, 0);
    if (before === this.#id) return;
    invariant(before === (this.#id | WAITERS), 'a shard lock is released by a stranger');
    Atomics.store(this.#words, word, 0);
    Atomics.notify(this.#words, word, 1);
  }

  /** True while any thread holds the lock: for figures. */
  isTaken(shard: number): boolean {
    return (Atomics.load(this.#words, this.#base + shard * SHARD_BLOCK_WORDS) & HOLDER_MASK) !== 0;
  }

  /** True when this thread holds the lock: for assertions. */
  holds(shard: number): boolean {
    return (this.#words[this.#base + shard * SHARD_BLOCK_WORDS]! & HOLDER_MASK) === this.#id;
  }
}
