// HyperLogLogs as strings, in the form Redis keeps them: head, and registers of 6 bits packed one
// behind the other (dense). The run-length form (sparse) has its own file. Source: P. Flajolet et
// al., "HyperLogLog" (2007); the byte layout is Redis's.
//
//   "HYLL" | form (1) | 0 0 0 | cached estimate (8, little endian) | registers
//
// The highest bit of the cached estimate says that it is out of date.

import { HLL_REGISTERS } from './hyperloglog-hash.ts';

export const HLL_HEAD_BYTES = 16;
export const HLL_DENSE_BYTES = HLL_HEAD_BYTES + (HLL_REGISTERS * 6) / 8;
/** Highest value of a register of the dense form. */
export const HLL_MAX_RANK = 63;

export const HLL_DENSE = 0;
export const HLL_SPARSE = 1;

const FORM_AT = 4;
const ESTIMATE_AT = 8;
const STALE_AT = 15;
const STALE = 0x80;
// "HYLL"
const MAGIC = [0x48, 0x59, 0x4c, 0x4c] as const;

/** True when a string looks like a HyperLogLog; its registers may be damaged all the same. */
export function isHyperLogLog(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length < HLL_HEAD_BYTES) return false;
  for (let i = 0; i < MAGIC.length; i++) if (bytes[offset + i] !== MAGIC[i]) return false;
  const form = bytes[offset + FORM_AT]!;
  return form === HLL_SPARSE || (form === HLL_DENSE && length === HLL_DENSE_BYTES);
}

/** Returns HLL_DENSE or HLL_SPARSE. */
export function hllForm(bytes: Uint8Array, offset: number): number {
  return bytes[offset + FORM_AT]!;
}

/** Writes the head of an empty HyperLogLog; its cached estimate, 0, is up to date. */
export function writeHllHead(bytes: Uint8Array, offset: number, form: number): void {
  bytes.fill(0, offset, offset + HLL_HEAD_BYTES);
  bytes.set(MAGIC, offset);
  bytes[offset + FORM_AT] = form;
}

/** Returns the cached estimate (0 to 2^63 - 1), or -1 when it is out of date. */
export function cachedEstimate(bytes: Buffer, offset: number): number | bigint {
  if (bytes[offset + STALE_AT]! & STALE) return -1;
  const high = bytes.readUInt32LE(offset + ESTIMATE_AT + 4);
  if (high >= 2 ** 21) return bytes.readBigUInt64LE(offset + ESTIMATE_AT);
  return high * 2 ** 32 + bytes.readUInt32LE(offset + ESTIMATE_AT);
}

/** Keeps an estimate; one that 63 bits cannot hold counts as out of date. */
export function cacheEstimate(bytes: Buffer, offset: number, estimate: bigint): void {
  bytes.writeBigUInt64LE(BigInt.asUintN(64, estimate), offset + ESTIMATE_AT);
}

export function dropCachedEstimate(bytes: Uint8Array, offset: number): void {
  bytes[offset + STALE_AT] = bytes[offset + STALE_AT]! | STALE;
}

/** Returns a register of the dense form. */
export function denseRegister(bytes: Uint8Array, offset: number, register: number): number {
  const bit = register * 6;
  const at = offset + HLL_HEAD_BYTES + (bit >> 3);
  const shift = bit & 7;
  // The last register ends with the last byte: there is nothing to read behind it.
  const next = shift > 2 ? bytes[at + 1]! : 0;
  return ((bytes[at]! | (next << 8)) >> shift) & HLL_MAX_RANK;
}

/** Sets a register of the dense form to 0..63. */
export function setDenseRegister(
  bytes: Uint8Array,
  offset: number,
  register: number,
  rank: number,
): void {
  const bit = register * 6;
  const at = offset + HLL_HEAD_BYTES + (bit >> 3);
  const shift = bit & 7;
  bytes[at] = (bytes[at]! & ~(HLL_MAX_RANK << shift)) | (rank << shift);
  if (shift <= 2) return;
  const spare = 8 - shift;
  bytes[at + 1] = (bytes[at + 1]! & ~(HLL_MAX_RANK >> spare)) | (rank >> spare);
}
