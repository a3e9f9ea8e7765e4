// Values too large for the hot table, as command functions see them. Fronts have none of them;
// a worker has those of its own shards, and while it holds gates those of others.

import type {
  LargeHash,
  LargeJson,
  LargeList,
  LargeSet,
  LargeSketch,
  LargeSortedSet,
  LargeStream,
} from '@forgekv/datatypes';

export type LargeCollection =
  | LargeHash
  | LargeJson
  | LargeList
  | LargeSet
  | LargeSketch
  | LargeSortedSet
  | LargeStream;

/** A string's bytes, which may be followed by room to grow, or a collection. */
export type LargeValue = Buffer | LargeCollection;

/** Access to large values by the id in their table entry. The entry knows a string's length. */
export interface LargeValues {
  /** True when this thread may read and change large values of the shard now. */
  reaches(shard: number): boolean;
  /** True when large values of the shard are this thread's own, not another's that it borrowed. */
  owns(shard: number): boolean;
  /** True when the value of a shard that is within reach is here: others' have to be borrowed. */
  has(id: number): boolean;
  /** Returns the value. It may be changed in place under the shard's lock. */
  get(id: number): LargeValue;
  /** Keeps a new value for the shard under a new id. */
  put(shard: number, id: number, value: LargeValue): void;
  /** A collection has been changed in place. */
  touch(shard: number, id: number): void;
  /** Forgets a value. */
  drop(shard: number, id: number): void;
  /**
   * True when a value is held by a command that reads it in slices, so that it may not be changed
   * in place now. The caller answers AWAITS; who wants to hold the value from now on waits too.
   */
  awaitRelease(value: LargeValue): boolean;
  /** True when somebody waits for the release of a value; then the caller answers AWAITS. */
  queueFor(value: LargeValue): boolean;
  /**
   * Begins to give an own string room for so many bytes, and some spare ones, without changing it.
   * The caller answers AWAITS, and finds the room when it runs again.
   * @returns false when there is no memory
   */
  grow(id: number, value: Buffer, neededBytes: number, spareBytes: number): boolean;
  /** True when a value is held: who replaces it must leave its bytes alone. */
  isHeld(value: LargeValue): boolean;
}

function notOnFronts(): never {
  throw new Error('a front has no large values');
}

/** The fronts' view: nothing is within reach. */
export const NO_LARGE_VALUES: LargeValues = {
  reaches: () => false,
  owns: () => false,
  has: () => false,
  get: notOnFronts,
  put: notOnFronts,
  touch: notOnFronts,
  drop: notOnFronts,
  awaitRelease: notOnFronts,
  queueFor: notOnFronts,
  grow: notOnFronts,
  isHeld: notOnFronts,
};

/**
 * Returns room for a large string: shared, so that workers can lend it to each other. Null when
 * the machine has no memory left.
 */
export function allocateLarge(bytes: number): Buffer | null {
  try {
    return Buffer.from(new SharedArrayBuffer(bytes));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
