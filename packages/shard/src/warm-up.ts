// Brings keys that are only in the stores into the hot table while there is room, page by page,
// between the worker's turns: after a start all of them, later what was evicted, once there is
// room again. When the last key of a shard is in, a miss there is final again.
//
// Why a page is not stale when it is used: it was read some turns ago. A key that has an entry now
// is left alone. One that has none, and had none when the page was asked for, has the record
// that is in the page, since a record changes only while its key has an entry; and whether an
// entry went in between, the shard's epoch tells. If one did, each key is read again instead.

import { type CommandContext, FULL, UNREADABLE } from '@forgekv/commands';
import type { ShardRecord } from '@forgekv/storage';
import { restoreDamaged, restoreEntry } from './restore-entry.ts';
import type { ShardStores } from './shard-stores.ts';

const PAGE_RECORDS = 256;
/** Keys taken in while a shard's lock is held. */
const SLICE_KEYS = 32;
/** Share of the pool that stays free. */
const FREE_SHARE = 0.37;
/** The same where values are concerned: keys are worth more. */
const VALUES_FREE_SHARE = 0.42;
/** What a key without its value takes of the pool, about. */
const KEY_BYTES = 128;
const PAGE_BYTES = 32768;

export class WarmUp {
  readonly #context: CommandContext;
  readonly #stores: ShardStores;
  readonly #epochOf: (shard: number) => number;
  /** Where this round is: an index of the worker's shards, and a place in the store. */
  #at = 0;
  #from: Buffer | null = null;
  /** Keys brought back since start. */
  keys = 0;

  /** @param epochOf counts the entries that left a shard */
  constructor(context: CommandContext, stores: ShardStores, epochOf: (shard: number) => number) {
    this.#context = context;
    this.#stores = stores;
    this.#epochOf = epochOf;
  }

  /** Keys of this worker's shards that are only in its stores. */
  get away(): number {
    const { databases } = this.#context;
    let away = 0;
    for (const shard of this.#stores.shards) {
      for (let db = 0; db < databases.count; db++) away += databases.awayOfShard(db, shard);
    }
    return away;
  }

  get hasRoom(): boolean {
    const { pool, arena } = this.#context.table;
    return pool.availablePages > arena.pageCount * FREE_SHARE;
  }

  /**
   * Reads a page and takes it in.
   * @returns false at the end of a round over all shards, or when there is no room
   * @throws StoreError
   */
  async step(): Promise<boolean> {
    const { shards } = this.#stores;
    while (this.#at < shards.length && this.#isComplete(shards[this.#at]!)) this.#nextShard();
    const shard = shards[this.#at];
    if (shard === undefined || !this.hasRoom) {
      this.#at = 0;
      this.#from = null;
      return false;
    }
    const epoch = this.#epochOf(shard);
    const page = await this.#stores.of(shard).scanShard(shard, this.#from, PAGE_RECORDS);
    let isGood = true;
    for (let i = 0; i < page.records.length && isGood; i += SLICE_KEYS) {
      isGood = this.#take(shard, page.records.slice(i, i + SLICE_KEYS), epoch);
    }
    if (!isGood) return false;
    this.#from = page.next;
    if (page.next === null) this.#nextShard();
    return true;
  }

  #nextShard(): void {
    this.#at++;
    this.#from = null;
  }

  #isComplete(shard: number): boolean {
    const { databases } = this.#context;
    for (let db = 0; db < databases.count; db++) {
      if (!databases.isComplete(db, shard)) return false;
    }
    return true;
  }

  /** False: there is no room, or the store cannot be read. */
  #take(shard: number, records: readonly ShardRecord[], epoch: number): boolean {
    const { table } = this.#context;
    table.locks.lock(shard);
    // A transaction's keys are asked for by it; the rest of the page can wait for the next round.
    let isGood = table.gateOf(shard) === 0;
    const isCurrent = this.#epochOf(shard) === epoch;
    for (let i = 0; i < records.length && isGood; i++) {
      isGood = this.#takeOne(shard, records[i]!, isCurrent);
    }
    table.locks.unlock(shard);
    return isGood;
  }

  #takeOne(shard: number, { namespace, key, record }: ShardRecord, isCurrent: boolean): boolean {
    const context = this.#context;
    const { table, databases } = context;
    const db = databases.ofNamespace(namespace);
    if (db < 0) return true;
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    const hash = table.hasher.digest(key, view, 0, key.length);
    table.selectHashed(key, view, 0, key.length, db, shard, hash);
    if (table.find() !== 0 || table.isComplete) return true;
    if (!isCurrent) {
      const entry = context.locate();
      if (entry > 0) this.keys++;
      return entry !== FULL && entry !== UNREADABLE;
    }
    const mostBytes = this.#hasRoomForValues ? context.hotValueMaxBytes : -1;
    const entry = record === null ? restoreDamaged(table) : restoreEntry(table, record, mostBytes);
    if (entry === 0) return false;
    this.keys++;
    return true;
  }

  /** Values only as far as all keys find room beside them, if they do. */
  get #hasRoomForValues(): boolean {
    const { table, databases } = this.#context;
    const { pool, arena } = table;
    const keyPages = (databases.away * KEY_BYTES) / PAGE_BYTES;
    const free = pool.availablePages - (keyPages < arena.pageCount / 2 ? keyPages : 0);
    return free > arena.pageCount * VALUES_FREE_SHARE;
  }
}
