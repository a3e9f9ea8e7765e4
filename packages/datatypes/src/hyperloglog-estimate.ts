// How many distinct elements the registers of a HyperLogLog have seen: the estimator of O. Ertl,
// "New cardinality estimation algorithms for HyperLogLog sketches" (2017), section 4, computed in
// the order in which Redis does, so that the answers are the same.

import { HLL_RANK_BITS, HLL_REGISTERS } from './hyperloglog-hash.ts';

/** 1 / (2 ln 2). */
const ALPHA = 0.7213475204444817;
const INT64_MIN = -(2n ** 63n);

/**
 * Estimates.
 * @param histogram how often each register value occurs
 * @returns a signed 64-bit integer: a number where that is exact. Registers that no elements could
 *   make give -2^63, as in Redis.
 */
export function estimateCount(histogram: Int32Array): number | bigint {
  const m = HLL_REGISTERS;
  let z = m * tau((m - histogram[HLL_RANK_BITS + 1]!) / m);
  for (let rank = HLL_RANK_BITS; rank >= 1; rank--) z = (z + histogram[rank]!) * 0.5;
  z += m * sigma(histogram[0]! / m);
  const estimate = Math.round((ALPHA * m * m) / z);
  if (!(estimate < 2 ** 63)) return INT64_MIN;
  return Number.isSafeInteger(estimate) ? estimate : BigInt(estimate);
}

function sigma(x: number): number {
  if (x === 1) return Infinity;
  let y = 1;
  let z = x;
  let before: number;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before !== z);
  return z;
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let y = 1;
  let z = 1 - x;
  let before: number;
  do {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (before !== z);
  return z / 3;
}
