// The buckets that times of commands are counted in: eight of equal width for each power of two
// nanoseconds, so a time is known to about a sixteenth. Redis: HdrHistogram with two digits.

/** Shorter times count as 64 ns, those of a second and more as just below 2^30 ns. */
const LEAST_BIT = 6;
const MOST_BIT = 29;
const PART_BITS = 3;
const PARTS = 1 << PART_BITS;
const LEAST_NS = 1 << LEAST_BIT;
const MOST_NS = 2 ** (MOST_BIT + 1) - 1;

export const LATENCY_BUCKETS = (MOST_BIT - LEAST_BIT + 1) * PARTS;

/** Bits that a label of LATENCY HISTOGRAM has behind the first, in HdrHistogram of two digits. */
const LABEL_BITS = 7;
/** The first bound of LATENCY HISTOGRAM is 2^10 ns. */
const FIRST_LABEL_BIT = 10;

/** The bucket of a time. */
export function latencyBucketOf(microseconds: number): number {
  const ns = microseconds * 1000;
  const whole = ns < LEAST_NS ? LEAST_NS : ns > MOST_NS ? MOST_NS : ns | 0;
  const bit = 31 - Math.clz32(whole);
  const part = (whole >>> (bit - PART_BITS)) & (PARTS - 1);
  return ((bit - LEAST_BIT) << PART_BITS) + part;
}

/** The longest time of a bucket, in microseconds. */
export function latencyBoundOf(bucket: number): number {
  const bit = (bucket >> PART_BITS) + LEAST_BIT;
  const part = bucket & (PARTS - 1);
  return ((PARTS + part + 1) * 2 ** (bit - PART_BITS) - 1) / 1000;
}

/**
 * Counts as LATENCY HISTOGRAM shows them: how many took so many microseconds at most, for the
 * powers of two (of nanoseconds) at which that grows.
 */
export function cumulativeCounts(counts: readonly number[]): [microseconds: number, n: number][] {
  const shown: [number, number][] = [];
  let sum = 0;
  let before = 0;
  for (let bit = LEAST_BIT; bit <= MOST_BIT; bit++) {
    const from = (bit - LEAST_BIT) << PART_BITS;
    for (let i = from; i < from + PARTS; i++) sum += counts[i]!;
    if (bit + 1 < FIRST_LABEL_BIT || sum === before) continue;
    before = sum;
    // As Redis spells the bound: the last of the values that its histogram cannot tell from it.
    const bound = 2 ** (bit + 1) + 2 ** (bit + 1 - LABEL_BITS) - 1;
    shown.push([Math.floor(bound / 1000), sum]);
  }
  return shown;
}

/** The time that so many percent of the calls did not exceed, in microseconds. */
export function percentileOf(counts: readonly number[], percent: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const wanted = Math.max(1, Math.ceil((total * percent) / 100));
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    sum += counts[i]!;
    if (sum >= wanted) return latencyBoundOf(i);
  }
  return 0;
}
