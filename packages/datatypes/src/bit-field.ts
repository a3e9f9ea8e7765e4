// Integers of 1 to 64 bits at any bit of a string, as BITFIELD reads and writes them, and what
// becomes of values that do not fit. Up to 45 bits they are numbers, above that bigints.

/** Most bits of a field that is handled as a number: with 7 bits behind it, it has 52. */
export const MAX_NUMBER_BITS = 45;

export type OverflowRule = 'wrap' | 'sat' | 'fail';

/**
 * Reads an unsigned field of 1 to 45 bits; bytes behind the end are zero.
 * @param offset of the string's first byte
 * @param length of the string in bytes
 * @param firstBit position of the field's highest bit in the string
 */
export function readField(
  bytes: Uint8Array,
  offset: number,
  length: number,
  firstBit: number,
  bits: number,
): number {
  const first = Math.floor(firstBit / 8);
  const lastBit = firstBit + bits - 1;
  const last = Math.floor(lastBit / 8);
  let value = first < length ? bytes[offset + first]! & (0xff >> (firstBit % 8)) : 0;
  for (let i = first + 1; i <= last; i++) {
    value = value * 256 + (i < length ? bytes[offset + i]! : 0);
  }
  return Math.floor(value / 2 ** (7 - (lastBit % 8)));
}

/** Writes the lowest 1 to 45 bits of a non-negative integer; all bytes of the field are there. */
export function writeField(
  bytes: Uint8Array,
  offset: number,
  firstBit: number,
  bits: number,
  value: number,
): void {
  const lastBit = firstBit + bits - 1;
  let at = offset + Math.floor(lastBit / 8);
  // Of the byte at hand: its lowest bit that belongs to the field.
  let low = 7 - (lastBit % 8);
  let rest = bits;
  while (rest > 0) {
    const take = Math.min(8 - low, rest);
    const mask = ((1 << take) - 1) << low;
    const part = value % 2 ** take;
    bytes[at] = (bytes[at]! & ~mask) | (part << low);
    value = (value - part) / 2 ** take;
    rest -= take;
    low = 0;
    at--;
  }
}

/** Reads an unsigned field of 33 to 64 bits. */
export function readWideField(
  bytes: Uint8Array,
  offset: number,
  length: number,
  firstBit: number,
  bits: number,
): bigint {
  const high = readField(bytes, offset, length, firstBit, bits - 32);
  const low = readField(bytes, offset, length, firstBit + bits - 32, 32);
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Writes the lowest 33 to 64 bits of an integer of either sign. */
export function writeWideField(
  bytes: Uint8Array,
  offset: number,
  firstBit: number,
  bits: number,
  value: bigint,
): void {
  const unsigned = BigInt.asUintN(bits, value);
  writeField(bytes, offset, firstBit, bits - 32, Number(unsigned >> 32n));
  writeField(bytes, offset, firstBit + bits - 32, 32, Number(unsigned & 0xffffffffn));
}

/** Turns an unsigned field into the value it has as a signed one. */
export function signedField(value: number, bits: number): number {
  return value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

/**
 * Makes a value fit a field of 1 to 45 bits.
 * @param value a safe integer
 * @returns the value, a wrapped or saturated one, or NaN: it does not fit and the rule is `fail`
 */
export function fitField(
  value: number,
  isSigned: boolean,
  bits: number,
  rule: OverflowRule,
): number {
  const least = isSigned ? -(2 ** (bits - 1)) : 0;
  const most = isSigned ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  if (value >= least && value <= most) return value;
  if (rule === 'fail') return NaN;
  if (rule === 'sat') return value < least ? least : most;
  const modulus = 2 ** bits;
  const wrapped = ((value % modulus) + modulus) % modulus;
  return isSigned ? signedField(wrapped, bits) : wrapped;
}

/** The same for fields of any width; null where `fitField` answers NaN. */
export function fitWideField(
  value: bigint,
  isSigned: boolean,
  bits: number,
  rule: OverflowRule,
): bigint | null {
  const wrapped = isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (wrapped === value || rule === 'wrap') return wrapped;
  if (rule === 'fail') return null;
  const modulus = 1n << BigInt(bits);
  const half = modulus >> 1n;
  if (isSigned) return value < 0n ? -half : half - 1n;
  return value < 0n ? 0n : modulus - 1n;
}
