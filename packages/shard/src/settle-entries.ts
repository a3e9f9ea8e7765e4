// What becomes of entries when the store has what the flusher wrote of them. Neither collects nor
// writes.

import type { Databases, HotTable } from '@forgekv/keyspace';
import {
  FLAG_DIRTY,
  FLAG_STORED,
  FLAG_STORED_EXPIRES,
  FLAG_STORED_LARGE,
  TYPE_TOMBSTONE,
} from '@forgekv/keyspace';
import type { KeyList } from './key-list.ts';

/**
 * What the store has now, and nobody changed meanwhile, is clean.
 * @param dead told of namespaces that no database has any more
 */
export function settleWritten(
  table: HotTable,
  databases: Databases,
  shard: number,
  list: KeyList,
  dead: (namespace: number) => void,
): void {
  table.locks.lock(shard);
  for (let i = 0; i < list.length; i++) {
    const db = databases.ofNamespace(list.namespace(i));
    if (db < 0) {
      dead(list.namespace(i));
      continue;
    }
    const entry = list.find(table, i, shard, db);
    if (entry === 0 || table.lsnOf(entry) !== list.lsn(i)) continue;
    if (table.isElsewhere(entry)) table.setFlags(entry, FLAG_DIRTY, 0);
    else table.setFlags(entry, FLAG_DIRTY | FLAG_STORED_LARGE, 0);
  }
  table.locks.unlock(shard);
}

/**
 * Tombstones whose records have gone have done. Keys that were made, or removed, again meanwhile
 * have no record any more: not before now, or else a removal would have left no tombstone while
 * the record was still there.
 * @returns false: the shard's gate is closed, and nothing was done. The transaction behind it may
 *   be on another worker, which knows of a missing key only by its tombstone.
 */
export function settleRemoved(
  table: HotTable,
  databases: Databases,
  shard: number,
  list: KeyList,
): boolean {
  table.locks.lock(shard);
  if (table.gateOf(shard) !== 0) {
    table.locks.unlock(shard);
    return false;
  }
  for (let i = 0; i < list.length; i++) {
    const db = databases.ofNamespace(list.namespace(i));
    const entry = db < 0 ? 0 : list.find(table, i, shard, db);
    if (entry === 0) continue;
    if (table.typeOf(entry) === TYPE_TOMBSTONE && table.lsnOf(entry) === list.lsn(i)) {
      table.unlinkFrom(shard, entry);
    } else {
      table.setFlags(entry, FLAG_STORED | FLAG_STORED_LARGE | FLAG_STORED_EXPIRES, 0);
    }
  }
  table.locks.unlock(shard);
  return true;
}
