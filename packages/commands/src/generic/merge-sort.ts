// A stable sort of indexes in steps of bounded length: runs first, one a step, then merges of two
// neighbours at a time.

import type { Compare } from './sort-order.ts';

export class MergeSort {
  /** The indexes 0..count-1; in order when `step` has come to the end. */
  indexes: Uint32Array;
  #other: Uint32Array;
  readonly #compare: Compare;
  /** Indexes that a step brings into order, or merges, about. */
  readonly #most: number;
  /** Indexes that are in runs of order already; `count`: all. */
  #sorted = 0;
  /** Length of the runs that are being merged. */
  #width: number;
  /** Begin of the first run of a pair, and what was merged of the pair. */
  #pair = 0;
  #left = 0;
  #right: number;
  #merged = 0;

  /** @param most indexes that a step brings into order, at least 2 */
  constructor(count: number, compare: Compare, most: number) {
    this.indexes = new Uint32Array(count);
    this.#other = new Uint32Array(count > most ? count : 0);
    this.#compare = compare;
    this.#most = most;
    this.#width = most;
    this.#right = most;
  }

  /** Does a part; true at the end. */
  step(): boolean {
    const { length } = this.indexes;
    if (this.#sorted < length) this.#sortRun();
    else if (this.#width < length) this.#merge();
    return this.#sorted === length && this.#width >= length;
  }

  #sortRun(): void {
    const { indexes } = this;
    const begin = this.#sorted;
    const end = Math.min(begin + this.#most, indexes.length);
    for (let i = begin; i < end; i++) indexes[i] = i;
    indexes.subarray(begin, end).sort(this.#compare);
    this.#sorted = end;
  }

  #merge(): void {
    const { indexes: from } = this;
    const to = this.#other;
    const compare = this.#compare;
    const width = this.#width;
    const middle = Math.min(this.#pair + width, from.length);
    const end = Math.min(middle + width, from.length);
    const until = Math.min(this.#merged + this.#most, end);
    let left = this.#left;
    let right = this.#right;
    for (let at = this.#merged; at < until; at++) {
      const isLeft = right >= end || (left < middle && compare(from[left]!, from[right]!) <= 0);
      to[at] = from[isLeft ? left++ : right++]!;
    }
    this.#left = left;
    this.#right = right;
    this.#merged = until;
    if (until === end) this.#beginPair(end);
  }

  #beginPair(at: number): void {
    const { length } = this.indexes;
    let pair = at;
    if (at === length) {
      const { indexes } = this;
      this.indexes = this.#other;
      this.#other = indexes;
      this.#width *= 2;
      pair = 0;
    }
    this.#pair = pair;
    this.#left = pair;
    this.#merged = pair;
    this.#right = Math.min(pair + this.#width, length);
  }
}
