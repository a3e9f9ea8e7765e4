// Which register of a HyperLogLog an element belongs to, and what it says there. MurmurHash64A
// (Austin Appleby, public domain) in 32-bit halves, with the seed Redis uses, so that the same
// elements give the same registers.

/** Bits of the hash that choose the register. */
const INDEX_BITS = 14;
/** Registers of a HyperLogLog. */
export const HLL_REGISTERS = 1 << INDEX_BITS;
/** Bits of the hash that are left: a register holds 0 to HLL_RANK_BITS + 1. */
export const HLL_RANK_BITS = 64 - INDEX_BITS;

const SEED = 0xadc83b19;
// The multiplier 0xc6a4a7935bd1e995.
const M_LOW = 0x5bd1e995;
const M_HIGH = 0xc6a4a793;
const SHIFT = 47 - 32;

let low = 0;
let high = 0;

/**
 * Hashes an element of `length` bytes at `offset`.
 * @returns register * 64 + rank: the element's register, 0 to 16383, and the position (1 to 51) of
 *   the lowest bit that is set in the rest of its hash
 */
export function hllPlace(bytes: Uint8Array, offset: number, length: number): number {
  murmur64(bytes, offset, length);
  const register = low & (HLL_REGISTERS - 1);
  const rest = low >>> INDEX_BITS;
  let zeros = HLL_RANK_BITS;
  if (rest !== 0) zeros = lowestBit(rest);
  else if (high !== 0) zeros = 32 - INDEX_BITS + lowestBit(high);
  return register * 64 + zeros + 1;
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Returns the 64-bit hash that `hllPlace` goes by; for tests. */
export function hllHash(bytes: Uint8Array, offset: number, length: number): bigint {
  murmur64(bytes, offset, length);
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** Leaves the hash in `low` and `high`. */
function murmur64(bytes: Uint8Array, offset: number, length: number): void {
  multiply(length | 0, Math.floor(length / 2 ** 32));
  let hashLow = low ^ SEED;
  let hashHigh = high;
  let i = offset;
  const whole = offset + length - (length % 8);
  for (; i < whole; i += 8) {
    multiply(word(bytes, i), word(bytes, i + 4));
    low ^= high >>> SHIFT;
    multiply(low, high);
    multiply(hashLow ^ low, hashHigh ^ high);
    hashLow = low;
    hashHigh = high;
  }
  const rest = length % 8;
  if (rest > 0) {
    for (let k = 0; k < rest; k++) {
      const shifted = bytes[i + k]! << (8 * (k & 3));
      if (k < 4) hashLow ^= shifted;
      else hashHigh ^= shifted;
    }
    multiply(hashLow, hashHigh);
    hashLow = low;
    hashHigh = high;
  }
  multiply(hashLow ^ (hashHigh >>> SHIFT), hashHigh);
  low ^= high >>> SHIFT;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** Leaves the product with the multiplier, modulo 2^64, in `low` and `high`. */
function multiply(a: number, b: number): void {
  high = (highProduct(a, M_LOW) + Math.imul(a, M_HIGH) + Math.imul(b, M_LOW)) | 0;
  low = Math.imul(a, M_LOW);
}

/** Returns the upper half of the 64-bit product of two unsigned words. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carried >>> 16)) | 0;
}
