// SORT of large collections as work that may be done in slices: the elements are read page by page,
// brought into order by a merge sort in steps, then replied, or made a list that is stored when the
// command is executed again. Without patterns that name other keys: those are looked up in one go.

import { LargeList, LargeSet } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import { pagesOfList } from '../list/list-dump.ts';
import { SlicedPayload } from '../sliced-payload.ts';
import { pageOf, type SlicedWork, SourceVersions } from '../sliced-work.ts';
import { MergeSort } from './merge-sort.ts';
import type { SortOptions } from './sort-options.ts';
import { type Compare, comparerOfNumbers, ERR_NO_NUMBERS, readNumber } from './sort-order.ts';
import { forEachOutput, isAsItComes, type Order, orderOf, placesOf } from './sort-output.ts';
import { ByteStrings, SourcePages } from './sort-source.ts';

/** More than an element takes beyond its bytes where it is stored and logged. */
export const FRAME_BYTES = 16;
/** Indexes that are brought into order at once, for each element of a page. */
const SORTED_PER_PAGED = 2;
const LEAST_SORTED = 16;
const MOST_ROOM = 2 ** 30;
const NOTHING = Buffer.alloc(0);

/** Elements that are looked at for a request on a large collection. */
export function sortedElements(options: SortOptions, collection: LargeCollection): number {
  const isSet = collection instanceof LargeSet;
  if (!isAsItComes(options, isSet)) return collection.count;
  const { first, count } = placesOf(options, collection.count);
  return isSet ? first + count : count;
}

/** True when a request needs nothing but the elements. */
export function needsNoKeys({ by, gets, unsorted }: SortOptions): boolean {
  return (by === null || unsorted) && gets.every((get) => get.isElement || !get.namesKeys);
}

/** The elements in order, step by step. */
class SlicedOrder {
  readonly collection: LargeCollection;
  readonly elements: ByteStrings;
  /** Why there is no order, '': there is one, or may be. */
  error = '';
  #order: Order;
  readonly #pages: SourcePages;
  readonly #by: SortOptions;
  readonly #isAsItComes: boolean;
  readonly #numbers: Float64Array;
  readonly #ends: number[] = [];
  #prepared = 0;
  #sort: MergeSort | null = null;

  constructor(options: SortOptions, collection: LargeCollection) {
    const all = collection.count;
    const { first, count } = placesOf(options, all);
    const asItComes = isAsItComes(options, collection instanceof LargeSet);
    const wanted = asItComes ? count : all;
    const room = Math.ceil((collection.memoryBytes * wanted) / all);
    this.collection = collection;
    this.elements = new ByteStrings(Math.min(MOST_ROOM, room));
    this.#by = orderOf(options);
    this.#isAsItComes = asItComes;
    this.#order = { indexes: null, first: asItComes ? 0 : first, count };
    this.#numbers = new Float64Array(asItComes || this.#by.alpha ? 0 : all);
    const [from, downwards] = asItComes ? [first, options.descending] : [0, false];
    this.#pages = new SourcePages(collection, from, wanted, downwards, this.elements.push);
  }

  /** Once `step` has come to the end. */
  get order(): Order {
    return this.#order;
  }

  /** Does a part; true at the end. */
  step(): boolean {
    if (this.#sort !== null) return this.#sortSome(this.#sort);
    const isAtEnd = this.#pages.page();
    if (this.#isAsItComes) return isAtEnd;
    this.#prepare();
    if (this.error !== '') return true;
    if (isAtEnd) {
      const most = Math.max(LEAST_SORTED, SORTED_PER_PAGED * pageOf(this.collection));
      this.#sort = new MergeSort(this.elements.count, this.#comparer(), most);
    }
    return false;
  }

  /** Reads what was read last as what it is compared as. */
  #prepare(): void {
    const { elements } = this;
    const { count, bytes, begins } = elements;
    const { alpha, store } = this.#by;
    if (alpha) {
      if (store === 0) elements.findTextEnds(this.#ends, count);
      return;
    }
    for (let i = this.#prepared; i < count; i++) {
      const number = readNumber(bytes, begins[i]!, elements.length(i));
      if (Number.isNaN(number)) this.error = ERR_NO_NUMBERS;
      this.#numbers[i] = number;
    }
    this.#prepared = count;
  }

  #comparer(): Compare {
    const { elements } = this;
    const { alpha, store, descending } = this.#by;
    let compare: Compare = (a, b) => elements.compare(a, b);
    if (!alpha) compare = comparerOfNumbers(elements, this.#numbers);
    else if (store === 0) compare = elements.comparerUpTo(this.#ends);
    return descending ? (a, b) => -compare(a, b) : compare;
  }

  #sortSome(sort: MergeSort): boolean {
    if (!sort.step()) return false;
    this.#order = { ...this.#order, indexes: sort.indexes };
    return true;
  }
}

/** What is asked for of the elements, page by page once they are in order. */
class SlicedOutput {
  readonly sorted: SlicedOrder;
  readonly #options: SortOptions;
  #isOrdered = false;
  #done = 0;

  constructor(options: SortOptions, collection: LargeCollection) {
    this.sorted = new SlicedOrder(options, collection);
    this.#options = options;
  }

  /** Does a part; `begin` is called before the first `write`. True at the end. */
  step(
    c: CommandContext,
    begin: () => void,
    write: (bytes: Buffer | null, offset: number, length: number) => void,
  ): boolean {
    const { sorted } = this;
    if (!this.#isOrdered) {
      this.#isOrdered = sorted.step();
      if (!this.#isOrdered || sorted.error !== '') return this.#isOrdered;
      begin();
    }
    const { indexes, first, count } = sorted.order;
    const page = Math.min(pageOf(sorted.collection), count - this.#done);
    const places = { indexes, first: first + this.#done, count: page };
    forEachOutput(c, sorted.elements, places, this.#options.gets, write);
    this.#done += page;
    return this.#done === count;
  }
}

/** SORT without STORE, and SORT_RO. */
export class SortReply implements SlicedWork {
  readonly collections: readonly LargeCollection[];
  readonly isPreparation = false;
  readonly #output: SlicedOutput;
  readonly #each: number;

  constructor(options: SortOptions, collection: LargeCollection) {
    this.collections = [collection];
    this.#output = new SlicedOutput(options, collection);
    this.#each = Math.max(1, options.gets.length);
  }

  detach(): void {}

  step(c: CommandContext): boolean {
    const { reply } = c;
    const { sorted } = this.#output;
    const begin = (): void => reply.array(sorted.order.count * this.#each);
    const isAtEnd = this.#output.step(c, begin, (bytes, offset, length) => {
      if (bytes === null) reply.null();
      else reply.bulk(bytes, offset, length);
    });
    if (sorted.error !== '') reply.error(sorted.error);
    return isAtEnd;
  }
}

/** SORT with STORE: makes the list. */
export class SortStore implements SlicedWork {
  readonly collections: readonly LargeCollection[];
  readonly isPreparation = true;
  readonly sources: SourceVersions = new SourceVersions();
  readonly list: LargeList = new LargeList();
  /** That of the list when it is long and took long. */
  payload: SlicedPayload | null = null;
  /** Bytes that the list is logged as, at most. */
  bytes = 0;
  /** Times that it was outdated before. */
  restarts = 0;
  #isLater = false;
  readonly #output: SlicedOutput;

  constructor(options: SortOptions, collection: LargeCollection) {
    this.collections = [collection];
    this.#output = new SlicedOutput(options, collection);
  }

  /** Why there is no list, or ''. */
  get error(): string {
    return this.#output.sorted.error;
  }

  detach(): void {
    this.#isLater = true;
  }

  step(c: CommandContext): boolean {
    if (this.payload !== null) return this.payload.step();
    const isAtEnd = this.#output.step(
      c,
      () => {},
      (value, offset, length) => {
        this.bytes += length + FRAME_BYTES;
        if (this.bytes <= c.maxStringBytes) {
          this.list.pushLast(value ?? NOTHING, offset, length);
        }
      },
    );
    if (!isAtEnd) return false;
    const isLong = this.list.count > c.sliceElements && this.bytes <= c.maxStringBytes;
    if (!this.#isLater || !isLong) return true;
    this.payload = new SlicedPayload(pagesOfList(c, this.list));
    return false;
  }
}
