// The nodes of an order tree as flat pages, and what can be done to one or two of them: the only
// file that knows their words. It does not know what a record is, nor the shape of the tree.
//
//   word 0        entries (0..32)
//        1, 2     leaf: next and previous leaf, as page number + 1; 0 = none
//        4...     32 scores (float64)
//       68...     32 records
//      100...     inner node: 32 children (page numbers)
//      132...     inner node: 32 sizes (elements below each child)
//
// An entry of a leaf is an element; an entry of an inner node is a child with its least element.

import { PagePool } from './page-pool.ts';

/** Entries of a node at most. Measured with 1M members: 16 is no faster, 128 half as fast. */
export const NODE_ENTRIES = 32;
/** A node with fewer looks for a neighbour to join. */
export const NODE_FEW = 8;
/** Two nodes with at most this together are joined: not full, or they would split again. */
export const NODE_JOINED = 24;

/** Fewer pages are not worth copying. */
const SPARSE_PAGES = 64;
const NEXT = 1;
const PREVIOUS = 2;
const SCORES = 2;
const RECORDS = 4 + 2 * NODE_ENTRIES;
const CHILDREN = RECORDS + NODE_ENTRIES;
const SIZES = CHILDREN + NODE_ENTRIES;
const LEAF_WORDS = CHILDREN;
const INNER_WORDS = SIZES + NODE_ENTRIES;

/** Leaves or inner nodes of one tree. A place is 0..entries-1 and is not checked. */
export class OrderNodes {
  readonly #pool: PagePool;
  readonly #inner: boolean;

  constructor(inner: boolean) {
    this.#inner = inner;
    this.#pool = new PagePool(inner ? INNER_WORDS : LEAF_WORDS);
  }

  get memoryBytes(): number {
    return this.#pool.memoryBytes;
  }

  /** True when nearly all pages are free, so that copying the others would pay. */
  get sparse(): boolean {
    return this.#pool.pageEnd >= SPARSE_PAGES && this.#pool.used * 16 <= this.#pool.pageEnd;
  }

  /** Pages of nodes are below this. */
  get pageEnd(): number {
    return this.#pool.pageEnd;
  }

  allocate(): number {
    return this.#pool.allocate();
  }

  free(node: number): void {
    this.#pool.free(node);
  }

  entries(node: number): number {
    return this.#pool.wordsOf(node)[this.#pool.at(node)]!;
  }

  score(node: number, place: number): number {
    return this.#pool.doublesOf(node)[(this.#pool.at(node) >> 1) + SCORES + place]!;
  }

  record(node: number, place: number): number {
    return this.#pool.wordsOf(node)[this.#pool.at(node) + RECORDS + place]!;
  }

  /** The doubles a node's scores lie in, from `scoreBase` on. */
  doublesOf(node: number): Float64Array {
    return this.#pool.doublesOf(node);
  }

  scoreBase(node: number): number {
    return (this.#pool.at(node) >> 1) + SCORES;
  }

  child(node: number, place: number): number {
    return this.#pool.wordsOf(node)[this.#pool.at(node) + CHILDREN + place]!;
  }

  size(node: number, place: number): number {
    return this.#pool.wordsOf(node)[this.#pool.at(node) + SIZES + place]!;
  }

  addSize(node: number, place: number, change: number): void {
    const at = this.#pool.at(node) + SIZES + place;
    const words = this.#pool.wordsOf(node);
    words[at] = words[at]! + change;
  }

  /** Elements below the children in front of a place. */
  sizeBefore(node: number, place: number): number {
    const words = this.#pool.wordsOf(node);
    const from = this.#pool.at(node) + SIZES;
    let sum = 0;
    for (let at = from; at < from + place; at++) sum += words[at]!;
    return sum;
  }

  /** Elements below all children, or in a leaf. */
  total(node: number): number {
    const entries = this.entries(node);
    return this.#inner ? this.sizeBefore(node, entries) : entries;
  }

  setKey(node: number, place: number, score: number, record: number): void {
    const at = this.#pool.at(node);
    this.#pool.doublesOf(node)[(at >> 1) + SCORES + place] = score;
    this.#pool.wordsOf(node)[at + RECORDS + place] = record;
  }

  setChild(node: number, place: number, child: number, size: number): void {
    const words = this.#pool.wordsOf(node);
    const at = this.#pool.at(node);
    words[at + CHILDREN + place] = child;
    words[at + SIZES + place] = size;
  }

  /** The neighbour of a leaf, -1 at the end. */
  next(leaf: number): number {
    return this.#pool.wordsOf(leaf)[this.#pool.at(leaf) + NEXT]! - 1;
  }

  previous(leaf: number): number {
    return this.#pool.wordsOf(leaf)[this.#pool.at(leaf) + PREVIOUS]! - 1;
  }

  /** Opens a gap for an entry that the caller then writes; the node is not full. */
  openGap(node: number, place: number): void {
    const entries = this.entries(node);
    this.#shift(node, place, place + 1, entries - place);
    this.#setEntries(node, entries + 1);
  }

  closeGap(node: number, place: number): void {
    const entries = this.entries(node);
    this.#shift(node, place + 1, place, entries - place - 1);
    this.#setEntries(node, entries - 1);
  }

  /** The same for several entries. */
  closeGaps(node: number, place: number, count: number): void {
    const entries = this.entries(node);
    this.#shift(node, place + count, place, entries - place - count);
    this.#setEntries(node, entries - count);
  }

  /** Moves the entries from `place` on to a new node behind this one; returns it. */
  split(node: number, place: number): number {
    const right = this.allocate();
    const moved = this.entries(node) - place;
    this.#copy(node, place, right, 0, moved);
    this.#setEntries(node, place);
    this.#setEntries(right, moved);
    if (!this.#inner) this.#link(node, right);
    return right;
  }

  /** Moves all entries of the node behind this one into it; the other is freed. */
  join(node: number, right: number): void {
    const entries = this.entries(node);
    const moved = this.entries(right);
    this.#copy(right, 0, node, entries, moved);
    this.#setEntries(node, entries + moved);
    if (!this.#inner) this.unlink(right);
    this.free(right);
  }

  /** Makes a copy of a node of other memory; children and neighbours are still its. */
  adopt(from: OrderNodes, node: number): number {
    const copy = this.allocate();
    const at = from.#pool.at(node);
    const words = from.#pool.wordsOf(node).subarray(at, at + from.#pool.pageWords);
    this.#pool.wordsOf(copy).set(words, this.#pool.at(copy));
    return copy;
  }

  /** Puts a leaf behind another (-1: in front of all), as the last of the chain. */
  chain(previous: number, leaf: number): void {
    this.#setWord(leaf, PREVIOUS, previous + 1);
    this.#setWord(leaf, NEXT, 0);
    if (previous >= 0) this.#setWord(previous, NEXT, leaf + 1);
  }

  /** Takes a leaf out of the chain. */
  unlink(leaf: number): void {
    const next = this.next(leaf);
    const previous = this.previous(leaf);
    if (next >= 0) this.#setWord(next, PREVIOUS, previous + 1);
    if (previous >= 0) this.#setWord(previous, NEXT, next + 1);
  }

  #link(leaf: number, right: number): void {
    const next = this.next(leaf);
    this.#setWord(right, NEXT, next + 1);
    this.#setWord(right, PREVIOUS, leaf + 1);
    this.#setWord(leaf, NEXT, right + 1);
    if (next >= 0) this.#setWord(next, PREVIOUS, right + 1);
  }

  #setEntries(node: number, entries: number): void {
    this.#setWord(node, 0, entries);
  }

  #setWord(node: number, word: number, value: number): void {
    this.#pool.wordsOf(node)[this.#pool.at(node) + word] = value;
  }

  #shift(node: number, from: number, to: number, count: number): void {
    const words = this.#pool.wordsOf(node);
    const at = this.#pool.at(node);
    const scores = (at >> 1) + SCORES;
    this.#pool.doublesOf(node).copyWithin(scores + to, scores + from, scores + from + count);
    shiftWords(words, at + RECORDS, from, to, count);
    if (!this.#inner) return;
    shiftWords(words, at + CHILDREN, from, to, count);
    shiftWords(words, at + SIZES, from, to, count);
  }

  #copy(from: number, fromPlace: number, to: number, toPlace: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const place = fromPlace + i;
      this.setKey(to, toPlace + i, this.score(from, place), this.record(from, place));
      if (!this.#inner) continue;
      this.setChild(to, toPlace + i, this.child(from, place), this.size(from, place));
    }
  }
}

function shiftWords(
  words: Int32Array,
  base: number,
  from: number,
  to: number,
  count: number,
): void {
  words.copyWithin(base + to, base + from, base + from + count);
}
