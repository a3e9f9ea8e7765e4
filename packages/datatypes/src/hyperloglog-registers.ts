// All registers of a HyperLogLog at once, in either form: merged, counted by value, turned from
// sparse to dense. Damaged runs are found here.

import {
  HLL_DENSE,
  HLL_HEAD_BYTES,
  HLL_MAX_RANK,
  hllForm,
  setDenseRegister,
  writeHllHead,
} from './hyperloglog.ts';
import { HLL_REGISTERS } from './hyperloglog-hash.ts';
import { sparseCodeBytes, sparseRank, sparseRunLength } from './hyperloglog-sparse.ts';

const histogram = new Int32Array(HLL_MAX_RANK + 1);
const unpacked = new Uint8Array(HLL_REGISTERS);

/**
 * Raises 16384 registers, one byte each, to those of a HyperLogLog.
 * @returns false when its runs are damaged; some registers may have been raised then
 */
export function mergeRegisters(
  registers: Uint8Array,
  bytes: Uint8Array,
  offset: number,
  length: number,
): boolean {
  if (hllForm(bytes, offset) === HLL_DENSE) {
    unpackDense(bytes, offset);
    for (let i = 0; i < HLL_REGISTERS; i++) {
      const rank = unpacked[i]!;
      if (rank > registers[i]!) registers[i] = rank;
    }
    return true;
  }
  let register = 0;
  let at = offset + HLL_HEAD_BYTES;
  const end = offset + length;
  while (at < end) {
    const code = bytes[at]!;
    const codeBytes = sparseCodeBytes(code);
    if (at + codeBytes > end) return false;
    const stop = register + sparseRunLength(code, codeBytes === 2 ? bytes[at + 1]! : 0);
    if (stop > HLL_REGISTERS) return false;
    const rank = sparseRank(code);
    if (rank === 0) register = stop;
    for (; register < stop; register++) {
      if (rank > registers[register]!) registers[register] = rank;
    }
    at += codeBytes;
  }
  return register === HLL_REGISTERS;
}

/** Returns how often each value from 0 to 63 occurs; valid until the next call. */
export function countRegisters(registers: Uint8Array): Int32Array {
  histogram.fill(0);
  for (let i = 0; i < HLL_REGISTERS; i++) {
    const rank = registers[i]!;
    histogram[rank] = histogram[rank]! + 1;
  }
  return histogram;
}

/**
 * The same for the registers of a HyperLogLog.
 * @returns null when its runs are damaged
 */
export function countHllRegisters(
  bytes: Uint8Array,
  offset: number,
  length: number,
): Int32Array | null {
  if (hllForm(bytes, offset) === HLL_DENSE) {
    unpackDense(bytes, offset);
    return countRegisters(unpacked);
  }
  histogram.fill(0);
  let register = 0;
  let at = offset + HLL_HEAD_BYTES;
  const end = offset + length;
  while (at < end) {
    const code = bytes[at]!;
    const codeBytes = sparseCodeBytes(code);
    if (at + codeBytes > end) return null;
    const span = sparseRunLength(code, codeBytes === 2 ? bytes[at + 1]! : 0);
    const rank = sparseRank(code);
    register += span;
    if (register > HLL_REGISTERS) return null;
    histogram[rank] = histogram[rank]! + span;
    at += codeBytes;
  }
  return register === HLL_REGISTERS ? histogram : null;
}

/** Writes a dense HyperLogLog with the given registers; its cached estimate says 0. */
export function writeDenseHll(bytes: Uint8Array, offset: number, registers: Uint8Array): void {
  writeHllHead(bytes, offset, HLL_DENSE);
  for (let i = 0; i < HLL_REGISTERS; i++) setDenseRegister(bytes, offset, i, registers[i]!);
}

/** Four registers lie in three bytes. */
function unpackDense(bytes: Uint8Array, offset: number): void {
  let at = offset + HLL_HEAD_BYTES;
  for (let i = 0; i < HLL_REGISTERS; i += 4, at += 3) {
    const a = bytes[at]!;
    const b = bytes[at + 1]!;
    const c = bytes[at + 2]!;
    unpacked[i] = a & 63;
    unpacked[i + 1] = ((a >> 6) | (b << 2)) & 63;
    unpacked[i + 2] = ((b >> 4) | (c << 4)) & 63;
    unpacked[i + 3] = c >> 2;
  }
}
