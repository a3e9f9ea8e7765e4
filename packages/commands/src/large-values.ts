// Values too large for the hot table, as command functions see them. Fronts have none of them;
// a worker has those of its own shards, and while it holds gates those of others.

/**
 * Access to large strings by the id in their table entry. The entry knows a value's length; the
 * buffer may be longer, with room to grow.
 */
export interface LargeValues {
  /** True when this thread may read and change large values of the shard now. */
  reaches(shard: number): boolean;
  /** Returns the value's bytes. They may be changed in place under the shard's lock. */
  get(id: number): Buffer;
  /** Keeps a new value for the shard under a new id. */
  put(shard: number, id: number, value: Buffer): void;
  /** Forgets a value. */
  drop(shard: number, id: number): void;
}

/** The fronts' view: nothing is within reach. */
export const NO_LARGE_VALUES: LargeValues = {
  reaches: () => false,
  get: () => {
    throw new Error('a front has no large values');
  },
  put: () => {
    throw new Error('a front has no large values');
  },
  drop: () => {
    throw new Error('a front has no large values');
  },
};

/**
 * Returns room for a large value: shared, so that workers can lend it to each other. Null when
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
