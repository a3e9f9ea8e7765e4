// Takes large strings to their stores, in pieces of 128 KB that are records of their own. A part of
// the flusher; see there for what a pass guarantees.
//
// A string that changes while it is written is written again, from a copy: a pass that left it out
// would end with a checkpoint that covers it, and the logs do not have the value, only what was
// done to it. What the store has then is the string as it was when it was copied, under that LSN.
// A long one is copied part by part, and held meanwhile.

import { setImmediate as turn } from 'node:timers/promises';
import {
  type Databases,
  FLAG_DIRTY,
  FLAG_STORED_LARGE,
  type HotTable,
  TYPE_TOMBSTONE,
} from '@forgekv/keyspace';
import {
  chunkKey,
  encodeLarge,
  FLAG_LARGE as RECORD_LARGE,
  type RecordHead,
  STRING_CHUNK_BYTES,
} from '@forgekv/storage';
import type { FlushRecords } from './flush-records.ts';
import type { KeyList } from './key-list.ts';
import type { LargeStore } from './large-store.ts';
import type { LogWait } from './log-wait.ts';
import { freeObjectId } from './object-ids.ts';
import type { ShardStores } from './shard-stores.ts';

const BATCH_BYTES = 2 << 20;
/** Bytes that are copied at once. */
const COPY_BYTES = 1 << 20;

export interface LargeStringWriterModules {
  readonly table: HotTable;
  readonly databases: Databases;
  readonly stores: ShardStores;
  readonly large: LargeStore;
  readonly wait: LogWait;
  readonly records: FlushRecords;
}

/** A string that is written. */
interface Job {
  readonly shard: number;
  readonly list: KeyList;
  readonly i: number;
  /** Whatever becomes of the value, these bytes stay. */
  readonly isCopied: boolean;
  bytes: Buffer;
  /** Is held until its bytes are copied. */
  readonly held: Buffer | null;
  readonly head: RecordHead;
  readonly id: number;
}

export class LargeStringWriter {
  readonly #m: LargeStringWriterModules;

  constructor(modules: LargeStringWriterModules) {
    this.#m = modules;
  }

  /**
   * Writes a string.
   * @param i where in `list` the key is
   * @param isCopied copies the value first, so that it may change
   * @returns false when it has changed, or the key has no large string any more
   * @throws StoreError
   */
  async write(shard: number, list: KeyList, i: number, isCopied: boolean): Promise<boolean> {
    const { stores, wait, records } = this.#m;
    const job = this.#begin(shard, list, i, isCopied);
    if (job === null) return false;
    if (job.held !== null) await this.#copy(job, job.held);
    const { bytes, id, head } = job;
    const store = stores.of(shard);
    const count = Math.ceil(bytes.length / STRING_CHUNK_BYTES);
    let batch = store.batch();
    const isLong = bytes.length > BATCH_BYTES;
    if (isLong) batch.reserveObject(shard, id);
    let isSame = true;
    for (let chunk = 0; chunk < count && isSame; chunk++) {
      const from = chunk * STRING_CHUNK_BYTES;
      batch.putElement(shard, id, chunkKey(chunk), bytes.subarray(from, from + STRING_CHUNK_BYTES));
      if (batch.byteCount < BATCH_BYTES) continue;
      await wait.durable();
      await records.commit(shard, batch, false);
      batch = store.batch();
      isSame = this.#isSame(job);
    }
    records.check();
    const { table } = this.#m;
    table.locks.lock(shard);
    const entry = this.#entryOf(job);
    if (entry !== 0) {
      const before = records.objectIdOf(shard, entry, list.key(i));
      if (before !== 0 && before !== id) batch.dropObject(shard, before);
      // Also when nothing was reserved: a batch that failed may have dropped an object of this id.
      batch.completeObject(shard, id);
      const metadata = { objectId: id, count, byteCount: bytes.length, extra: null };
      const payload = encodeLarge(metadata);
      records.count(shard, entry, list.key(i), head.expireAtMs !== 0);
      records.bytes.written(i, entry, bytes.length);
      batch.put(shard, list.namespace(i), list.hash(i), list.key(i), head, payload);
      table.setFlags(entry, 0, FLAG_STORED_LARGE);
      records.counts.records++;
      records.counts.elements += count;
      records.counts.bytes += bytes.length;
    } else {
      // Of a string within one batch nothing was written.
      batch = store.batch();
      if (isLong) batch.dropObject(shard, id);
    }
    table.locks.unlock(shard);
    records.check();
    await wait.durable();
    await records.commit(shard, batch, false);
    if (entry === 0) return false;
    this.#settle(job);
    return true;
  }

  #begin(shard: number, list: KeyList, i: number, isCopied: boolean): Job | null {
    const { table, large, records, stores, wait } = this.#m;
    table.locks.lock(shard);
    try {
      const entry = this.#find(shard, list, i);
      if (entry === 0 || table.gateOf(shard) !== 0) return null;
      const at = table.valueWord(entry);
      const value = large.get(table.words[at]!);
      if (!Buffer.isBuffer(value)) return null;
      const view = value.subarray(0, table.words[at + 1]!);
      const taken = [records.objectIdOf(shard, entry, list.key(i))];
      const head = records.head(entry, RECORD_LARGE);
      const id = freeObjectId(stores.of(shard), shard, head.lsn, taken);
      wait.needs(table.logOf(entry) - 1, table.logPositionOf(entry));
      const held = isCopied && view.length > COPY_BYTES ? value : null;
      if (held !== null) large.held.hold(held);
      const bytes = isCopied && held === null ? Buffer.from(view) : view;
      return { shard, list, i, isCopied, bytes, held, head, id };
    } finally {
      table.locks.unlock(shard);
    }
  }

  async #copy(job: Job, held: Buffer): Promise<void> {
    const { bytes } = job;
    try {
      const copy = Buffer.allocUnsafeSlow(bytes.length);
      for (let at = 0; at < bytes.length; at += COPY_BYTES) {
        bytes.copy(copy, at, at, at + COPY_BYTES);
        await turn();
      }
      job.bytes = copy;
    } finally {
      this.#m.large.held.release(held);
    }
  }

  #isSame(job: Job): boolean {
    if (job.isCopied) return true;
    const { table } = this.#m;
    table.locks.lock(job.shard);
    const entry = this.#entryOf(job);
    table.locks.unlock(job.shard);
    return entry !== 0;
  }

  /** The entry, 0 when its record must not be written. A gate: the value may be changing. */
  #entryOf({ shard, list, i, head, isCopied }: Job): number {
    const { table } = this.#m;
    const entry = this.#find(shard, list, i);
    if (entry === 0 || isCopied) return entry;
    return table.gateOf(shard) === 0 && table.lsnOf(entry) === head.lsn ? entry : 0;
  }

  #settle({ shard, list, i, head }: Job): void {
    const { table } = this.#m;
    table.locks.lock(shard);
    const entry = this.#find(shard, list, i);
    if (entry !== 0 && table.lsnOf(entry) === head.lsn && table.gateOf(shard) === 0) {
      table.setFlags(entry, FLAG_DIRTY, 0);
    }
    table.locks.unlock(shard);
  }

  /** The entry of a listed key, 0 when it has no large value now. */
  #find(shard: number, list: KeyList, i: number): number {
    const { table, databases } = this.#m;
    const db = databases.ofNamespace(list.namespace(i));
    const entry = db < 0 ? 0 : list.find(table, i, shard, db);
    if (entry === 0 || table.typeOf(entry) === TYPE_TOMBSTONE) return 0;
    return table.isLarge(entry) ? entry : 0;
  }
}
