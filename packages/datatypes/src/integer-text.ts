// 64-bit integers as decimal text, exactly as Redis reads and writes them.

const MINUS = 45;
const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;
/** Longest text of a 64-bit integer: `-9223372036854775808`. */
export const MAX_INTEGER_TEXT = 20;

/**
 * Reads canonical decimal text: an optional `-`, no leading zeros, no blanks, no `+`, no `-0`.
 * @returns the value, or NaN when it is not canonical or has more than 15 digits; then
 *   `parseInt64` knows
 */
export function parseSafeInteger(bytes: Uint8Array, offset: number, length: number): number {
  if (length === 0 || length > 16) return NaN;
  const negative = bytes[offset] === MINUS;
  let i = negative ? offset + 1 : offset;
  const end = offset + length;
  const digits = end - i;
  if (digits === 0 || digits > 15) return NaN;
  let value = bytes[i]! - 48;
  if (value === 0) return digits === 1 && !negative ? 0 : NaN;
  if (value >>> 0 > 9) return NaN;
  for (i++; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit >>> 0 > 9) return NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/**
 * Reads canonical decimal text of a signed 64-bit integer.
 * @returns the value, or null when it is not canonical or out of range
 */
export function parseInt64(bytes: Buffer, offset: number, length: number): bigint | null {
  const safe = parseSafeInteger(bytes, offset, length);
  if (!Number.isNaN(safe)) return BigInt(safe);
  if (length === 0 || length > MAX_INTEGER_TEXT) return null;
  const text = bytes.toString('latin1', offset, offset + length);
  if (!/^-?[1-9][0-9]*$/.test(text)) return null;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX ? value : null;
}

/** True when a value fits a signed 64-bit integer. */
export function fitsInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** Returns the number of characters of a safe integer's text. */
export function integerTextLength(value: number): number {
  let length = 1;
  if (value >= 0 && value < 1_000_000_000) {
    if (value < 10) return 1;
    if (value < 100) return 2;
    if (value < 1000) return 3;
    if (value < 10_000) return 4;
    return value < 100_000
      ? 5
      : value < 1_000_000
        ? 6
        : value < 10_000_000
          ? 7
          : value < 1e8
            ? 8
            : 9;
  }
  if (value < 0) {
    length = 2;
    value = -value;
  }
  while (value >= 10) {
    value = Math.floor(value / 10);
    length++;
  }
  return length;
}

/** Writes a safe integer's text of known length at an offset. */
export function writeInteger(
  bytes: Uint8Array,
  offset: number,
  length: number,
  value: number,
): void {
  let rest = value < 0 ? -value : value;
  let i = offset + length - 1;
  for (; rest >= 2147483648; i--) {
    const quotient = Math.floor(rest / 10);
    // In this order: the sum of 48 and a large number need not be exact.
    bytes[i] = 48 + (rest - quotient * 10);
    rest = quotient;
  }
  let small = rest | 0;
  const stop = value < 0 ? offset + 1 : offset;
  for (; i >= stop; i--) {
    const quotient = (small / 10) | 0;
    bytes[i] = 48 + small - quotient * 10;
    small = quotient;
  }
  if (value < 0) bytes[offset] = MINUS;
}
