export { assignShards } from './assign-shards.ts';
export { RecoveryError, ShardHandle, type ShardOwner } from './shard-handle.ts';
export type { FromShard, Recovery, ShardInit, ToShard } from './shard-messages.ts';

/** The thread's entry, for `new Worker`. */
export const SHARD_THREAD: URL = new URL('./shard-thread.js', import.meta.url);
