// Searches of huge sorted sets as work that may be done in slices: members are looked at page by
// page, brought into order in steps, then replied, or made a sorted set that is stored when the
// command is executed again.

import { decodeGeohash, distanceInside, type GeoPoint, type GeoShape } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { MergeSort } from '../generic/merge-sort.ts';
import type { LargeCollection } from '../large-values.ts';
import type { SlicedPayload } from '../sliced-payload.ts';
import { SLICE_PAGE, type SlicedWork, SourceVersions } from '../sliced-work.ts';
import { NewSortedSet } from '../sorted-set/new-sorted-set.ts';
import { payloadOfMade } from '../sorted-set/sorted-set-dump.ts';
import type { SortedSetReading } from '../sorted-set/sorted-set-reading.ts';
import { lengths } from './geo-arguments.ts';
import { Facts } from './geo-reply.ts';
import { search } from './search-options.ts';

/** Members that are brought into order at once. */
const SORTED_AT_ONCE = 512;

/** Members to look at: so many ranks from one on. */
export interface RankRange {
  readonly first: number;
  readonly count: number;
}

/** Members that were found, and their order; made of what `search` has read. */
class FoundPoints {
  readonly #zset: SortedSetReading;
  readonly #ranges: readonly RankRange[];
  readonly #shape: GeoShape = search.shape;
  readonly #order = search.order;
  readonly #most = search.count === 0 ? Infinity : search.count;
  readonly #enough = search.any ? search.count : Infinity;
  readonly #point: GeoPoint = { longitude: 0, latitude: 0 };
  /** The range that is looked at, and the next rank in it, 0: its first. */
  #range = 0;
  #rank = 0;
  #sort: MergeSort | null = null;
  // One of each per member that was found; the bytes are those of the sorted set.
  readonly #bytes: Buffer[] = [];
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];
  readonly #scores: number[] = [];
  readonly #distances: number[] = [];

  constructor(zset: SortedSetReading, ranges: readonly RankRange[]) {
    this.#zset = zset.taken();
    this.#ranges = ranges;
  }

  get collections(): readonly LargeCollection[] {
    const { collection } = this.#zset;
    return collection === null ? [] : [collection];
  }

  /** Members that are asked for, once all are found. */
  get count(): number {
    return Math.min(this.#bytes.length, this.#most);
  }

  /** Does a part; true at the end. */
  step(): boolean {
    if (this.#sort !== null) return this.#sort.step();
    const range = this.#ranges[this.#range];
    if (range !== undefined && this.#bytes.length < this.#enough) {
      const { first, count } = range;
      const from = Math.max(first, this.#rank);
      this.#rank = count === 0 ? 0 : this.#zset.page(from, first + count, this.#look);
      if (this.#rank === 0) this.#range++;
      return false;
    }
    if (this.#order === 0) return true;
    const distances = this.#distances;
    const sign = this.#order;
    const compare = (a: number, b: number): number => sign * (distances[a]! - distances[b]!);
    this.#sort = new MergeSort(distances.length, compare, SORTED_AT_ONCE);
    return false;
  }

  readonly #look = (bytes: Buffer, offset: number, length: number, score: number): boolean => {
    const point = this.#point;
    decodeGeohash(score, point);
    const distance = distanceInside(this.#shape, point.longitude, point.latitude);
    if (distance < 0) return true;
    this.#bytes.push(bytes);
    this.#offsets.push(offset);
    this.#lengths.push(length);
    this.#scores.push(score);
    this.#distances.push(distance);
    return this.#bytes.length < this.#enough;
  };

  /** Visits a page of what is asked for from a place on; returns the next place. */
  page(
    first: number,
    visit: (bytes: Buffer, offset: number, length: number, score: number, distance: number) => void,
  ): number {
    const end = Math.min(this.count, first + SLICE_PAGE);
    for (let place = first; place < end; place++) {
      const i = this.#sort === null ? place : this.#sort.indexes[place]!;
      const length = this.#lengths[i]!;
      visit(this.#bytes[i]!, this.#offsets[i]!, length, this.#scores[i]!, this.#distances[i]!);
    }
    return end;
  }
}

/** The reply to a search. */
export class SearchReply implements SlicedWork {
  readonly isPreparation = false;
  readonly #found: FoundPoints;
  readonly #facts: Facts = new Facts(search, lengths.unit);
  readonly #point: GeoPoint = { longitude: 0, latitude: 0 };
  /** Members that were replied; below 0: not even their number. */
  #replied = -1;

  constructor(zset: SortedSetReading, ranges: readonly RankRange[]) {
    this.#found = new FoundPoints(zset, ranges);
  }

  get collections(): readonly LargeCollection[] {
    return this.#found.collections;
  }

  detach(): void {}

  step(c: CommandContext): boolean {
    const found = this.#found;
    if (this.#replied < 0) {
      if (!found.step()) return false;
      c.reply.array(found.count);
      this.#replied = 0;
    }
    this.#replied = found.page(this.#replied, (bytes, offset, length, score, distance) => {
      const point = this.#point;
      if (this.#facts.withPoint) decodeGeohash(score, point);
      this.#facts.reply(c, bytes, offset, length, score, distance, point);
    });
    return this.#replied === found.count;
  }
}

/** What a search stores. */
export class SearchStore implements SlicedWork {
  readonly isPreparation = true;
  readonly sources: SourceVersions = new SourceVersions();
  readonly made: NewSortedSet = new NewSortedSet();
  /** Times that it was outdated before. */
  restarts = 0;
  /** That of what was made when it is large and took long. */
  payload: SlicedPayload | null = null;
  readonly #found: FoundPoints;
  readonly #storesDistance = search.storesDistance;
  readonly #unit = lengths.unit;
  #isLater = false;
  /** Members that were put into `made`; below 0: not all are found. */
  #put = -1;

  constructor(c: CommandContext, zset: SortedSetReading, ranges: readonly RankRange[]) {
    this.#found = new FoundPoints(zset, ranges);
    this.made.begin(c);
  }

  get collections(): readonly LargeCollection[] {
    return this.#found.collections;
  }

  detach(): void {
    this.#isLater = true;
  }

  step(c: CommandContext): boolean {
    const { made, payload } = this;
    if (payload !== null) return payload.step();
    const found = this.#found;
    if (this.#put < 0) {
      if (!found.step()) return false;
      this.#put = 0;
    }
    this.#put = found.page(this.#put, (bytes, offset, length, score, distance) => {
      made.put(bytes, offset, length, this.#storesDistance ? distance / this.#unit : score);
    });
    if (this.#put < found.count) return false;
    if (!this.#isLater || !made.isLarge) return true;
    this.payload = payloadOfMade(c, made);
    return false;
  }
}
