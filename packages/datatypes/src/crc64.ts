// CRC-64 as RDB files and DUMP payloads carry it. Not a hash against attackers.

/** The polynomial of Jones, 0xad93d23594c935a9, with its bits reversed: high and low half. */
const POLYNOMIAL_HIGH = 0x95ac9329 | 0;
const POLYNOMIAL_LOW = 0xac4bc9b5 | 0;
/** Bytes taken at once, each with a table of its own. */
const SLICES = 8;

// Entry `slice * 256 + byte`: the checksum of the byte and `slice` zero bytes behind it.
const LOW = new Int32Array(SLICES * 256);
const HIGH = new Int32Array(SLICES * 256);
for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (carry !== 0) {
      low ^= POLYNOMIAL_LOW;
      high ^= POLYNOMIAL_HIGH;
    }
  }
  LOW[byte] = low;
  HIGH[byte] = high;
}
for (let at = 256; at < SLICES * 256; at++) {
  const low = LOW[at - 256]!;
  const high = HIGH[at - 256]!;
  LOW[at] = ((low >>> 8) | (high << 24)) ^ LOW[low & 0xff]!;
  HIGH[at] = (high >>> 8) ^ HIGH[low & 0xff]!;
}

/**
 * Returns the CRC-64 of `length` bytes at `offset`: Jones's polynomial, reflected, starting from 0,
 * nothing added at the end; `123456789` gives 0xe9c6d914c4b8d9ca. Source: the RDB format.
 * @param before of the bytes that these go on from
 */
export function crc64(
  bytes: Uint8Array,
  offset: number,
  length: number,
  before: bigint = 0n,
): bigint {
  let low = Number(before & 0xffffffffn) | 0;
  let high = Number(before >> 32n) | 0;
  let i = offset;
  const end = offset + length;
  for (; i + SLICES <= end; i += SLICES) {
    const a = low ^ word(bytes, i);
    const b = high ^ word(bytes, i + 4);
    low =
      LOW[1792 + (a & 0xff)]! ^
      LOW[1536 + ((a >>> 8) & 0xff)]! ^
      LOW[1280 + ((a >>> 16) & 0xff)]! ^
      LOW[1024 + (a >>> 24)]! ^
      LOW[768 + (b & 0xff)]! ^
      LOW[512 + ((b >>> 8) & 0xff)]! ^
      LOW[256 + ((b >>> 16) & 0xff)]! ^
      LOW[b >>> 24]!;
    high =
      HIGH[1792 + (a & 0xff)]! ^
      HIGH[1536 + ((a >>> 8) & 0xff)]! ^
      HIGH[1280 + ((a >>> 16) & 0xff)]! ^
      HIGH[1024 + (a >>> 24)]! ^
      HIGH[768 + (b & 0xff)]! ^
      HIGH[512 + ((b >>> 8) & 0xff)]! ^
      HIGH[256 + ((b >>> 16) & 0xff)]! ^
      HIGH[b >>> 24]!;
  }
  for (; i < end; i++) {
    const at = (low ^ bytes[i]!) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ LOW[at]!;
    high = (high >>> 8) ^ HIGH[at]!;
  }
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
