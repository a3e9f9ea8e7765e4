// The slab pool: pages of PAGE_BYTES, handed to shards on demand; a page serves slots of one
// size class of one shard and returns to the pool when its last slot is freed.
//
// A shard's pages and its lists of them belong to whoever holds the shard's lock. The list of
// free pages belongs to whoever holds POOL_LOCK, a spin lock taken last (inside a shard lock)
// and held for a few loads and stores; nothing else is ever taken inside it.

import type { Arena } from './arena.ts';
import {
  PAGE_BUMPED,
  PAGE_BYTES,
  PAGE_EXPIRES,
  PAGE_FREE_HEAD,
  PAGE_NEVER_EXPIRES,
  PAGE_NEXT,
  PAGE_OWNER,
  PAGE_PREVIOUS,
  PAGE_RECORD_WORDS,
  PAGE_USED,
  PAGE_WORDS_SHIFT,
  POOL_BUMP,
  POOL_FREE_COUNT,
  POOL_FREE_HEAD,
  POOL_LOCK,
  POOL_PROMISED,
  SHARD_BLOCK_WORDS,
  SHARD_CLASS_HEADS,
} from './layout.ts';
import { CLASS_SLOTS, slotBytes } from './size-classes.ts';

/** What is in use, of all shards together. */
export interface SlabUsage {
  /** Of slots in use. */
  readonly bytes: number;
  /** Size classes with pages, ascending; index segments last. */
  readonly classes: readonly {
    readonly slotBytes: number;
    readonly pages: number;
    readonly slots: number;
    /** Slots that fit these pages. */
    readonly mostSlots: number;
  }[];
}

/** Allocates and frees slots. The caller holds the lock of the shard it names. */
export class SlabPool {
  readonly #words: Int32Array;
  readonly #shards: number;
  readonly #pageTable: number;
  readonly #pages: number;
  readonly #pageCount: number;
  /** Pages promised to this thread and not taken yet. */
  #promised = 0;
  #refused = 0;

  constructor(arena: Arena) {
    this.#words = arena.words;
    this.#shards = arena.shards;
    this.#pageTable = arena.pageTable;
    this.#pages = arena.pages;
    this.#pageCount = arena.pageCount;
  }

  /** Bytes of all pages, used or not. */
  get bytes(): number {
    return this.#pageCount * PAGE_BYTES;
  }

  /** Adds up what is in use, a look at every page without locks: a hint. */
  usage(): SlabUsage {
    const words = this.#words;
    const pages = new Uint32Array(CLASS_SLOTS.length);
    const slots = new Uint32Array(CLASS_SLOTS.length);
    for (let page = 0; page < words[POOL_BUMP]!; page++) {
      const record = this.#pageTable + page * PAGE_RECORD_WORDS;
      const owner = words[record + PAGE_OWNER]!;
      if (owner < 0) continue;
      pages[owner & 255]!++;
      slots[owner & 255]! += words[record + PAGE_USED]!;
    }
    const classes = Array.from(pages, (count, sizeClass) => ({
      ...{ slotBytes: slotBytes(sizeClass), pages: count, slots: slots[sizeClass]! },
      mostSlots: count * CLASS_SLOTS[sizeClass]!,
    })).filter((each) => each.pages > 0);
    return { bytes: classes.reduce((sum, each) => sum + each.slots * each.slotBytes, 0), classes };
  }

  /** Pages no shard holds at the moment; a hint, it may change at once. */
  get freePages(): number {
    return this.#pageCount - this.#words[POOL_BUMP]! + this.#words[POOL_FREE_COUNT]!;
  }

  /** Free pages that nobody was promised; a hint, too. */
  get availablePages(): number {
    return this.freePages - this.#words[POOL_PROMISED]!;
  }

  /** Sets pages aside until this thread has `pages` of them, or there are no more. */
  keepPromised(pages: number): void {
    if (this.#promised >= pages) return;
    this.#lockPool();
    const more = Math.max(0, Math.min(pages - this.#promised, this.availablePages));
    this.#words[POOL_PROMISED] = this.#words[POOL_PROMISED]! + more;
    this.#promised += more;
    this.#unlockPool();
  }

  /**
   * Sets free pages aside for this thread, so that its allocations up to `endPromise` find them
   * whatever other threads take in the meantime. False: not that many are free.
   */
  promise(pages: number): boolean {
    this.#lockPool();
    const kept = this.freePages - this.#words[POOL_PROMISED]! >= pages;
    if (kept) {
      this.#words[POOL_PROMISED] = this.#words[POOL_PROMISED]! + pages;
      this.#promised += pages;
    }
    this.#unlockPool();
    if (!kept) this.#refused = pages;
    return kept;
  }

  /** Pages this thread was refused since it asked here last; 0: none, or it took them singly. */
  takeRefused(): number {
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }

  /** Gives back what is left of this thread's promised pages. */
  endPromise(): void {
    if (this.#promised === 0) return;
    this.#lockPool();
    this.#words[POOL_PROMISED] = this.#words[POOL_PROMISED]! - this.#promised;
    this.#promised = 0;
    this.#unlockPool();
  }

  /** Returns the word index of a slot of the class, or 0 when the pool is full. */
  allocate(shard: number, sizeClass: number): number {
    const words = this.#words;
    const head = this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_CLASS_HEADS + sizeClass;
    let page = words[head]! - 1;
    if (page < 0) {
      page = this.#takePage(shard, sizeClass);
      if (page < 0) return 0;
      words[head] = page + 1;
    }
    const record = this.#pageTable + page * PAGE_RECORD_WORDS;
    let slot = words[record + PAGE_FREE_HEAD]!;
    if (slot !== 0) {
      words[record + PAGE_FREE_HEAD] = words[slot]!;
    } else {
      const bumped = words[record + PAGE_BUMPED]!;
      words[record + PAGE_BUMPED] = bumped + 1;
      slot = this.#pages + (page << PAGE_WORDS_SHIFT) + bumped * (slotBytes(sizeClass) >> 2);
    }
    const used = words[record + PAGE_USED]! + 1;
    words[record + PAGE_USED] = used;
    if (used === CLASS_SLOTS[sizeClass]!) this.#unlink(head, record);
    return slot;
  }

  /** Gives a slot back; its page goes back to the pool when it was the last one. */
  free(shard: number, slot: number): void {
    const words = this.#words;
    const page = (slot - this.#pages) >> PAGE_WORDS_SHIFT;
    const record = this.#pageTable + page * PAGE_RECORD_WORDS;
    const sizeClass = words[record + PAGE_OWNER]! & 255;
    const head = this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_CLASS_HEADS + sizeClass;
    words[slot] = words[record + PAGE_FREE_HEAD]!;
    words[record + PAGE_FREE_HEAD] = slot;
    const used = words[record + PAGE_USED]! - 1;
    words[record + PAGE_USED] = used;
    if (used + 1 === CLASS_SLOTS[sizeClass]!) this.#link(head, page, record);
    if (used === 0) {
      this.#unlink(head, record);
      this.#givePage(page, record);
    }
  }

  /** Returns the number of the page a slot lies in. */
  pageOf(slot: number): number {
    return (slot - this.#pages) >> PAGE_WORDS_SHIFT;
  }

  #link(head: number, page: number, record: number): void {
    const words = this.#words;
    const next = words[head]!;
    words[record + PAGE_NEXT] = next;
    words[record + PAGE_PREVIOUS] = 0;
    if (next !== 0) {
      words[this.#pageTable + (next - 1) * PAGE_RECORD_WORDS + PAGE_PREVIOUS] = page + 1;
    }
    words[head] = page + 1;
  }

  #unlink(head: number, record: number): void {
    const words = this.#words;
    const next = words[record + PAGE_NEXT]!;
    const previous = words[record + PAGE_PREVIOUS]!;
    if (next !== 0) {
      words[this.#pageTable + (next - 1) * PAGE_RECORD_WORDS + PAGE_PREVIOUS] = previous;
    }
    if (previous !== 0) {
      words[this.#pageTable + (previous - 1) * PAGE_RECORD_WORDS + PAGE_NEXT] = next;
    } else {
      words[head] = next;
    }
  }

  #takePage(shard: number, sizeClass: number): number {
    const words = this.#words;
    this.#lockPool();
    if (!this.#mayTake()) {
      this.#unlockPool();
      return -1;
    }
    let page = words[POOL_FREE_HEAD]! - 1;
    if (page >= 0) {
      words[POOL_FREE_HEAD] = words[this.#pageTable + page * PAGE_RECORD_WORDS + PAGE_NEXT]!;
      words[POOL_FREE_COUNT] = words[POOL_FREE_COUNT]! - 1;
    } else if (words[POOL_BUMP]! < this.#pageCount) {
      page = words[POOL_BUMP]!;
      words[POOL_BUMP] = page + 1;
    }
    this.#unlockPool();
    if (page < 0) return -1;
    const record = this.#pageTable + page * PAGE_RECORD_WORDS;
    words[record + PAGE_USED] = 0;
    words[record + PAGE_FREE_HEAD] = 0;
    words[record + PAGE_BUMPED] = 0;
    words[record + PAGE_NEXT] = 0;
    words[record + PAGE_PREVIOUS] = 0;
    words[record + PAGE_EXPIRES] = PAGE_NEVER_EXPIRES | 0;
    // Last: sweeps of other shards look at the owner without a lock, as a hint.
    words[record + PAGE_OWNER] = (shard << 8) | sizeClass;
    return page;
  }

  /** Under POOL_LOCK: uses up a promise, or makes sure that the page is promised to nobody. */
  #mayTake(): boolean {
    const words = this.#words;
    if (this.#promised === 0) return this.freePages > words[POOL_PROMISED]!;
    this.#promised--;
    words[POOL_PROMISED] = words[POOL_PROMISED]! - 1;
    return true;
  }

  #givePage(page: number, record: number): void {
    const words = this.#words;
    words[record + PAGE_OWNER] = -1;
    this.#lockPool();
    words[record + PAGE_NEXT] = words[POOL_FREE_HEAD]!;
    words[POOL_FREE_HEAD] = page + 1;
    words[POOL_FREE_COUNT] = words[POOL_FREE_COUNT]! + 1;
    this.#unlockPool();
  }

  #lockPool(): void {
    while (Atomics.compareExchange(this.#words, POOL_LOCK, 0, 1) !== 0) {
      // The holder is a handful of instructions from releasing it, unless it lost its core.
      Atomics.wait(this.#words, POOL_LOCK, 1, 0.05);
    }
  }

  #unlockPool(): void {
    Atomics.store(this.#words, POOL_LOCK, 0);
  }
}
