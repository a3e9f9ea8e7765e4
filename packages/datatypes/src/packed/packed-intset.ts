// A set of integers only: sorted, of one width, found by halving. Widths only ever grow. When a
// member is not an integer the set becomes one of packed-set.ts, and never comes back.

import { invariant } from '@forgekv/base';
import { MAX_INTEGER_TEXT } from '../integer-text.ts';
import type { Int64 } from './int64.ts';
import {
  FORM_INTSET,
  FORM_SET,
  HEAD_BYTES,
  MAX_PACKED_BYTES,
  packedCount,
  packedFlags,
  packedForm,
  recordBytes,
  writeHead,
  writeRecordFrame,
} from './layout.ts';
import { moveBytes } from './packed-value.ts';

const EMPTY = Buffer.alloc(0);
const EMPTY_VIEW = new DataView(new ArrayBuffer(0));

/** Reads one integer of an intset: `at` is where it lies. */
export function readWidth(view: DataView, at: number, width: number, value: Int64): void {
  if (width === 8) {
    value.low = view.getUint32(at, true);
    value.high = view.getInt32(at + 4, true);
    return;
  }
  const small = width === 4 ? view.getInt32(at, true) : view.getInt16(at, true);
  value.low = small >>> 0;
  value.high = small >> 31;
}

/** Plan and apply as in packed-value.ts. */
export class PackedIntset {
  bytes: Buffer = EMPTY;
  view: DataView = EMPTY_VIEW;
  offset = 0;
  /** Bytes of the value; 0 for one that does not exist yet. */
  length = 0;
  count = 0;
  /** Bytes of an integer: 2, 4 or 8. */
  width = 2;
  /** Where `find` found the value, or where it would be inserted. */
  index = 0;
  #newWidth = 2;

  /** Opens a value that `verifyPacked` has seen or this class has made. */
  open(bytes: Buffer, view: DataView, offset: number, length: number): this {
    invariant(packedForm(bytes, offset) === FORM_INTSET, 'a packed value has another form');
    this.bytes = bytes;
    this.view = view;
    this.offset = offset;
    this.length = length;
    this.width = packedFlags(bytes, offset);
    this.count = packedCount(bytes, offset);
    return this;
  }

  /** Starts a value that does not exist yet. */
  openEmpty(): this {
    this.length = 0;
    this.count = 0;
    this.width = 2;
    return this;
  }

  /** The value has been moved between plan and apply. */
  rebase(bytes: Buffer, view: DataView, offset: number): void {
    this.bytes = bytes;
    this.view = view;
    this.offset = offset;
  }

  /** Looks a value up and sets `index`; true when it is there. */
  find(value: Int64): boolean {
    const { view, width } = this;
    const base = this.offset + HEAD_BYTES;
    let from = 0;
    let to = this.count;
    if (value.width > width) {
      this.index = value.high < 0 ? 0 : to;
      return false;
    }
    // Of one width, comparing the halves is comparing numbers.
    const { high } = value;
    const low = width === 8 ? value.low : value.low | 0;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const at = base + middle * width;
      let difference = 0;
      if (width === 8) {
        difference = view.getInt32(at + 4, true) - high;
        if (difference === 0) difference = view.getUint32(at, true) - low;
      } else {
        difference = (width === 4 ? view.getInt32(at, true) : view.getInt16(at, true)) - low;
      }
      if (difference === 0) {
        this.index = middle;
        return true;
      }
      if (difference < 0) from = middle + 1;
      else to = middle;
    }
    this.index = from;
    return false;
  }

  /** Reads the value at `index` (0 to count - 1, ascending). */
  read(index: number, value: Int64): void {
    readWidth(this.view, this.offset + HEAD_BYTES + index * this.width, this.width, value);
  }

  /** Adds a value that `find` has just not found; returns the new length in bytes. */
  planAdd(value: Int64): number {
    this.#newWidth = Math.max(this.width, value.width);
    return this.bytesOf(this.count + 1, this.#newWidth);
  }

  /** Length in bytes of an intset of so many values of a width. */
  bytesOf(count: number, width: number): number {
    return HEAD_BYTES + count * width;
  }

  /** Applies `planAdd`. */
  applyAdd(value: Int64): void {
    const { bytes, view, index, count } = this;
    const base = this.offset + HEAD_BYTES;
    const width = this.#newWidth;
    invariant(HEAD_BYTES + (count + 1) * width <= MAX_PACKED_BYTES, 'an intset is too long');
    if (width > this.width) {
      // A wider value is less or greater than all others, so they move as one.
      this.#widen(width, index === 0 ? 1 : 0);
    } else {
      const at = base + index * width;
      moveBytes(bytes, at + width, at, (count - index) * width);
    }
    const at = base + index * width;
    if (width === 8) {
      view.setInt32(at, value.low | 0, true);
      view.setInt32(at + 4, value.high, true);
    } else if (width === 4) {
      view.setInt32(at, value.low | 0, true);
    } else {
      view.setInt16(at, value.low | 0, true);
    }
    this.#settle(width, count + 1);
  }

  /** Removes the value at `index`; returns the new length in bytes. */
  planRemove(index: number): number {
    this.index = index;
    return HEAD_BYTES + (this.count - 1) * this.width;
  }

  /** Applies `planRemove`. */
  applyRemove(): void {
    const at = this.offset + HEAD_BYTES + this.index * this.width;
    moveBytes(this.bytes, at, at + this.width, (this.count - this.index - 1) * this.width);
    this.#settle(this.width, this.count - 1);
  }

  /** Length in bytes of the same set in the form of packed-set.ts; `value` is scratch. */
  bytesAsSet(value: Int64, text: Uint8Array): number {
    let total = HEAD_BYTES;
    for (let i = 0; i < this.count; i++) {
      this.read(i, value);
      total += recordBytes(value.write(text, 0));
    }
    return total;
  }

  /** Bytes of the longest member as text, which the thresholds of sets ask for. */
  longestText(value: Int64, text: Uint8Array): number {
    if (this.count === 0) return 0;
    this.read(0, value);
    const least = value.write(text, 0);
    this.read(this.count - 1, value);
    return Math.max(least, value.write(text, 0));
  }

  /**
   * Writes the same set in the form of packed-set.ts.
   * @param bytes not where this set lies: there are `bytesAsSet` bytes at `offset`
   * @param text scratch of MAX_INTEGER_TEXT bytes
   */
  writeAsSet(bytes: Buffer, offset: number, value: Int64, text: Buffer): void {
    invariant(text.length >= MAX_INTEGER_TEXT, 'no room for an integer');
    let at = offset + HEAD_BYTES;
    for (let i = 0; i < this.count; i++) {
      this.read(i, value);
      const length = value.write(text, 0);
      const payload = writeRecordFrame(bytes, at, length);
      for (let j = 0; j < length; j++) bytes[payload + j] = text[j]!;
      at += recordBytes(length);
    }
    writeHead(bytes, offset, FORM_SET, 0, this.count);
  }

  /** Rewrites all values in a greater width, `shift` places further, from the last to the first. */
  #widen(width: number, shift: number): void {
    const { view } = this;
    const base = this.offset + HEAD_BYTES;
    for (let i = this.count - 1; i >= 0; i--) {
      const from = base + i * this.width;
      const small = this.width === 4 ? view.getInt32(from, true) : view.getInt16(from, true);
      const to = base + (i + shift) * width;
      view.setInt32(to, small, true);
      if (width === 8) view.setInt32(to + 4, small >> 31, true);
    }
  }

  #settle(width: number, count: number): void {
    this.width = width;
    this.count = count;
    this.length = HEAD_BYTES + count * width;
    writeHead(this.bytes, this.offset, FORM_INTSET, width, count);
  }
}
