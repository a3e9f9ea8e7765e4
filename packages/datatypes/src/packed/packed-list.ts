// A small list in one packed value, cheap at both ends: what is popped from the head becomes
// slack, what is pushed there uses it up, and only when it is used up everything moves, to make
// as much slack again as a fraction of the list. So n pushes move O(n) bytes in all.

import type { ElementBytes } from './element-bytes.ts';
import {
  FORM_LIST,
  LIST_HEAD_BYTES,
  listListpackBytes,
  listSlack,
  MAX_PACKED_BYTES,
  recordBytes,
  writeListHead,
  writeRecordFrame,
} from './layout.ts';
import { EMPTY_LISTPACK_BYTES, listpackEntryBytes } from './listpack-size.ts';
import { PackedValue } from './packed-value.ts';

/** Slack made when a push at the head finds none, in bytes. */
const LEAST_NEW_SLACK = 16;
const MOST_NEW_SLACK = 1024;
/** Slack that is never worth a move, in bytes. */
const IDLE_SLACK = 64;

/** See packed-value.ts for how plan and apply go together. */
export class PackedList extends PackedValue {
  /** Bytes of the same list as a listpack of Redis, for the thresholds. */
  listpackBytes = EMPTY_LISTPACK_BYTES;
  #slack = 0;
  #newSlack = 0;
  #newListpackBytes = 0;
  #newCount = 0;
  #isLeft = false;
  #writeAt = 0;

  constructor() {
    super(FORM_LIST);
  }

  override open(bytes: Buffer, view: DataView, offset: number, length: number): this {
    this.#slack = listSlack(bytes, offset);
    this.listpackBytes = listListpackBytes(bytes, offset);
    return super.open(bytes, view, offset, length);
  }

  override openEmpty(): this {
    this.#slack = 0;
    this.listpackBytes = EMPTY_LISTPACK_BYTES;
    return super.openEmpty();
  }

  /** Bytes one more element takes, slack aside. */
  elementBytes(length: number): number {
    return recordBytes(length);
  }

  /**
   * Adds elements at an end.
   * @param bytes sum of `elementBytes` of all of them
   * @param listpackBytes sum of `listpackEntryBytes` of all of them
   * @param maxBytes new slack never makes the value longer than this
   * @returns the new length in bytes
   */
  planPush(
    isLeft: boolean,
    count: number,
    bytes: number,
    listpackBytes: number,
    maxBytes: number = MAX_PACKED_BYTES,
  ): number {
    this.#isLeft = isLeft;
    this.#next(this.count + count, this.#slack, this.listpackBytes + listpackBytes);
    if (!isLeft) return this.planSplice(this.endAt(), 0, bytes);
    const slack = this.#slack;
    if (slack >= bytes) {
      this.#newSlack = slack - bytes;
      return this.planSplice(LIST_HEAD_BYTES, 0, 0);
    }
    const used = this.count === 0 ? 0 : this.length - LIST_HEAD_BYTES - slack;
    const room = Math.max(0, maxBytes - LIST_HEAD_BYTES - used - bytes);
    const wanted = Math.min(MOST_NEW_SLACK, Math.max(LEAST_NEW_SLACK, used >> 1));
    // A list of one push has no use for it yet.
    this.#newSlack = used === 0 ? 0 : Math.min(room, wanted);
    return this.planSplice(LIST_HEAD_BYTES, slack, this.#newSlack + bytes);
  }

  /** Applies `planPush`; `writePushed` for each element must follow. */
  applyPush(): void {
    const end = this.offset + this.endAt();
    const pushed = this.plan.insertBytes;
    const before = this.#slack;
    this.splice(this.#newCount);
    if (!this.#isLeft) this.#writeAt = end;
    else if (pushed === 0) this.#writeAt = this.offset + LIST_HEAD_BYTES + before;
    else this.#writeAt = this.offset + LIST_HEAD_BYTES + pushed;
  }

  /** Writes the next element of a push, each one further out than the last. */
  writePushed(element: ElementBytes): void {
    const bytes = recordBytes(element.length);
    if (this.#isLeft) this.#writeAt -= bytes;
    this.#write(this.#writeAt, element);
    if (!this.#isLeft) this.#writeAt += bytes;
  }

  /** Replaces the element the cursor stands on; returns the new length in bytes. */
  planSet(element: ElementBytes): number {
    const change = entryBytes(element) - this.#entryBytesHere();
    this.#next(this.count, this.#slack, this.listpackBytes + change);
    const replaced = this.recordEnd - this.recordAt;
    return this.planSplice(this.recordAt - this.offset, replaced, recordBytes(element.length));
  }

  /** Inserts before or behind the element the cursor stands on; returns the new length. */
  planInsert(isBefore: boolean, element: ElementBytes): number {
    this.#next(this.count + 1, this.#slack, this.listpackBytes + entryBytes(element));
    const at = isBefore ? this.recordAt : this.recordEnd;
    return this.planSplice(at - this.offset, 0, recordBytes(element.length));
  }

  /** Applies `planSet` or `planInsert`. */
  applyElement(element: ElementBytes): void {
    const at = this.plan.at;
    this.splice(this.#newCount);
    this.#write(this.offset + at, element);
  }

  /** Removes the element the cursor stands on. */
  override planRemove(): number {
    const listpackBytes = this.listpackBytes - this.#entryBytesHere();
    return this.#planRemoval(this.index === 0, 1, this.recordAt, listpackBytes);
  }

  /** Removes the elements `index` to `index + count - 1`, which must exist. */
  override planRemoveRange(index: number, count: number): number {
    this.seek(index);
    const from = this.recordAt;
    let listpackBytes = this.listpackBytes - this.#entryBytesHere();
    for (let i = 1; i < count; i++) {
      this.next();
      listpackBytes -= this.#entryBytesHere();
    }
    return this.#planRemoval(index === 0, count, from, listpackBytes);
  }

  /**
   * Keeps the elements `index` to `index + count - 1`, which must exist. Shrinking needs no room,
   * so this is done at once.
   * @returns the new length in bytes
   */
  trim(index: number, count: number): number {
    const behind = this.count - index - count;
    if (behind > 0) {
      this.planRemoveRange(index + count, behind);
      this.applyRemoveRange(behind);
    }
    if (index > 0) {
      this.planRemoveRange(0, index);
      this.applyRemoveRange(index);
    }
    return this.length;
  }

  /** Unused bytes before the first element. */
  get slackBytes(): number {
    return this.#slack;
  }

  /** Gives the unused bytes back at once; the value is so much shorter then. */
  dropSlack(): void {
    const slack = this.#slack;
    this.#next(this.count, 0, this.listpackBytes);
    this.planSplice(LIST_HEAD_BYTES, slack, 0);
    this.splice(this.count);
  }

  protected override firstRecord(): number {
    return this.offset + LIST_HEAD_BYTES + this.#slack;
  }

  protected override splice(count: number): void {
    this.#slack = this.#newSlack;
    this.listpackBytes = this.#newListpackBytes;
    super.splice(count);
    writeListHead(this.bytes, this.offset, this.#slack, this.listpackBytes);
  }

  /** The records from `from` to the cursor's end go. */
  #planRemoval(isHead: boolean, count: number, from: number, listpackBytes: number): number {
    const removed = this.recordEnd - from;
    const slack = this.#slack;
    this.#next(this.count - count, slack, listpackBytes);
    if (!isHead) return this.planSplice(from - this.offset, removed, 0);
    const used = this.length - LIST_HEAD_BYTES - slack - removed;
    if (slack + removed <= Math.max(IDLE_SLACK, used)) {
      this.#newSlack = slack + removed;
      return this.planSplice(LIST_HEAD_BYTES + this.#newSlack, 0, 0);
    }
    this.#newSlack = 0;
    return this.planSplice(LIST_HEAD_BYTES, slack + removed, 0);
  }

  #next(count: number, slack: number, listpackBytes: number): void {
    this.#newCount = count;
    this.#newSlack = slack;
    this.#newListpackBytes = listpackBytes;
  }

  #entryBytesHere(): number {
    return listpackEntryBytes(this.bytes, this.payloadAt, this.payloadBytes);
  }

  #write(at: number, element: ElementBytes): void {
    const payload = writeRecordFrame(this.bytes, at, element.length);
    element.copyTo(this.bytes, this.view, payload);
  }
}

function entryBytes(element: ElementBytes): number {
  return listpackEntryBytes(element.bytes, element.offset, element.length);
}
