// How a large container is cut into records: pages of some 4 KB, each so many of its values one
// after the other, in the order of their positions. Values that are large containers themselves are
// references in it. What a page says is read from the container when it is asked for.

import type { JsonContainer } from './json-value.ts';

/** Bytes of a page, about; a single value may be longer. */
export const PAGE_BYTES = 4096;
/** A container of more bytes has pages of its own. */
export const MOST_INLINE_BYTES = 4096;
/** What a reference counts. */
export const REFERENCE_BYTES = 12;
/** Between the positions of pages that are made one after the other. */
export const POSITION_GAP = 2 ** 20;

export interface JsonPage {
  position: number;
  /** Values in it. */
  count: number;
  /** Of the values, and names, without what is in references. */
  bytes: number;
  /** Of an object: the names in it. */
  readonly names: Set<string> | null;
}

export class JsonPaging {
  readonly id: number;
  /** What lies around it has pages, too; null: it is the document. */
  readonly parent: JsonContainer | null;
  /** By position. */
  readonly pages: JsonPage[] = [];
  /** Of an object: where each name is. */
  readonly pageOfName: Map<string, JsonPage> | null;

  constructor(id: number, parent: JsonContainer | null, isObject: boolean) {
    this.id = id;
    this.parent = parent;
    this.pageOfName = isObject ? new Map() : null;
  }

  /** The place of the page at a position, or of the first one behind it. */
  placeOf(position: number): number {
    let low = 0;
    let high = this.pages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.pages[middle]!.position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The index of the first value of a page; of an array. */
  firstOf(page: JsonPage): number {
    let first = 0;
    for (const one of this.pages) {
      if (one === page) return first;
      first += one.count;
    }
    return first;
  }

  /** The page of the value at an index of an array; behind the last one: the last page. */
  pageAt(index: number): JsonPage | undefined {
    let end = 0;
    for (const page of this.pages) {
      end += page.count;
      if (index < end) return page;
    }
    return this.pages.at(-1);
  }
}
