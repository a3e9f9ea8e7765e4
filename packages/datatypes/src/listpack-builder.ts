// Elements of a listpack, the packed encoding of Redis 7, written one behind the other. What is
// before the first and behind the last is not its business; the encodings are drawn in
// rdb-listpack.ts.

import { parseSafeInteger } from './integer-text.ts';
import { Int64 } from './packed/int64.ts';

/** Bytes in all, and the number of elements. */
export const LISTPACK_HEAD_BYTES = 6;
/** The byte behind the last element. */
export const LISTPACK_END = 0xff;
/** In place of a number of elements of so many and more. */
export const UNKNOWN_COUNT_16 = 65535;
/** First bytes of elements. */
export const LISTPACK_INT16 = 0xf1;
export const LISTPACK_INT24 = 0xf2;
export const LISTPACK_INT32 = 0xf3;
export const LISTPACK_INT64 = 0xf4;
export const LISTPACK_STRING_32 = 0xf0;

/** Most bytes an element takes beyond its string. */
const MOST_FRAME = 10;
/** Longest text of an integer. */
const MOST_INTEGER_TEXT = 20;

const value = new Int64();

/** Up to here a loop is faster than an object for the part and a call into native code. */
const LOOP_BYTES = 96;

/** What was written is `buffer[0..position)`. */
export class ListpackBuilder {
  /** Replaced when it grows. */
  buffer: Buffer;
  position = 0;
  /** Elements that were written. */
  count = 0;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafeSlow(bytes);
  }

  /** Adds an element: as an integer where its text is one, as Redis does. */
  append(bytes: Uint8Array, offset: number, length: number): void {
    if (length > 0 && length <= MOST_INTEGER_TEXT && value.parse(bytes, offset, length)) {
      this.ensure(MOST_FRAME);
      const safe = parseSafeInteger(bytes, offset, length);
      if (Number.isNaN(safe)) this.#end(this.#int64(value.high, value.low));
      else this.#end(this.#number(safe));
      return;
    }
    this.ensure(length + MOST_FRAME);
    const { buffer } = this;
    let at = this.position;
    if (length < 64) {
      buffer[at++] = 0x80 | length;
    } else if (length < 4096) {
      buffer[at++] = 0xe0 | (length >> 8);
      buffer[at++] = length & 255;
    } else {
      buffer[at] = LISTPACK_STRING_32;
      at = buffer.writeUInt32LE(length, at + 1);
    }
    if (length <= LOOP_BYTES) for (let i = 0; i < length; i++) buffer[at + i] = bytes[offset + i]!;
    else buffer.set(bytes.subarray(offset, offset + length), at);
    this.#end(at + length);
  }

  /** Adds a safe integer. */
  appendNumber(safe: number): void {
    this.ensure(MOST_FRAME);
    this.#end(this.#number(safe));
  }

  /** Adds a signed 64-bit integer, given as two words. */
  appendInt64(high: number, low: number): void {
    const isSafe = (high | 0) >= -0x200000 && (high | 0) < 0x200000;
    this.ensure(MOST_FRAME);
    if (isSafe) this.#end(this.#number((high | 0) * 4294967296 + (low >>> 0)));
    else this.#end(this.#int64(high, low));
  }

  /** Writes a number in the shortest form; returns where it ends. */
  #number(safe: number): number {
    const { buffer } = this;
    const at = this.position;
    if (safe >= 0 && safe <= 127) {
      buffer[at] = safe;
      return at + 1;
    }
    if (safe >= -4096 && safe < 4096) {
      buffer[at] = 0xc0 | ((safe >> 8) & 0x1f);
      buffer[at + 1] = safe & 255;
      return at + 2;
    }
    if (safe >= -32768 && safe < 32768) return this.#narrow(LISTPACK_INT16, 2, safe);
    if (safe >= -8388608 && safe < 8388608) return this.#narrow(LISTPACK_INT24, 3, safe);
    if (safe === (safe | 0)) return this.#narrow(LISTPACK_INT32, 4, safe);
    return this.#int64(Math.floor(safe / 4294967296), safe >>> 0);
  }

  #narrow(encoding: number, width: number, safe: number): number {
    this.buffer[this.position] = encoding;
    return this.buffer.writeIntLE(safe, this.position + 1, width);
  }

  #int64(high: number, low: number): number {
    const { buffer } = this;
    buffer[this.position] = LISTPACK_INT64;
    const at = buffer.writeInt32LE(low | 0, this.position + 1);
    return buffer.writeInt32LE(high | 0, at);
  }

  /** The element that began at `position` ends at `at`: its length comes behind it. */
  #end(at: number): void {
    const { buffer } = this;
    const bytes = at - this.position;
    const behind = listpackBackBytes(bytes);
    let rest = bytes;
    for (let i = at + behind - 1; i > at; i--, rest = Math.floor(rest / 128)) {
      buffer[i] = (rest & 127) | 128;
    }
    buffer[at] = rest;
    this.position = at + behind;
    this.count++;
  }

  /** Makes room for `bytes` more; every writing method does so itself. */
  ensure(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }
}

/** Bytes of the length behind an entry. Redis: its steps lie one below the powers of two. */
export function listpackBackBytes(bytes: number): number {
  if (bytes <= 127) return 1;
  if (bytes < 16383) return 2;
  if (bytes < 2097151) return 3;
  return bytes < 268435455 ? 4 : 5;
}
