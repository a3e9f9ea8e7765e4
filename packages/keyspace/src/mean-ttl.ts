// How long the keys of each database still have to live, estimated from some pages of the table:
// what it costs does not grow with the table, and nobody who writes keys counts anything for it.
//
// A sample is of the pages that have entries that expire, which their expiry words tell, so that a
// few such keys among many millions are found. A database's keys are spread over the pages by shard
// and size, so that any of them are as good as all; keys that only a store has are not looked at.

import type { Databases } from './databases.ts';
import { Expiry } from './expiry.ts';
import type { HotTable } from './hot-table.ts';
import {
  PAGE_BUMPED,
  PAGE_NEVER_EXPIRES,
  PAGE_OWNER,
  PAGE_RECORD_WORDS,
  PAGE_WORDS_SHIFT,
  POOL_BUMP,
  TYPE_FREE,
} from './layout.ts';
import { INDEX_CLASS, slotBytes } from './size-classes.ts';

/** Pages whose expiry word is read; a table of up to 512 MB has no more. */
const MOST_WORDS = 16384;
/** Pages whose entries are looked at, some hundreds each: a millisecond at most. */
const MOST_PAGES = 32;
/** Pages from one that is looked at to the next: a prime, far from any that was made with it. */
const STRIDE = 7919;

/**
 * Returns the mean time to live by database, in whole milliseconds: of sampled keys that expire
 * after `nowMs` (Unix milliseconds), 0 where there was none. The sample is another each time, of
 * all keys when there are few. Waits for nobody: a shard that is busy is passed by.
 */
export function meanTtls(table: HotTable, databases: Databases, nowMs: number): number[] {
  return new TtlSample(table, databases, nowMs).take();
}

class TtlSample {
  readonly #table: HotTable;
  readonly #databases: Databases;
  readonly #nowMs: number;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  constructor(table: HotTable, databases: Databases, nowMs: number) {
    this.#table = table;
    this.#databases = databases;
    this.#nowMs = nowMs;
    this.#sums = new Float64Array(databases.count);
    this.#counts = new Float64Array(databases.count);
  }

  take(): number[] {
    const { arena, pool, words } = this.#table;
    const expiry = new Expiry(arena, pool);
    const pages = words[POOL_BUMP]!;
    const stride = pages % STRIDE === 0 ? 1 : STRIDE % pages;
    let page = Math.floor(Math.random() * pages);
    let left = MOST_PAGES;
    for (let seen = 0; seen < Math.min(pages, MOST_WORDS) && left > 0; seen++) {
      if (expiry.pageTick(page) !== PAGE_NEVER_EXPIRES && this.#lookInto(page)) left--;
      page = (page + stride) % pages;
    }
    return Array.from(this.#sums, (sum, db) => Math.round(sum / Math.max(1, this.#counts[db]!)));
  }

  /**
   * Adds a page's entries, if it has any and its shard can be locked at once. Its owner is a hint
   * until then. Behind a closed gate a worker may be changing entries without the lock.
   */
  #lookInto(page: number): boolean {
    const { locks } = this.#table;
    const owner = this.#owner(page);
    if (owner < 0 || (owner & 255) === INDEX_CLASS) return false;
    const shard = owner >> 8;
    if (locks.holds(shard) || !locks.tryLock(shard)) return false;
    try {
      if (this.#owner(page) !== owner || this.#table.gateOf(shard) !== 0) return false;
      this.#add(page, slotBytes(owner & 255) >> 2);
      return true;
    } finally {
      locks.unlock(shard);
    }
  }

  #owner(page: number): number {
    const { arena, words } = this.#table;
    return words[arena.pageTable + page * PAGE_RECORD_WORDS + PAGE_OWNER]!;
  }

  #add(page: number, stride: number): void {
    const table = this.#table;
    const { arena, words } = table;
    const first = arena.pages + (page << PAGE_WORDS_SHIFT);
    const bumped = words[arena.pageTable + page * PAGE_RECORD_WORDS + PAGE_BUMPED]!;
    const last = first + bumped * stride;
    for (let entry = first; entry < last; entry += stride) {
      if (table.typeOf(entry) === TYPE_FREE) continue;
      const ttlMs = table.expireAtMs(entry) - this.#nowMs;
      if (ttlMs <= 0) continue;
      const db = this.#databases.ofNamespace(table.namespaceOf(entry));
      if (db < 0) continue;
      this.#sums[db] = this.#sums[db]! + ttlMs;
      this.#counts[db] = this.#counts[db]! + 1;
    }
  }
}
