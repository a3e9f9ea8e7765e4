/**
 * A small seeded random generator (mulberry32, public domain, Tommy Ettinger): the same 32-bit seed
 * gives the same numbers everywhere. Not for secrets.
 */

/** Weighted alternatives for `Prng.weighted`. */
export type Weighted<T> = readonly (readonly [weight: number, value: T])[];

export class Prng {
  #state: number;

  /** @param seed any number; its low 32 bits count. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** An integer from 0 to `bound` - 1; `bound` is at most 2^32. */
  below(bound: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * bound);
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with the given probability (0 to 1). */
  chance(probability: number): boolean {
    return this.uint32() < probability * 0x1_0000_0000;
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** One of the alternatives, each as often as its weight says. */
  weighted<T>(alternatives: Weighted<T>): T {
    let point = this.below(alternatives.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of alternatives) {
      if (point < weight) return value;
      point -= weight;
    }
    throw new Error('no alternatives');
  }

  /** A copy of the list in random order. */
  shuffle<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let last = copy.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
    }
    return copy;
  }

  /** Random bytes. */
  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let index = 0; index < length; index++) bytes[index] = this.uint32() >>> 24;
    return bytes;
  }
}
