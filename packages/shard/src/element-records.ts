// What the records of large collections of every type have in common: how they are walked, and that
// changes are remembered. What a record says is for the types to know; see element-forms.ts.

import type { LargeCollection } from '@forgekv/commands';
import {
  type ByteRange,
  type DirtyChunks,
  DirtyElements,
  type DirtyPart,
  type LargeValueOptions,
} from '@forgekv/datatypes';

/** Takes a record; both are valid during the call. Null: there is none such any more. */
export type TakeRecord = (key: Uint8Array, payload: Uint8Array | null) => void;

/** Goes through records a few at a time; the collection may change between two calls. */
export interface RecordWalk {
  /** Visits about `wanted` more; false at the end. */
  next(wanted: number, take: TakeRecord): boolean;
}

/** Records of the elements that changed since the changes before were handed over. */
export interface ChangeWalk extends RecordWalk {
  /** Any may have changed: what is there is to be removed, then all are to be written. */
  readonly all: boolean;
  /** Records in it, 0 when `all`. */
  readonly count: number;
}

/** A large collection as records. */
export interface CollectionElements {
  /** Of its entry. */
  readonly type: number;
  readonly collection: LargeCollection;
  /** Records it has now. */
  readonly recordCount: number;
  /** Records that `changes` would have, `Infinity` when any may have changed. */
  readonly changedCount: number;
  /** From now on changes are remembered. */
  track(): void;
  /** Nothing is remembered any more, unless somebody else has begun to. */
  untrack(): void;
  /** Says that all elements changed. */
  markAll(): void;
  /** Hands over what has changed; each record is read when the walk comes to it. */
  changes(): ChangeWalk;
  /** Begins at the first. Whatever is there all the time is visited exactly once. */
  walk(): RecordWalk;
  /** Adds what a record says; false when no collection has such a record beside the others. */
  add(key: Buffer, payload: Buffer): boolean;
}

/** More elements than this share of all are not remembered one by one. */
export const MOST_CHANGED_SHARE = 4;
const LEAST_REMEMBERED = 1024;
const MOST_REMEMBERED_BYTES = 64 << 20;

/** Returns what remembers which of so many elements have changed. */
export function rememberElements(options: LargeValueOptions, countOf: () => number): DirtyElements {
  const bounds = {
    get maxElements(): number {
      return Math.max(LEAST_REMEMBERED, countOf() / MOST_CHANGED_SHARE);
    },
    maxBytes: MOST_REMEMBERED_BYTES,
  };
  return new DirtyElements(options, bounds);
}

/** What all have in common: changes are remembered. */
export abstract class TrackedElements<
  D extends DirtyElements | DirtyChunks,
  C extends LargeCollection & { listener: unknown },
> {
  readonly collection: C;
  protected readonly dirty: D;

  constructor(collection: C, dirty: D) {
    this.collection = collection;
    this.dirty = dirty;
  }

  get changedCount(): number {
    return this.dirty.all ? Number.POSITIVE_INFINITY : this.dirty.count;
  }

  track(): void {
    const listened: { listener: unknown } = this.collection;
    listened.listener = this.dirty;
  }

  untrack(): void {
    if (this.collection.listener === this.dirty) this.collection.listener = null;
  }

  markAll(): void {
    this.dirty.markAll();
  }
}

export class MemberChanges implements ChangeWalk {
  readonly #part: DirtyPart;
  readonly #payloadOf: (member: ByteRange) => Uint8Array | null;

  constructor(part: DirtyPart, payloadOf: (member: ByteRange) => Uint8Array | null) {
    this.#part = part;
    this.#payloadOf = payloadOf;
  }

  get all(): boolean {
    return this.#part.all;
  }

  get count(): number {
    return this.#part.count;
  }

  next(wanted: number, take: TakeRecord): boolean {
    // What became of it since it was noted is seen by looking: it may be there again, or gone.
    return this.#part.next(wanted, (member) => take(bytesOf(member), this.#payloadOf(member)));
  }
}

export function bytesOf(range: ByteRange): Buffer {
  return range.bytes.subarray(range.offset, range.offset + range.length);
}
