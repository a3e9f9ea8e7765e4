// Which worker owns which shard.

import { SHARD_COUNT } from '@forgekv/base';

/** Returns the worker of each shard: whole shards, spread evenly over `workers` (1..64). */
export function assignShards(workers: number): Uint8Array {
  return Uint8Array.from({ length: SHARD_COUNT }, (_, shard) => shard % workers);
}
