// Keys and values that are only in their store, as command functions see them: a worker can bring
// those of its own shards back, nobody else can.

import type { ValueAccess } from './value-access.ts';

export interface ColdValues {
  /** True when this thread can bring keys and values of the shard back. */
  reaches(shard: number): boolean;
  /**
   * Brings the value of the selected key's entry back into the hot table, or among the large ones.
   * The key's shard is locked.
   * @returns the entry, which may have moved, FULL, UNREADABLE with the reason in
   *   `values.unreadable`, or AWAITS: it is being read, which takes some time
   */
  warm(values: ValueAccess, entry: number): number;
  /**
   * Brings the selected key, which has no entry, back into the hot table, with its value if that is
   * no large one and there is room. The key's shard is locked; entries there are stay in place.
   * @returns the entry, 0 when the store has no such key, FULL, or UNREADABLE with the reason in
   *   `values.unreadable`
   */
  fetch(values: ValueAccess): number;
}

/** The fronts' view: nothing is within reach. */
export const NO_COLD_VALUES: ColdValues = {
  reaches: () => false,
  warm: () => {
    throw new Error('a front reads no store');
  },
  fetch: () => {
    throw new Error('a front reads no store');
  },
};
