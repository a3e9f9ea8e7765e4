// A piece of a large list: up to 256 elements in 8 KB, side by side, with a table of where each
// begins, so that any of them is found at once. It does not know its neighbours.
//
//   0..511     where elements begin (uint16): places `first` .. `first + count - 1`
//   512...     data: elements back to back from `start` to `end`, free room on both sides
//
// Both the table and the data keep their room at the end that is not pushed to, so pushing at
// either end moves nothing but once per chunk. An element above LONE_ABOVE_BYTES has a chunk of
// its own, whose bytes are the element.

import { invariant } from '@forgekv/base';
import { type ByteRange, copyBytes } from './byte-range.ts';

/** Elements of a chunk at most. */
export const CHUNK_ELEMENTS = 256;
/** Bytes of the elements of a chunk at most. */
export const CHUNK_BYTES = 8192;
/** Longer elements have a chunk of their own; so other chunks are at least half full. */
export const LONE_ABOVE_BYTES = CHUNK_BYTES / 2;

const TABLE_BYTES = 2 * CHUNK_ELEMENTS;
const FIRST_BYTES = 256;

/** Elements in order. Indexes are 0..count-1 and not checked. */
export class ListChunk {
  /** Orders the chunks of a list; given by the directory. */
  position = 0;
  /** Elements. */
  count = 0;
  #bytes: Buffer;
  #begins: Uint16Array | null;
  #first = CHUNK_ELEMENTS / 2;
  #start: number;
  #end: number;

  /** @param lone bytes of the one element of a lone chunk, whose bytes become the chunk's own */
  constructor(lone: Buffer | null = null) {
    if (lone !== null) {
      this.#bytes = lone;
      this.#begins = null;
      this.#start = 0;
      this.#end = lone.length;
      this.count = 1;
      return;
    }
    const memory = new ArrayBuffer(TABLE_BYTES + FIRST_BYTES);
    this.#bytes = Buffer.from(memory);
    this.#begins = new Uint16Array(memory, 0, CHUNK_ELEMENTS);
    this.#start = TABLE_BYTES + FIRST_BYTES / 2;
    this.#end = this.#start;
  }

  /** True for the chunk of one long element, which takes no others. */
  get lone(): boolean {
    return this.#begins === null;
  }

  /** Bytes of the elements. */
  get dataBytes(): number {
    return this.#end - this.#start;
  }

  get memoryBytes(): number {
    return this.#bytes.length;
  }

  /** True when an element of this many bytes can be inserted. */
  hasRoom(bytes: number): boolean {
    return (
      this.#begins !== null &&
      this.count < CHUNK_ELEMENTS &&
      this.dataBytes + bytes <= CHUNK_BYTES &&
      bytes <= LONE_ABOVE_BYTES
    );
  }

  /** Points `out` at an element. */
  element(index: number, out: ByteRange): void {
    const begin = this.#begin(index);
    out.point(this.#bytes, begin, this.#begin(index + 1) - begin);
  }

  /** Inserts an element in front of `index` (0..count); `hasRoom` said yes. */
  insert(index: number, bytes: Uint8Array, offset: number, length: number): void {
    invariant(this.hasRoom(length), 'a list chunk has room');
    if (bytes.buffer === this.#bytes.buffer) {
      // An element of this chunk, as LMOVE within a list has: making room would move it.
      this.insert(index, Buffer.from(bytes.subarray(offset, offset + length)), 0, length);
      return;
    }
    const atFront = index < this.count / 2 || (index === 0 && this.count === 0);
    this.#makeRoom(length, atFront);
    const begins = this.#begins!;
    const at = this.#begin(index);
    if (atFront) {
      // What is in front moves down by the new element's length.
      this.#bytes.copyWithin(this.#start - length, this.#start, at);
      for (let i = this.#first; i < this.#first + index; i++) {
        begins[i - 1] = begins[i]! - length;
      }
      this.#first--;
      this.#start -= length;
      begins[this.#first + index] = at - length;
      copyBytes(bytes, offset, this.#bytes, at - length, length);
    } else {
      this.#bytes.copyWithin(at + length, at, this.#end);
      for (let i = this.#first + this.count; i > this.#first + index; i--) {
        begins[i] = begins[i - 1]! + length;
      }
      this.#end += length;
      begins[this.#first + index] = at;
      copyBytes(bytes, offset, this.#bytes, at, length);
    }
    this.count++;
  }

  /** Removes `count` elements from `index` on. */
  remove(index: number, count: number): void {
    if (this.#begins === null) {
      this.count -= count;
      return;
    }
    const begins = this.#begins;
    const from = this.#begin(index);
    const to = this.#begin(index + count);
    const gap = to - from;
    const behind = this.count - index - count;
    if (index < behind) {
      this.#bytes.copyWithin(this.#start + gap, this.#start, from);
      for (let i = this.#first + index - 1; i >= this.#first; i--) {
        begins[i + count] = begins[i]! + gap;
      }
      this.#first += count;
      this.#start += gap;
    } else {
      this.#bytes.copyWithin(from, to, this.#end);
      for (let i = this.#first + index; i < this.#first + index + behind; i++) {
        begins[i] = begins[i + count]! - gap;
      }
      this.#end -= gap;
    }
    this.count -= count;
  }

  /**
   * Removes up to `wanted` elements equal to these bytes, adjacent ones at once.
   * @param downwards from the last one on
   * @param element is pointed at one after the other
   */
  removeEqual(bytes: Uint8Array, wanted: number, downwards: boolean, element: ByteRange): number {
    const matches = (place: number): boolean => {
      this.element(place, element);
      return element.holds(bytes);
    };
    let removed = 0;
    if (downwards) {
      for (let end = this.count; end > 0 && removed < wanted; end--) {
        let begin = end;
        while (begin > 0 && removed + end - begin < wanted && matches(begin - 1)) begin--;
        if (begin === end) continue;
        this.remove(begin, end - begin);
        removed += end - begin;
        end = begin;
      }
      return removed;
    }
    for (let begin = 0; begin < this.count && removed < wanted; begin++) {
      let end = begin;
      while (end < this.count && removed + end - begin < wanted && matches(end)) end++;
      if (end > begin) this.remove(begin, end - begin);
      removed += end - begin;
    }
    return removed;
  }

  /** Moves the elements from `index` on to the end of another chunk that has the room. */
  moveTail(index: number, to: ListChunk): void {
    for (let i = index; i < this.count; i++) {
      const begin = this.#begin(i);
      to.insert(to.count, this.#bytes, begin, this.#begin(i + 1) - begin);
    }
    this.remove(index, this.count - index);
  }

  #begin(index: number): number {
    if (index === this.count) return this.#end;
    return this.#begins === null ? 0 : this.#begins[this.#first + index]!;
  }

  /** Leaves room for one more element of `length` bytes in front or behind, in table and data. */
  #makeRoom(length: number, atFront: boolean): void {
    const begins = this.#begins!;
    const tableFull = atFront ? this.#first === 0 : this.#first + this.count === CHUNK_ELEMENTS;
    if (tableFull) {
      const room = CHUNK_ELEMENTS - this.count;
      // An eighth stays on the other side, so that pushes at both ends do not move all each time.
      const other = room >> 3;
      const first = atFront ? room - other : other;
      begins.copyWithin(first, this.#first, this.#first + this.count);
      this.#first = first;
    }
    const dataFull = atFront
      ? this.#start - TABLE_BYTES < length
      : this.#bytes.length - this.#end < length;
    if (dataFull) this.#shiftData(length, atFront);
  }

  /** Moves the data to where `length` bytes fit on one side, in larger memory if needed. */
  #shiftData(length: number, atFront: boolean): void {
    const used = this.dataBytes;
    const capacity = this.#bytes.length - TABLE_BYTES;
    let room = capacity - used;
    let target = this.#bytes;
    // As much as the chunk will need if all its elements are as long as those so far.
    const expected = Math.ceil(((used + length) * CHUNK_ELEMENTS) / (this.count + 1));
    const enough = Math.max(used + length, Math.min(2 * capacity, expected));
    const wanted = Math.min(CHUNK_BYTES, enough);
    if (wanted > capacity && (room < length || room - length < used >> 3)) {
      const memory = new ArrayBuffer(TABLE_BYTES + wanted);
      target = Buffer.from(memory);
      this.#bytes.copy(target, 0, 0, TABLE_BYTES);
      this.#begins = new Uint16Array(memory, 0, CHUNK_ELEMENTS);
      room = wanted - used;
    }
    const other = (room - length) >> 3;
    const start = TABLE_BYTES + (atFront ? room - other : other);
    this.#bytes.copy(target, start, this.#start, this.#end);
    const moved = start - this.#start;
    const begins = this.#begins!;
    for (let i = this.#first; i < this.#first + this.count; i++) begins[i] = begins[i]! + moved;
    this.#bytes = target;
    this.#start = start;
    this.#end = start + used;
  }
}
