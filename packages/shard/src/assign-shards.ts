// Which worker owns which shard.

import { SHARD_COUNT } from '@forgekv/base';
import { type StoreLayout, storeOfShard } from '@forgekv/storage';

/**
 * Returns the worker of each shard. All shards of a store have one owner, since a store is open on
 * one thread only; so workers beyond the number of stores own nothing, and execute what reaches
 * them on small values.
 */
export function assignShards(layout: StoreLayout, workers: number): Uint8Array {
  return Uint8Array.from(
    { length: SHARD_COUNT },
    (_, shard) => storeOfShard(layout, shard) % workers,
  );
}
