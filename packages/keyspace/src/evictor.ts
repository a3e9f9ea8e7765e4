// Makes room in the hot table: leaves what the stores have to the stores. Values go first and
// their keys stay; keys go when there are hardly any values left that could. Goes round the pages
// of a worker's shards like a clock's hand: what was used since the hand came by the last time
// stays. Takes one shard lock per page, as the sweeper does.
//
// Keys are worth more room than values are: while a key is in the table, everything but its value
// is answered in place, and while all keys of a shard are, so is that there is no such key.
//
// A cold value takes a slot too, a small one. Pages for those are set aside as long as there are
// any: at the moment when the pool is full, none could be had. So this has a table of its own.
//
// Only clean entries go: what is not DIRTY is in the store with the LSN it has here, in a
// batch that is committed. Called between commands, never within one: a command keeps entries'
// places.

import { SHARD_COUNT } from '@forgekv/base';
import type { Arena } from './arena.ts';
import { Databases } from './databases.ts';
import type { HotTable } from './hot-table.ts';
import {
  ENTRY_META,
  FLAG_COLD,
  FLAG_DIRTY,
  FLAG_LARGE,
  FLAG_STORED,
  PAGE_BUMPED,
  PAGE_BYTES,
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
/** Keys go too once the values in the table take less than this share of its pages. */
const FEW_VALUES_SHARE = 0.1;
/** But never while more than this share is free. */
const ROOMY_SHARE = 0.25;
/** A page of which less than this share was used lately is cleared as a whole: it becomes free. */
const IDLE_SHARE = 0.25;

export class Evictor {
  readonly #table: HotTable;
  readonly #arena: Arena;
  readonly #databases: Databases;
  readonly #words: Int32Array;
  readonly #owned: Uint8Array;
  #page = 0;
  /** Use clocks when this lap and the one before began. */
  #lapStart: number;
  #lastLapStart: number;
  /** Values made cold since start. */
  evicted = 0;
  /** Keys that left the table since start. */
  evictedKeys = 0;
  /** The same per shard: whoever read a store's page before one left must not rely on the page. */
  readonly left = new Uint32Array(SHARD_COUNT);
  /** Values that could not go in this lap because they are dirty. */
  #dirty = 0;
  /** Bytes of the slots, met in this lap, whose values could go, now or once they are flushed. */
  #valueBytes = 0;
  #fewValues = false;

  readonly #promised: number;
  readonly #largeFreed: (id: number) => void;
  /** Large values go too. */
  largeToo = false;
  /** Keys go too, however many values there are: for tests. */
  keysToo = false;
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
    this.#databases = new Databases(table);
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
   * Makes room until `wantedFree` pages are free, a lap is over, or the clock passes
   * `untilMs` (Unix milliseconds).
   * @param all also what was used in this lap: there is no room otherwise
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
    const knewFewValues = this.#fewValues;
    let evicted = 0;
    for (let seen = 0; seen < pages; seen++) {
      if (this.#isEnough(wantedFree)) return 'enough';
      const page = this.#page;
      this.#page = page + 1;
      evicted += this.#visitLocked(page, all);
      if (this.#page >= pages) this.#nextLap();
      if (Date.now() >= untilMs) return 'more';
    }
    if (this.#isEnough(wantedFree)) return 'enough';
    return evicted > 0 || this.#fewValues !== knewFewValues ? 'more' : 'dirty';
  }

  #nextLap(): void {
    this.#page = 0;
    this.#lastLapStart = this.#lapStart;
    this.#lapStart = this.#now();
    this.#dirty = 0;
    this.#fewValues =
      this.#table.pool.availablePages < this.#arena.pageCount * ROOMY_SHARE &&
      this.#valueBytes < this.#ownPages * PAGE_BYTES * FEW_VALUES_SHARE;
    this.#valueBytes = 0;
  }

  /** Pages of a worker that has its share of them. */
  get #ownPages(): number {
    const shards = this.#owned.reduce((sum, isOwned) => sum + isOwned, 0);
    return (this.#arena.pageCount * shards) / SHARD_COUNT;
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

  #isOwned(owner: number): boolean {
    const shard = owner >> 8;
    return (
      owner >= 0 && shard < SHARD_COUNT && (owner & 255) !== INDEX_CLASS && this.#owned[shard] === 1
    );
  }

  /**
   * Visits a page if it is one of ours. Its owner is read once, since any thread may give the page
   * back at any time, and again under the lock: until then it was a hint.
   */
  #visitLocked(page: number, all: boolean): number {
    const owner = this.#owner(page);
    if (!this.#isOwned(owner)) return 0;
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
    const shard = owner >> 8;
    const record = this.#arena.pageTable + page * PAGE_RECORD_WORDS;
    const stride = slotBytes(owner & 255) >> 2;
    const first = this.#arena.pages + (page << PAGE_WORDS_SHIFT);
    const last = first + this.#words[record + PAGE_BUMPED]! * stride;
    const keysToo = this.#fewValues || this.keysToo;
    const isWhole = all || (keysToo && this.#isIdle(first, last, stride));
    let evicted = 0;
    for (let entry = first; entry < last; entry += stride) {
      const type = this.#typeOf(entry);
      if (type === TYPE_FREE) continue;
      if (type === TYPE_TOMBSTONE) this.#dropMark(shard, entry);
      else if (this.#visitEntry(shard, entry, isWhole, keysToo)) evicted++;
      // The page went back to the pool with its last entry, and may be anybody's now.
      if (this.#owner(page) !== owner) break;
    }
    return evicted;
  }

  #typeOf(entry: number): number {
    return (this.#words[entry + ENTRY_META]! >>> 16) & 255;
  }

  #isIdle(first: number, last: number, stride: number): boolean {
    let used = 0;
    let entries = 0;
    for (let entry = first; entry < last; entry += stride) {
      if (this.#typeOf(entry) === TYPE_FREE) continue;
      entries++;
      if (this.#table.usedAt(entry) >= this.#lastLapStart) used++;
    }
    return used < entries * IDLE_SHARE;
  }

  /** A tombstone that no record waits for says what the store would say again. */
  #dropMark(shard: number, entry: number): void {
    if (this.#table.flagsOf(entry) & (FLAG_DIRTY | FLAG_STORED)) return;
    this.#table.unlinkFrom(shard, entry);
  }

  /** Returns true when the entry's value, or the entry itself, went. */
  #visitEntry(shard: number, entry: number, all: boolean, keysToo: boolean): boolean {
    const table = this.#table;
    const flags = table.flagsOf(entry);
    const isLarge = (flags & FLAG_LARGE) !== 0;
    if (isLarge ? !this.#mayGoLarge(entry) : this.#largeOnly !== null) return false;
    const isValue =
      (flags & FLAG_COLD) === 0 &&
      ((flags & FLAG_LARGE) !== 0 || table.valueLength(entry) >= LEAST_BYTES);
    if (isValue) this.#valueBytes += table.slotBytesOf(entry);
    if (!isValue && !keysToo) return false;
    if ((flags & FLAG_DIRTY) !== 0) {
      this.#dirty++;
      return false;
    }
    if ((flags & FLAG_STORED) === 0) return false;
    if (!all && table.usedAt(entry) >= this.#lastLapStart) return false;
    if (isValue && this.#chill(shard, entry)) {
      this.evicted++;
      return true;
    }
    return keysToo && this.#evict(shard, entry);
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

  #evict(shard: number, entry: number): boolean {
    const table = this.#table;
    const db = this.#databases.ofNamespace(table.namespaceOf(entry));
    // What a flush left behind is the sweeper's.
    if (db < 0) return false;
    if (table.isLarge(entry)) this.#largeFreed(table.words[table.valueWord(entry)]!);
    table.evict(shard, db, entry);
    this.left[shard]!++;
    this.evictedKeys++;
    return true;
  }

  #mayGoLarge(entry: number): boolean {
    if (!this.largeToo && this.#largeOnly === null) return false;
    return !this.isPinned(this.#table.words[this.#table.valueWord(entry)]!);
  }
}
