// The elements of a large value that changed since somebody last wrote them down. Bounded: when
// too many changed it forgets which and says that all did.

import type { ByteRange } from './byte-range.ts';
import type { ElementListener } from './element-listener.ts';
import { type LargeValueOptions, MemberCore } from './member-core.ts';

/** Bounds of a DirtyElements. */
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

  each(visit: (member: ByteRange, removed: boolean) => void): void {
    const see = (record: number): void => {
      this.records.tail(record, this.member);
      const removed = this.member.bytes[this.member.offset] === 1;
      this.records.member(record, this.member);
      visit(this.member, removed);
    };
    let cursor = 0;
    do cursor = this.table.scan(cursor, 1024, see);
    while (cursor !== 0);
  }
}

const CHANGED = Uint8Array.of(0);
const REMOVED = Uint8Array.of(1);

/** A listener that remembers. One per large value. */
export class DirtyElements implements ElementListener {
  readonly #options: LargeValueOptions;
  readonly #bounds: DirtyBounds;
  #members: DirtyMembers;
  #all = false;

  constructor(options: LargeValueOptions, bounds: DirtyBounds) {
    this.#options = options;
    this.#bounds = bounds;
    this.#members = new DirtyMembers(options);
  }

  /** True when too many elements changed: write all of them, after removing all of them. */
  get all(): boolean {
    return this.#all;
  }

  /** Elements remembered: 0 when `all`. */
  get count(): number {
    return this.#members.count;
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
    this.#members = new DirtyMembers(this.#options);
  }

  /**
   * Visits what is remembered and forgets it, `all` included. When `visit` throws, nothing is
   * forgotten.
   * @param visit gets each member once with its last state; may not change the value
   */
  drain(visit: (member: ByteRange, removed: boolean) => void): void {
    this.#members.each(visit);
    this.#all = false;
    this.#members = new DirtyMembers(this.#options);
  }

  #mark(bytes: Uint8Array, offset: number, length: number, state: Uint8Array): void {
    if (this.#all) return;
    const { maxBytes, maxElements } = this.#bounds;
    if (this.#members.bytes + length <= maxBytes) {
      this.#members.mark(bytes, offset, length, state);
      if (this.#members.count <= maxElements) return;
    }
    this.markAll();
  }
}
