// Ids of the objects that hold the elements of large values in a store. Nothing but the choice.

import { OBJECT_ATTEMPTS, objectIdOf, type Store } from '@forgekv/storage';

/**
 * Returns an id for a new object of a value that a key has at an LSN.
 * @param taken ids that are not free
 * @throws Error when all ids are taken, as long as old objects are not reclaimed
 */
export function freeObjectId(
  store: Store,
  shard: number,
  lsn: number,
  taken: readonly number[],
): number {
  for (let attempt = 0; attempt < OBJECT_ATTEMPTS; attempt++) {
    const id = objectIdOf(lsn, attempt);
    if (!taken.includes(id) && !store.isDropping(shard, id)) return id;
  }
  throw new Error('a large value waits for its old records to be reclaimed');
}
