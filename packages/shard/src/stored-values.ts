// Keys and values of this worker's shards that are only in their stores: brings them back when a
// command needs them. Blocks for the disk; a bloom filter and a cache are between, and one value is
// one read, a large string a read per 128 KB. Longer strings and large collections are read in the
// background, unless nothing can be waited for: in the middle of a script or a transaction.

import {
  AWAITS,
  allocateLarge,
  type ColdValues,
  FULL,
  UNREADABLE,
  type ValueAccess,
} from '@forgekv/commands';
import { FLAG_COLD, LARGE_BYTES, TYPE_STRING } from '@forgekv/keyspace';
import {
  CorruptRecordError,
  chunkKey,
  decodeLarge,
  type LargeMetadata,
  printable,
  type RecordView,
  StoreError,
} from '@forgekv/storage';
import { type CollectionLoad, type CollectionLoads, problemOf } from './collection-loads.ts';
import { restoreDamaged, restoreEntry } from './restore-entry.ts';
import type { ShardStores } from './shard-stores.ts';

/** Of commands that did not wait after all. */
const MOST_AWAITED = 64;

export class StoredValues implements ColdValues {
  readonly #stores: ShardStores;
  readonly #owns: (shard: number) => boolean;
  readonly #collections: CollectionLoads;
  readonly #isUrgent: () => boolean;
  /** Values brought back since start, or asked for. */
  loads = 0;
  /** Keys brought back since start; keys that were looked for and do not exist. */
  fetches = 0;
  absences = 0;
  /** Collections that commands were told to wait for, until somebody takes them. */
  #awaited: CollectionLoad[] = [];

  /** @param isUrgent true while nothing can be waited for: then all is read at once */
  constructor(
    stores: ShardStores,
    owns: (shard: number) => boolean,
    collections: CollectionLoads,
    isUrgent: () => boolean,
  ) {
    this.#stores = stores;
    this.#owns = owns;
    this.#collections = collections;
    this.#isUrgent = isUrgent;
  }

  /** What the last command waits for that was answered with AWAITS. */
  takeAwaited(): CollectionLoad[] {
    return this.#awaited.splice(0);
  }

  reaches(shard: number): boolean {
    return this.#owns(shard);
  }

  warm(values: ValueAccess, entry: number): number {
    const { table } = values;
    try {
      const key = table.selectedKey;
      const store = this.#stores.of(table.shard);
      const record = store.read(table.shard, table.namespace, table.hash, key);
      if (record === null) throw new CorruptRecordError('the record is missing', key);
      this.loads++;
      if (!record.isLarge) return this.#place(values, entry, record.payload);
      const isLong = table.lengthOf(entry) > values.mostCopiedBytes;
      if (record.type === TYPE_STRING && (!isLong || this.#isUrgent())) {
        return this.#warmLarge(values, entry, record, key);
      }
      if (!this.#isUrgent()) return this.#await(values, record, key);
      return this.#collections.loadNow(table, entry, record.type, metadataOf(record, key));
    } catch (error) {
      values.unreadable = problemOf(error);
      return UNREADABLE;
    }
  }

  /**
   * No batch under way can change the record that is read: keys that are dirty, or were removed,
   * have an entry until their batch is committed.
   */
  fetch(values: ValueAccess, mostBytes = values.hotValueMaxBytes): number {
    const { table } = values;
    let entry: number;
    try {
      const { shard, namespace, hash, selectedKey } = table;
      const record = this.#stores.of(shard).read(shard, namespace, hash, selectedKey);
      if (record === null) {
        this.absences++;
        return 0;
      }
      entry = restoreEntry(table, record, mostBytes);
    } catch (error) {
      if (error instanceof CorruptRecordError) {
        entry = restoreDamaged(table);
      } else if (error instanceof StoreError) {
        values.unreadable = `ERR ${error.message}`;
        return UNREADABLE;
      } else {
        throw error;
      }
    }
    if (entry === 0) return FULL;
    this.fetches++;
    return entry;
  }

  #await(values: ValueAccess, record: RecordView, key: Buffer): number {
    const problem = this.#collections.problem;
    if (problem !== '') {
      values.unreadable = problem;
      return UNREADABLE;
    }
    const metadata = metadataOf(record, key);
    if (this.#awaited.length >= MOST_AWAITED) this.#awaited.shift();
    this.#awaited.push(this.#collections.begin(record.type, metadata));
    return AWAITS;
  }

  #place(values: ValueAccess, entry: number, payload: Uint8Array): number {
    const { table } = values;
    if (payload.length > values.hotValueMaxBytes) {
      const value = allocateLarge(payload.length);
      if (value === null) return FULL;
      value.set(payload);
      return this.#keepLarge(values, entry, value);
    }
    const moved = table.resize(entry, payload.length, 0);
    if (moved === 0) return FULL;
    table.bytes.set(payload, table.valueWord(moved) * 4);
    table.setFlags(moved, FLAG_COLD, 0);
    return moved;
  }

  #warmLarge(values: ValueAccess, entry: number, record: RecordView, key: Buffer): number {
    const { shard } = values.table;
    const { objectId, count, byteCount } = metadataOf(record, key);
    const value = allocateLarge(byteCount);
    if (value === null) return FULL;
    let at = 0;
    for (let i = 0; i < count; i++) {
      const chunk = this.#stores.of(shard).readElement(shard, objectId, chunkKey(i));
      if (chunk === null || at + chunk.length > byteCount) {
        throw new CorruptRecordError(`part ${i} of ${count}`, key);
      }
      value.set(chunk, at);
      at += chunk.length;
    }
    if (at !== byteCount) throw new CorruptRecordError(`its length of ${printable(key)}`, key);
    return this.#keepLarge(values, entry, value);
  }

  #keepLarge(values: ValueAccess, entry: number, value: Buffer): number {
    const { table } = values;
    const moved = table.resize(entry, LARGE_BYTES, 0);
    if (moved === 0) return FULL;
    const id = table.nextLargeId();
    table.setLarge(moved, id, value.length);
    values.large.put(table.shard, id, value);
    return moved;
  }
}

function metadataOf({ payload }: RecordView, key: Buffer): LargeMetadata {
  const metadata = decodeLarge(payload);
  if (metadata === null) throw new CorruptRecordError('its metadata', key);
  return metadata;
}
