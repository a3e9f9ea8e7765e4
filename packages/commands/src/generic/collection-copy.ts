// A copy of a large collection, made page by page while nobody changes the original. Nobody else
// knows of the copy before it is done.

import {
  copyLargeJson,
  LargeHash,
  LargeJson,
  LargeList,
  LargeSet,
  LargeSketch,
  LargeSortedSet,
  LargeStream,
  type LargeValueOptions,
} from '@forgekv/datatypes';
import type { LargeCollection } from '../large-values.ts';
import { pageOf } from '../sliced-work.ts';
import { copyStream } from '../stream/stream-copy.ts';

/** Copies elements from a cursor on, at first 0; returns the next one, 0 at the end. */
type CopyPage = (cursor: number) => number;

export class CollectionCopy {
  readonly copy: LargeCollection;
  readonly #page: CopyPage;
  #cursor = 0;

  constructor(from: LargeCollection, options: LargeValueOptions) {
    const wanted = pageOf(from);
    if (from instanceof LargeHash) {
      const copy = new LargeHash(options);
      this.copy = copy;
      this.#page = (cursor) =>
        from.scan(cursor, wanted, (field, value, expireAtMs) => {
          const { bytes, offset, length } = field;
          copy.set(bytes, offset, length, value.bytes, value.offset, value.length, expireAtMs);
        });
    } else if (from instanceof LargeSet) {
      const copy = new LargeSet(options);
      this.copy = copy;
      this.#page = (cursor) =>
        from.scan(cursor, wanted, ({ bytes, offset, length }) => {
          copy.insert(bytes, offset, length);
        });
    } else if (from instanceof LargeSortedSet) {
      const copy = new LargeSortedSet(options);
      this.copy = copy;
      this.#page = inOrder(from, wanted, (first) => {
        from.walk(first, wanted, false, ({ bytes, offset, length }, score) => {
          copy.set(score, bytes, offset, length);
        });
      });
    } else if (from instanceof LargeStream) {
      const copying = copyStream(from, wanted);
      this.copy = copying.copy;
      this.#page = () => (copying.step() ? 0 : 1);
    } else if (from instanceof LargeSketch) {
      const copy = new LargeSketch(from.type);
      this.copy = copy;
      this.#page = inOrder(from, wanted, (first) => {
        const last = Math.min(from.count, first + wanted);
        for (let page = first; page < last; page++) copy.appendPage(page, from.page(page)!);
        if (last === from.count) copy.trim();
      });
    } else if (from instanceof LargeJson) {
      const copying = copyLargeJson(from, wanted);
      this.copy = copying.copy;
      this.#page = () => (copying.step() ? 0 : 1);
    } else {
      const copy = new LargeList();
      this.copy = copy;
      this.#page = inOrder(from, wanted, (first) => {
        from.walk(first, wanted, false, ({ bytes, offset, length }) => {
          copy.pushLast(bytes, offset, length);
        });
      });
    }
  }

  /** Copies a page; true at the end. */
  step(): boolean {
    this.#cursor = this.#page(this.#cursor);
    return this.#cursor === 0;
  }
}

/** Pages of what has ranks. */
function inOrder(
  { count }: LargeCollection,
  wanted: number,
  copy: (first: number) => void,
): CopyPage {
  return (first) => {
    copy(first);
    return first + wanted < count ? first + wanted : 0;
  };
}
