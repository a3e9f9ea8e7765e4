// Whether the pool has room for all the changes of one command. Commands that change several
// keys ask before the first change, so that none of them is ever left half done.

import { SHARD_COUNT } from '@forgekv/base';
import type { HotTable } from './hot-table.ts';
import { ENTRY_HEAD_BYTES, PAGE_BYTES, SEGMENT_BYTES } from './layout.ts';
import { CLASS_BYTES, classFor } from './size-classes.ts';

const SEGMENTS_PER_PAGE = Math.floor(PAGE_BYTES / SEGMENT_BYTES);

/** `begin`, `add` per key, `claim`, the changes, `end`. One per thread, reused. */
export class RoomPlan {
  readonly #table: HotTable;
  readonly #seenClasses = new Uint8Array(CLASS_BYTES.length);
  #slots = 0;
  #bytes = 0;
  #classes = 0;

  constructor(table: HotTable) {
    this.#table = table;
  }

  begin(): void {
    this.#seenClasses.fill(0);
    this.#slots = 0;
    this.#bytes = 0;
    this.#classes = 0;
  }

  /**
   * Adds a key that will get a value of so many packed bytes.
   * @param entry the key's entry, or 0
   */
  add(entry: number, keyBytes: number, valueBytes: number): void {
    if (entry !== 0 && this.#table.fitsInPlace(entry, valueBytes)) return;
    const sizeClass = classFor(ENTRY_HEAD_BYTES + ((keyBytes + 3) & ~3) + ((valueBytes + 3) & ~3));
    this.#slots++;
    this.#bytes += CLASS_BYTES[sizeClass]!;
    if (this.#seenClasses[sizeClass] === 1) return;
    this.#seenClasses[sizeClass] = 1;
    this.#classes++;
  }

  /** Claims the room for what was added; false: the pool has less. Every claim has an `end`. */
  claim(): boolean {
    const slots = this.#slots;
    if (slots === 0) return true;
    // k slots of b bytes take at most 2kb / PAGE_BYTES pages (a page of one slot may be half
    // empty) and one page begun per shard and class. Each new entry may make one index segment.
    const begun = Math.min(slots, SHARD_COUNT * this.#classes);
    const index = Math.min(slots, SHARD_COUNT) + Math.ceil(slots / SEGMENTS_PER_PAGE);
    const pages = Math.ceil((2 * this.#bytes) / PAGE_BYTES) + begun + index;
    return this.#table.pool.promise(pages);
  }

  /** Gives back the room that was claimed and not used. */
  end(): void {
    this.#table.pool.endPromise();
  }
}
