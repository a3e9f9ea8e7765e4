// Brings the keys of this worker's shards from their stores into the hot table at start: all of
// them, with their values as long as there is plenty of room, without them after that.

import { SHARD_COUNT } from '@forgekv/base';
import type { CommandContext } from '@forgekv/commands';
import {
  COLD_BYTES,
  FLAG_ENCODING_SHIFT,
  FLAG_STORED,
  FLAG_STORED_LARGE,
  MAX_KEY_BYTES,
  TYPE_STRING,
} from '@forgekv/keyspace';
import { decodeLarge, type RecordView, type ShardPage } from '@forgekv/storage';
import type { Flusher } from './flusher.ts';
import { ReplayError } from './replay.ts';
import type { ShardStores } from './shard-stores.ts';

const PAGE_RECORDS = 4096;
/** Share of the hot table that values of stores may fill at start. */
const WARM_SHARE = 0.6;

export interface LoadCounts {
  keys: number;
  /** Of them with their values. */
  values: number;
  damaged: number;
}

export class StoreLoader {
  readonly counts: LoadCounts = { keys: 0, values: 0, damaged: 0 };
  /** Largest LSN the stores have, per shard. */
  readonly lastLsn = new Float64Array(SHARD_COUNT);
  readonly #context: CommandContext;
  readonly #stores: ShardStores;
  readonly #flusher: Flusher;
  readonly #durable: Float64Array;
  readonly #warmPages: number;

  constructor(
    context: CommandContext,
    stores: ShardStores,
    flusher: Flusher,
    durable: Float64Array,
  ) {
    this.#context = context;
    this.#stores = stores;
    this.#flusher = flusher;
    this.#durable = durable;
    this.#warmPages = context.table.arena.pageCount * (1 - WARM_SHARE);
  }

  /**
   * @param progress called after each shard
   * @throws StoreError, CorruptRecordError of a checkpoint, ReplayError when it does not fit
   */
  async load(progress: () => void = () => {}): Promise<void> {
    for (const shard of this.#stores.shards) {
      await this.#shard(shard);
      progress();
    }
  }

  async #shard(shard: number): Promise<void> {
    const store = this.#stores.of(shard);
    const checkpoint = store.readCheckpoint(shard);
    const { databases, table } = this.#context;
    const durableLsn = checkpoint?.durableLsn ?? 0;
    this.#durable[shard] = durableLsn;
    this.lastLsn[shard] = durableLsn;
    // Not the LSN of the newest record: a checkpoint made while logs are replayed covers what is
    // applied by then, and no more.
    table.locks.lock(shard);
    table.setLastLsn(shard, durableLsn);
    table.locks.unlock(shard);
    let from: Buffer | null = null;
    do {
      const page: ShardPage = await store.scanShard(shard, from, PAGE_RECORDS);
      for (const { namespace, key, record } of page.records) {
        this.#flusher.knows(namespace);
        const db = databases.ofNamespace(namespace);
        if (db < 0) continue;
        if (record === null) this.#takeDamaged(shard, db, key);
        else this.#take(shard, db, key, record);
      }
      from = page.next;
    } while (from !== null);
  }

  #take(shard: number, db: number, key: Buffer, record: RecordView): void {
    const context = this.#context;
    const { table } = context;
    const { payload } = record;
    const metadata = record.isLarge ? decodeLarge(record.payload) : null;
    const length = metadata === null ? payload.length : metadata.byteCount;
    const isWarm =
      !record.isLarge &&
      length <= context.hotValueMaxBytes &&
      table.pool.availablePages > this.#warmPages;
    table.locks.lock(shard);
    const entry = this.#create(shard, db, key, record.type, isWarm ? length : COLD_BYTES);
    if (isWarm) table.bytes.set(payload, table.valueWord(entry) * 4);
    else table.setCold(entry, length);
    const encoding = record.encoding << FLAG_ENCODING_SHIFT;
    const large = record.isLarge ? FLAG_STORED_LARGE : 0;
    table.setFlags(entry, 0, FLAG_STORED | encoding | large);
    table.setExpireAtMs(entry, record.expireAtMs);
    table.setLsn(entry, record.lsn);
    this.lastLsn[shard] = Math.max(this.lastLsn[shard]!, record.lsn);
    table.locks.unlock(shard);
    this.counts.keys++;
    if (isWarm) this.counts.values++;
  }

  /** The key stays, so that reading it says what is wrong. */
  #takeDamaged(shard: number, db: number, key: Buffer): void {
    const { table } = this.#context;
    this.counts.damaged++;
    if (key.length > MAX_KEY_BYTES) return;
    table.locks.lock(shard);
    const entry = this.#create(shard, db, key, TYPE_STRING, COLD_BYTES);
    table.setCold(entry, 0);
    table.setFlags(entry, 0, FLAG_STORED);
    table.locks.unlock(shard);
  }

  #create(shard: number, db: number, key: Buffer, type: number, bytes: number): number {
    const { table } = this.#context;
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    const hash = table.hasher.digest(key, view, 0, key.length);
    table.selectHashed(key, view, 0, key.length, db, shard, hash);
    const entry = table.find() || table.create(type, bytes);
    if (entry === 0) {
      table.locks.unlock(shard);
      throw new ReplayError(
        'the keys do not fit the hot table: start with a larger memtable-size-mb',
      );
    }
    return entry;
  }
}
