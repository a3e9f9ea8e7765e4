// The names of the biggest keys: what the short lists of the shards have, looked up in the table.

import { SHARD_COUNT } from '@forgekv/base';
import type { BigKey } from './big-keys.ts';
import type { Databases } from './databases.ts';
import type { HotTable } from './hot-table.ts';
import { ENTRY_HASH, ENTRY_NAMESPACE, TYPE_TOMBSTONE } from './layout.ts';

export interface BiggestKey {
  readonly key: Buffer;
  readonly db: number;
  /** A TYPE_ constant. */
  readonly type: number;
  /** Of its value: packed, or of all elements of a large one. */
  readonly bytes: number;
}

/**
 * Returns the biggest keys that have an entry, biggest first. Takes one shard's lock after the
 * other, so the caller holds none and may sleep.
 */
export function biggestKeys(table: HotTable, databases: Databases, most: number): BiggestKey[] {
  const found: BiggestKey[] = [];
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    table.locks.lock(shard);
    for (const big of table.big.ofShard(shard)) {
      const entry = entryOf(table, shard, big);
      if (entry === 0) continue;
      const { bytes, namespace } = big;
      const at = table.keyWord(entry) * 4;
      const key = Buffer.from(table.bytes.subarray(at, at + table.keyLength(entry)));
      found.push({ key, db: databases.ofNamespace(namespace), type: table.typeOf(entry), bytes });
    }
    table.locks.unlock(shard);
  }
  return found.sort((a, b) => b.bytes - a.bytes).slice(0, most);
}

function entryOf(table: HotTable, shard: number, { hash, namespace }: BigKey): number {
  const { words } = table;
  const bucket = table.index.bucket(shard, hash);
  let entry = bucket === 0 ? 0 : words[bucket]! << 2;
  while (entry !== 0) {
    const isIt = words[entry + ENTRY_HASH] === hash && words[entry + ENTRY_NAMESPACE] === namespace;
    if (isIt && table.typeOf(entry) !== TYPE_TOMBSTONE) return entry;
    entry = words[entry]! << 2;
  }
  return 0;
}
