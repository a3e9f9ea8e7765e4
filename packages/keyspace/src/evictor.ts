// Makes room in the hot table: leaves values that their stores have to the stores, and keeps the
// keys. Goes round the pages of a worker's shards like a clock's hand: a value that was used
// since the hand came by the last time stays. Takes one shard lock per page, as the sweeper does.
//
// A cold value takes a slot too, a small one. Pages for those are set aside as long as there are
// any: at the moment when the pool is full, none could be had. So this has a table of its own.
//
// Only clean entries go cold: what is not DIRTY is in the store with the LSN it has here. Called
// between commands, never within one: a command keeps entries' places.

import { SHARD_COUNT } from '@forgekv/base';
import type { Arena } from './arena.ts';
import type { HotTable } from './hot-table.ts';
import {
  ENTRY_META,
  FLAG_COLD,
  FLAG_DIRTY,
  FLAG_LARGE,
  FLAG_STORED,
  PAGE_BUMPED,
  PAGE_OWNER,
  PAGE_RECORD_WORDS,
  PAGE_WORDS_SHIFT,
  POOL_BUMP,
  TYPE_FREE,
  TYPE_TOMBSTONE,
} from './layout.ts';
import { INDEX_CLASS, slotBytes } from './size-classes.ts';

/** A value of fewer bytes would not free a slot worth having. */
const LEAST_BYTES = 24;
/** Set aside per shard: the small slots are of one size class or two. */
const PAGES_PER_SHARD = 2;

export class Evictor {
  readonly #table: HotTable;
  readonly #arena: Arena;
  readonly #words: Int32Array;
  readonly #owned: Uint8Array;
  #page = 0;
  /** Use clocks when this lap and the one before began. */
  #lapStart: number;
  #lastLapStart: number;
  /** Values made cold since start. */
  evicted = 0;
  /** Values that could not go in this lap because they are dirty. */
  #dirty = 0;

  readonly #promised: number;
  readonly #largeFreed: (id: number) => void;
  /** Large values go too. */
  largeToo = false;
  /** Large values that stay, by id: somebody is about to use them. */
  isPinned: (id: number) => boolean = () => false;
  /** Set while only large values go, as long as it answers true. */
  #largeOnly: (() => boolean) | null = null;

  /**
   * @param table of its own: its pool's promises are this one's
   * @param owned 1 per shard this worker owns
   * @param largeFreed forgets a large value that went cold
   */
  constructor(table: HotTable, owned: Uint8Array, largeFreed: (id: number) => void) {
    this.#largeFreed = largeFreed;
    this.#table = table;
    const shards = owned.reduce((sum, isOwned) => sum + isOwned, 0);
    // All workers together set aside an eighth of the pool at most.
    const most = Math.floor((table.arena.pageCount * shards) / SHARD_COUNT / 8);
    this.#promised = Math.min(shards * PAGES_PER_SHARD, most);
    table.pool.keepPromised(this.#promised);
    this.#arena = table.arena;
    this.#words = table.words;
    this.#owned = owned;
    this.#lapStart = this.#now();
    this.#lastLapStart = this.#lapStart;
  }

  /**
   * Makes values cold until `wantedFree` pages are free, a lap is over, or the clock passes
   * `untilMs` (Unix milliseconds).
   * @param all also values that were used in this lap: there is no room otherwise
   * @returns 'enough', 'more' (call again), or 'dirty': what is left has to be flushed first
   */
  run(wantedFree: number, untilMs: number, all = false): 'enough' | 'more' | 'dirty' {
    const outcome = this.#run(wantedFree, untilMs, all);
    this.#table.pool.keepPromised(this.#promised);
    return outcome;
  }

  /**
   * Makes large values cold, and nothing else, as long as `tooMany` says so.
   * @returns 'enough', 'more' or 'dirty', as `run`
   */
  runLarge(tooMany: () => boolean, untilMs: number, all = false): 'enough' | 'more' | 'dirty' {
    this.#largeOnly = tooMany;
    const outcome = this.#run(0, untilMs, all);
    this.#largeOnly = null;
    this.#table.pool.keepPromised(this.#promised);
    return outcome;
  }

  #isEnough(wantedFree: number): boolean {
    if (this.#largeOnly !== null) return !this.#largeOnly();
    return this.#table.pool.availablePages >= wantedFree;
  }

  #run(wantedFree: number, untilMs: number, all: boolean): 'enough' | 'more' | 'dirty' {
    const pages = this.#words[POOL_BUMP]!;
    let evicted = 0;
    for (let seen = 0; seen < pages; seen++) {
      if (this.#isEnough(wantedFree)) return 'enough';
      const page = this.#page;
      this.#page = page + 1;
      if (this.#page >= pages) this.#nextLap();
      if (this.#isOwned(page)) evicted += this.#visitLocked(page, all);
      if (Date.now() >= untilMs) return 'more';
    }
    if (this.#isEnough(wantedFree)) return 'enough';
    return evicted > 0 ? 'more' : 'dirty';
  }

  #nextLap(): void {
    this.#page = 0;
    this.#lastLapStart = this.#lapStart;
    this.#lapStart = this.#now();
    this.#dirty = 0;
  }

  /** Now, as entries note their last use. */
  #now(): number {
    return Math.floor((Date.now() - this.#arena.epochMs) / 1000);
  }

  /** Dirty values met in this lap. */
  get dirty(): number {
    return this.#dirty;
  }

  #owner(page: number): number {
    return this.#words[this.#arena.pageTable + page * PAGE_RECORD_WORDS + PAGE_OWNER]!;
  }

  #isOwned(page: number): boolean {
    const owner = this.#owner(page);
    const shard = owner >> 8;
    return (
      owner >= 0 && shard < SHARD_COUNT && (owner & 255) !== INDEX_CLASS && this.#owned[shard] === 1
    );
  }

  #visitLocked(page: number, all: boolean): number {
    const owner = this.#owner(page);
    const shard = owner >> 8;
    const { locks } = this.#table;
    locks.lock(shard);
    try {
      // A gated shard's values are being worked with.
      if (this.#owner(page) !== owner || this.#table.gateOf(shard) !== 0) return 0;
      return this.#visit(page, owner, all);
    } finally {
      locks.unlock(shard);
    }
  }

  #visit(page: number, owner: number, all: boolean): number {
    const _table = this.#table;
    const shard = owner >> 8;
    const record = this.#arena.pageTable + page * PAGE_RECORD_WORDS;
    const stride = slotBytes(owner & 255) >> 2;
    const first = this.#arena.pages + (page << PAGE_WORDS_SHIFT);
    const last = first + this.#words[record + PAGE_BUMPED]! * stride;
    let evicted = 0;
    for (let entry = first; entry < last; entry += stride) {
      const type = (this.#words[entry + ENTRY_META]! >>> 16) & 255;
      if (type === TYPE_FREE || type === TYPE_TOMBSTONE) continue;
      if (!this.#mayGo(entry, all)) continue;
      if (!this.#chill(shard, entry)) break;
      evicted++;
      // The page went back to the pool with its last entry, and may be anybody's now.
      if (this.#owner(page) !== owner) break;
    }
    this.evicted += evicted;
    return evicted;
  }

  #chill(shard: number, entry: number): boolean {
    const table = this.#table;
    if (!table.isLarge(entry)) return table.chill(shard, entry, table.valueLength(entry));
    const at = table.valueWord(entry);
    const id = table.words[at]!;
    if (!table.chill(shard, entry, table.words[at + 1]!)) return false;
    this.#largeFreed(id);
    return true;
  }

  #mayGo(entry: number, all: boolean): boolean {
    const table = this.#table;
    const flags = table.flagsOf(entry);
    if ((flags & FLAG_COLD) !== 0) return false;
    if ((flags & FLAG_LARGE) === 0) {
      if (this.#largeOnly !== null || table.valueLength(entry) < LEAST_BYTES) return false;
    } else if (!this.#mayGoLarge(entry)) {
      return false;
    }
    if ((flags & FLAG_DIRTY) !== 0) {
      this.#dirty++;
      return false;
    }
    if ((flags & FLAG_STORED) === 0) return false;
    return all || table.usedAt(entry) < this.#lastLapStart;
  }

  #mayGoLarge(entry: number): boolean {
    if (!this.largeToo && this.#largeOnly === null) return false;
    return !this.isPinned(this.#table.words[this.#table.valueWord(entry)]!);
  }
}
