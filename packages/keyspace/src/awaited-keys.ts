// Which keys somebody waits for (BLPOP and the like), as every thread can see it, and who of those
// that may end a wait has done it. It knows nothing of who waits: a filter, counts, and a word
// per waiter.
//
//   filter   512 counters per shard, by the hash of the key: 0 = nobody waits for any such key. A
//            key that is waited for is never missed; others that share its counter may be hit.
//            Raised with the shard's gate closed by the one who raises it, and read with the
//            shard's lock held and its gate open, or by whoever closed the gate: so who may make a
//            key either sees the waiter, or is seen by it when it looks for the last time. Lowered
//            at any time after the wait has ended: that only ends detours.
//   claims   one word per waiter, odd while it waits. Whoever makes it even, by one
//            compare-and-swap, has ended the wait and alone answers the client: a worker that
//            serves it, or its front, which has met the timeout, CLIENT UNBLOCK or its end. A word
//            only grows, so a ticket (the odd value) of an earlier wait claims nothing.

import { SHARD_COUNT } from '@forgekv/base';
import type { Arena } from './arena.ts';
import {
  AWAITED_CLAIMS,
  AWAITED_FILTER,
  AWAITED_MOVERS,
  AWAITED_NAMES,
  AWAITED_WAITERS,
} from './layout.ts';

export class AwaitedKeys {
  readonly #words: Int32Array;
  readonly #filter: number;
  readonly #counts: number;
  readonly #claims: number;

  constructor(arena: Arena) {
    this.#words = arena.words;
    this.#filter = arena.awaited;
    this.#counts = arena.awaited + SHARD_COUNT * AWAITED_FILTER;
    this.#claims = arena.claims;
  }

  /** True when somebody may wait for a key; the shard is locked. */
  isAwaited(shard: number, hash: number): boolean {
    return this.#words[this.#counter(shard, hash)] !== 0;
  }

  /** Notes one that waits for a key; the shard's gate is closed. */
  add(shard: number, hash: number): void {
    Atomics.add(this.#words, this.#counter(shard, hash), 1);
  }

  /** Ends what `add` began; nobody claims the waiter any more. */
  remove(shard: number, hash: number): void {
    Atomics.sub(this.#words, this.#counter(shard, hash), 1);
  }

  #counter(shard: number, hash: number): number {
    return this.#filter + shard * AWAITED_FILTER + (hash & (AWAITED_FILTER - 1));
  }

  /** Those that wait, as far as their home workers know. */
  get waiters(): number {
    return Atomics.load(this.#words, this.#counts + AWAITED_WAITERS);
  }

  /** Those among them that, when they are served, make another key. */
  get movers(): number {
    return Atomics.load(this.#words, this.#counts + AWAITED_MOVERS);
  }

  /** @param by 1 or -1 */
  count(by: 1 | -1, isMover: boolean): void {
    Atomics.add(this.#words, this.#counts + AWAITED_WAITERS, by);
    if (isMover) Atomics.add(this.#words, this.#counts + AWAITED_MOVERS, by);
  }

  /** The keys that somebody waits for, those of each database counted: a figure, no filter. */
  get keys(): number {
    return Atomics.load(this.#words, this.#counts + AWAITED_NAMES);
  }

  /** Counts a key in or out, by the owner of its shard. @param by 1 or -1 */
  countKey(by: 1 | -1): void {
    Atomics.add(this.#words, this.#counts + AWAITED_NAMES, by);
  }

  /** Opens the claim word of a slot, which is its worker's own; returns the ticket. */
  open(slot: number): number {
    return Atomics.add(this.#words, this.#claims + slot, 1) + 1;
  }

  /** True while the wait goes on. */
  isOpen(slot: number, ticket: number): boolean {
    return Atomics.load(this.#words, this.#claims + slot) === ticket;
  }

  /** Ends the wait; false: somebody else has. */
  claim(slot: number, ticket: number): boolean {
    const word = this.#claims + slot;
    return Atomics.compareExchange(this.#words, word, ticket, (ticket + 1) | 0) === ticket;
  }

  /** The slots of a worker, of so many: first and one behind the last. */
  static slots(worker: number, workers: number): readonly [number, number] {
    const each = Math.floor(AWAITED_CLAIMS / workers);
    return [worker * each, (worker + 1) * each];
  }
}
