// What a key's bytes decide: its cluster slot (CRC-16, as Redis Cluster) and its 32-bit hash
// in the hot table and the stores. The hash is HalfSipHash-1-3 (Aumasson and Bernstein) under
// a 64-bit secret of the data directory, so that nobody can prepare colliding keys.

/** Slots of the key space, as in Redis Cluster. */
export const SLOT_COUNT = 16384;
/** Shards, the unit of ownership: 256 consecutive slots each. */
export const SHARD_COUNT = 64;
/** slot >> SHARD_SHIFT = shard. */
export const SHARD_SHIFT = 8;

const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

// CRC-16/XMODEM (polynomial 0x1021), four tables for slicing by four bytes.
const CRC = new Uint16Array(4 * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  CRC[byte] = crc & 0xffff;
}
for (let table = 1; table < 4; table++) {
  for (let byte = 0; byte < 256; byte++) {
    const previous = CRC[(table - 1) * 256 + byte]!;
    CRC[table * 256 + byte] = ((previous << 8) ^ CRC[previous >>> 8]!) & 0xffff;
  }
}

/**
 * Returns the CRC-16/XMODEM of `length` bytes at `offset`.
 * Source: Redis Cluster specification, appendix A.
 */
export function crc16(bytes: Uint8Array, offset: number, length: number): number {
  let crc = 0;
  let i = offset;
  const end = offset + length;
  for (; i + 4 <= end; i += 4) {
    crc =
      CRC[768 + ((crc >>> 8) ^ bytes[i]!)]! ^
      CRC[512 + ((crc & 0xff) ^ bytes[i + 1]!)]! ^
      CRC[256 + bytes[i + 2]!]! ^
      CRC[bytes[i + 3]!]!;
  }
  for (; i < end; i++) crc = ((crc << 8) & 0xffff) ^ CRC[(crc >>> 8) ^ bytes[i]!]!;
  return crc;
}

/** Computes slot and hash of keys. One per thread; no allocation per key. */
export class KeyHasher {
  readonly #k0: number;
  readonly #k1: number;
  #digestShard = 0;

  /** @param k0 low half of the data directory's secret @param k1 high half */
  constructor(k0: number, k1: number) {
    this.#k0 = k0 | 0;
    this.#k1 = k1 | 0;
  }

  /**
   * Returns the slot (0..16383) of a key: CRC-16 of the part between the first `{` and the
   * next `}` when that is not empty, else of the whole key, modulo 16384.
   */
  slot(bytes: Uint8Array, offset: number, length: number): number {
    const end = offset + length;
    for (let i = offset; i < end; i++) {
      if (bytes[i] !== OPEN_BRACE) continue;
      for (let j = i + 1; j < end; j++) {
        if (bytes[j] !== CLOSE_BRACE) continue;
        if (j === i + 1) return crc16(bytes, offset, length) & (SLOT_COUNT - 1);
        return crc16(bytes, i + 1, j - i - 1) & (SLOT_COUNT - 1);
      }
      break;
    }
    return crc16(bytes, offset, length) & (SLOT_COUNT - 1);
  }

  /** Returns the shard (0..63) of a key. */
  shard(bytes: Uint8Array, offset: number, length: number): number {
    return this.slot(bytes, offset, length) >>> SHARD_SHIFT;
  }

  /** Shard of the key last given to `digest`. */
  get digestShard(): number {
    return this.#digestShard;
  }

  /**
   * Returns what `hash` returns and leaves the shard in `digestShard`, in one pass: the two
   * computations wait for different things, so together they cost little more than one.
   * @param view of the same bytes
   */
  digest(bytes: Uint8Array, view: DataView, offset: number, length: number): number {
    let v0 = this.#k0;
    let v1 = this.#k1;
    let v2 = 0x6c796765 ^ this.#k0;
    let v3 = 0x74656462 ^ this.#k1;
    let crc = 0;
    let braces = 0;
    let i = offset;
    const whole = offset + (length & ~3);
    for (; i < whole; i += 4) {
      const word = view.getInt32(i, true);
      braces |= bytesEqualToBrace(word);
      crc =
        CRC[768 + ((crc >>> 8) ^ (word & 0xff))]! ^
        CRC[512 + ((crc & 0xff) ^ ((word >>> 8) & 0xff))]! ^
        CRC[256 + ((word >>> 16) & 0xff)]! ^
        CRC[word >>> 24]!;
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    let word = length << 24;
    for (let shift = 0; i < offset + length; i++, shift += 8) {
      const byte = bytes[i]!;
      word |= byte << shift;
      crc = ((crc << 8) & 0xffff) ^ CRC[(crc >>> 8) ^ byte]!;
      if (byte === OPEN_BRACE) braces = 1;
    }
    this.#digestShard =
      (braces === 0 ? crc & (SLOT_COUNT - 1) : this.slot(bytes, offset, length)) >>> SHARD_SHIFT;
    return finish(v0, v1, v2, v3, word);
  }

  /** Returns the keyed 32-bit hash of a key as a signed integer. Off the hot path. */
  hash(bytes: Uint8Array, offset: number, length: number): number {
    return this.digest(
      bytes,
      new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      offset,
      length,
    );
  }
}

/** Non-zero when one of the word's four bytes is `{`. */
function bytesEqualToBrace(word: number): number {
  const difference = word ^ 0x7b7b7b7b;
  return (difference - 0x01010101) & ~difference & 0x80808080;
}

/** The last word's round and the finalization of HalfSipHash-1-3. */
function finish(v0: number, v1: number, v2: number, v3: number, word: number): number {
  v3 ^= word;
  for (let round = 0; round < 4; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    if (round === 0) {
      v0 ^= word;
      v2 ^= 0xff;
    }
  }
  return v1 ^ v3;
}
