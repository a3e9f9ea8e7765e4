// What becomes of the entries that a worker's sweeper finds expired, and of what it finds beside
// them.

import type { DueHashes, EffectLog, ThreadStats } from '@forgekv/commands';
import type { HotTable, SweepEvents } from '@forgekv/keyspace';
import type { LargeStore } from './large-store.ts';

export interface SweepModules {
  readonly table: HotTable;
  readonly log: EffectLog;
  readonly stats: ThreadStats;
}

export function sweepEvents(
  { table, log, stats }: SweepModules,
  large: LargeStore,
  dueHashes: DueHashes,
): SweepEvents {
  return {
    expired: (shard, _db, entry) => {
      stats.expiredKeys++;
      const lsn = table.nextLsn(shard);
      log.removed(entry, shard, lsn);
      log.endGroup();
      return lsn;
    },
    buried: (tombstone) => log.buried(tombstone),
    timedParts: (db, entry, at) => dueHashes.look(db, entry, at),
    largeFreed: (id) => large.forget(id),
  };
}
