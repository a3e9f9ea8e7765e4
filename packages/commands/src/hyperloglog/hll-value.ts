// HyperLogLogs as the commands of the family open and store them: working space, the checks, and
// how one moves from the sparse to the dense form.

import {
  dropCachedEstimate,
  HLL_DENSE_BYTES,
  HLL_HEAD_BYTES,
  HLL_REGISTERS,
  HLL_SPARSE,
  HLL_SPARSE_MOST_BYTES,
  isHyperLogLog,
  mergeRegisters,
  SparseHll,
  STRING_RAW,
  writeDenseHll,
  writeEmptySparse,
  writeHllHead,
} from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { WRONG_TYPE } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { isOtherType } from '../string/string-value.ts';

export const ERR_DAMAGED = 'INVALIDOBJ Corrupted HLL object detected';
/** Of the cached estimate in the head. */
const ESTIMATE_AT = 8;
const ERR_NOT_HLL = 'WRONGTYPE Key is not a valid HyperLogLog string value.';

/** The sparse HyperLogLog a command works on before it stores it. */
export const sparse = new SparseHll(Buffer.alloc(HLL_SPARSE_MOST_BYTES + 8));
/** One byte per register. */
export const registers = new Uint8Array(HLL_REGISTERS);

/** Returns what is wrong with the value opened last as a HyperLogLog, or null. */
export function whyNotHll(c: CommandContext, entry: number): string | null {
  if (entry === 0) return null;
  if (isOtherType(c, entry)) return WRONG_TYPE;
  return isHyperLogLog(c.valueBytes, c.valueOffset, c.valueLength) ? null : ERR_NOT_HLL;
}

/** Makes `sparse` an empty HyperLogLog. */
export function beginEmpty(): void {
  writeHllHead(sparse.bytes, 0, HLL_SPARSE);
  sparse.length = writeEmptySparse(sparse.bytes, 0);
}

/** Copies the value opened last to `sparse`; false: it is longer than a whole one can be. */
export function loadSparse(c: CommandContext): boolean {
  if (c.valueLength > HLL_SPARSE_MOST_BYTES) return false;
  c.valueBytes.copy(sparse.bytes, 0, c.valueOffset, c.valueOffset + c.valueLength);
  sparse.length = c.valueLength;
  return true;
}

/** Spreads `sparse` into `registers`; false: it is damaged. */
export function spreadSparse(): boolean {
  registers.fill(0);
  return mergeRegisters(registers, sparse.bytes, 0, sparse.length);
}

/**
 * Makes the selected key hold what is in `sparse`, its estimate out of date. Like the functions
 * below it leaves the last step of the change, which stamps the entry, to the caller.
 * @returns the entry, NOT_HERE or FULL (nothing has changed)
 */
export function storeSparse(c: CommandContext, entry: number): number {
  const stored = c.reserve(entry, TYPE_STRING, sparse.length, 0);
  if (stored < 0) return stored;
  dropCachedEstimate(sparse.bytes, 0);
  sparse.bytes.copy(c.valueBytes, c.valueOffset, 0, sparse.length);
  c.setEncoding(stored, STRING_RAW);
  return stored;
}

/**
 * Makes the selected key hold a dense HyperLogLog with these `registers`, and with the old
 * estimate of `sparse`, out of date: nobody reads it, but so the bytes are those of Redis.
 */
export function storeDense(c: CommandContext, entry: number): number {
  const stored = c.reserve(entry, TYPE_STRING, HLL_DENSE_BYTES, 0);
  if (stored < 0) return stored;
  const { valueBytes, valueOffset } = c;
  writeDenseHll(valueBytes, valueOffset, registers);
  sparse.bytes.copy(valueBytes, valueOffset + ESTIMATE_AT, ESTIMATE_AT, HLL_HEAD_BYTES);
  dropCachedEstimate(valueBytes, valueOffset);
  c.setEncoding(stored, STRING_RAW);
  return stored;
}

/** The same for a key that holds a dense one already, whose bytes are changed in place. */
export function reserveDense(c: CommandContext, entry: number): number {
  const stored = c.reserve(entry, TYPE_STRING, HLL_DENSE_BYTES, HLL_DENSE_BYTES);
  if (stored < 0) return stored;
  dropCachedEstimate(c.valueBytes, c.valueOffset);
  c.setEncoding(stored, STRING_RAW);
  return stored;
}

/**
 * Ends a command that found nothing to change: even so the string counts as raw from now on.
 * @returns the entry, NOT_HERE or FULL
 */
export function keep(c: CommandContext, entry: number): number {
  if (c.encodingOf(entry) === STRING_RAW || areWritesRefused(c)) return entry;
  const stored = c.reserve(entry, TYPE_STRING, c.valueLength, c.valueLength);
  if (stored < 0) return stored;
  c.setEncoding(stored, STRING_RAW);
  c.changed(stored);
  return stored;
}

/** Then PFCOUNT, which is no write to its clients, leaves values as they are. */
export function areWritesRefused(c: CommandContext): boolean {
  return c.writeRefusal !== '';
}

/** Ends a command on one key whose value turned out to be damaged; Redis: it is raw even so. */
export function failDamaged(c: CommandContext, entry: number): Outcome {
  const kept = keep(c, entry);
  return kept < 0 ? c.refuse(kept) : c.fail(ERR_DAMAGED);
}

/** Most bytes of a sparse HyperLogLog. */
export function sparseMostBytes(c: CommandContext): number {
  return c.config.bytes('hll-sparse-max-bytes');
}
