// HSCAN, SSCAN or ZSCAN of a large collection with a large COUNT as work that may be done in
// slices. The page is as of its start, as every other.

import type { ScanPage } from './collection-scan.ts';
import type { CommandContext } from './context.ts';
import type { LargeCollection } from './large-values.ts';
import { pageOf, type SlicedWork } from './sliced-work.ts';

/** Bytes that are replied at once. */
const REPLY_BYTES = 64 * 1024;

/** Adds about `wanted` elements from a cursor on to a page; returns the next, 0 at the end. */
type ScanSome = (page: ScanPage, cursor: number, wanted: number) => number;

export class SlicedScan implements SlicedWork {
  readonly isPreparation = false;
  readonly collections: readonly LargeCollection[];
  readonly #page: ScanPage;
  readonly #scan: ScanSome;
  readonly #wantedAtOnce: number;
  #cursor: number;
  #left: number;
  /** Bytes of the page that were replied; below 0: it is not complete. */
  #replied = -1;

  /** @param page options were read; it is copied */
  constructor(collection: LargeCollection, page: ScanPage, scan: ScanSome) {
    this.collections = [collection];
    this.#page = page.taken();
    this.#scan = scan;
    this.#wantedAtOnce = pageOf(collection);
    this.#cursor = page.cursor;
    this.#left = page.count;
  }

  detach(): void {}

  step(c: CommandContext): boolean {
    const page = this.#page;
    if (this.#replied < 0) {
      const wanted = Math.min(this.#wantedAtOnce, this.#left);
      this.#cursor = this.#scan(page, this.#cursor, wanted);
      this.#left -= wanted;
      if (this.#cursor !== 0 && this.#left > 0) return false;
      page.replyHead(c, this.#cursor);
      this.#replied = 0;
    }
    this.#replied = page.replyPart(c, this.#replied, REPLY_BYTES);
    return this.#replied === page.bytes;
  }
}
