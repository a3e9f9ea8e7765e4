// Longest common subsequence of two byte strings, in time for 32 cells of the classic table at
// once and in memory far below that table. Sources: H. Hyyrö, "Bit-parallel LCS-length computation
// revisited" (2004), for the rows; D. Hirschberg's idea of computing parts of the table again,
// reduced to checkpoints, for the way back.
//
// The table L has a row per byte of `a` and a column per byte of `b`. Neighbours in a row differ
// by 0 or 1, so a row is kept as one bit per column: 0 where L grows, 1 where it does not. The way
// back through the table, which decides *which* subsequence is found, needs nothing else: where
// the bytes differ, L(i-1,j) is larger than L(i,j-1) exactly if L grows at (i,j).

import { invariant } from '@forgekv/base';

/** Most cells of the table, rows times columns: about a second of work. */
const MAX_CELLS = 2 ** 33;
/** Most memory in bytes while computing. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Rows are all kept when they take at most so many words; else they are computed twice. */
const KEEP_ALL_WORDS = 1 << 20;

/** One run of equal bytes that belongs to the subsequence. */
export interface CommonRun {
  /** Offset of its first byte in `a`. */
  readonly a: number;
  /** Offset of its first byte in `b`. */
  readonly b: number;
  readonly length: number;
}

/** True when `lcsLength` and `lcsRuns` would take too much time or memory. */
export function isLcsTooLarge(a: Uint8Array, b: Uint8Array): boolean {
  const rowBytes = wordsFor(b) * 4;
  const masks = Math.min(256, a.length);
  const rows = 2 * Math.ceil(Math.sqrt(a.length)) + 1;
  return a.length * b.length > MAX_CELLS || (masks + rows) * rowBytes > MAX_BYTES;
}

/** Returns the length of the longest common subsequence; the inputs must not be too large. */
export function lcsLength(a: Uint8Array, b: Uint8Array): number {
  invariant(!isLcsTooLarge(a, b), 'the strings are too large for LCS');
  const words = wordsFor(b);
  const row = new Int32Array(words).fill(-1);
  const masks = new ByteMasks(a, b);
  for (let i = 0; i < a.length; i++) step(row, 0, row, 0, masks.words, masks.at(a[i]!), words);
  let length = 0;
  for (let word = 0; word < words; word++) length += ones(~row[word]!);
  return length;
}

/**
 * Finds a longest common subsequence, the one Redis finds: from the ends of both strings it takes
 * equal bytes, else gives up a byte of `a` if that loses nothing and giving up one of `b` would,
 * else a byte of `b`. The inputs must not be too large.
 * @returns its runs, the last one first
 */
export function lcsRuns(a: Uint8Array, b: Uint8Array): CommonRun[] {
  invariant(!isLcsTooLarge(a, b), 'the strings are too large for LCS');
  const rows = new Rows(a, b);
  const runs: CommonRun[] = [];
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      let length = 1;
      while (length < i && length < j && a[i - 1 - length] === b[j - 1 - length]) length++;
      i -= length;
      j -= length;
      runs.push({ a: i, b: j, length });
    } else if (rows.grows(i, j)) {
      i--;
    } else {
      j--;
    }
  }
  return runs;
}

function wordsFor(b: Uint8Array): number {
  return (b.length + 31) >>> 5;
}

/** For each byte value of `a`, one bit per byte of `b` that is equal to it. */
class ByteMasks {
  readonly words: Int32Array;
  readonly #starts = new Int32Array(256).fill(-1);

  constructor(a: Uint8Array, b: Uint8Array) {
    const rowWords = wordsFor(b);
    let count = 0;
    for (let i = 0; i < a.length; i++) {
      const byte = a[i]!;
      if (this.#starts[byte] === -1) this.#starts[byte] = count++ * rowWords;
    }
    this.words = new Int32Array(count * rowWords);
    for (let j = 0; j < b.length; j++) {
      const start = this.#starts[b[j]!]!;
      if (start < 0) continue;
      const at = start + (j >>> 5);
      this.words[at] = this.words[at]! | (1 << (j & 31));
    }
  }

  /** Index of the first word of a byte's mask; the byte occurs in `a`. */
  at(byte: number): number {
    return this.#starts[byte]!;
  }
}

/** Computes the row behind `before` (at `from`) into `after` (at `to`); they may be the same. */
function step(
  before: Int32Array,
  from: number,
  after: Int32Array,
  to: number,
  masks: Int32Array,
  mask: number,
  words: number,
): void {
  let carry = 0;
  for (let word = 0; word < words; word++) {
    const bits = before[from + word]!;
    const equal = masks[mask + word]!;
    const matched = bits & equal;
    const sum = (bits + matched + carry) | 0;
    carry = (matched | (bits & ~sum)) >>> 31;
    after[to + word] = sum | (bits & ~equal);
  }
}

/** The rows of the table, asked for from the last to the first. */
class Rows {
  readonly #a: Uint8Array;
  readonly #words: number;
  readonly #masks: ByteMasks;
  /** Rows per block; the row before each block is kept, and all rows of one block. */
  readonly #blockRows: number;
  readonly #checkpoints: Int32Array;
  readonly #block: Int32Array;
  #blockIndex: number;

  constructor(a: Uint8Array, b: Uint8Array) {
    const words = wordsFor(b);
    this.#a = a;
    this.#words = words;
    this.#masks = new ByteMasks(a, b);
    const keepAll = a.length * words <= KEEP_ALL_WORDS;
    this.#blockRows = Math.max(1, keepAll ? a.length : Math.ceil(Math.sqrt(a.length)));
    const blocks = Math.max(1, Math.ceil(a.length / this.#blockRows));
    this.#block = new Int32Array(this.#blockRows * words);
    this.#checkpoints = new Int32Array(blocks * words).fill(-1, 0, words);
    for (let index = 0; index + 1 < blocks; index++) {
      this.#fill(index);
      const lastRow = (this.#blockRows - 1) * words;
      this.#checkpoints.set(this.#block.subarray(lastRow, lastRow + words), (index + 1) * words);
    }
    this.#blockIndex = blocks - 1;
    this.#fill(this.#blockIndex);
  }

  /** True when L(i,j) is larger than L(i,j-1); `i` and `j` count from 1. */
  grows(i: number, j: number): boolean {
    const index = Math.floor((i - 1) / this.#blockRows);
    if (index !== this.#blockIndex) {
      this.#fill(index);
      this.#blockIndex = index;
    }
    const row = (i - 1 - index * this.#blockRows) * this.#words;
    return (this.#block[row + ((j - 1) >>> 5)]! & (1 << ((j - 1) & 31))) === 0;
  }

  #fill(index: number): void {
    const words = this.#words;
    const first = index * this.#blockRows;
    const count = Math.min(this.#blockRows, this.#a.length - first);
    for (let row = 0; row < count; row++) {
      const before = row === 0 ? this.#checkpoints : this.#block;
      const from = row === 0 ? index * words : (row - 1) * words;
      const mask = this.#masks.at(this.#a[first + row]!);
      step(before, from, this.#block, row * words, this.#masks.words, mask, words);
    }
  }
}

function ones(word: number): number {
  let count = word - ((word >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
