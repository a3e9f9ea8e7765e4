// Listpacks, the packed encoding of Redis 7 in RDB payloads, read and written entry by entry. No
// value lives in this form here. Source: Redis's specification of listpack.
//
//   +-----------------+-----------+-----------------------------------------+------+
//   | bytes in all u32 | count u16 | entries: encoding, data, length behind  | 0xff |
//   +-----------------+-----------+-----------------------------------------+------+
//   encoding  0xxxxxxx                an integer of 0..127
//             10llllll                a string of up to 63 bytes
//             110xxxxx xxxxxxxx       a signed integer of 13 bits
//             1110llll llllllll       a string of up to 4095 bytes
//             f0 and 4 bytes          a string of so many bytes
//             f1 f2 f3 f4             a signed integer of 2, 3, 4, 8 bytes
// The length behind counts encoding and data, 7 bits a byte, the lowest last; all bytes but the
// first have their high bit set. A count of 65535 means: more, or unknown.

import {
  LISTPACK_END,
  LISTPACK_HEAD_BYTES,
  LISTPACK_INT16,
  LISTPACK_INT24,
  LISTPACK_INT32,
  LISTPACK_INT64,
  LISTPACK_STRING_32,
  ListpackBuilder,
  listpackBackBytes,
  UNKNOWN_COUNT_16,
} from './listpack-builder.ts';
import { RdbEntries } from './rdb-entries.ts';
import { writeRdbString } from './rdb-string.ts';
import type { RdbWriter } from './rdb-writer.ts';

const KEEP_BYTES = 64 * 1024;

/**
 * Walks the entries of a listpack: `open`, `next` until it is false, then look at `failed`.
 * Nothing is allocated, nothing is read outside of the range.
 */
export class ListpackReader extends RdbEntries {
  #count = 0;
  #seen = 0;

  /** Begins with `length` bytes at `offset`; false, and it has failed, when they are none. */
  open(bytes: Buffer, offset: number, length: number): boolean {
    this.failed = false;
    this.source = bytes;
    this.position = offset + LISTPACK_HEAD_BYTES;
    this.last = offset + length - 1;
    this.#seen = 0;
    if (length <= LISTPACK_HEAD_BYTES || bytes[this.last] !== LISTPACK_END) return this.fail();
    if (bytes.readUInt32LE(offset) !== length) return this.fail();
    this.#count = bytes.readUInt16LE(offset + 4);
    return true;
  }

  /** Goes to the next entry; false behind the last, and when the bytes are damaged. */
  next(): boolean {
    if (this.failed) return false;
    const start = this.position;
    if (start === this.last) {
      const isRight = this.#count === UNKNOWN_COUNT_16 || this.#count === this.#seen;
      return isRight ? false : this.fail();
    }
    this.#seen++;
    const first = this.source[start]!;
    if (first < 0x80) return this.takeNumber(first) && this.#ended(start, 1);
    if (first < 0xc0) return this.#string(start, 1, first & 0x3f);
    // What the last byte belongs to is no entry's.
    if (start + 1 >= this.last) return this.fail();
    const second = this.source[start + 1]!;
    if (first < 0xe0) {
      const value = ((first & 0x1f) << 8) | second;
      return this.takeNumber(value < 4096 ? value : value - 8192) && this.#ended(start, 2);
    }
    if (first < 0xf0) return this.#string(start, 2, ((first & 0x0f) << 8) | second);
    return this.#long(start, first);
  }

  #long(start: number, first: number): boolean {
    if (first === LISTPACK_STRING_32) {
      if (start + 5 > this.last) return this.fail();
      return this.#string(start, 5, this.source.readUInt32LE(start + 1));
    }
    const width =
      first === LISTPACK_INT16
        ? 2
        : first === LISTPACK_INT24
          ? 3
          : first === LISTPACK_INT32
            ? 4
            : 8;
    if (first > LISTPACK_INT64) return this.fail();
    return this.takeInteger(start + 1, width) && this.#ended(start, 1 + width);
  }

  #string(start: number, head: number, length: number): boolean {
    return this.takeString(start + head, length) && this.#ended(start, head + length);
  }

  /** Checks the length behind an entry of `bytes` bytes and goes on behind that. */
  #ended(start: number, bytes: number): boolean {
    const { source } = this;
    const behind = listpackBackBytes(bytes);
    const end = start + bytes + behind;
    if (end > this.last) return this.fail();
    let rest = bytes;
    for (let at = end - 1; at > start + bytes; at--, rest = Math.floor(rest / 128)) {
      if (source[at] !== ((rest & 127) | 128)) return this.fail();
    }
    if (source[start + bytes] !== rest) return this.fail();
    this.position = end;
    return true;
  }
}

/** Builds a listpack; one per thread, reused. */
export class ListpackWriter {
  #builder = new ListpackBuilder(KEEP_BYTES);

  constructor() {
    this.begin();
  }

  /** Starts anew. */
  begin(): void {
    if (this.#builder.buffer.length > KEEP_BYTES) this.#builder = new ListpackBuilder(KEEP_BYTES);
    this.#builder.position = LISTPACK_HEAD_BYTES;
    this.#builder.count = 0;
  }

  /** Bytes of the listpack if it ended here. */
  get bytes(): number {
    return this.#builder.position + 1;
  }

  /** Adds an element: as an integer where its text is one, as Redis does. */
  append(bytes: Uint8Array, offset: number, length: number): void {
    this.#builder.append(bytes, offset, length);
  }

  /** Adds a safe integer. */
  appendNumber(value: number): void {
    this.#builder.appendNumber(value);
  }

  /** Ends the listpack and writes it as a string of the RDB format; see writeRdbString. */
  write(writer: RdbWriter, compress: boolean): void {
    const builder = this.#builder;
    builder.ensure(1);
    const { buffer } = builder;
    const count = Math.min(builder.count, UNKNOWN_COUNT_16);
    const length = builder.position + 1;
    buffer[length - 1] = LISTPACK_END;
    buffer.writeUInt32LE(length, 0);
    buffer.writeUInt16LE(count, 4);
    writeRdbString(writer, buffer, 0, length, compress);
  }
}
