// The hash that sketches place items by: MurmurHash3_x86_128 (Austin Appleby, public domain), which
// needs nothing but 32-bit arithmetic. Not keyed: a sketch gives the same answers wherever it goes.

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;
const TWO_21 = 2 ** 21;
const TO_UNIT = 2 ** -53;

/** 128 bits of an item, as four words. One per thread; the last item's. */
class ItemHash {
  a = 0;
  b = 0;
  c = 0;
  d = 0;

  /** Hashes `length` bytes at `offset`. */
  of(bytes: Uint8Array, offset: number, length: number, seed = 0): void {
    let a = seed | 0;
    let b = a;
    let c = a;
    let d = a;
    let i = offset;
    const whole = offset + length - (length & 15);
    for (; i < whole; i += 16) {
      a ^= Math.imul(rotate(Math.imul(word(bytes, i), C1), 15), C2);
      a = (Math.imul((rotate(a, 19) + b) | 0, 5) + 0x561ccd1b) | 0;
      b ^= Math.imul(rotate(Math.imul(word(bytes, i + 4), C2), 16), C3);
      b = (Math.imul((rotate(b, 17) + c) | 0, 5) + 0x0bcaa747) | 0;
      c ^= Math.imul(rotate(Math.imul(word(bytes, i + 8), C3), 17), C4);
      c = (Math.imul((rotate(c, 15) + d) | 0, 5) + 0x96cd1c35) | 0;
      d ^= Math.imul(rotate(Math.imul(word(bytes, i + 12), C4), 18), C1);
      d = (Math.imul((rotate(d, 13) + a) | 0, 5) + 0x32ac3b17) | 0;
    }
    const rest = length & 15;
    if (rest > 12) d ^= Math.imul(rotate(Math.imul(part(bytes, i + 12, rest - 12), C4), 18), C1);
    if (rest > 8) c ^= Math.imul(rotate(Math.imul(part(bytes, i + 8, rest - 8), C3), 17), C4);
    if (rest > 4) b ^= Math.imul(rotate(Math.imul(part(bytes, i + 4, rest - 4), C2), 16), C3);
    if (rest > 0) a ^= Math.imul(rotate(Math.imul(part(bytes, i, rest), C1), 15), C2);
    a ^= length;
    b ^= length;
    c ^= length;
    d ^= length;
    a = (a + b + c + d) | 0;
    b = mix((a + b) | 0);
    c = mix((a + c) | 0);
    d = mix((a + d) | 0);
    a = mix(a);
    a = (a + b + c + d) | 0;
    this.a = a;
    this.b = (a + b) | 0;
    this.c = (a + c) | 0;
    this.d = (a + d) | 0;
  }

  /** 53 bits of the hash as a number of [0, 1). */
  get unit(): number {
    return ((this.a >>> 0) * TWO_21 + (this.b >>> 11)) * TO_UNIT;
  }

  /** 53 other bits. */
  get otherUnit(): number {
    return ((this.c >>> 0) * TWO_21 + (this.d >>> 11)) * TO_UNIT;
  }
}

export const itemHash: ItemHash = new ItemHash();

/** Spreads every bit of a word over all of them: the last step of MurmurHash3. */
export function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** The first `count` bytes of a word, at most 4. */
function part(bytes: Uint8Array, at: number, count: number): number {
  if (count >= 4) return word(bytes, at);
  let value = bytes[at]!;
  if (count > 1) value |= bytes[at + 1]! << 8;
  if (count > 2) value |= bytes[at + 2]! << 16;
  return value;
}
