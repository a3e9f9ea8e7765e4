// A list as the commands of the family change it, whichever of its two forms it has: pushes,
// removals, edits in between. It reads no options and writes no replies.
//
// Edits keep to the one rule: when one answers NOT_HERE or FULL, nothing has changed. What is left
// for the caller is the last step of the change, `changedAsAsked` or another of its kind.

import {
  Int64,
  LargeList,
  listGrowthStaysPacked,
  listpackEntryBytes,
  listShrinkPacks,
  MAX_PACKED_BYTES,
} from '@forgekv/datatypes';
import { TYPE_LIST } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { FULL, NOT_HERE } from '../outcome.ts';
import { element, isHere, ListElements, point } from './list-elements.ts';
import { packList } from './list-packing.ts';

/** What `#makeRoom` answers when the list can no longer be packed. */
const UNPACKABLE = 0;
/** What `#beginPush` answers for a large list, which may have no entry yet. */
const IS_LARGE = 1;

const integer = new Int64();
/** The element that is moved within a list. */
const scratch = Buffer.alloc(MAX_PACKED_BYTES);
const scratchView = new DataView(scratch.buffer, scratch.byteOffset, scratch.length);

export class ListValue extends ListElements {
  /** Elements that the last `removeEqual` removed. */
  removed = 0;
  /** `large` was packed until now, and is not stored yet. */
  #isNewlyLarge = false;

  override load(c: CommandContext, entry: number): number {
    this.#isNewlyLarge = false;
    return super.load(c, entry);
  }

  // --- edits; they return the entry, NOT_HERE or FULL ---

  /** Adds the arguments from an index on, each further out than the one before. */
  push(c: CommandContext, isLeft: boolean, first: number): number {
    const { request } = c;
    const count = request.argc - first;
    let given = 0;
    let bytes = 0;
    let listpack = 0;
    for (let i = first; i < request.argc; i++) {
      const length = request.length(i);
      given += length;
      bytes += this.packed.elementBytes(length);
      listpack += listpackEntryBytes(request.bytes, request.offset(i), length);
    }
    const entry = this.#beginPush(c, isLeft, count, given, bytes, listpack);
    if (entry < 0) return entry;
    for (let i = first; i < request.argc; i++) {
      point(c, i);
      this.#pushOne(isLeft);
    }
    return this.#endPush(c, entry);
  }

  /**
   * Adds the element that `get` has found in another list. Redis: an integer, which is no text
   * there, counts as no bytes when it is decided whether the list stays packed.
   */
  pushFrom(c: CommandContext, isLeft: boolean, from: ListValue): number {
    const { bytes, offset, length } = from;
    element.set(bytes, from.view, offset, length);
    const given = integer.parse(bytes, offset, length) ? 0 : length;
    const listpack = listpackEntryBytes(bytes, offset, length);
    const packedBytes = this.packed.elementBytes(length);
    const entry = this.#beginPush(c, isLeft, 1, given, packedBytes, listpack);
    if (entry < 0) return entry;
    this.#pushOne(isLeft);
    return this.#endPush(c, entry);
  }

  /** Moves an end element to an end of the same list, which is not empty. */
  rotate(c: CommandContext, fromLeft: boolean, toLeft: boolean): number {
    this.get(fromLeft ? 0 : this.count - 1);
    this.#copyFound();
    const large = this.large;
    if (large !== null) {
      large.removeRange(fromLeft ? 0 : large.count - 1, 1);
      this.#pushOne(toLeft);
      return this.#settleLarge(c);
    }
    const packed = this.packed;
    const { length } = element;
    const bytes = packed.elementBytes(length);
    const most = Math.max(packed.length, Math.min(packed.length + bytes, c.mostPackedBytes));
    const entry = this.#grow(c, most);
    if (entry < 0) return entry;
    packed.seek(fromLeft ? 0 : packed.count - 1);
    packed.planRemove();
    packed.applyRemove();
    // Without the slack it fits in any case: it is as long as before.
    if (packed.length + bytes > most) packed.dropSlack();
    packed.planPush(toLeft, 1, bytes, listpackEntryBytes(element.bytes, 0, length), most);
    packed.applyPush();
    packed.writePushed(element);
    return c.fitPacked(entry, packed.length);
  }

  /** Makes `element` a copy of what `get` has found. */
  #copyFound(): void {
    const { bytes, offset, length } = this;
    if (length > scratch.length) {
      element.setBuffer(Buffer.from(bytes.subarray(offset, offset + length)));
      return;
    }
    element.set(bytes, this.view, offset, length).copyTo(scratch, scratchView, 0);
    element.set(scratch, scratchView, 0, length);
  }

  /** Puts an argument in the place of an element that exists. */
  set(c: CommandContext, index: number, argument: number): number {
    point(c, argument);
    if (this.large === null && this.#staysPackedSetting(c, index)) {
      const packed = this.packed;
      packed.seek(index);
      const entry = this.#makeRoom(c, packed.planSet(element), packed.slackBytes);
      if (entry < 0) return entry;
      if (entry !== UNPACKABLE) {
        packed.seek(index);
        packed.planSet(element);
        packed.applyElement(element);
        return c.fitPacked(entry, packed.length);
      }
    }
    if (!this.#becomeLarge(c)) return NOT_HERE;
    this.large!.set(index, element.bytes, element.offset, element.length);
    return this.#shrink(c);
  }

  /** Redis: a longer element may take the list apart, and a shorter one puts it together again. */
  #staysPackedSetting(c: CommandContext, index: number): boolean {
    const packed = this.packed;
    const { listSize } = c.limits;
    const { bytes, offset, length } = element;
    if (listGrowthStaysPacked(packed.listpackBytes, packed.count, length, 1, listSize)) return true;
    packed.seek(index);
    const before = listpackEntryBytes(packed.bytes, packed.payloadAt, packed.payloadBytes);
    const after = packed.listpackBytes - before + listpackEntryBytes(bytes, offset, length);
    return listShrinkPacks(after, packed.count, listSize);
  }

  /** Inserts an argument in front of an index (0..count-1) or behind it. */
  insert(c: CommandContext, index: number, isBefore: boolean, argument: number): number {
    point(c, argument);
    const packed = this.packed;
    if (this.large === null && this.#staysPacked(c, element.length, 1)) {
      packed.seek(index);
      const entry = this.#makeRoom(c, packed.planInsert(isBefore, element), packed.slackBytes);
      if (entry < 0) return entry;
      if (entry !== UNPACKABLE) {
        packed.seek(index);
        packed.planInsert(isBefore, element);
        packed.applyElement(element);
        return c.fitPacked(entry, packed.length);
      }
    }
    if (!this.#becomeLarge(c)) return NOT_HERE;
    const at = isBefore ? index : index + 1;
    this.large!.insert(at, element.bytes, element.offset, element.length);
    return this.#settleLarge(c);
  }

  // --- removals; they return the entry, or 0 when they left nothing, and cannot fail ---

  /** Removes the elements `index` to `index + count - 1`, which exist. */
  removeRange(c: CommandContext, index: number, count: number): number {
    if (count === this.count) return this.#removeKey(c);
    if (this.large !== null) {
      this.large.removeRange(index, count);
      return this.#shrink(c);
    }
    const packed = this.packed;
    if (count === 1) {
      packed.seek(index);
      packed.planRemove();
      packed.applyRemove();
    } else {
      packed.planRemoveRange(index, count);
      packed.applyRemoveRange(count);
    }
    return c.fitPacked(this.entry, packed.length);
  }

  /** Removes all but the elements `index` to `index + count - 1`, which exist. */
  trim(c: CommandContext, index: number, count: number): number {
    if (count === 0) return this.#removeKey(c);
    if (this.large === null) return c.fitPacked(this.entry, this.packed.trim(index, count));
    this.large.trim(index, count);
    return this.#shrink(c);
  }

  /**
   * Removes elements that equal an argument; `removed` is then how many.
   * @param wanted the first so many, negative: the last ones, 0: all
   */
  removeEqual(c: CommandContext, argument: number, wanted: number): number {
    if (this.large !== null) {
      this.removed = this.large.removeEqual(c.request.slice(argument), wanted);
      if (this.count === 0) return this.#removeKey(c);
      return this.removed === 0 ? this.entry : this.#shrink(c);
    }
    point(c, argument);
    this.removed = this.#removeEqualPacked(wanted);
    if (this.count === 0) return this.#removeKey(c);
    return c.fitPacked(this.entry, this.packed.length);
  }

  #removeEqualPacked(wanted: number): number {
    const packed = this.packed;
    const isUpwards = wanted >= 0;
    const most = wanted === 0 ? packed.count : Math.abs(wanted);
    let removed = 0;
    if (isUpwards) packed.rewind();
    else packed.toEnd();
    while (removed < most && (isUpwards ? packed.next() : packed.previous())) {
      if (!isHere(packed)) continue;
      packed.planRemove();
      packed.applyRemove();
      removed++;
      // The cursor stands before the one behind it: `previous` begins at that one.
      if (!isUpwards && !packed.next()) packed.toEnd();
    }
    return removed;
  }

  #removeKey(c: CommandContext): number {
    c.remove(this.entry);
    this.entry = 0;
    return 0;
  }

  // --- packed ---

  #staysPacked(c: CommandContext, givenBytes: number, givenCount: number): boolean {
    const { listpackBytes, count } = this.packed;
    return listGrowthStaysPacked(listpackBytes, count, givenBytes, givenCount, c.limits.listSize);
  }

  /**
   * Makes room for a packed list of so many bytes; if only its slack is in the way, that goes. Then
   * what was planned has to be planned again.
   * @param slack of these bytes
   * @returns the entry, UNPACKABLE, NOT_HERE or FULL
   */
  #makeRoom(c: CommandContext, bytes: number, slack: number): number {
    const packed = this.packed;
    if (bytes <= c.mostPackedBytes) return this.#grow(c, Math.max(bytes, packed.length));
    const tight = bytes - slack;
    if (tight > c.mostPackedBytes) return UNPACKABLE;
    const entry = this.#grow(c, Math.max(tight, packed.length));
    if (entry > 0) packed.dropSlack();
    return entry;
  }

  #grow(c: CommandContext, bytes: number): number {
    const entry = c.growPacked(this.entry, TYPE_LIST, bytes);
    if (entry > 0) this.packed.rebase(c.valueBytes, c.table.view, c.valueOffset);
    return entry;
  }

  /**
   * Makes the list ready for `count` elements at an end, which `#pushOne` adds.
   * @param given sum of their lengths, as the thresholds count them
   * @param bytes sum of what they take when packed
   * @param listpack the same as a listpack
   * @returns the entry, IS_LARGE, NOT_HERE or FULL
   */
  #beginPush(
    c: CommandContext,
    isLeft: boolean,
    count: number,
    given: number,
    bytes: number,
    listpack: number,
  ): number {
    const packed = this.packed;
    if (this.large === null && this.#staysPacked(c, given, count)) {
      const most = c.mostPackedBytes;
      const length = packed.planPush(isLeft, count, bytes, listpack, most);
      // A push at the head makes no slack that does not fit.
      const entry = this.#makeRoom(c, length, isLeft ? 0 : packed.slackBytes);
      if (entry < 0) return entry;
      if (entry !== UNPACKABLE) {
        if (length > most) packed.planPush(isLeft, count, bytes, listpack, most);
        packed.applyPush();
        return entry;
      }
    }
    return this.#becomeLarge(c) ? IS_LARGE : NOT_HERE;
  }

  /** Adds `element` at an end. */
  #pushOne(isLeft: boolean): void {
    if (this.large === null) this.packed.writePushed(element);
    else if (isLeft) this.large.pushFirst(element.bytes, element.offset, element.length);
    else this.large.pushLast(element.bytes, element.offset, element.length);
  }

  #endPush(c: CommandContext, entry: number): number {
    return this.large === null ? c.fitPacked(entry, this.packed.length) : this.#settleLarge(c);
  }

  // --- large ---

  /** Makes the list a large one, not stored yet, if this thread may; true when it is one. */
  #becomeLarge(c: CommandContext): boolean {
    if (this.large !== null) return true;
    if (!c.mayBeLarge) return false;
    const large = new LargeList();
    const packed = this.packed;
    if (this.entry !== 0) {
      packed.rewind();
      while (packed.next()) large.pushLast(packed.bytes, packed.payloadAt, packed.payloadBytes);
    }
    this.large = large;
    this.#isNewlyLarge = true;
    return true;
  }

  /** Ends an edit of the large form. */
  #settleLarge(c: CommandContext): number {
    const large = this.large!;
    if (this.#isNewlyLarge) return c.storeLarge(this.entry, TYPE_LIST, large);
    c.touchLarge(this.entry, large);
    return this.entry;
  }

  /** The same for one that may leave a list that is packed again. */
  #shrink(c: CommandContext): number {
    const large = this.large!;
    const listpack = large.listpackBytes(MAX_PACKED_BYTES);
    if (listpack < Infinity && listShrinkPacks(listpack, large.count, c.limits.listSize)) {
      const packed = packList(large, c.mostPackedBytes);
      const stored = packed === null ? FULL : c.storeNew(this.entry, packed);
      if (stored > 0) return stored;
    }
    return this.#settleLarge(c);
  }
}

/** The list a command works on, and a second one: two per thread, so that few are kept alive. */
export const list = new ListValue();
export const other = new ListValue();
