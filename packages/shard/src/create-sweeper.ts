// The sweeper of a worker: what it does about the entries it meets.

import type { DueHashes, EffectLog, ThreadStats } from '@forgekv/commands';
import { type HotTable, Sweeper } from '@forgekv/keyspace';
import type { LargeStore } from './large-store.ts';
import { ownedBy } from './reclaimer.ts';

export interface SweeperModules {
  readonly index: number;
  readonly table: HotTable;
  readonly log: EffectLog;
  readonly stats: ThreadStats;
  readonly workerOf: Uint8Array;
}

/** Returns one that logs what expires, notes hashes with expired fields, and forgets values. */
export function createSweeper(
  { index, table, log, stats, workerOf }: SweeperModules,
  dueHashes: DueHashes,
  store: LargeStore,
): Sweeper {
  return new Sweeper(table, ownedBy(index, workerOf), {
    expired: (shard, _db, entry) => {
      stats.expiredKeys++;
      const lsn = table.nextLsn(shard);
      log.removed(entry, shard, lsn);
      log.endGroup();
      return lsn;
    },
    buried: (tombstone) => log.buried(tombstone),
    timedParts: (db, entry, at) => dueHashes.look(db, entry, at),
    largeFreed: (id) => store.forget(id),
  });
}
