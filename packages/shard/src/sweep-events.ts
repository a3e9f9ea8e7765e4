// What becomes of the entries that a worker's sweeper finds expired, and of what it finds beside
// them.

import {
  type CommandContext,
  type DueHashes,
  type EffectLog,
  EVENT_EXPIRED,
  type KeyChanges,
  type ThreadStats,
} from '@forgekv/commands';
import type { HotTable, SweepEvents } from '@forgekv/keyspace';
import type { LargeStore } from './large-store.ts';

export interface SweepModules {
  readonly table: HotTable;
  readonly log: EffectLog;
  readonly stats: ThreadStats;
  readonly changes: KeyChanges;
}

export function sweepEvents(
  { table, log, stats, changes }: SweepModules,
  context: CommandContext,
  large: LargeStore,
  dueHashes: DueHashes,
): SweepEvents {
  return {
    expired: (shard, db, entry) => {
      stats.expiredKeys++;
      context.publishRemoval(EVENT_EXPIRED, 'expired', db, entry);
      if (changes.isOn) changes.noteEntry(table, entry);
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
