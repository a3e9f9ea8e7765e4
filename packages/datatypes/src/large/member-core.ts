// What large hashes, sets and sorted sets share: records found by member, scans, fair random
// picks, and moving records out of wasted memory a few at a time. Not a type of its own.

import type { KeyHasher, Random } from '@forgekv/base';
import { ByteRange } from './byte-range.ts';
import type { ElementListener } from './element-listener.ts';
import { MemberTable } from './member-table.ts';
import { Records } from './records.ts';

/** Records looked at per change while records are moved. */
const MOVED_PER_CHANGE = 6;
/** More picks than this are drawn in one walk instead of being remembered. */
const MAX_REMEMBERED_PICKS = 65_536;

/** What a large value needs from outside. */
export interface LargeValueOptions {
  /**
   * Seeded with a secret. The same secret after a restart or a reload keeps scan cursors true;
   * one that clients can guess lets them slow the value down.
   */
  readonly hasher: KeyHasher;
  readonly random: Random;
}

/** Members of one large value. */
export class MemberCore {
  /** Told of every element that changed; for element-wise persistence. */
  listener: ElementListener | null = null;
  /** The member a method last named; valid until the next call. */
  readonly member: ByteRange = new ByteRange();
  protected readonly records: Records;
  protected readonly table: MemberTable;
  protected readonly prng: Random;
  /** Hash of the member `locate` last looked for. */
  protected hash = 0;
  #moveCursor = 0;
  readonly #moveRecord = (record: number): number => this.#moved(record);

  constructor(options: LargeValueOptions, facts: number, hasTail: boolean) {
    this.records = new Records(facts, hasTail);
    this.table = new MemberTable(this.records, options.hasher);
    this.prng = options.random;
  }

  /** Number of elements. */
  get count(): number {
    return this.table.count;
  }

  /** Bytes of memory this value holds, without the few hundred of its objects. */
  get memoryBytes(): number {
    return this.records.memoryBytes + this.table.memoryBytes;
  }

  /** True when the member is there. O(1), as everything that names one member. */
  has(bytes: Uint8Array, offset: number = 0, length: number = bytes.length): boolean {
    return this.locate(bytes, offset, length) !== 0;
  }

  /** Picks one member, each with the same probability, into `member`; false when empty. O(1). */
  pickMember(): boolean {
    const record = this.table.random(this.prng);
    if (record !== 0) this.records.member(record, this.member);
    return record !== 0;
  }

  /** Returns the record of a member, or 0, and keeps its hash. */
  protected locate(bytes: Uint8Array, offset: number, length: number): number {
    this.hash = this.table.hash(bytes, offset, length);
    return this.table.find(this.hash, bytes, offset, length);
  }

  /** Makes a record for the member `locate` did not find and lists it; lengths were checked. */
  protected add(
    bytes: Uint8Array,
    offset: number,
    length: number,
    tailBytes: number,
    timed: boolean,
  ): number {
    const record = this.records.create(bytes, offset, length, tailBytes, timed);
    try {
      this.table.insert(this.hash, record);
    } catch (error) {
      this.records.destroy(record);
      throw error;
    }
    return record;
  }

  /** Unlists and destroys the record `locate` has just found. */
  protected drop(record: number): void {
    this.table.removeFound(this.hash);
    this.records.destroy(record);
  }

  /** Finds a record again by its own member, so that it can be dropped. */
  protected relocate(record: number): void {
    this.records.member(record, this.member);
    this.locate(this.member.bytes, this.member.offset, this.member.length);
  }

  /** Called after every change: starts, continues or finishes moving records. */
  protected maintain(): void {
    const { heap } = this.records;
    if (!heap.moving) {
      if (!heap.wasteful) return;
      heap.startMoving();
      this.#moveCursor = 0;
    }
    this.#moveCursor = this.table.moveRecords(this.#moveCursor, MOVED_PER_CHANGE, this.#moveRecord);
    if (this.#moveCursor === 0) heap.finishMoving();
  }

  /** A record has another address now; the old one can still be read. */
  protected recordMoved(_from: number, _to: number): void {}

  /**
   * Visits up to `wanted` distinct records, every choice with the same probability. O(wanted), or
   * O(count) when a good part of the members is wanted; memory for at most 65,536 numbers.
   */
  protected sampleRecords(wanted: number, visit: (record: number) => void): void {
    if (wanted <= MAX_REMEMBERED_PICKS && wanted * 3 <= this.count) {
      const seen = new Set<number>();
      while (seen.size < wanted) {
        const record = this.table.random(this.prng);
        if (seen.has(record)) continue;
        seen.add(record);
        visit(record);
      }
      return;
    }
    // Selection sampling (Knuth 3.4.2, algorithm S).
    let left = this.count;
    let needed = Math.min(wanted, left);
    let cursor = 0;
    const choose = (record: number): void => {
      if (this.prng.below(left--) >= needed) return;
      needed--;
      visit(record);
    };
    do {
      cursor = this.table.scan(cursor, 1024, choose);
    } while (cursor !== 0 && needed > 0);
  }

  #moved(record: number): number {
    if (!this.records.heap.isOld(record)) return record;
    const moved = this.records.move(record);
    this.recordMoved(record, moved);
    return moved;
  }
}
