// Sorted sets as the commands of the family change them, packed or large.
//
//   entry = zset.open(c, 1)
//   failed = zset.makeRoom(c, ...)      only for several members; 0, or nothing has changed
//   zset.put(...), zset.remove(...), zset.removeRanks(...)
//   entry = zset.settle(c, isChanged)   0: it had no member left, and the key is removed
//   c.changedAsAsked(entry), or another of the kind

import {
  LargeSortedSet,
  SCORE_ADDED,
  SCORE_CHANGED,
  SCORE_SAME,
  sortedSetAddStaysPacked,
  sortedSetMayStayPacked,
} from '@forgekv/datatypes';
import { TYPE_ZSET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { NOT_HERE } from '../outcome.ts';
import { SortedSetReading, type VisitMember } from './sorted-set-reading.ts';

class SortedSetValue extends SortedSetReading {
  /** The key's entry, 0 while there is none. */
  #entry = 0;
  /** Bytes the packed value may grow to where it lies. */
  #roomBytes = 0;
  /** The large form is not stored yet. */
  #isConverted = false;

  override open(c: CommandContext, index: number): number {
    const entry = super.open(c, index);
    this.#entry = Math.max(0, entry);
    this.#roomBytes = entry > 0 ? c.valueLength : 0;
    this.#isConverted = false;
    return entry;
  }

  /**
   * Prepares for several members that may be new, so that none of the `put`s that follow can fail.
   * @param first argument index of the first member, the others follow in steps of `step`
   * @param pairs how many
   * @param mayAdd false: only members that are there already will be put
   * @returns 0, NOT_HERE or FULL; in these two cases nothing has changed
   */
  makeRoom(c: CommandContext, first: number, step: number, pairs: number, mayAdd: boolean): number {
    if (this.large !== null) return 0;
    const limits = c.limits.sortedSet;
    const newKeyBytes = this.#entry === 0 ? c.request.length(first) : 0;
    if (!sortedSetMayStayPacked(pairs, newKeyBytes, limits)) return this.#convert(c);
    if (!mayAdd) return 0;
    const { packed } = this;
    let longest = 0;
    let bytes = packed.usedBytes;
    for (let i = 0; i < pairs; i++) {
      const length = c.request.length(first + i * step);
      longest = Math.max(longest, length);
      bytes += packed.elementBytes(length);
    }
    const isSurelyPacked =
      packed.count + pairs <= limits.maxEntries &&
      longest <= limits.maxValueBytes &&
      bytes <= c.mostPackedBytes;
    if (!isSurelyPacked) {
      bytes = this.#bytesWith(c, first, step, pairs);
      if (bytes < 0) return this.#convert(c);
    }
    return this.#grow(c, bytes);
  }

  /** Bytes the packed value comes to with the members that are new, or -1: not packed any more. */
  #bytesWith(c: CommandContext, first: number, step: number, pairs: number): number {
    const { packed } = this;
    const added = new Set<string>();
    let bytes = packed.usedBytes;
    for (let i = 0; i < pairs; i++) {
      const index = first + i * step;
      if (this.findArgument(c, index)) continue;
      const text = c.request.text(index);
      if (added.has(text)) continue;
      if (!sortedSetAddStaysPacked(packed.count + added.size, text.length, c.limits.sortedSet)) {
        return -1;
      }
      added.add(text);
      bytes += packed.elementBytes(text.length);
    }
    return bytes <= c.mostPackedBytes ? bytes : -1;
  }

  #grow(c: CommandContext, bytes: number): number {
    if (bytes <= this.#roomBytes) return 0;
    const grown = c.growPacked(this.#entry, TYPE_ZSET, bytes);
    if (grown < 0) return grown;
    this.#entry = grown;
    this.#roomBytes = bytes;
    this.packed.rebase(c.valueBytes, c.table.view, c.valueOffset);
    return 0;
  }

  /** Makes the large form, which is stored at the end; returns 0 or NOT_HERE. */
  #convert(c: CommandContext): number {
    if (!c.mayBeLarge) return NOT_HERE;
    const large = new LargeSortedSet(c.largeOptions);
    this.walk(0, this.count, false, (bytes, offset, length, score) => {
      large.set(score, bytes, offset, length);
    });
    this.large = large;
    this.#isConverted = true;
    return 0;
  }

  /**
   * Gives the member at an argument index a score, adding it when it is new.
   * @returns SCORE_ADDED, SCORE_CHANGED or SCORE_SAME; NOT_HERE or FULL, with nothing changed, when
   *   there is no room, which `makeRoom` has made otherwise
   */
  put(c: CommandContext, index: number, score: number): number {
    const { request } = c;
    const offset = request.offset(index);
    const length = request.length(index);
    if (this.large !== null) return this.large.set(score, request.bytes, offset, length);
    const { packed, element } = this;
    element.set(request.bytes, request.view, offset, length);
    // Redis: a listpack knows no -0, as it keeps integers.
    const kept = score + 0;
    if (packed.locate(element, kept)) {
      if (packed.score === kept) return SCORE_SAME;
      packed.applyMove(element, kept);
      return SCORE_CHANGED;
    }
    const bytes = packed.planInsert(element);
    const stays = sortedSetAddStaysPacked(packed.count, length, c.limits.sortedSet);
    if (!stays || bytes > c.mostPackedBytes) {
      const converted = this.#convert(c);
      return converted < 0 ? converted : this.large!.set(score, request.bytes, offset, length);
    }
    if (bytes > this.#roomBytes) {
      const grown = this.#grow(c, bytes);
      if (grown < 0) return grown;
    }
    packed.applyInsert(element, kept);
    return SCORE_ADDED;
  }

  /** Removes the member at an argument index; false when it was not there. */
  remove(c: CommandContext, index: number): boolean {
    const { request } = c;
    const { large, packed } = this;
    if (large !== null) {
      return large.delete(request.bytes, request.offset(index), request.length(index));
    }
    if (!this.findArgument(c, index)) return false;
    packed.planRemove();
    packed.applyRemove();
    return true;
  }

  /**
   * Removes `count` ranks from `first` on, which exist.
   * @param downwards the visits begin with the last of them
   * @param visit sees each before it goes
   */
  removeRanks(
    first: number,
    count: number,
    downwards: boolean = false,
    visit: VisitMember | null = null,
  ): void {
    if (count === 0) return;
    const { large, packed } = this;
    if (large !== null) {
      const show =
        visit &&
        (({ bytes, offset, length }: LargeSortedSet['member'], score: number) =>
          visit(bytes, offset, length, score));
      large.removeRanks(first, count, downwards, show);
      return;
    }
    if (visit !== null) this.walk(downwards ? first + count - 1 : first, count, downwards, visit);
    packed.planRemoveRange(first, count);
    packed.applyRemoveRange(count);
  }

  /** Removes all members with the key, instead of the edits; returns 0. */
  removeAll(c: CommandContext): number {
    c.remove(this.#entry);
    return 0;
  }

  /**
   * Ends the edits.
   * @param isChanged false: nothing was put or removed, and only unneeded room is given back
   * @returns the entry; 0 when the key is removed with its last member; NOT_HERE or FULL, with
   *   nothing changed, when it became large, for which there is no room
   */
  settle(c: CommandContext, isChanged: boolean): number {
    const { large } = this;
    const entry = this.#entry;
    if (isChanged && this.count === 0) {
      c.remove(entry);
      return 0;
    }
    if (large === null) return entry === 0 ? 0 : c.fitPacked(entry, this.packed.length);
    if (!isChanged) return entry;
    if (this.#isConverted) return c.storeLarge(entry, TYPE_ZSET, large);
    c.touchLarge(entry, large);
    return entry;
  }
}

/** The sorted set of this thread's command. */
export const zset = new SortedSetValue();
