// The centroids of a t-digest, sorted, and what can be told from them. Sizes are bounded by the
// scale function k1 of the paper, an arc sine, at twice the compression; how values between two
// centroids are interpolated, and what single observations are worth, is as its section on
// interpolation says.

/** Near the ends: a centroid has this, over the compression, of what lies beyond it. */
const TAIL_SIZE = 20;
/** Above, there are no smaller ones near the ends. */
const MOST_PER_COMPRESSION = 3;

export class Centroids {
  readonly means: Float64Array;
  /** Whole numbers, at least 1. */
  readonly weights: Float64Array;
  readonly least: number;
  readonly greatest: number;
  /** Of all together. */
  readonly weight: number;

  /** @param means ascending */
  constructor(means: Float64Array, weights: Float64Array, least: number, greatest: number) {
    this.means = means;
    this.weights = weights;
    this.least = least;
    this.greatest = greatest;
    let weight = 0;
    for (const each of weights) weight += each;
    this.weight = weight;
  }

  /** Returns the centroids of these and others together, MOST_PER_COMPRESSION times so many. */
  mergedWith(others: Centroids, compression: number): Centroids {
    const merged = this.#merge(others, compression, TAIL_SIZE / compression);
    if (merged.means.length <= MOST_PER_COMPRESSION * compression) return merged;
    return this.#merge(others, compression, Number.POSITIVE_INFINITY);
  }

  /** @param tail share of what is beyond it that a centroid may have */
  #merge(others: Centroids, compression: number, tail: number): Centroids {
    const count = this.means.length + others.means.length;
    const means = new Float64Array(count);
    const weights = new Float64Array(count);
    const total = this.weight + others.weight;
    let made = 0;
    let mean = 0;
    let size = 0;
    let before = 0;
    let limit = total * limitBehind(0, compression, tail);
    let i = 0;
    let j = 0;
    const take = (value: number, weight: number): void => {
      if (size > 0 && before + size + weight > limit) {
        means[made] = mean;
        weights[made++] = size;
        before += size;
        limit = total * limitBehind(before / total, compression, tail);
        size = 0;
      }
      size += weight;
      mean = size === weight ? value : towards(mean, value, weight / size);
    };
    while (i + j < count) {
      const isOwn =
        j === others.means.length || (i < this.means.length && this.means[i]! <= others.means[j]!);
      if (isOwn) take(this.means[i]!, this.weights[i++]!);
      else take(others.means[j]!, others.weights[j++]!);
    }
    if (size > 0) {
      means[made] = mean;
      weights[made++] = size;
    }
    return new Centroids(
      means.slice(0, made).sort(),
      weights.slice(0, made),
      Math.min(this.least, others.least),
      Math.max(this.greatest, others.greatest),
    );
  }

  /** The value below which a share (0 to 1) of the observations lies; NaN when there are none. */
  quantile(share: number): number {
    const { means, weights, weight } = this;
    const last = means.length - 1;
    if (last < 0) return Number.NaN;
    if (last === 0 && weight === 1) return means[0]!;
    const index = share * weight;
    if (index < 1) return this.least;
    if (index > weight - 1) return this.greatest;
    const firstHalf = weights[0]! / 2;
    // One observation of the first centroid is the least, one of the last the greatest.
    if (firstHalf > 1 && index < firstHalf) {
      return between(this.least, means[0]!, (index - 1) / (firstHalf - 1));
    }
    const lastHalf = weights[last]! / 2;
    if (lastHalf > 1 && weight - index <= lastHalf) {
      return between(this.greatest, means[last]!, (weight - index - 1) / (lastHalf - 1));
    }
    let before = firstHalf;
    for (let i = 0; i < last; i++) {
      const step = (weights[i]! + weights[i + 1]!) / 2;
      if (before + step > index) return this.#betweenTwo(i, index - before, before + step - index);
      before += step;
    }
    return means[last]!;
  }

  /** @param left how far behind the middle of centroid i @param right before that of the next */
  #betweenTwo(i: number, left: number, right: number): number {
    const { means, weights } = this;
    const mean = means[i]!;
    const next = means[i + 1]!;
    // Single observations are where they are.
    if (weights[i] === 1 && left < 0.5) return mean;
    if (weights[i + 1] === 1 && right <= 0.5) return next;
    const fromLeft = left - (weights[i] === 1 ? 0.5 : 0);
    const fromRight = right - (weights[i + 1] === 1 ? 0.5 : 0);
    return between(mean, next, fromLeft / (fromLeft + fromRight));
  }

  /** The share of observations below a value, and half of those that equal it; NaN: none at all. */
  below(value: number): number {
    const { means, weights, weight, least, greatest } = this;
    const last = means.length - 1;
    if (last < 0 || Number.isNaN(value)) return Number.NaN;
    if (value < least) return 0;
    if (value > greatest) return 1;
    if (last === 0 && least === greatest) return 0.5;
    if (value < means[0]!) {
      if (value === least) return 0.5 / weight;
      const share = (value - least) / (means[0]! - least);
      return (1 + share * (weights[0]! / 2 - 1)) / weight;
    }
    if (value > means[last]!) {
      if (value === greatest) return 1 - 0.5 / weight;
      const share = (greatest - value) / (greatest - means[last]!);
      return 1 - (1 + share * (weights[last]! / 2 - 1)) / weight;
    }
    let before = 0;
    let i = 0;
    while (i < last && means[i + 1]! <= value && means[i]! !== value) before += weights[i++]!;
    if (means[i] === value) {
      let equal = 0;
      for (let k = i; k <= last && means[k] === value; k++) equal += weights[k]!;
      return (before + equal / 2) / weight;
    }
    const isLeftSingle = weights[i] === 1;
    const isRightSingle = weights[i + 1] === 1;
    if (isLeftSingle && isRightSingle) return (before + 1) / weight;
    const leftOut = isLeftSingle ? 0.5 : 0;
    const step = (weights[i]! + weights[i + 1]!) / 2 - leftOut - (isRightSingle ? 0.5 : 0);
    const share = (value - means[i]!) / (means[i + 1]! - means[i]!);
    return (before + weights[i]! / 2 + leftOut + step * share) / weight;
  }

  /** The mean of the observations between two quantiles; NaN when there are none. */
  trimmedMean(low: number, high: number): number {
    const { means, weights, weight } = this;
    const from = Math.floor(weight * low);
    const to = Math.ceil(weight * high);
    let done = 0;
    let taken = 0;
    let mean = 0;
    for (let i = 0; i < means.length && done < to; i++) {
      const each = weights[i]!;
      const count = Math.min(done + each, to) - Math.max(done, from);
      done += each;
      if (count <= 0) continue;
      taken += count;
      mean = towards(mean, means[i]!, count / taken);
    }
    return taken === 0 ? Number.NaN : mean;
  }
}

/** Up to which share a centroid may reach that begins at one. */
function limitBehind(share: number, compression: number, tail: number): number {
  const from = Math.asin(Math.min(1, 2 * share - 1));
  const to = from + Math.PI / compression;
  const limit = to >= Math.PI / 2 ? 1 : (Math.sin(to) + 1) / 2;
  if (tail === Number.POSITIVE_INFINITY) return limit;
  return Math.min(limit, share * (1 + tail), 1 - (1 - share) / (1 + tail));
}

/** A running mean: exact when both are the same, and sums of large values would overflow. */
function towards(mean: number, value: number, share: number): number {
  const difference = value - mean;
  return Number.isFinite(difference)
    ? mean + difference * share
    : mean * (1 - share) + value * share;
}

/** Weighs two values so that the sum of both never overflows, and lies between them. */
function between(a: number, b: number, share: number): number {
  const value = a * (1 - share) + b * share;
  return a <= b ? Math.max(a, Math.min(b, value)) : Math.max(b, Math.min(a, value));
}
