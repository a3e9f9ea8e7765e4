// Values that are only in their store, as command functions see them: a worker can bring those of
// its own shards back, nobody else can.

import type { ValueAccess } from './value-access.ts';

export interface ColdValues {
  /** True when this thread can bring values of the shard back. */
  reaches(shard: number): boolean;
  /**
   * Brings the value of the selected key's entry back into the hot table, or among the large ones.
   * The key's shard is locked.
   * @returns the entry, which may have moved, FULL, UNREADABLE with the reason in
   *   `values.unreadable`, or AWAITS: it is being read, which takes some time
   */
  warm(values: ValueAccess, entry: number): number;
}

/** The fronts' view: nothing is within reach. */
export const NO_COLD_VALUES: ColdValues = {
  reaches: () => false,
  warm: () => {
    throw new Error('a front reads no store');
  },
};
