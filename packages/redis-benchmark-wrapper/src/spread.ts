// Median and range of a handful of measurements. Nothing fancier: with five rounds on a shared
// machine a standard deviation says less than the smallest and the largest value.

/** Several measurements of one thing. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Median, smallest and largest, or undefined when nothing was measured. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  return { median: median(sorted), min: sorted[0]!, max: sorted.at(-1)! };
}

/** Half the width of the range as a part of the median: 0.05 reads "good to about 5 %". */
export function relativeNoise(spread: Spread): number {
  return spread.median === 0 ? 0 : (spread.max - spread.min) / 2 / spread.median;
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}
