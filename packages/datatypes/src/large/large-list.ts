// A list of any number of elements: a deque of chunks. O(1) at both ends; an index costs a
// nanosecond per 8 KB up to the nearer end; an edit moves bytes of one chunk. Not the packed form.

import { EMPTY_LISTPACK_BYTES, listpackEntryBytes } from '../packed/listpack-size.ts';
import { ByteRange, copyBytes } from './byte-range.ts';
import { ChunkDirectory } from './chunk-directory.ts';
import type { ChunkListener } from './element-listener.ts';
import { checkElementBytes } from './large-value-error.ts';
import { CHUNK_BYTES, CHUNK_ELEMENTS, ListChunk, LONE_ABOVE_BYTES } from './list-chunk.ts';

/** A removal of more elements does not count their listpack bytes one by one. */
const COUNTED_REMOVAL = 16;

/** Elements are bytes of at most 512 MB. */
export class LargeList {
  /** Told of every chunk that changed; for persistence chunk by chunk. */
  listener: ChunkListener | null = null;
  /** The element `get` last found; valid until the next change. */
  readonly element: ByteRange = new ByteRange();
  readonly #chunks = new ChunkDirectory();
  /** Of all elements as a listpack of Redis; NaN: not known. */
  #listpackBytes = EMPTY_LISTPACK_BYTES;

  /** Number of elements. */
  get count(): number {
    return this.#chunks.elements;
  }

  /** Bytes of memory, without some 250 for the objects of each chunk. */
  get memoryBytes(): number {
    return this.#chunks.memoryBytes;
  }

  /** Number of chunks. */
  get chunkCount(): number {
    return this.#chunks.length;
  }

  /**
   * Bytes of the same list as a listpack of Redis, for the thresholds; Infinity when that is more
   * than `most`. O(1), but O(most) once after a removal of many elements.
   */
  listpackBytes(most: number): number {
    // An element takes two bytes at least.
    if (this.count * 2 > most) return Number.POSITIVE_INFINITY;
    if (Number.isNaN(this.#listpackBytes)) {
      this.#listpackBytes = EMPTY_LISTPACK_BYTES;
      this.walk(0, this.count, false, ({ bytes, offset, length }) => {
        this.#listpackBytes += listpackEntryBytes(bytes, offset, length);
      });
    }
    return this.#listpackBytes <= most ? this.#listpackBytes : Number.POSITIVE_INFINITY;
  }

  /** Inserts in front of the first element. Throws LargeValueError, with nothing changed. */
  pushFirst(bytes: Uint8Array, offset: number = 0, length: number = bytes.length): void {
    checkElementBytes(length);
    this.#insertAt(0, 0, bytes, offset, length);
  }

  /** Inserts behind the last element. Throws LargeValueError, with nothing changed. */
  pushLast(bytes: Uint8Array, offset: number = 0, length: number = bytes.length): void {
    checkElementBytes(length);
    const last = Math.max(0, this.#chunks.length - 1);
    const place = this.#chunks.length === 0 ? 0 : this.#chunks.at(last).count;
    this.#insertAt(last, place, bytes, offset, length);
  }

  /** Finds an element into `element`; false when `index` is not 0..count-1. */
  get(index: number): boolean {
    if (index < 0 || index >= this.count) return false;
    this.#chunks.find(index);
    this.#chunks.at(this.#chunks.foundChunk).element(this.#chunks.foundPlace, this.element);
    return true;
  }

  /** Puts other bytes in the place of an element; false when `index` is not 0..count-1. */
  set(
    index: number,
    bytes: Uint8Array,
    offset: number = 0,
    length: number = bytes.length,
  ): boolean {
    if (!this.get(index)) return false;
    if (this.element.length === length) {
      this.#listpackBytes += listpackEntryBytes(bytes, offset, length) - this.#entryBytes();
      copyBytes(bytes, offset, this.element.bytes, this.element.offset, length);
      this.#changed(this.#chunks.foundChunk);
      return true;
    }
    // Inserted first: if that fails, nothing has changed.
    this.insert(index, bytes, offset, length);
    this.removeRange(index + 1, 1);
    return true;
  }

  /** Inserts in front of `index`; false when that is not 0..count. */
  insert(
    index: number,
    bytes: Uint8Array,
    offset: number = 0,
    length: number = bytes.length,
  ): boolean {
    if (index < 0 || index > this.count) return false;
    checkElementBytes(length);
    if (index === this.count) {
      this.pushLast(bytes, offset, length);
    } else {
      this.#chunks.find(index);
      const { foundChunk, foundPlace } = this.#chunks;
      this.#insertAt(foundChunk, foundPlace, bytes, offset, length);
    }
    return true;
  }

  /** Removes `count` elements from `index` on; what does not exist is left out. */
  removeRange(index: number, count: number): number {
    if (index < 0 || index >= this.count || count <= 0) return 0;
    const removed = Math.min(count, this.count - index);
    this.#uncount(index, removed);
    this.#chunks.find(index);
    const { foundChunk, foundPlace } = this.#chunks;
    let left = removed;
    let chunk = foundChunk;
    if (foundPlace > 0) {
      left -= this.#removeFrom(chunk, foundPlace, left);
      chunk++;
    }
    let whole = 0;
    while (left > 0 && this.#chunks.at(chunk + whole).count <= left) {
      const gone = this.#chunks.at(chunk + whole++);
      left -= gone.count;
      this.listener?.removed(gone.position);
    }
    if (whole > 0) this.#chunks.remove(chunk, whole);
    if (left > 0) this.#removeFrom(chunk, 0, left);
    this.#join(chunk - 1);
    this.#join(chunk);
    return removed;
  }

  /** Keeps only `count` elements from `first` (0..) on. */
  trim(first: number, count: number): void {
    const end = first + Math.max(0, count);
    this.removeRange(end, this.count);
    this.removeRange(0, first);
  }

  /**
   * Visits elements by index: `count` from `first` on, upwards, or downwards to lower indexes.
   * What does not exist is left out. To go on later, begin at the index where this ended.
   * @param visit may not change the list; return false to stop
   */
  walk(
    first: number,
    count: number,
    downwards: boolean,
    visit: (element: ByteRange, index: number) => unknown,
  ): void {
    if (first < 0 || first >= this.count || count <= 0) return;
    const step = downwards ? -1 : 1;
    let left = Math.min(count, downwards ? first + 1 : this.count - first);
    this.#chunks.find(first);
    let chunkIndex = this.#chunks.foundChunk;
    let place = this.#chunks.foundPlace;
    for (let index = first; ; ) {
      const chunk = this.#chunks.at(chunkIndex);
      for (; place >= 0 && place < chunk.count; place += step, index += step) {
        if (left-- === 0) return;
        chunk.element(place, this.element);
        if (visit(this.element, index) === false) return;
      }
      if (left === 0) return;
      chunkIndex += step;
      place = downwards ? this.#chunks.at(chunkIndex).count - 1 : 0;
    }
  }

  /**
   * Visits the indexes of elements equal to these bytes, as LPOS does.
   * @param rank 1: from the first match on, 2: the second, ...; -1: from the last on, backwards
   * @param wanted matches visited at most, 0: all
   * @param maxLength elements compared at most, 0: all
   */
  positions(
    bytes: Uint8Array,
    rank: number,
    wanted: number,
    maxLength: number,
    visit: (index: number) => void,
  ): void {
    const downwards = rank < 0;
    let skip = Math.abs(rank) - 1;
    let left = wanted === 0 ? Number.POSITIVE_INFINITY : wanted;
    const first = downwards ? this.count - 1 : 0;
    this.walk(first, maxLength === 0 ? this.count : maxLength, downwards, (element, index) => {
      if (!element.holds(bytes)) return true;
      if (skip > 0) {
        skip--;
        return true;
      }
      visit(index);
      return --left > 0;
    });
  }

  /** Returns the index of the first element equal to these bytes, -1 without one. */
  indexOf(bytes: Uint8Array): number {
    let found = -1;
    this.positions(bytes, 1, 1, 0, (index) => {
      found = index;
    });
    return found;
  }

  /**
   * Removes elements equal to these bytes: the first `wanted`, for a negative number the last
   * ones, for 0 all. Returns how many. O(count), with one move of bytes per run in a chunk.
   */
  removeEqual(bytes: Uint8Array, wanted: number): number {
    const most = wanted === 0 ? this.count : Math.abs(wanted);
    const downwards = wanted < 0;
    const chunks = this.#chunks.length;
    let removed = 0;
    for (let i = 0; i < chunks && removed < most; i++) {
      const index = downwards ? chunks - 1 - i : i;
      const chunk = this.#chunks.at(index);
      const now = chunk.removeEqual(bytes, most - removed, downwards, this.element);
      if (now === 0) continue;
      removed += now;
      this.#changed(index);
    }
    this.#listpackBytes -= removed * listpackEntryBytes(bytes, 0, bytes.length);
    if (removed > 0) this.#joinAll();
    return removed;
  }

  /** Visits the elements of a chunk, to write it down; false when there is none such. */
  readChunk(position: number, visit: (element: ByteRange) => void): boolean {
    const index = this.#chunks.findPosition(position);
    if (index < 0) return false;
    const chunk = this.#chunks.at(index);
    for (let place = 0; place < chunk.count; place++) {
      chunk.element(place, this.element);
      visit(this.element);
    }
    return true;
  }

  /** Returns the position of the first chunk at or behind a position; NaN without one. */
  chunkFrom(position: number): number {
    const index = this.#chunks.firstFrom(position);
    return index < this.#chunks.length ? this.#chunks.at(index).position : Number.NaN;
  }

  /**
   * Adds a chunk as one was written down, behind those there are. The listener is not told.
   * @returns false when no list has such a chunk there; nothing has changed then
   */
  appendChunk(position: number, elements: readonly Uint8Array[]): boolean {
    const { length } = this.#chunks;
    const isBehind = length === 0 || position > this.#chunks.at(length - 1).position;
    if (!Number.isFinite(position) || !isBehind || elements.length === 0) return false;
    const [first] = elements;
    if (elements.length === 1 && first!.length > LONE_ABOVE_BYTES) {
      this.#append(new ListChunk(Buffer.from(first!)), position);
      return true;
    }
    const chunk = new ListChunk();
    for (const element of elements) {
      if (!chunk.hasRoom(element.length)) return false;
      chunk.insert(chunk.count, element, 0, element.length);
    }
    this.#append(chunk, position);
    return true;
  }

  #append(chunk: ListChunk, position: number): void {
    this.#chunks.append(chunk, position);
    this.#listpackBytes = Number.NaN;
  }

  /** The position of a chunk, 0..chunkCount-1: chunks are ordered by their positions. */
  chunkPosition(index: number): number {
    return this.#chunks.at(index).position;
  }

  /** Listpack bytes of the element `get` last found. */
  #entryBytes(): number {
    const { bytes, offset, length } = this.element;
    return listpackEntryBytes(bytes, offset, length);
  }

  /** Takes elements that are about to go out of `#listpackBytes`. */
  #uncount(index: number, count: number): void {
    if (count === this.count) this.#listpackBytes = EMPTY_LISTPACK_BYTES;
    else if (count > COUNTED_REMOVAL) this.#listpackBytes = Number.NaN;
    else {
      for (let i = index; i < index + count; i++) {
        this.get(i);
        this.#listpackBytes -= this.#entryBytes();
      }
    }
  }

  /** Inserts in front of a place (0..its count) of a chunk. */
  #insertAt(
    chunkIndex: number,
    place: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): void {
    const chunks = this.#chunks;
    this.#listpackBytes += listpackEntryBytes(bytes, offset, length);
    if (!this.#findRoom(chunkIndex, place, length)) {
      if (length > LONE_ABOVE_BYTES) {
        const lone = Buffer.allocUnsafeSlow(length);
        copyBytes(bytes, offset, lone, 0, length);
        this.#insertChunk(chunks.foundChunk, new ListChunk(lone));
        return;
      }
      this.#insertChunk(chunks.foundChunk, new ListChunk());
      chunks.foundPlace = 0;
    }
    chunks.at(chunks.foundChunk).insert(chunks.foundPlace, bytes, offset, length);
    this.#changed(chunks.foundChunk);
  }

  /**
   * Points `foundChunk` and `foundPlace` at room for an element in front of a place, splitting a
   * chunk that is full. False: there is only the gap in front of `foundChunk`, for a new chunk.
   */
  #findRoom(chunkIndex: number, place: number, length: number): boolean {
    const chunks = this.#chunks;
    chunks.foundChunk = chunkIndex;
    chunks.foundPlace = place;
    if (chunks.length === 0) return false;
    for (;;) {
      const index = chunks.foundChunk;
      const at = chunks.foundPlace;
      const chunk = chunks.at(index);
      if (chunk.hasRoom(length)) return true;
      if (at === 0) {
        if (index === 0 || !chunks.at(index - 1).hasRoom(length)) return false;
        chunks.foundChunk = index - 1;
        chunks.foundPlace = chunks.at(index - 1).count;
        return true;
      }
      if (at === chunk.count) {
        chunks.foundChunk = index + 1;
        chunks.foundPlace = 0;
        return index + 1 < chunks.length && chunks.at(index + 1).hasRoom(length);
      }
      const half = chunk.count >> 1;
      this.#split(index, half);
      if (at > half) {
        chunks.foundChunk = index + 1;
        chunks.foundPlace = at - half;
      }
    }
  }

  #split(index: number, place: number): void {
    const right = new ListChunk();
    this.#chunks.at(index).moveTail(place, right);
    this.#changed(index);
    this.#insertChunk(index + 1, right);
  }

  #insertChunk(index: number, chunk: ListChunk): void {
    const kept = this.#chunks.insert(index, chunk);
    if (!kept) this.listener?.renumbered();
    else if (chunk.count > 0) this.listener?.changed(chunk.position);
  }

  /** Notes that the elements of a chunk changed; without any it will be taken out. */
  #changed(index: number): void {
    this.#chunks.recount(index);
    const chunk = this.#chunks.at(index);
    if (chunk.count > 0) this.listener?.changed(chunk.position);
    else this.listener?.removed(chunk.position);
  }

  /** Removes up to `wanted` elements, but not all, of one chunk. */
  #removeFrom(index: number, place: number, wanted: number): number {
    const chunk = this.#chunks.at(index);
    const removed = Math.min(wanted, chunk.count - place);
    chunk.remove(place, removed);
    this.#changed(index);
    return removed;
  }

  /** Joins a chunk with the one behind it when both together are far from full. */
  #join(index: number): void {
    if (index < 0 || index + 1 >= this.#chunks.length) return;
    if (!this.#moveBack(index + 1, index)) return;
    this.#chunks.remove(index + 1, 1);
  }

  #joinAll(): void {
    let kept = 0;
    for (let i = 1; i < this.#chunks.length; i++) {
      if (this.#chunks.at(i).count > 0 && !this.#moveBack(i, kept)) kept = i;
    }
    this.#chunks.removeEmpty();
  }

  /** Moves all elements of a chunk to the end of an earlier one if that leaves it room to grow. */
  #moveBack(from: number, to: number): boolean {
    const source = this.#chunks.at(from);
    const target = this.#chunks.at(to);
    if (source.lone || target.lone) return false;
    if (source.count + target.count > (CHUNK_ELEMENTS * 3) / 4) return false;
    if (source.dataBytes + target.dataBytes > (CHUNK_BYTES * 3) / 4) return false;
    source.moveTail(0, target);
    this.#changed(from);
    this.#changed(to);
    return true;
  }
}
