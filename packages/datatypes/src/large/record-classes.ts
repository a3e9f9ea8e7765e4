// The sizes the record heap hands out, in units of 8 bytes: every size up to 64 units, then four
// per doubling, so that at most a fifth of a long record is padding. Numbers only.

/** Bytes of a unit. */
export const UNIT_BYTES = 8;
/** Largest record in units: 32 KB. What is longer lies in a buffer of its own. */
export const MAX_RECORD_UNITS = 4096;

const EXACT = 64;
const EXACT_BITS = 6;
/** Number of classes. */
export const RECORD_CLASSES = EXACT + 4 * 6;

/** Returns the class of a record of 1..MAX_RECORD_UNITS units. */
export function recordClass(units: number): number {
  if (units <= EXACT) return units - 1;
  const log = 31 - Math.clz32(units - 1);
  return EXACT + ((log - EXACT_BITS) << 2) + (((units - 1) >>> (log - 2)) & 3);
}

/** Returns how many units a record of this class takes. */
export function classUnits(recordClass: number): number {
  if (recordClass < EXACT) return recordClass + 1;
  const step = recordClass - EXACT;
  return (5 + (step & 3)) << (EXACT_BITS - 2 + (step >> 2));
}
