// A packed value as its form reads and changes it: a cursor over the records, and the splice that
// every edit is. It does not know what a payload means.
//
// An edit has two halves, because the value may have to move in between:
//   newLength = form.planSomething(...)        nothing changes; the caller checks its limits
//   if it grows:  the caller makes room (all old bytes stay), then form.rebase(...)
//   form.applySomething(...)
//   if it shrinks: the caller gives back what is behind newLength
// What is written must not be bytes of the value itself, as these move.
// After an edit the cursor stands nowhere, unless a method says otherwise.

import { invariant } from '@forgekv/base';
import type { ElementBytes } from './element-bytes.ts';
import {
  HEAD_BYTES,
  lengthAt,
  lengthBefore,
  MAX_PACKED_BYTES,
  packedCount,
  packedFlags,
  packedForm,
  writeHead,
} from './layout.ts';

/** Moves of at most so many bytes are made here: a native call costs more. */
const SHORT_MOVE_BYTES = 48;

/** What one edit does to the bytes: at `at`, relative to the value, some go and some come. */
export class SplicePlan {
  at = 0;
  removeBytes = 0;
  insertBytes = 0;
  /** Length of the value afterwards, in bytes. */
  newLength = 0;
}

/**
 * Moves what lies behind a splice, so that `insertBytes` bytes at `at` are free to be written.
 * @param offset where the value starts, with room for the longer of both lengths
 * @param oldLength bytes of the value before
 */
export function applySplice(
  bytes: Buffer,
  offset: number,
  oldLength: number,
  plan: SplicePlan,
): void {
  invariant(plan.newLength <= MAX_PACKED_BYTES, 'a packed value would be too long');
  const from = offset + plan.at + plan.removeBytes;
  const to = offset + plan.at + plan.insertBytes;
  moveBytes(bytes, to, from, offset + oldLength - from);
}

/** Copies bytes within a buffer; the ranges may overlap. */
export function moveBytes(bytes: Buffer, to: number, from: number, length: number): void {
  if (to === from || length <= 0) return;
  if (length > SHORT_MOVE_BYTES) {
    bytes.copyWithin(to, from, from + length);
  } else if (to < from) {
    for (let i = 0; i < length; i++) bytes[to + i] = bytes[from + i]!;
  } else {
    for (let i = length - 1; i >= 0; i--) bytes[to + i] = bytes[from + i]!;
  }
}

const EMPTY = Buffer.alloc(0);
const EMPTY_VIEW = new DataView(new ArrayBuffer(0));

/** Base of all forms. One object per thread is opened on value after value. */
export class PackedValue {
  bytes: Buffer = EMPTY;
  view: DataView = EMPTY_VIEW;
  /** Where the value starts in `bytes`, a multiple of 4. */
  offset = 0;
  /** Bytes of the value; 0 for one that does not exist yet. */
  length = 0;
  /** Elements of the value. */
  count = 0;
  protected flags = 0;
  protected readonly form: number;
  protected readonly plan: SplicePlan = new SplicePlan();

  // The record the cursor stands on.
  /** Its number from 0, or -1 before the first, or `count` behind the last. */
  index = -1;
  /** Where its payload starts in `bytes`, and the bytes of it. */
  payloadAt = 0;
  payloadBytes = 0;
  protected recordAt = 0;
  protected recordEnd = 0;

  constructor(form: number) {
    this.form = form;
  }

  /** Opens a value that `verifyPacked` has seen or these classes have made. */
  open(bytes: Buffer, view: DataView, offset: number, length: number): this {
    invariant(packedForm(bytes, offset) === this.form, 'a packed value has another form');
    this.bytes = bytes;
    this.view = view;
    this.offset = offset;
    this.length = length;
    this.flags = packedFlags(bytes, offset);
    this.count = packedCount(bytes, offset);
    this.rewind();
    return this;
  }

  /** Starts a value that does not exist yet: plan, make room, rebase and apply come next. */
  openEmpty(): this {
    this.offset = 0;
    this.length = 0;
    this.flags = 0;
    this.count = 0;
    this.recordEnd = 0;
    this.index = -1;
    return this;
  }

  /** The value has been moved between plan and apply; the cursor moves with it. */
  rebase(bytes: Buffer, view: DataView, offset: number): void {
    const moved = offset - this.offset;
    this.bytes = bytes;
    this.view = view;
    this.offset = offset;
    this.payloadAt += moved;
    this.recordAt += moved;
    this.recordEnd += moved;
  }

  /** Puts the cursor before the first record. */
  rewind(): void {
    this.index = -1;
    this.recordEnd = this.firstRecord();
  }

  /** Puts the cursor behind the last record. */
  toEnd(): void {
    this.index = this.count;
    this.recordAt = this.offset + this.length;
  }

  /** Goes to the next record; false behind the last. */
  next(): boolean {
    if (this.index + 1 >= this.count) return false;
    this.index++;
    const at = this.recordEnd;
    const length = lengthAt(this.bytes, at);
    const frame = length < 128 ? 1 : 2;
    this.recordAt = at;
    this.payloadAt = at + frame;
    this.payloadBytes = length;
    this.recordEnd = at + length + 2 * frame;
    return true;
  }

  /** Goes to the record before; false before the first. */
  previous(): boolean {
    if (this.index <= 0) return false;
    this.index--;
    const end = this.recordAt;
    const length = lengthBefore(this.bytes, end);
    const frame = length < 128 ? 1 : 2;
    this.recordEnd = end;
    this.payloadAt = end - frame - length;
    this.payloadBytes = length;
    this.recordAt = this.payloadAt - frame;
    return true;
  }

  /** Goes to a record by its number, from the nearer end; false when there is none. */
  seek(index: number): boolean {
    if (index < 0 || index >= this.count) return false;
    if (index * 2 < this.count) {
      this.rewind();
      while (this.index < index) this.next();
    } else {
      this.toEnd();
      while (this.index > index) this.previous();
    }
    return true;
  }

  /** Puts the cursor on the record that starts at `at`, known to have this number. */
  protected standOn(index: number, at: number): void {
    this.index = index - 1;
    this.recordEnd = at;
    this.next();
  }

  /**
   * Goes to the first record whose payload is `skip` bytes and then the key: the loop of every
   * lookup in sets, which keeps its state in locals because that takes two thirds of the time.
   */
  protected findKey(key: ElementBytes, skip: number): boolean {
    const { bytes, view, count } = this;
    const wanted = key.length + skip;
    let at = this.firstRecord();
    for (let index = 0; index < count; index++) {
      let length = bytes[at]!;
      let payload = at + 1;
      if (length >= 128) length = ((length & 127) << 8) | bytes[payload++]!;
      if (length === wanted && key.equals(bytes, view, payload + skip)) {
        this.standOn(index, at);
        return true;
      }
      at = payload + length + (payload - at);
    }
    this.toEnd();
    return false;
  }

  protected firstRecord(): number {
    return this.offset + HEAD_BYTES;
  }

  /**
   * Notes a splice in `plan`.
   * @param at relative to the value
   * @returns the length afterwards
   */
  protected planSplice(at: number, removeBytes: number, insertBytes: number): number {
    const { plan } = this;
    const before = this.length === 0 ? this.firstRecord() - this.offset : this.length;
    plan.at = at;
    plan.removeBytes = removeBytes;
    plan.insertBytes = insertBytes;
    plan.newLength = before + insertBytes - removeBytes;
    return plan.newLength;
  }

  /** Where the record behind the last one would start, relative to the value. */
  protected endAt(): number {
    return this.length === 0 ? this.firstRecord() - this.offset : this.length;
  }

  /** Removes the records `index` to `index + count - 1`, which must exist. */
  planRemoveRange(index: number, count: number): number {
    this.seek(index);
    const from = this.recordAt;
    for (let i = 1; i < count; i++) this.next();
    return this.planSplice(from - this.offset, this.recordEnd - from, 0);
  }

  /** Applies `planRemoveRange`. */
  applyRemoveRange(count: number): void {
    this.splice(this.count - count);
  }

  /** Removes the record the cursor stands on. */
  planRemove(): number {
    return this.planSplice(this.recordAt - this.offset, this.recordEnd - this.recordAt, 0);
  }

  /** Applies `planRemove`; the cursor then stands before the record behind it: `next` goes on. */
  applyRemove(): void {
    const at = this.plan.at;
    const index = this.index;
    this.splice(this.count - 1);
    this.index = index - 1;
    this.recordEnd = this.offset + at;
  }

  /** Moves the bytes as planned and sets the head. The cursor is rewound. */
  protected splice(count: number): void {
    applySplice(this.bytes, this.offset, this.length, this.plan);
    this.length = this.plan.newLength;
    this.count = count;
    writeHead(this.bytes, this.offset, this.form, this.flags, count);
    this.rewind();
  }
}
