// The bytes of a sketch, wherever they are: in the hot table, in a buffer of a large value, or in
// one that nobody knows yet. Says which pages change. Knows no sketch.

import type { ChunkListener } from '../large/element-listener.ts';

/** Bytes of a page: what is stored of a large sketch when one byte of it changes. */
export const SKETCH_PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
/** Longest sketch, in bytes. */
export const MOST_SKETCH_BYTES = 2 ** 29;
const NOTHING = Buffer.alloc(0);

export class SketchMemory {
  bytes: Buffer = NOTHING;
  /** Where it begins in `bytes`. */
  base = 0;
  length = 0;
  /** It may not become longer than this. */
  mostBytes = 0;
  /** Somebody wanted it longer. */
  isTight = false;
  /** Told of pages. */
  listener: ChunkListener | null = null;

  /** Points to bytes of somebody else's, which stay as long as they are. */
  point(bytes: Buffer, base: number, length: number): this {
    this.bytes = bytes;
    this.base = base;
    this.length = length;
    this.mostBytes = length;
    this.isTight = false;
    return this;
  }

  /** Becomes `length` zero bytes of its own; false: there is no memory. */
  clear(length: number, mostBytes: number): boolean {
    this.base = 0;
    this.length = 0;
    this.mostBytes = mostBytes;
    this.isTight = false;
    this.bytes = NOTHING;
    return this.resize(length);
  }

  /** Becomes a copy of another one; false: there is no memory. */
  copyOf(from: SketchMemory, mostBytes: number): boolean {
    if (!this.clear(from.length, mostBytes)) return false;
    from.bytes.copy(this.bytes, 0, from.base, from.base + from.length);
    return true;
  }

  /**
   * Becomes longer, by zero bytes, or shorter, if these are its own bytes.
   * @returns false when that is beyond `mostBytes`, or there is no memory: nothing has changed
   */
  resize(length: number): boolean {
    if (length > this.mostBytes) {
      this.isTight = true;
      return false;
    }
    if (length > this.bytes.length) {
      // One that grows a little at a time is not copied every time.
      const spare = this.length > 0 && length - this.length < this.length >>> 3;
      const grown = allocate(spare ? length + (length >>> 3) : length);
      if (grown === null) return false;
      this.bytes.copy(grown, 0, 0, this.length);
      this.bytes = grown;
    } else if (length < this.length) {
      this.bytes.fill(0, length, this.length);
    }
    const before = this.length;
    this.length = length;
    if (this.listener !== null) this.#tellResized(before, length);
    return true;
  }

  #tellResized(before: number, length: number): void {
    const listener = this.listener!;
    const pages = pagesOf(length);
    const pagesBefore = pagesOf(before);
    for (let page = pages; page < pagesBefore; page++) listener.removed(page);
    const from = Math.min(before, length) >>> PAGE_SHIFT;
    for (let page = from; page < pages; page++) listener.changed(page);
  }

  /** Gives back its own bytes beyond its length, if they are many and there is memory to do so. */
  trim(): void {
    if (pagesOf(this.bytes.length) <= pagesOf(this.length) + 1) return;
    const exact = allocate(this.length);
    if (exact === null) return;
    this.bytes.copy(exact, 0, 0, this.length);
    this.bytes = exact;
  }

  get pages(): number {
    return pagesOf(this.length);
  }

  /** Notes that the byte at a position has changed, or will within this command. */
  touch(at: number): void {
    if (this.listener !== null) this.listener.changed(at >>> PAGE_SHIFT);
  }

  /** The same for `length` bytes. */
  touchRange(at: number, length: number): void {
    if (this.listener === null || length === 0) return;
    const last = (at + length - 1) >>> PAGE_SHIFT;
    for (let page = at >>> PAGE_SHIFT; page <= last; page++) this.listener.changed(page);
  }

  byte(at: number): number {
    return this.bytes[this.base + at]!;
  }

  uint16(at: number): number {
    const { bytes, base } = this;
    return bytes[base + at]! | (bytes[base + at + 1]! << 8);
  }

  uint32(at: number): number {
    return this.bytes.readUInt32LE(this.base + at);
  }

  float(at: number): number {
    return this.bytes.readDoubleLE(this.base + at);
  }

  setByte(at: number, value: number): void {
    this.bytes[this.base + at] = value;
    this.touch(at);
  }

  setUint16(at: number, value: number): void {
    this.bytes[this.base + at] = value;
    this.bytes[this.base + at + 1] = value >>> 8;
    this.touch(at);
  }

  /** A number that does not cross a page, as are all at multiples of their size. */
  setUint32(at: number, value: number): void {
    this.bytes.writeUInt32LE(value, this.base + at);
    this.touch(at);
  }

  setFloat(at: number, value: number): void {
    this.bytes.writeDoubleLE(value, this.base + at);
    this.touch(at);
  }

  /** A view of `length` bytes at a position. */
  slice(at: number, length: number): Buffer {
    return this.bytes.subarray(this.base + at, this.base + at + length);
  }

  /** Writes bytes at a position. */
  write(at: number, from: Buffer): void {
    from.copy(this.bytes, this.base + at);
    this.touchRange(at, from.length);
  }
}

export function pagesOf(length: number): number {
  return Math.ceil(length / SKETCH_PAGE_BYTES);
}

/** Zeroed, and not from a pool; null: the machine has no memory left. */
function allocate(length: number): Buffer | null {
  try {
    const array = new Uint8Array(length);
    return Buffer.from(array.buffer);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
