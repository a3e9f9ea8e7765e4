// Ids of stream entries: two unsigned 64-bit numbers, exactly, each as two words; no BigInt, but
// for text of more than 15 digits. Knows nothing of streams.

import { integerTextLength, writeInteger } from '../integer-text.ts';

/** Bytes of an id in a key: big-endian, so that their order is that of ids. */
export const STREAM_ID_BYTES = 16;
/** Longest text of an id. */
export const MOST_ID_TEXT = 41;

const TWO_32 = 4294967296;
/** Words above this one make a number beyond the safe integers. */
const SAFE_HIGH = 0x200000;
const U64_END = 1n << 64n;
/** Redis: texts from here on are no ids. */
const MOST_GIVEN_TEXT = 127;
/** What strtoull takes, which is what Redis falls back to: blanks, a sign, leading zeros. */
const LOOSE_INTEGER = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)$/;
const CANONICAL_NEGATIVE = /^-[1-9][0-9]{0,18}$/;

/** Mutable; the words are signed 32-bit integers that stand for unsigned ones. */
export class StreamId {
  msHigh = 0;
  msLow = 0;
  seqHigh = 0;
  seqLow = 0;

  set(msHigh: number, msLow: number, seqHigh: number, seqLow: number): this {
    this.msHigh = msHigh | 0;
    this.msLow = msLow | 0;
    this.seqHigh = seqHigh | 0;
    this.seqLow = seqLow | 0;
    return this;
  }

  copy(from: StreamId): this {
    return this.set(from.msHigh, from.msLow, from.seqHigh, from.seqLow);
  }

  /** A new one with the same value. */
  clone(): StreamId {
    return new StreamId().copy(this);
  }

  get isZero(): boolean {
    return (this.msHigh | this.msLow | this.seqHigh | this.seqLow) === 0;
  }

  get isMost(): boolean {
    return (this.msHigh & this.msLow & this.seqHigh & this.seqLow) === -1;
  }

  get isSeqMost(): boolean {
    return (this.seqHigh & this.seqLow) === -1;
  }

  setLeast(): this {
    return this.set(0, 0, 0, 0);
  }

  setMost(): this {
    return this.set(-1, -1, -1, -1);
  }

  /** Time ms, a safe integer, and sequence number 0. */
  setMs(ms: number): this {
    return this.set(Math.floor(ms / TWO_32), ms >>> 0, 0, 0);
  }

  /** Goes to the id behind this one; false, and nothing has changed, when there is none. */
  increment(): boolean {
    if (this.isMost) return false;
    this.seqLow = (this.seqLow + 1) | 0;
    if (this.seqLow !== 0) return true;
    this.seqHigh = (this.seqHigh + 1) | 0;
    if (this.seqHigh !== 0) return true;
    this.msLow = (this.msLow + 1) | 0;
    if (this.msLow === 0) this.msHigh = (this.msHigh + 1) | 0;
    return true;
  }

  /** Goes to the id before this one; false, and nothing has changed, when there is none. */
  decrement(): boolean {
    if (this.isZero) return false;
    this.seqLow = (this.seqLow - 1) | 0;
    if (this.seqLow !== -1) return true;
    this.seqHigh = (this.seqHigh - 1) | 0;
    if (this.seqHigh !== -1) return true;
    this.msLow = (this.msLow - 1) | 0;
    if (this.msLow === -1) this.msHigh = (this.msHigh - 1) | 0;
    return true;
  }

  /** Below 0, 0, above 0: as this one is before, the same as, or behind another. */
  compare(other: StreamId): number {
    if (this.msHigh !== other.msHigh) return (this.msHigh >>> 0) - (other.msHigh >>> 0);
    if (this.msLow !== other.msLow) return (this.msLow >>> 0) - (other.msLow >>> 0);
    if (this.seqHigh !== other.seqHigh) return (this.seqHigh >>> 0) - (other.seqHigh >>> 0);
    return (this.seqLow >>> 0) - (other.seqLow >>> 0);
  }

  /** Writes STREAM_ID_BYTES bytes whose order is that of ids. */
  writeKey(bytes: Buffer, at: number): number {
    bytes.writeInt32BE(this.msHigh, at);
    bytes.writeInt32BE(this.msLow, at + 4);
    bytes.writeInt32BE(this.seqHigh, at + 8);
    return bytes.writeInt32BE(this.seqLow, at + 12);
  }

  readKey(bytes: Buffer, at: number): this {
    this.msHigh = bytes.readInt32BE(at);
    this.msLow = bytes.readInt32BE(at + 4);
    this.seqHigh = bytes.readInt32BE(at + 8);
    this.seqLow = bytes.readInt32BE(at + 12);
    return this;
  }

  /** Writes `ms-seq`; there is room for MOST_ID_TEXT bytes. Returns where it ends. */
  writeText(bytes: Uint8Array, at: number): number {
    if (this.msLow !== lastMs.low || this.msHigh !== lastMs.high) {
      lastMs.high = this.msHigh;
      lastMs.low = this.msLow;
      lastMs.length = writeUnsigned(lastMs.text, 0, this.msHigh, this.msLow);
      lastMs.text[lastMs.length++] = 45;
    }
    const { text, length } = lastMs;
    for (let i = 0; i < length; i++) bytes[at + i] = text[i]!;
    return writeUnsigned(bytes, at + length, this.seqHigh, this.seqLow);
  }

  toString(): string {
    const bytes = Buffer.allocUnsafe(MOST_ID_TEXT);
    return bytes.toString('latin1', 0, this.writeText(bytes, 0));
  }

  /**
   * Reads `ms-seq` or `ms`, whose sequence number is then `missingSeq`, 0 or the greatest.
   * @returns false when it is none
   */
  parse(text: string, missingSeq: 0 | -1): boolean {
    if (text.length > MOST_GIVEN_TEXT) return false;
    const end = text.indexOf('\0');
    const given = end < 0 ? text : text.slice(0, end);
    const dash = given.indexOf('-');
    if (!readUnsigned(dash < 0 ? given : given.slice(0, dash))) return false;
    const { high, low } = parsed;
    if (dash < 0) {
      this.set(high, low, missingSeq, missingSeq);
      return true;
    }
    if (!readUnsigned(given.slice(dash + 1))) return false;
    this.set(high, low, parsed.high, parsed.low);
    return true;
  }
}

/** The first part of the id written last, with its dash: many entries come in one millisecond. */
const lastMs = { high: 0, low: 0, text: Buffer.alloc(MOST_ID_TEXT, '0-'), length: 2 };

/** What `readUnsigned` has read. */
const parsed = { high: 0, low: 0 };

/** Reads an unsigned 64-bit number as Redis does: a canonical one, else what strtoull takes. */
function readUnsigned(text: string): boolean {
  if (text.length > 0 && text.length <= 15) {
    let value = 0;
    let i = 0;
    for (; i < text.length; i++) {
      const digit = text.charCodeAt(i) - 48;
      if (digit >>> 0 > 9) break;
      value = value * 10 + digit;
    }
    if (i === text.length) {
      parsed.high = Math.floor(value / TWO_32) | 0;
      parsed.low = value | 0;
      return true;
    }
  }
  if (CANONICAL_NEGATIVE.test(text) && BigInt(text) >= -(U64_END / 2n)) return false;
  const loose = LOOSE_INTEGER.exec(text);
  if (loose === null) return false;
  let value = BigInt(loose[2]!);
  if (value >= U64_END) return false;
  if (loose[1] === '-' && value !== 0n) value = U64_END - value;
  parsed.high = Number(value >> 32n) | 0;
  parsed.low = Number(value & 0xffffffffn) | 0;
  return true;
}

function writeUnsigned(bytes: Uint8Array, at: number, high: number, low: number): number {
  const upper = high >>> 0;
  if (upper < SAFE_HIGH) {
    const value = upper * TWO_32 + (low >>> 0);
    const length = integerTextLength(value);
    writeInteger(bytes, at, length, value);
    return at + length;
  }
  const text = ((BigInt(upper) << 32n) | BigInt(low >>> 0)).toString();
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}
