// A signed 64-bit integer as two halves, so that integers of sets need no BigInt. It is not
// arithmetic: it reads, compares and writes.

import { integerTextLength, parseSafeInteger, writeInteger } from '../integer-text.ts';

const TWO_32 = 4294967296;
const BILLION = 1_000_000_000;
const MINUS = 45;
/** Longest magnitude has 19 digits; text of up to 15 is read in one go. */
const MOST_DIGITS = 19;

/** `high` is signed, `low` unsigned; the value is high * 2^32 + low. */
export class Int64 {
  high = 0;
  low = 0;

  /**
   * Reads canonical decimal text, as `parseInt64` does.
   * @returns false when it is not canonical or out of range; the value is then undefined
   */
  parse(bytes: Uint8Array, offset: number, length: number): boolean {
    const safe = parseSafeInteger(bytes, offset, length);
    if (!Number.isNaN(safe)) {
      this.setNumber(safe);
      return true;
    }
    const isNegative = length > 0 && bytes[offset] === MINUS;
    const start = isNegative ? offset + 1 : offset;
    const digits = offset + length - start;
    if (digits <= 15 || digits > MOST_DIGITS || bytes[start] === 48) return false;
    const above = digitsAt(bytes, start, digits - 9);
    const below = digitsAt(bytes, offset + length - 9, 9);
    if (above < 0 || below < 0) return false;
    // above * 10^9 + below in steps that stay under 2^53.
    const upper = Math.floor(above / 65536) * BILLION;
    const lower = (upper % 65536) * 65536 + (above % 65536) * BILLION + below;
    let high = Math.floor(upper / 65536) + Math.floor(lower / TWO_32);
    let low = lower % TWO_32;
    if (isNegative) {
      if (high > 0x80000000 || (high === 0x80000000 && low > 0)) return false;
      high = low === 0 ? -high : -high - 1;
      low = low === 0 ? 0 : TWO_32 - low;
    } else if (high >= 0x80000000) {
      return false;
    }
    this.high = high;
    this.low = low;
    return true;
  }

  /** Takes a safe integer. */
  setNumber(value: number): void {
    this.high = Math.floor(value / TWO_32);
    this.low = value >>> 0;
  }

  /** Bytes an intset needs for this value: 2, 4 or 8. */
  get width(): number {
    const low = this.low | 0;
    if (this.high !== low >> 31) return 8;
    return low === (low << 16) >> 16 ? 2 : 4;
  }

  /**
   * Writes the value as decimal text; there is room for MAX_INTEGER_TEXT bytes.
   * @returns the bytes written
   */
  write(bytes: Uint8Array, at: number): number {
    let { high, low } = this;
    if (high >= -0x200000 && high < 0x200000) {
      const value = high * TWO_32 + low;
      if (Number.isSafeInteger(value)) {
        const length = integerTextLength(value);
        writeInteger(bytes, at, length, value);
        return length;
      }
    }
    const isNegative = high < 0;
    if (isNegative) {
      bytes[at] = MINUS;
      high = low === 0 ? -high : -high - 1;
      low = low === 0 ? 0 : TWO_32 - low;
    }
    // Long division by 10^9, in limbs of 16 bits below the first.
    let quotient = Math.floor(high / BILLION) * 65536;
    let rest = (high % BILLION) * 65536 + Math.floor(low / 65536);
    quotient = (quotient + Math.floor(rest / BILLION)) * 65536;
    rest = (rest % BILLION) * 65536 + (low % 65536);
    quotient += Math.floor(rest / BILLION);
    rest %= BILLION;
    const start = isNegative ? at + 1 : at;
    const length = integerTextLength(quotient);
    writeInteger(bytes, start, length, quotient);
    for (let i = start + length + 8; i >= start + length; i--) {
      bytes[i] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    return start + length + 9 - at;
  }
}

/** Reads `count` digits; -1 when there is something else. */
function digitsAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) {
    const digit = bytes[at + i]! - 48;
    if (digit >>> 0 > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
