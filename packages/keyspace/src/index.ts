export {
  type Arena,
  type ArenaOptions,
  ArenaSizeError,
  type ArenaTransfer,
  attachArena,
  createArena,
} from './arena.ts';
export { AwaitedKeys } from './awaited-keys.ts';
export { BIG_BYTES, type BigKey } from './big-keys.ts';
export { type BiggestKey, biggestKeys } from './biggest-keys.ts';
export { Databases, type NamespaceMap } from './databases.ts';
export { CAP_EVICT, CAP_REFUSE, CAP_UNDER, DatasetCap } from './dataset-cap.ts';
export {
  type AwayKeys,
  type AwayOutcome,
  DatasetEvictor,
  type EvictionEvents,
} from './dataset-evictor.ts';
export { type EvictionOrder, type EvictionPolicy, evictionPolicy } from './eviction-policy.ts';
export { Evictor } from './evictor.ts';
export { HotTable } from './hot-table.ts';
export {
  COLD_BYTES,
  FLAG_COLD,
  FLAG_DIRTY,
  FLAG_ENCODING_MASK,
  FLAG_ENCODING_SHIFT,
  FLAG_LARGE,
  FLAG_STORED,
  FLAG_STORED_EXPIRES,
  FLAG_STORED_LARGE,
  FLAG_TIMED_PARTS,
  LARGE_BYTES,
  MAX_KEY_BYTES,
  MAX_LSN,
  MAX_PACKED_BYTES,
  PAGE_BYTES,
  TYPE_BLOOM,
  TYPE_COUNT_MIN,
  TYPE_CUCKOO,
  TYPE_HASH,
  TYPE_JSON,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_T_DIGEST,
  TYPE_TOMBSTONE,
  TYPE_TOP_K,
  TYPE_ZSET,
} from './layout.ts';
export { meanTtls } from './mean-ttl.ts';
export { RoomPlan } from './room-plan.ts';
export { Scanner, SHARD_END } from './scanner.ts';
export { ShardLocks } from './shard-lock.ts';
export type { SlabUsage } from './slab-pool.ts';
export { type SweepEvents, Sweeper } from './sweeper.ts';
export { TouchPass } from './touch-pass.ts';
export { UseFrequency } from './use-frequency.ts';
