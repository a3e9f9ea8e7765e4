// The elements of a large value that changed since somebody last wrote them down. Bounded: when
// too many changed it forgets which and says that all did.

import type { ByteRange } from './byte-range.ts';
import type { ElementListener } from './element-listener.ts';
import { type LargeValueOptions, MemberCore } from './member-core.ts';

/** Visits an element that changed; the range is valid during the call. */
export type VisitDirty = (member: ByteRange, removed: boolean) => void;

/** Bounds of a DirtyElements; looked at again with every change. */
export interface DirtyBounds {
  readonly maxElements: number;
  /** Bytes of all members together. */
  readonly maxBytes: number;
}

/** One member and what became of it. */
class DirtyMembers extends MemberCore {
  bytes = 0;

  constructor(options: LargeValueOptions) {
    super(options, 1, true);
  }

  /** The state is the tail: one byte, 1 = removed. */
  mark(bytes: Uint8Array, offset: number, length: number, state: Uint8Array): void {
    let record = this.locate(bytes, offset, length);
    if (record === 0) {
      record = this.add(bytes, offset, length, 1, false);
      this.bytes += length;
    }
    this.records.writeTail(record, state, 0);
  }

  /** Visits about `wanted` of them from a cursor on; returns the next one, 0 at the end. */
  scan(cursor: number, wanted: number, visit: VisitDirty): number {
    return this.table.scan(cursor, wanted, (record) => {
      this.records.tail(record, this.member);
      const removed = this.member.bytes[this.member.offset] === 1;
      this.records.member(record, this.member);
      visit(this.member, removed);
    });
  }
}

const CHANGED = Uint8Array.of(0);
const REMOVED = Uint8Array.of(1);

/** What was remembered, handed over: it does not change any more. */
export class DirtyPart {
  /** Too many elements changed: any may have. */
  readonly all: boolean;
  readonly #members: DirtyMembers | null;
  #cursor = 0;
  #isDone: boolean;

  constructor(all: boolean, members: DirtyMembers | null) {
    this.all = all;
    this.#members = members;
    this.#isDone = members === null;
  }

  /** Elements in it: 0 when `all`. */
  get count(): number {
    return this.#members?.count ?? 0;
  }

  /**
   * Visits about `wanted` elements that were not visited yet.
   * @returns false when there are no more
   */
  next(wanted: number, visit: VisitDirty): boolean {
    if (this.#isDone) return false;
    this.#cursor = this.#members!.scan(this.#cursor, wanted, visit);
    this.#isDone = this.#cursor === 0;
    return !this.#isDone;
  }
}

/** A listener that remembers. One per large value; without memory until something changes. */
export class DirtyElements implements ElementListener {
  readonly #options: LargeValueOptions;
  readonly #bounds: DirtyBounds;
  #members: DirtyMembers | null = null;
  #all = false;

  constructor(options: LargeValueOptions, bounds: DirtyBounds) {
    this.#options = options;
    this.#bounds = bounds;
  }

  /** True when too many elements changed: write all of them, after removing all of them. */
  get all(): boolean {
    return this.#all;
  }

  /** Elements remembered: 0 when `all`. */
  get count(): number {
    return this.#members?.count ?? 0;
  }

  changed(bytes: Uint8Array, offset: number, length: number): void {
    this.#mark(bytes, offset, length, CHANGED);
  }

  removed(bytes: Uint8Array, offset: number, length: number): void {
    this.#mark(bytes, offset, length, REMOVED);
  }

  /** Forgets everything and says that all elements changed. */
  markAll(): void {
    this.#all = true;
    this.#members = null;
  }

  /** Hands over what is remembered, `all` included, and begins anew. */
  detach(): DirtyPart {
    const part = new DirtyPart(this.#all, this.#members);
    this.#all = false;
    this.#members = null;
    return part;
  }

  #mark(bytes: Uint8Array, offset: number, length: number, state: Uint8Array): void {
    if (this.#all) return;
    const { maxBytes, maxElements } = this.#bounds;
    this.#members ??= new DirtyMembers(this.#options);
    if (this.#members.bytes + length <= maxBytes) {
      this.#members.mark(bytes, offset, length, state);
      if (this.#members.count <= maxElements) return;
    }
    this.markAll();
  }
}
