// When the entries of a page begin to expire: one word per page, so that keys expire on time
// without a list of them. Setting an expiry lowers its page's word; the sweep visits only
// pages whose time has come, and writes the exact minimum back.

import type { Arena } from './arena.ts';
import { EXPIRE_TICK_MS, PAGE_EXPIRES, PAGE_NEVER_EXPIRES, PAGE_RECORD_WORDS } from './layout.ts';
import type { SlabPool } from './slab-pool.ts';

export class Expiry {
  readonly #words: Int32Array;
  readonly #pool: SlabPool;
  readonly #pageTable: number;
  readonly #epochMs: number;

  constructor(arena: Arena, pool: SlabPool) {
    this.#words = arena.words;
    this.#pool = pool;
    this.#pageTable = arena.pageTable;
    this.#epochMs = arena.epochMs;
  }

  /** Notes that an entry expires; under the lock of its shard. */
  note(entry: number, expireAtMs: number): void {
    const word = this.#pageTable + this.#pool.pageOf(entry) * PAGE_RECORD_WORDS + PAGE_EXPIRES;
    const tick = this.tickOf(expireAtMs);
    if (tick < this.#words[word]! >>> 0) this.#words[word] = tick | 0;
  }

  /** Returns the tick that holds a time: 0 for the past, never for 17 years ahead. */
  tickOf(timeMs: number): number {
    const tick = Math.floor((timeMs - this.#epochMs) / EXPIRE_TICK_MS);
    return tick <= 0 ? 0 : Math.min(tick, PAGE_NEVER_EXPIRES - 1);
  }

  /** Earliest tick of a page; a hint without the lock. */
  pageTick(page: number): number {
    return this.#words[this.#pageTable + page * PAGE_RECORD_WORDS + PAGE_EXPIRES]! >>> 0;
  }

  setPageTick(page: number, tick: number): void {
    this.#words[this.#pageTable + page * PAGE_RECORD_WORDS + PAGE_EXPIRES] = tick | 0;
  }
}
