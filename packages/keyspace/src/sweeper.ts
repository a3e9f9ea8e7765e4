// Background work on the pages of a worker's shards: removes expired entries on time and what
// flushed databases left behind, and finds values with parts that expire. Takes one shard lock per
// page, for a few microseconds, and goes on where it stopped, so a slice can be as small as the
// caller likes.

import type { Arena } from './arena.ts';
import { Databases } from './databases.ts';
import { Expiry } from './expiry.ts';
import type { HotTable } from './hot-table.ts';
import {
  ENTRY_META,
  FLAG_STORED,
  FLUSH_GENERATION,
  PAGE_BUMPED,
  PAGE_NEVER_EXPIRES,
  PAGE_OWNER,
  PAGE_RECORD_WORDS,
  PAGE_WORDS_SHIFT,
  POOL_BUMP,
} from './layout.ts';
import { INDEX_CLASS, slotBytes } from './size-classes.ts';

/** What the sweeper tells its worker; called under the lock of the entry's shard. */
export interface SweepEvents {
  /** A live entry has expired and is about to be removed; returns the removal's LSN. */
  expired(shard: number, db: number, entry: number): number;
  /** It was removed, and its tombstone stays. */
  buried(tombstone: number): void;
  /**
   * An entry's value may have parts that expire by themselves.
   * @param nowMs what is due by then is to be removed, but not during this call
   * @returns when the first of them expires in Unix milliseconds, 0 = none does
   */
  timedParts(db: number, entry: number, nowMs: number): number;
  /** A large value's entry goes: free the value. */
  largeFreed(largeId: number): void;
}

export class Sweeper {
  readonly #table: HotTable;
  readonly #arena: Arena;
  readonly #words: Int32Array;
  readonly #expiry: Expiry;
  readonly #databases: Databases;
  readonly #owned: Uint8Array;
  readonly #events: SweepEvents;
  #expirePage = 0;
  #stalePage = 0;
  /** A page of a gated shard was passed by in this round of `reclaim`. */
  #passedGate = false;
  #sweptGeneration = 0;
  #targetGeneration = 0;

  /** @param owned 1 per shard this worker sweeps */
  constructor(table: HotTable, owned: Uint8Array, events: SweepEvents) {
    this.#table = table;
    this.#arena = table.arena;
    this.#words = table.words;
    this.#expiry = new Expiry(table.arena, table.pool);
    this.#databases = new Databases(table);
    this.#owned = owned;
    this.#events = events;
  }

  /**
   * Removes what has expired by `nowMs`.
   * @param untilMs stop between two pages when the clock passes this (Unix milliseconds)
   * @returns the number of entries removed because they expired
   */
  expire(nowMs: number, untilMs: number): number {
    const due = this.#expiry.tickOf(nowMs);
    const pages = this.#words[POOL_BUMP]!;
    let removed = 0;
    for (let seen = 0; seen < pages; seen++) {
      const page = this.#expirePage;
      this.#expirePage = page + 1 >= pages ? 0 : page + 1;
      if (this.#expiry.pageTick(page) > due) continue;
      removed += this.#sweepPage(page, nowMs, false);
      if (Date.now() >= untilMs) break;
    }
    return removed;
  }

  /** True while entries of flushed databases may be left in this worker's shards. */
  get hasStale(): boolean {
    return this.#sweptGeneration !== this.#words[FLUSH_GENERATION];
  }

  /**
   * Reclaims entries of flushed databases, page by page until the clock passes `untilMs`.
   * @returns true when none are left; false: call again, from the start if a gate was in the way
   */
  reclaim(untilMs: number): boolean {
    if (!this.hasStale) return true;
    const generation = Atomics.load(this.#words, FLUSH_GENERATION);
    if (this.#targetGeneration !== generation) {
      this.#targetGeneration = generation;
      this.#stalePage = 0;
      this.#passedGate = false;
    }
    while (this.#stalePage < this.#words[POOL_BUMP]!) {
      const page = this.#stalePage++;
      this.#sweepPage(page, 0, true);
      if (Date.now() >= untilMs) return false;
    }
    if (this.#passedGate) {
      this.#passedGate = false;
      this.#stalePage = 0;
      return false;
    }
    this.#sweptGeneration = generation;
    return !this.hasStale;
  }

  #owner(page: number): number {
    return this.#words[this.#arena.pageTable + page * PAGE_RECORD_WORDS + PAGE_OWNER]!;
  }

  #isOwned(owner: number): boolean {
    return owner >= 0 && (owner & 255) !== INDEX_CLASS && this.#owned[owner >> 8] === 1;
  }

  /**
   * Visits every entry of a page, if it is one of ours. Its owner is read once, as any thread may
   * give the page back at any time, and again under the lock: until then it was a hint.
   */
  #sweepPage(page: number, nowMs: number, staleOnly: boolean): number {
    const owner = this.#owner(page);
    if (!this.#isOwned(owner)) return 0;
    const shard = owner >> 8;
    const { locks } = this.#table;
    locks.lock(shard);
    try {
      if (this.#owner(page) !== owner) return 0;
      if (this.#table.gateOf(shard) !== 0) {
        this.#passedGate = true;
        return 0;
      }
      return this.#visit(page, owner, nowMs, staleOnly);
    } finally {
      locks.unlock(shard);
    }
  }

  #visit(page: number, owner: number, nowMs: number, staleOnly: boolean): number {
    const table = this.#table;
    const shard = owner >> 8;
    const record = this.#arena.pageTable + page * PAGE_RECORD_WORDS;
    const stride = slotBytes(owner & 255) >> 2;
    const first = this.#arena.pages + (page << PAGE_WORDS_SHIFT);
    const last = first + this.#words[record + PAGE_BUMPED]! * stride;
    let earliest = PAGE_NEVER_EXPIRES;
    let removed = 0;
    for (let entry = first; entry < last; entry += stride) {
      if (((this.#words[entry + ENTRY_META]! >>> 16) & 255) === 0) continue;
      const db = this.#databases.ofNamespace(table.namespaceOf(entry));
      const expireAtMs = table.expireAtMs(entry);
      if (db >= 0 && table.hasTimedParts(entry)) {
        earliest = Math.min(earliest, this.#partsTick(db, entry, staleOnly ? 0 : nowMs));
      }
      if (db < 0) {
        this.#release(shard, entry);
      } else if (expireAtMs !== 0) {
        if (!staleOnly && expireAtMs <= nowMs) {
          const lsn = this.#events.expired(shard, db, entry);
          if (table.isLarge(entry)) this.#events.largeFreed(table.words[table.valueWord(entry)]!);
          const stays = (table.flagsOf(entry) & FLAG_STORED) !== 0;
          table.removeFrom(shard, db, entry, lsn);
          if (stays) this.#events.buried(entry);
          removed++;
        } else {
          earliest = Math.min(earliest, this.#expiry.tickOf(expireAtMs));
        }
      }
      // The page went back to the pool with its last entry: its record is not ours any more.
      if (this.#owner(page) !== owner) return removed;
    }
    this.#expiry.setPageTick(page, earliest);
    return removed;
  }

  /** The tick at which the first part of an entry's value expires. */
  #partsTick(db: number, entry: number, nowMs: number): number {
    const table = this.#table;
    // A value that comes back from its store is noted then.
    if (table.isCold(entry)) return PAGE_NEVER_EXPIRES;
    const earliestMs = this.#events.timedParts(db, entry, nowMs);
    if (earliestMs !== 0) return this.#expiry.tickOf(earliestMs);
    table.noteTimedParts(entry, 0);
    return PAGE_NEVER_EXPIRES;
  }

  /** Frees an entry of a flushed database; its counters were cleared by the flush. */
  #release(shard: number, entry: number): void {
    const table = this.#table;
    if (table.isLarge(entry)) this.#events.largeFreed(table.words[table.valueWord(entry)]!);
    table.unlinkFrom(shard, entry);
  }
}
