// The chunks of a large list in order, in a circular array: O(1) at both ends, and elsewhere the
// shorter side is moved. It counts elements and orders chunks; it does not look into them.

import { invariant } from '@forgekv/base';
import type { ListChunk } from './list-chunk.ts';

const FIRST_CAPACITY = 4;

/** Chunks 0..length-1. Indexes are not checked. */
export class ChunkDirectory {
  /** Where `find` found an element: its chunk, and its place in it. */
  foundChunk = 0;
  foundPlace = 0;
  #chunks: (ListChunk | null)[] = new Array<ListChunk | null>(FIRST_CAPACITY).fill(null);
  /** Elements per chunk, beside each other: finding an index adds up a great many. */
  #counts: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** Bytes of memory per chunk, as noted last. */
  #sizes: Int32Array = new Int32Array(FIRST_CAPACITY);
  #head = 0;
  #length = 0;
  #elements = 0;
  #chunkBytes = 0;

  get length(): number {
    return this.#length;
  }

  /** Elements in all chunks. */
  get elements(): number {
    return this.#elements;
  }

  /** Bytes of the arrays and all chunks. */
  get memoryBytes(): number {
    return this.#counts.length * 16 + this.#chunkBytes;
  }

  at(index: number): ListChunk {
    return this.#chunks[this.#slot(index)]!;
  }

  /** Notes how many elements and bytes a chunk has now. */
  recount(index: number): void {
    const slot = this.#slot(index);
    const { count, memoryBytes } = this.#chunks[slot]!;
    this.#elements += count - this.#counts[slot]!;
    this.#counts[slot] = count;
    this.#chunkBytes += memoryBytes - this.#sizes[slot]!;
    this.#sizes[slot] = memoryBytes;
  }

  /** Finds element `index` (0..elements-1) from the nearer end. O(length), 1 ns per chunk. */
  find(index: number): void {
    invariant(index >= 0 && index < this.#elements, 'a list index is below the count');
    const mask = this.#counts.length - 1;
    if (index < this.#elements / 2) {
      let left = index;
      let chunk = 0;
      for (; ; chunk++) {
        const count = this.#counts[(this.#head + chunk) & mask]!;
        if (left < count) break;
        left -= count;
      }
      this.foundChunk = chunk;
      this.foundPlace = left;
      return;
    }
    let begin = this.#elements;
    let chunk = this.#length;
    do begin -= this.#counts[(this.#head + --chunk) & mask]!;
    while (begin > index);
    this.foundChunk = chunk;
    this.foundPlace = index - begin;
  }

  /** Returns the index of the chunk at a position, -1 when there is none. O(log length). */
  findPosition(position: number): number {
    const index = this.firstFrom(position);
    return index < this.#length && this.at(index).position === position ? index : -1;
  }

  /** Returns the index of the first chunk at or behind a position, `length` without one. */
  firstFrom(position: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle).position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds a chunk behind all others, whose positions are lower than its own. */
  append(chunk: ListChunk, position: number): void {
    this.insert(this.#length, chunk);
    chunk.position = position;
  }

  /**
   * Inserts a chunk in front of `index` (0..length) and gives it a position between those of its
   * neighbours. Returns false when there was none left and all chunks were given new ones.
   */
  insert(index: number, chunk: ListChunk): boolean {
    if (this.#length === this.#counts.length) this.#resize(this.#length * 2);
    if (index < this.#length / 2) {
      this.#head = this.#slot(-1);
      this.#length++;
      for (let i = 0; i < index; i++) this.#move(i + 1, i);
    } else {
      this.#length++;
      for (let i = this.#length - 1; i > index; i--) this.#move(i - 1, i);
    }
    const slot = this.#slot(index);
    this.#chunks[slot] = chunk;
    // The slot has nothing of its own yet: what it had was moved, or taken out.
    this.#counts[slot] = 0;
    this.#sizes[slot] = 0;
    this.recount(index);
    return this.#givePosition(index, chunk);
  }

  /** Takes `count` chunks out from `index` on. */
  remove(index: number, count: number): void {
    for (let i = index; i < index + count; i++) {
      const slot = this.#slot(i);
      this.#elements -= this.#counts[slot]!;
      this.#chunkBytes -= this.#sizes[slot]!;
    }
    const behind = this.#length - index - count;
    if (index < behind) {
      for (let i = index - 1; i >= 0; i--) this.#move(i, i + count);
      for (let i = 0; i < count; i++) this.#clear(i);
      this.#head = this.#slot(count);
    } else {
      for (let i = index; i < index + behind; i++) this.#move(i + count, i);
      for (let i = this.#length - count; i < this.#length; i++) this.#clear(i);
    }
    this.#length -= count;
    const capacity = this.#counts.length;
    if (capacity > FIRST_CAPACITY && this.#length <= capacity / 8) this.#resize(capacity / 4);
  }

  /** Takes all chunks without elements out, which `recount` has seen. O(length). */
  removeEmpty(): void {
    let kept = 0;
    for (let i = 0; i < this.#length; i++) {
      const slot = this.#slot(i);
      if (this.#counts[slot] === 0) {
        this.#chunkBytes -= this.#sizes[slot]!;
        continue;
      }
      if (kept < i) this.#move(i, kept);
      kept++;
    }
    // What was moved forward is still written at the end: it counts no more there.
    for (let i = kept; i < this.#length; i++) {
      const slot = this.#slot(i);
      this.#counts[slot] = 0;
      this.#sizes[slot] = 0;
    }
    if (kept < this.#length) this.remove(kept, this.#length - kept);
  }

  #slot(index: number): number {
    return (this.#head + index) & (this.#counts.length - 1);
  }

  #move(from: number, to: number): void {
    const fromSlot = this.#slot(from);
    const toSlot = this.#slot(to);
    this.#chunks[toSlot] = this.#chunks[fromSlot]!;
    this.#counts[toSlot] = this.#counts[fromSlot]!;
    this.#sizes[toSlot] = this.#sizes[fromSlot]!;
  }

  #clear(index: number): void {
    this.#chunks[this.#slot(index)] = null;
  }

  #resize(wanted: number): void {
    const capacity = Math.max(FIRST_CAPACITY, wanted);
    const chunks = new Array<ListChunk | null>(capacity).fill(null);
    const counts = new Int32Array(capacity);
    const sizes = new Int32Array(capacity);
    for (let i = 0; i < this.#length; i++) {
      chunks[i] = this.at(i);
      counts[i] = this.#counts[this.#slot(i)]!;
      sizes[i] = this.#sizes[this.#slot(i)]!;
    }
    this.#chunks = chunks;
    this.#counts = counts;
    this.#sizes = sizes;
    this.#head = 0;
  }

  #givePosition(index: number, chunk: ListChunk): boolean {
    const before = index > 0 ? this.at(index - 1).position : null;
    const after = index < this.#length - 1 ? this.at(index + 1).position : null;
    if (before === null) chunk.position = after === null ? 0 : after - 1;
    else if (after === null) chunk.position = before + 1;
    else {
      chunk.position = before + (after - before) / 2;
      if (chunk.position <= before || chunk.position >= after) {
        for (let i = 0; i < this.#length; i++) this.at(i).position = i;
        return false;
      }
    }
    return true;
  }
}
