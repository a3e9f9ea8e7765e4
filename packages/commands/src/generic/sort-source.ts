// The elements of what can be sorted, copied out of the value: one table for lists, sets and sorted
// sets, so that sorting knows none of them.

import { invariant } from '@forgekv/base';
import { type ByteRange, LargeList, LargeSet, LargeSortedSet } from '@forgekv/datatypes';
import { TYPE_LIST, TYPE_SET, TYPE_ZSET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import { ListElements } from '../list/list-elements.ts';
import { SetValue } from '../set/set-value.ts';
import { pageOf } from '../sliced-work.ts';
import { SortedSetReading } from '../sorted-set/sorted-set-reading.ts';

const INITIAL_BYTES = 4096;

/** Byte strings one behind the other in one buffer. */
export class ByteStrings {
  bytes: Buffer;
  /** Where each begins, and, behind the last one, where that ends. */
  readonly begins: number[] = [0];

  /** @param room for so many bytes, at first */
  constructor(room: number = INITIAL_BYTES) {
    this.bytes = Buffer.allocUnsafe(room);
  }

  get count(): number {
    return this.begins.length - 1;
  }

  readonly push = (bytes: Buffer, offset: number, length: number): void => {
    const begin = this.begins[this.count]!;
    const end = begin + length;
    if (end > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(end, this.bytes.length * 2));
      this.bytes.copy(grown, 0, 0, begin);
      this.bytes = grown;
    }
    bytes.copy(this.bytes, begin, offset, offset + length);
    this.begins.push(end);
  };

  length(index: number): number {
    return this.begins[index + 1]! - this.begins[index]!;
  }

  /** Compares as memcmp and then the lengths do. */
  compare(a: number, b: number): number {
    const { begins, bytes } = this;
    return bytes.compare(bytes, begins[b]!, begins[b + 1]!, begins[a]!, begins[a + 1]!);
  }

  /** Returns the same for strings that end at a zero byte. */
  comparerOfTexts(): (a: number, b: number) => number {
    const ends: number[] = [];
    this.findTextEnds(ends, this.count);
    return this.comparerUpTo(ends);
  }

  /** Adds where strings end, at their first zero byte at the latest, until `ends` has so many. */
  findTextEnds(ends: number[], count: number): void {
    const { begins } = this;
    const bytes = this.bytes.subarray(0, begins[count]!);
    let zero = bytes.indexOf(0, begins[ends.length]!);
    for (let i = ends.length; i < count; i++) {
      if (zero >= 0 && zero < begins[i]!) zero = bytes.indexOf(0, begins[i]!);
      ends.push(zero >= 0 ? Math.min(zero, begins[i + 1]!) : begins[i + 1]!);
    }
  }

  /** Compares strings up to these ends. */
  comparerUpTo(ends: readonly number[]): (a: number, b: number) => number {
    const { begins, bytes } = this;
    return (a, b) => bytes.compare(bytes, begins[b]!, ends[b]!, begins[a]!, ends[a]!);
  }
}

/** The value opened last, to be sorted. */
export interface Source {
  readonly count: number;
  /** True when its own order means nothing. */
  readonly isUnordered: boolean;
  /** Visits `count` elements from `first` on, in its own order, or downwards from the last one. */
  visit(first: number, count: number, downwards: boolean, visit: ByteStrings['push']): void;
}

const list = new ListElements();
const set = new SetValue();
const sortedSet = new SortedSetReading();

/** By the type of an entry. */
const SOURCES: ReadonlyMap<number, (c: CommandContext, entry: number) => Source> = new Map([
  [TYPE_LIST, listSource],
  [TYPE_SET, setSource],
  [TYPE_ZSET, sortedSetSource],
]);

export function isSortable(c: CommandContext, entry: number): boolean {
  return SOURCES.has(c.table.typeOf(entry));
}

/** Returns the value opened last, that of an entry of a sortable type. */
export function sourceOf(c: CommandContext, entry: number): Source {
  const make = SOURCES.get(c.table.typeOf(entry));
  invariant(make !== undefined, 'what is sorted has a sortable type');
  return make(c, entry);
}

function listSource(c: CommandContext, entry: number): Source {
  list.load(c, entry);
  const { count } = list;
  return {
    count,
    isUnordered: false,
    visit: (first, wanted, downwards, visit) => {
      list.visit(downwards ? count - 1 - first : first, wanted, downwards, visit);
      list.close();
    },
  };
}

function setSource(c: CommandContext, entry: number): Source {
  set.open(c, entry);
  const { count } = set;
  return {
    count,
    isUnordered: true,
    visit: (first, wanted, _downwards, visit) => {
      let index = 0;
      set.each((bytes, offset, length) => {
        if (index >= first) visit(bytes, offset, length);
        return ++index < first + wanted;
      });
      set.close();
    },
  };
}

function sortedSetSource(c: CommandContext): Source {
  sortedSet.attach(c);
  const { count } = sortedSet;
  return {
    count,
    isUnordered: false,
    visit: (first, wanted, downwards, visit) =>
      sortedSet.walk(downwards ? count - 1 - first : first, wanted, downwards, visit),
  };
}

/** The same as `visit` of a source, of a large collection and page by page. */
export class SourcePages {
  readonly collection: LargeCollection;
  readonly #first: number;
  readonly #count: number;
  readonly #downwards: boolean;
  readonly #visit: ByteStrings['push'];
  /** Of a set. */
  #cursor = 0;
  /** Elements that are behind. */
  #done = 0;

  constructor(
    collection: LargeCollection,
    first: number,
    count: number,
    downwards: boolean,
    visit: ByteStrings['push'],
  ) {
    this.collection = collection;
    this.#first = first;
    this.#count = count;
    this.#downwards = downwards;
    this.#visit = visit;
  }

  /** Visits a page; true at the end. */
  page(): boolean {
    const { collection } = this;
    if (collection instanceof LargeSet) return this.#pageOfSet(collection);
    const done = this.#done;
    const wanted = Math.min(pageOf(collection), this.#count - done);
    const downwards = this.#downwards;
    const ahead = this.#first + done;
    const first = downwards ? collection.count - 1 - ahead : ahead;
    const visit = this.#visit;
    invariant(
      collection instanceof LargeList || collection instanceof LargeSortedSet,
      'what is sorted has an order, or is a set',
    );
    collection.walk(first, wanted, downwards, ({ bytes, offset, length }: ByteRange) =>
      visit(bytes, offset, length),
    );
    this.#done += wanted;
    return this.#done >= this.#count;
  }

  #pageOfSet(set: LargeSet): boolean {
    const end = this.#first + this.#count;
    this.#cursor = set.scan(this.#cursor, pageOf(set), ({ bytes, offset, length }) => {
      const index = this.#done++;
      if (index >= this.#first && index < end) this.#visit(bytes, offset, length);
    });
    return this.#cursor === 0 || this.#done >= end;
  }
}
