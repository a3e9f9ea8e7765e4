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

import { parseSafeInteger } from './integer-text.ts';
import { Int64 } from './packed/int64.ts';
import { RdbEntries } from './rdb-entries.ts';
import { writeRdbString } from './rdb-string.ts';
import type { RdbWriter } from './rdb-writer.ts';

const HEAD_BYTES = 6;
const END = 0xff;
const UNKNOWN_COUNT = 65535;
/** Most bytes an entry takes beyond its string. */
const MOST_FRAME = 10;
const KEEP_BYTES = 64 * 1024;
/** Longest text of an integer. */
const MOST_INTEGER_TEXT = 20;

const INT16 = 0xf1;
const INT24 = 0xf2;
const INT32 = 0xf3;
const INT64 = 0xf4;
const STRING_32 = 0xf0;

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
    this.position = offset + HEAD_BYTES;
    this.last = offset + length - 1;
    this.#seen = 0;
    if (length <= HEAD_BYTES || bytes[this.last] !== END) return this.fail();
    if (bytes.readUInt32LE(offset) !== length) return this.fail();
    this.#count = bytes.readUInt16LE(offset + 4);
    return true;
  }

  /** Goes to the next entry; false behind the last, and when the bytes are damaged. */
  next(): boolean {
    if (this.failed) return false;
    const start = this.position;
    if (start === this.last) {
      const isRight = this.#count === UNKNOWN_COUNT || this.#count === this.#seen;
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
    if (first === STRING_32) {
      if (start + 5 > this.last) return this.fail();
      return this.#string(start, 5, this.source.readUInt32LE(start + 1));
    }
    const width = first === INT16 ? 2 : first === INT24 ? 3 : first === INT32 ? 4 : 8;
    if (first > INT64) return this.fail();
    return this.takeInteger(start + 1, width) && this.#ended(start, 1 + width);
  }

  #string(start: number, head: number, length: number): boolean {
    return this.takeString(start + head, length) && this.#ended(start, head + length);
  }

  /** Checks the length behind an entry of `bytes` bytes and goes on behind that. */
  #ended(start: number, bytes: number): boolean {
    const { source } = this;
    const behind = backBytes(bytes);
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
  #buffer = Buffer.allocUnsafeSlow(KEEP_BYTES);
  #position = HEAD_BYTES;
  #count = 0;
  readonly #value = new Int64();

  /** Starts anew. */
  begin(): void {
    if (this.#buffer.length > KEEP_BYTES) this.#buffer = Buffer.allocUnsafeSlow(KEEP_BYTES);
    this.#position = HEAD_BYTES;
    this.#count = 0;
  }

  /** Bytes of the listpack if it ended here. */
  get bytes(): number {
    return this.#position + 1;
  }

  /** Adds an element: as an integer where its text is one, as Redis does. */
  append(bytes: Uint8Array, offset: number, length: number): void {
    if (length > 0 && length <= MOST_INTEGER_TEXT && this.#value.parse(bytes, offset, length)) {
      this.#ensure(MOST_FRAME);
      const value = parseSafeInteger(bytes, offset, length);
      this.#end(Number.isNaN(value) ? this.#integer(INT64, 8, 0) : this.#number(value));
      return;
    }
    this.#ensure(length + MOST_FRAME);
    const buffer = this.#buffer;
    const start = this.#position;
    let at = start;
    if (length < 64) {
      buffer[at++] = 0x80 | length;
    } else if (length < 4096) {
      buffer[at++] = 0xe0 | (length >> 8);
      buffer[at++] = length & 255;
    } else {
      buffer[at] = STRING_32;
      at = buffer.writeUInt32LE(length, at + 1);
    }
    if (length < 32) for (let i = 0; i < length; i++) buffer[at + i] = bytes[offset + i]!;
    else buffer.set(bytes.subarray(offset, offset + length), at);
    this.#end(at + length);
  }

  /** Adds a safe integer. */
  appendNumber(value: number): void {
    this.#ensure(MOST_FRAME);
    this.#value.setNumber(value);
    this.#end(this.#number(value));
  }

  /** Ends the listpack and writes it as a string of the RDB format; see writeRdbString. */
  write(writer: RdbWriter, compress: boolean): void {
    this.#ensure(1);
    const buffer = this.#buffer;
    const length = this.#position + 1;
    buffer[length - 1] = END;
    buffer.writeUInt32LE(length, 0);
    buffer.writeUInt16LE(Math.min(this.#count, UNKNOWN_COUNT), 4);
    writeRdbString(writer, buffer, 0, length, compress);
  }

  /** Writes a number in the shortest form; returns where it ends. */
  #number(value: number): number {
    const buffer = this.#buffer;
    const at = this.#position;
    if (value >= 0 && value <= 127) {
      buffer[at] = value;
      return at + 1;
    }
    if (value >= -4096 && value < 4096) {
      buffer[at] = 0xc0 | ((value >> 8) & 0x1f);
      buffer[at + 1] = value & 255;
      return at + 2;
    }
    if (value >= -32768 && value < 32768) return this.#integer(INT16, 2, value);
    if (value >= -8388608 && value < 8388608) return this.#integer(INT24, 3, value);
    if (value === (value | 0)) return this.#integer(INT32, 4, value);
    return this.#integer(INT64, 8, 0);
  }

  /** Writes an integer of a fixed width; those of 8 bytes are in #value. */
  #integer(encoding: number, width: number, value: number): number {
    const buffer = this.#buffer;
    let at = this.#position;
    buffer[at++] = encoding;
    if (width < 8) return buffer.writeIntLE(value, at, width);
    at = buffer.writeUInt32LE(this.#value.low, at);
    return buffer.writeInt32LE(this.#value.high | 0, at);
  }

  /** The entry that began at #position ends at `at`: its length comes behind it. */
  #end(at: number): void {
    const buffer = this.#buffer;
    const bytes = at - this.#position;
    const behind = backBytes(bytes);
    let rest = bytes;
    for (let i = at + behind - 1; i > at; i--, rest = Math.floor(rest / 128)) {
      buffer[i] = (rest & 127) | 128;
    }
    buffer[at] = rest;
    this.#position = at + behind;
    this.#count++;
  }

  #ensure(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#position);
    this.#buffer = grown;
  }
}

/** Bytes of the length behind an entry. Redis: its steps lie one below the powers of two. */
function backBytes(bytes: number): number {
  if (bytes <= 127) return 1;
  if (bytes < 16383) return 2;
  if (bytes < 2097151) return 3;
  return bytes < 268435455 ? 4 : 5;
}
