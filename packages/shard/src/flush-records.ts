// What all of a pass writes with: what a store has of a key, what an entry's record says, how many
// records there are, commits that wait while a store is pressed. Decides nothing about what is
// written.
//
// Each batch carries the counts of the records that there are behind it. An entry's flags say
// whether its key has a record, and one that expires: a batch that was committed has been heard of
// before anything is counted for the next one. After one that failed, see record-counts.ts. The
// bytes of the records are found out by a pass as a whole: see pass-bytes.ts.

import { setTimeout as pause } from 'node:timers/promises';
import { SHARD_COUNT } from '@forgekv/base';
import type { Databases, HotTable } from '@forgekv/keyspace';
import {
  FLAG_ENCODING_MASK,
  FLAG_ENCODING_SHIFT,
  FLAG_STORED,
  FLAG_STORED_EXPIRES,
  FLAG_STORED_LARGE,
} from '@forgekv/keyspace';
import type { LatencyLog } from '@forgekv/rings';
import {
  CorruptRecordError,
  decodeLarge,
  type FlushBatch,
  objectIdOf,
  type RecordHead,
  type RecordView,
} from '@forgekv/storage';
import { PassBytes } from './pass-bytes.ts';
import { RecordCounts } from './record-counts.ts';
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
  /** Records of each shard, as of the batch that is being filled. */
  readonly shards: RecordCounts = new RecordCounts();
  /** Of the records of the shard that a pass is at. */
  readonly bytes: PassBytes;
  /** Per shard, larger than every LSN its store has. */
  readonly #nextLsn = new Float64Array(SHARD_COUNT);
  readonly #stores: ShardStores;
  readonly #durable: Float64Array;
  #failure: unknown = null;

  /** @param durable per shard the LSN up to which everything is in synced batches */
  /** Told when the stores are slow. */
  latency: LatencyLog | null = null;

  constructor(table: HotTable, databases: Databases, stores: ShardStores, durable: Float64Array) {
    this.table = table;
    this.bytes = new PassBytes(table, databases, this.shards);
    this.#stores = stores;
    this.#durable = durable;
  }

  /** Notes the last LSN that the store of a shard has at start. */
  startAt(shard: number, lastLsn: number): void {
    this.#nextLsn[shard] = lastLsn + 1;
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

  /**
   * Counts the record that an entry is about to have, and notes it in the entry.
   * @param expires what the record says, which may be older than the entry
   */
  count(shard: number, entry: number, key: Uint8Array, expires: boolean): void {
    const { table } = this;
    const flags = this.storedFlags(shard, entry, key);
    const had = (flags & FLAG_STORED) !== 0;
    const expired = (flags & FLAG_STORED_EXPIRES) !== 0;
    this.shards.put(shard, table.namespaceOf(entry), had, expired, expires);
    table.setFlags(entry, FLAG_STORED_EXPIRES, FLAG_STORED | (expires ? FLAG_STORED_EXPIRES : 0));
  }

  /** Whether an entry's key has a record, and one that expires, as flags. */
  storedFlags(shard: number, entry: number, key: Uint8Array): number {
    const { table } = this;
    const flags = table.flagsOf(entry) & (FLAG_STORED | FLAG_STORED_EXPIRES);
    if (!this.shards.isDoubtful(shard)) return flags;
    try {
      const namespace = table.namespaceOf(entry);
      const record = this.#stores.of(shard).read(shard, namespace, table.hashOf(entry), key);
      if (record === null) return 0;
      return FLAG_STORED | (record.expireAtMs > 0 ? FLAG_STORED_EXPIRES : 0);
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) this.#failure = error;
      return flags | FLAG_STORED;
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

  /**
   * Commits a batch, with what the shard's store is like when it has it. What was counted is in
   * this batch: none is committed between counting for another and that one's own commit.
   * @param durableLsn up to which everything is in the store then, if that is synced
   */
  async commit(
    shard: number,
    batch: FlushBatch,
    sync: boolean,
    durableLsn: number = this.#durable[shard]!,
  ): Promise<void> {
    const store = this.#stores.of(shard);
    const nextLsn = Math.max(this.#nextLsn[shard]!, this.table.lastLsn(shard) + 1);
    this.#nextLsn[shard] = nextLsn;
    const counts = this.shards.list(shard);
    batch.checkpoint({ shard, durableLsn, nextObjectId: objectIdOf(nextLsn, 0), counts });
    // A fenced store tries to open again only when something is committed.
    while (store.state === 'open' && store.pressure() > PRESSURE_LIMIT) {
      await pause(PRESSURE_WAIT_MS);
    }
    const beganMs = performance.now();
    await store.commit(batch, { sync });
    this.latency?.took('checkpoint-batch', (performance.now() - beganMs) * 1000);
  }
}
