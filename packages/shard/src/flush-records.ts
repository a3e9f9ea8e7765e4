// What all of a pass writes with: what a store has of a key, what an entry's record says, commits
// that wait while a store is pressed. Decides nothing about what is written.

import { setTimeout as pause } from 'node:timers/promises';
import type { HotTable } from '@forgekv/keyspace';
import { FLAG_ENCODING_MASK, FLAG_ENCODING_SHIFT, FLAG_STORED_LARGE } from '@forgekv/keyspace';
import {
  CorruptRecordError,
  decodeLarge,
  type FlushBatch,
  type RecordHead,
  type RecordView,
  type Store,
} from '@forgekv/storage';
import type { ShardStores } from './shard-stores.ts';

/** Above this pressure the flusher waits for the store. */
const PRESSURE_LIMIT = 0.7;
const PRESSURE_WAIT_MS = 10;

export interface FlushCounts {
  passes: number;
  records: number;
  /** Records of elements of large values, removals included. */
  elements: number;
  bytes: number;
  removals: number;
}

export class FlushRecords {
  readonly counts: FlushCounts = { passes: 0, records: 0, elements: 0, bytes: 0, removals: 0 };
  readonly table: HotTable;
  readonly #stores: ShardStores;
  #failure: unknown = null;

  constructor(table: HotTable, stores: ShardStores) {
    this.table = table;
    this.#stores = stores;
  }

  /** Forgets what a store threw. */
  begin(): void {
    this.#failure = null;
  }

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** Throws what a store threw while a lock was held. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** Null also for a damaged record. An error of the store ends the pass, but not under a lock. */
  read(shard: number, namespace: number, hash: number, key: Uint8Array): RecordView | null {
    try {
      return this.#stores.of(shard).read(shard, namespace, hash, key);
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) this.#failure = error;
      return null;
    }
  }

  /** The head of an entry's record as it is now. */
  head(entry: number, flags: number): RecordHead {
    const { table } = this;
    return {
      type: table.typeOf(entry),
      flags,
      encoding: (table.flagsOf(entry) >>> FLAG_ENCODING_SHIFT) & FLAG_ENCODING_MASK,
      expireAtMs: table.expireAtMs(entry),
      lsn: table.lsnOf(entry),
    };
  }

  /** The object with the elements that the store has of an entry's key, 0 without one. */
  objectIdOf(shard: number, entry: number, key: Uint8Array): number {
    const { table } = this;
    if ((table.flagsOf(entry) & FLAG_STORED_LARGE) === 0) return 0;
    const record = this.read(shard, table.namespaceOf(entry), table.hashOf(entry), key);
    const metadata = record?.isLarge === true ? decodeLarge(record.payload) : null;
    return metadata?.objectId ?? 0;
  }

  /** The elements that the store has of an entry's key go with the batch. */
  dropObject(shard: number, entry: number, key: Uint8Array, batch: FlushBatch): void {
    const objectId = this.objectIdOf(shard, entry, key);
    if (objectId !== 0) batch.dropObject(shard, objectId);
  }

  async commit(store: Store, batch: FlushBatch, sync: boolean): Promise<void> {
    // A fenced store tries to open again only when something is committed.
    while (store.state === 'open' && store.pressure() > PRESSURE_LIMIT) {
      await pause(PRESSURE_WAIT_MS);
    }
    await store.commit(batch, { sync });
  }
}
