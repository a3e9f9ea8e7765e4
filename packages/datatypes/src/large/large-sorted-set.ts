// A sorted set of any number of members: a table by member and a tree by score. Ranges of scores
// and of members become ranges of ranks first, in O(log n); walking or removing m elements costs
// O(log n + m), or O(m log n). Not the packed form.

import type { ByteRange } from './byte-range.ts';
import { checkElementBytes, LargeValueError } from './large-value-error.ts';
import { type LargeValueOptions, MemberCore } from './member-core.ts';
import { OrderTree } from './order-tree.ts';
import type { LexBound, LexRange, RankRange, ScoreRange } from './sorted-set-range.ts';

/** What `LargeSortedSet.set` did. */
export const SCORE_ADDED = 0;
export const SCORE_CHANGED = 1;
export const SCORE_SAME = 2;

/** Visits an element; the range is valid during the call. */
export type VisitScored = (member: ByteRange, score: number) => void;

/** Fewer elements are removed one by one. */
const CUT_FROM = 16;
/** Removals in one go for which records are moved once. */
const CUT_PER_MOVE = 16;

const NO_RANKS: RankRange = { first: 0, count: 0 };

/** Members are bytes of at most 512 MB, scores any number but NaN. */
export class LargeSortedSet extends MemberCore {
  /** The score `get` or `pick` last found. */
  score = 0;
  readonly #tree: OrderTree = new OrderTree(this.records);

  constructor(options: LargeValueOptions) {
    super(options, 2, false);
  }

  override get memoryBytes(): number {
    return super.memoryBytes + this.#tree.memoryBytes;
  }

  /** Finds a member: its score in `score`. O(1). */
  get(bytes: Uint8Array, offset: number = 0, length: number = bytes.length): boolean {
    const record = this.locate(bytes, offset, length);
    if (record !== 0) this.score = this.records.score(record);
    return record !== 0;
  }

  /**
   * Gives a member a score, adding it (a copy) when it is new. O(log n).
   * Throws LargeValueError, with nothing changed, for NaN and what is too large.
   * @returns SCORE_ADDED, SCORE_CHANGED or SCORE_SAME
   */
  set(score: number, bytes: Uint8Array, offset: number = 0, length: number = bytes.length): number {
    if (Number.isNaN(score)) throw new LargeValueError('score-not-a-number');
    checkElementBytes(length);
    let record = this.locate(bytes, offset, length);
    const isNew = record === 0;
    if (isNew) {
      record = this.add(bytes, offset, length, 0, false);
    } else {
      const before = this.records.score(record);
      if (before === score) return SCORE_SAME;
      this.#tree.remove(before, record);
    }
    this.records.setScore(record, score);
    this.#tree.insert(score, record);
    this.listener?.changed(bytes, offset, length);
    this.maintain();
    return isNew ? SCORE_ADDED : SCORE_CHANGED;
  }

  /** Removes a member; false when it was not there. O(log n). */
  delete(bytes: Uint8Array, offset: number = 0, length: number = bytes.length): boolean {
    const record = this.locate(bytes, offset, length);
    if (record === 0) return false;
    this.listener?.removed(bytes, offset, length);
    this.#remove(record);
    return true;
  }

  /** Returns how many elements are before a member (`downwards`: behind it); -1 without it. */
  rank(
    downwards: boolean,
    bytes: Uint8Array,
    offset: number = 0,
    length: number = bytes.length,
  ): number {
    const record = this.locate(bytes, offset, length);
    if (record === 0) return -1;
    this.score = this.records.score(record);
    const rank = this.#tree.rank(this.score, record);
    return downwards ? this.count - 1 - rank : rank;
  }

  /** Returns the ranks of all elements with scores in a range. O(log n). */
  ranksByScore(range: ScoreRange): RankRange {
    const { min, max } = range;
    if (min > max || (min === max && (range.minExclusive || range.maxExclusive))) return NO_RANKS;
    const first = this.#tree.countToScore(min, range.minExclusive);
    const end = this.#tree.countToScore(max, !range.maxExclusive);
    return { first, count: Math.max(0, end - first) };
  }

  /** Returns the ranks of all members in a range, if all scores are the same. O(log n). */
  ranksByMember(range: LexRange): RankRange {
    const first = this.#countTo(range.min, true);
    const end = this.#countTo(range.max, false);
    return { first, count: Math.max(0, end - first) };
  }

  /**
   * Visits elements by rank: `count` from `first` on, upwards, or downwards from `first` to lower
   * ranks. What does not exist is left out. To go on later, begin at the rank where this ended.
   */
  walk(first: number, count: number, downwards: boolean, visit: VisitScored): void {
    if (first < 0 || first >= this.count) return;
    const most = downwards ? first + 1 : this.count - first;
    this.#tree.walk(first, Math.min(count, most), downwards, (record, score) => {
      this.records.member(record, this.member);
      visit(this.member, score);
    });
  }

  /**
   * Removes the elements of `count` ranks from `first` on, upwards or from the last one down.
   * @param visit sees each before it goes; may not change the set
   * @returns how many were removed
   */
  removeRanks(
    first: number,
    count: number,
    downwards: boolean = false,
    visit: VisitScored | null = null,
  ): number {
    if (first < 0 || first >= this.count) return 0;
    const removed = Math.max(0, Math.min(count, this.count - first));
    if (removed >= CUT_FROM) {
      this.#cutRanks(first, removed, downwards, visit);
      return removed;
    }
    for (let left = removed; left > 0; left--) {
      const record = this.#tree.recordAt(downwards ? first + left - 1 : first);
      this.records.member(record, this.member);
      visit?.(this.member, this.records.score(record));
      this.relocate(record);
      this.listener?.removed(this.member.bytes, this.member.offset, this.member.length);
      this.#remove(record);
    }
    return removed;
  }

  /** The same for many: the tree loses them in one go. */
  #cutRanks(first: number, count: number, downwards: boolean, visit: VisitScored | null): void {
    const cut = new Int32Array(count);
    let next = 0;
    this.#tree.walk(downwards ? first + count - 1 : first, count, downwards, (record, score) => {
      cut[next++] = record;
      if (visit === null) return;
      this.records.member(record, this.member);
      visit(this.member, score);
    });
    this.#tree.removeRange(first, count);
    for (const record of cut) {
      this.relocate(record);
      this.listener?.removed(this.member.bytes, this.member.offset, this.member.length);
      this.drop(record);
    }
    // Not before: records may be moved only when all of them are in the tree. What memory this
    // leaves unused the next changes give back.
    for (let left = count; left > 0; left -= CUT_PER_MOVE) this.maintain();
  }

  /** Picks an element, each with the same probability, into `member` and `score`. O(1). */
  pick(): boolean {
    const record = this.table.random(this.prng);
    if (record === 0) return false;
    this.records.member(record, this.member);
    this.score = this.records.score(record);
    return true;
  }

  /** Visits `wanted` distinct elements, or all, every choice with the same probability. */
  sample(wanted: number, visit: VisitScored): void {
    this.sampleRecords(wanted, (record) => this.#show(record, visit));
  }

  /** Visits elements from a cursor on; see MemberTable.scan. Returns the next one, 0 at the end. */
  scan(cursor: number, wanted: number, visit: VisitScored): number {
    return this.table.scan(cursor, wanted, (record) => this.#show(record, visit));
  }

  protected override recordMoved(from: number, to: number): void {
    this.#tree.replaceRecord(this.records.score(from), from, to);
  }

  #show(record: number, visit: VisitScored): void {
    this.records.member(record, this.member);
    visit(this.member, this.records.score(record));
  }

  /** Removes the record `locate` has just found. */
  #remove(record: number): void {
    this.#tree.remove(this.records.score(record), record);
    this.drop(record);
    this.maintain();
  }

  /** Elements before a bound; an exclusive lower or inclusive upper bound counts its member. */
  #countTo(bound: LexBound, isLower: boolean): number {
    if (bound === 'lowest') return 0;
    if (bound === 'highest') return this.count;
    const { exclusive, member } = bound;
    return this.#tree.countToMember(member, 0, member.length, exclusive === isLower);
  }
}
