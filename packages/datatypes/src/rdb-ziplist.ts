// Ziplists, the packed encoding of Redis before 7.0 in RDB payloads: read, never written. No value
// lives in this form here. Source: the format as Redis documents it.
//
//   bytes in all u32 | offset of the last entry u32 | count u16 | entries | 0xff
//   entry     length of the one before (one byte, or 0xfe and u32) | encoding | data
//   encoding  00llllll, 01llllll llllllll, 80 and 4 bytes: a string, its length big-endian
//             c0 d0 e0 f0 fe: a signed integer of 2, 4, 8, 3, 1 bytes, little-endian
//             1111xxxx, x of 1..13: the integer x - 1

import { RdbEntries } from './rdb-entries.ts';

const HEAD_BYTES = 10;
const END = 0xff;
const LONG_BEFORE = 0xfe;
const UNKNOWN_COUNT = 65535;

const STRING_32 = 0x80;
/** Widths of integers, by their encoding. */
const WIDTHS: ReadonlyMap<number, 1 | 2 | 3 | 4 | 8> = new Map([
  [0xc0, 2],
  [0xd0, 4],
  [0xe0, 8],
  [0xf0, 3],
  [0xfe, 1],
]);

/** Walks the entries of a ziplist as ListpackReader does those of a listpack. */
export class ZiplistReader extends RdbEntries {
  #count = 0;
  #seen = 0;
  #bytesBefore = 0;

  /** Begins with `length` bytes at `offset`; false, and it has failed, when they are none. */
  open(bytes: Buffer, offset: number, length: number): boolean {
    this.failed = false;
    this.source = bytes;
    this.position = offset + HEAD_BYTES;
    this.last = offset + length - 1;
    this.#seen = 0;
    this.#bytesBefore = 0;
    if (length <= HEAD_BYTES || bytes[this.last] !== END) return this.fail();
    if (bytes.readUInt32LE(offset) !== length) return this.fail();
    this.#count = bytes.readUInt16LE(offset + 8);
    return true;
  }

  /** Goes to the next entry; false behind the last, and when the bytes are damaged. */
  next(): boolean {
    if (this.failed) return false;
    const { source, last } = this;
    const start = this.position;
    if (start === last) {
      const isRight = this.#count === UNKNOWN_COUNT || this.#count === this.#seen;
      return isRight ? false : this.fail();
    }
    this.#seen++;
    let at = start + 1;
    let before = source[start]!;
    if (before === LONG_BEFORE) {
      if (start + 5 >= last) return this.fail();
      before = source.readUInt32LE(start + 1);
      at = start + 5;
    }
    if (before !== this.#bytesBefore || at >= last || !this.#take(at)) return this.fail();
    this.#bytesBefore = this.position - start;
    return true;
  }

  /** Reads an entry from its encoding on and sets `position` behind it. */
  #take(at: number): boolean {
    const { source, last } = this;
    const first = source[at]!;
    if (first < 0x40) return this.#string(at + 1, first);
    if (first < 0x80) {
      if (at + 1 >= last) return false;
      return this.#string(at + 2, ((first & 0x3f) << 8) | source[at + 1]!);
    }
    if (first === STRING_32) {
      if (at + 5 > last) return false;
      return this.#string(at + 5, source.readUInt32BE(at + 1));
    }
    const width = WIDTHS.get(first);
    if (width !== undefined) {
      this.position = at + 1 + width;
      return this.takeInteger(at + 1, width);
    }
    if (first < 0xf1 || first > 0xfd) return false;
    this.position = at + 1;
    return this.takeNumber((first & 0x0f) - 1);
  }

  #string(at: number, length: number): boolean {
    this.position = at + length;
    return this.takeString(at, length);
  }
}
