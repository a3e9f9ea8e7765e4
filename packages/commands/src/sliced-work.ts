// Commands that take long, cut into slices: other clients are served in between. A command function
// does what is short itself; of what is long it makes an object of work, and `perform` of the
// context either does all of it at once or hands it to the worker (SLICED), which goes on with it
// between other commands.
//
// Work is as of its start. Packed values it needs are copied when it is put off, and the large
// collections it reads are held: nobody changes them in place meanwhile, who wants to waits. They
// may be removed or replaced: the work keeps its reference. So a slice needs no lock, and what it
// sees was handed over to the logs when the first reply of a later tick leaves.
//
// What changes keys is as of its end: the work only prepares the result, without a reply. Then the
// command is executed again and finds it; it has to see to it that the keys it was made of are what
// they were. If they are not, it starts over, at last in one go.

import type { CommandContext } from './context.ts';
import type { LargeCollection, LargeValue } from './large-values.ts';

/** Elements that are looked at between two looks at the clock, at most. */
export const SLICE_PAGE = 256;
/** Bytes of elements that are looked at, about: some are long. */
const PAGE_BYTES = 64 * 1024;
/** Bytes of strings that take as long as an element does. */
export const ELEMENT_BYTES = 64;
/** Times that a result was outdated before it is made in one go. */
export const MOST_RESTARTS = 2;

export interface SlicedWork {
  /**
   * Does a part, some SLICE_PAGE elements, and may write a part of the reply.
   * @returns true at the end
   */
  step(c: CommandContext): boolean;
  /** Large values, mostly collections, that it reads and does not own. */
  readonly collections: readonly LargeValue[];
  /** It is put off: what lies in the table has to be copied. The locks are still held. */
  detach(): void;
  /** Of a preparation: takes the command's bytes, which stay there until it is done. */
  keep?(run: Buffer): void;
  /** It makes no reply: the command is executed again and finds it in `c.prepared`. */
  readonly isPreparation: boolean;
}

/** How many elements of a collection make a page. */
export function pageOf(collection: LargeCollection): number {
  const each = collection.memoryBytes / Math.max(1, collection.count);
  return Math.max(1, Math.min(SLICE_PAGE, Math.floor(PAGE_BYTES / each)));
}

/** How many bytes of a string make a slice, where work of more than so many elements is cut. */
export function bytesPerSlice(sliceElements: number): number {
  return Math.min(PAGE_BYTES, sliceElements * ELEMENT_BYTES);
}

/** A reply about one large collection, or about what nobody else has, page by page. */
export class PagedReply implements SlicedWork {
  readonly collections: readonly LargeCollection[];
  readonly isPreparation = false;
  #head: (() => void) | null;
  readonly #page: (cursor: number) => number;
  #cursor = 0;

  /**
   * @param collection that is read, null: none
   * @param head writes what comes before the elements
   * @param page writes those from a cursor on, at first 0; returns the next cursor, 0 at the end
   */
  constructor(
    collection: LargeCollection | null,
    head: () => void,
    page: (cursor: number) => number,
  ) {
    this.collections = collection === null ? [] : [collection];
    this.#head = head;
    this.#page = page;
  }

  step(): boolean {
    this.#head?.();
    this.#head = null;
    this.#cursor = this.#page(this.#cursor);
    return this.#cursor === 0;
  }

  detach(): void {}
}

/** The keys a result is made of, as they were: argument index and LSN of each, 0: missing. */
export class SourceVersions {
  #lsns: number[] = [];
  #first = 0;

  /** Notes `count` keys from argument `first` on, which can be opened. */
  note(c: CommandContext, first: number, count: number): void {
    this.#first = first;
    this.#lsns = [];
    for (let i = 0; i < count; i++) this.#lsns.push(lsnOf(c, first + i));
  }

  /** True when the keys are what they were; false also when one is not within reach. */
  areCurrent(c: CommandContext): boolean {
    return this.#lsns.every((lsn, i) => lsn >= 0 && lsnOf(c, this.#first + i) === lsn);
  }
}

/** 0: there is no such key; below 0: it is not within reach. */
function lsnOf(c: CommandContext, index: number): number {
  const entry = c.peek(index);
  return entry > 0 ? c.table.lsnOf(entry) : entry;
}
