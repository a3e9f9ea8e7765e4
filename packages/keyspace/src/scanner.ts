// Walks a shard in hash order, a few buckets at a time. A position is a hash (0..2^32): all
// hashes below it have been visited. Growth and splits keep hash order, so every key that is
// there during the whole walk is visited exactly once.

import type { Databases } from './databases.ts';
import type { HotTable } from './hot-table.ts';
import { ENTRY_HASH, TYPE_TOMBSTONE } from './layout.ts';

/** Behind the last hash of a shard. */
export const SHARD_END = 4294967296;
/** Buckets and entries one walk looks at before it stops by itself: some 100 microseconds. */
const MAX_STEPS = 8192;

export class Scanner {
  readonly #table: HotTable;
  readonly #databases: Databases;
  /** Buckets and entries the last `walk` looked at, whatever database they belong to. */
  steps = 0;

  constructor(table: HotTable, databases: Databases) {
    this.#table = table;
    this.#databases = databases;
  }

  /**
   * Visits all entries of a shard, of any namespace and kind, from `position`, whole buckets at a
   * time, until `steps` buckets and entries were looked at.
   * @param visit returns false to stop behind this bucket
   * @returns the position to go on from, SHARD_END when the shard is done
   */
  walkAll(
    shard: number,
    position: number,
    steps: number,
    visit: (entry: number) => boolean,
  ): number {
    const table = this.#table;
    let left = steps;
    let at = position;
    let goesOn = true;
    while (at < SHARD_END && left > 0 && goesOn) {
      const bucket = table.index.bucket(shard, at | 0);
      const end = table.index.bucketEnd(shard, at | 0);
      let entry = bucket === 0 ? 0 : table.words[bucket]! << 2;
      for (left--; entry !== 0; entry = table.words[entry]! << 2) {
        left--;
        if (table.words[entry + ENTRY_HASH]! >>> 0 < at) continue;
        if (!visit(entry)) goesOn = false;
      }
      at = end;
    }
    return at;
  }

  /**
   * Visits the live entries of a database in a shard from `position`, whole buckets at a time,
   * until `wanted` entries were visited, or the walk was long: the shard's lock is held, and a
   * database with few keys may lie among a great many keys of others.
   * @param visit called for each unexpired entry
   * @returns the position to go on from, SHARD_END when the shard is done
   */
  walk(
    shard: number,
    db: number,
    position: number,
    wanted: number,
    nowMs: number,
    visit: (entry: number) => void,
  ): number {
    const table = this.#table;
    const namespace = this.#databases.namespaceOf(db);
    let visited = 0;
    let steps = 0;
    let at = position;
    while (at < SHARD_END && visited < wanted && steps < MAX_STEPS) {
      const bucket = table.index.bucket(shard, at | 0);
      const end = table.index.bucketEnd(shard, at | 0);
      let entry = bucket === 0 ? 0 : table.words[bucket]! << 2;
      for (steps++; entry !== 0; entry = table.words[entry]! << 2) {
        steps++;
        // The bucket may begin below the position if its segment was coarser than before.
        if (table.words[entry + ENTRY_HASH]! >>> 0 < at) continue;
        if (table.namespaceOf(entry) !== namespace) continue;
        if (table.typeOf(entry) === TYPE_TOMBSTONE) continue;
        visited++;
        const expireAtMs = table.expireAtMs(entry);
        if (expireAtMs === 0 || expireAtMs > nowMs) visit(entry);
      }
      at = end;
    }
    this.steps = steps;
    return at;
  }
}
