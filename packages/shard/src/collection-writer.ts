// Takes large collections to their stores, a record per element: all of them into a new object, or
// those that changed since into the one there is. A part of the flusher; see there for what a pass
// guarantees.
//
//   main record   {type, expiry, lsn} {objectId, count, byteCount, records}
//   elements      objectId | key -> payload       as element-forms.ts draws them
//
// Why the elements of an object always are those of the main record's LSN:
// - Main record and what changed go in one batch, and the last part of it is read under the lock
//   under which the LSN is read. Changes made while earlier parts were read, slice by slice, are
//   remembered by the collection, and are read again by a later slice: the batch ends with every
//   record as it is at that LSN, and has no others.
// - When that would be too much for a batch, all elements are written into a new object, which no
//   main record names before the last batch: that one has what changed meanwhile, the main record,
//   and the end of the old object. Until then the key is what it was, in both main record and
//   elements. A crash in between leaves a note that the new object is nobody's (`reserveObject`),
//   and the next start reclaims it.
// So a crash at any moment leaves a collection as of one LSN, and the logs go on from there: an
// effect is applied if its LSN is above that one, whether its elements were read before or after.
// No batch has an element before the effect behind it is durable: every slice notes the log of the
// entry as it is then.
//
// A batch that fails may come after all. Then nothing is known of the object: all elements are
// written again, into another one, and whichever the store has by then is dropped.

import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { invariant } from '@forgekv/base';
import type { Databases, HotTable } from '@forgekv/keyspace';
import { FLAG_DIRTY, FLAG_STORED_LARGE, TYPE_TOMBSTONE } from '@forgekv/keyspace';
import { encodeLarge, type FlushBatch, FLAG_LARGE as RECORD_LARGE } from '@forgekv/storage';
import type { ChangeWalk, RecordWalk, TakeRecord } from './element-records.ts';
import type { FlushRecords } from './flush-records.ts';
import type { KeyList } from './key-list.ts';
import type { LargeStore, OwnCollection } from './large-store.ts';
import type { LogWait } from './log-wait.ts';
import { freeObjectId } from './object-ids.ts';
import type { ShardStores } from './shard-stores.ts';

/** Read while a lock is held, about. */
const SLICE_RECORDS = 512;
const SLICE_BYTES = 256 << 10;
/** Asked for at once: the bytes are looked at in between. */
const STEP_RECORDS = 32;
/** A batch of a new object: an engine takes each over on the worker's thread, in one go. */
const OBJECT_BATCH_BYTES = 2 << 20;
const OBJECT_BATCH_RECORDS = 4096;
/** Changes beyond this are written as a new object. */
const MOST_DELTA_BYTES = 8 << 20;
const MOST_DELTA_RECORDS = 32_768;
/** Rounds of changes made during the round before, until the lock is held for what is left. */
const MOST_ROUNDS = 8;
const MOST_RESTARTS = 8;
const GATE_WAIT_MS = 1;

export interface CollectionWriterModules {
  readonly table: HotTable;
  readonly databases: Databases;
  readonly stores: ShardStores;
  readonly large: LargeStore;
  readonly wait: LogWait;
  readonly records: FlushRecords;
}

/** A collection whose main record is in a batch that is not committed yet. */
interface Pending {
  readonly list: KeyList;
  readonly i: number;
  readonly largeId: number;
  readonly own: OwnCollection;
  readonly lsn: number;
}

/** A collection that is written in slices. */
interface Job {
  readonly shard: number;
  readonly list: KeyList;
  readonly i: number;
  readonly largeId: number;
  readonly own: OwnCollection;
  readonly id: number;
  /** Into a new object, which has to be given up if this does not come to its end. */
  readonly isWhole: boolean;
  walk: RecordWalk | null;
  changes: ChangeWalk | null;
  batch: FlushBatch;
  rounds: number;
  /** Batches of it are in the store. */
  isBegun: boolean;
  /** When the main record is in the batch. */
  pending: Pending | null;
}

export class CollectionWriter {
  readonly #m: CollectionWriterModules;
  readonly #pending: Pending[] = [];
  /** Whatever is under way ends where it is, for good. */
  isAbandoned = false;

  constructor(modules: CollectionWriterModules) {
    this.#m = modules;
  }

  /**
   * Puts a collection that is quickly read into a batch; the shard is locked.
   * @param i where in `list` the key is, whose entry is `entry`
   * @returns false when it has to be written by `write`: nothing has happened
   */
  add(shard: number, list: KeyList, i: number, entry: number, batch: FlushBatch): boolean {
    const { table, large } = this.#m;
    const own = large.ownCollection(table.words[table.valueWord(entry)]!);
    invariant(own !== null, 'a collection of this worker is here');
    const { elements } = own;
    const { recordCount, changedCount, collection } = elements;
    const isWhole = own.objectId === 0 || changedCount > recordCount;
    const count = isWhole ? recordCount : changedCount;
    if (!isQuick(count, recordCount, collection.memoryBytes)) return false;
    const id = isWhole ? this.#newId(shard, list, i, entry, own) : own.objectId;
    const take = this.#taker(shard, id, batch);
    const changes = elements.changes();
    const walk: RecordWalk = isWhole ? elements.walk() : changes;
    while (walk.next(SLICE_RECORDS, take));
    this.#pending.push(this.#name(shard, list, i, entry, own, id, batch));
    return true;
  }

  /**
   * Writes a collection in slices, with batches of its own.
   * @returns false when the key has no collection any more
   * @throws StoreError; Error when it changes faster than it can be written
   */
  async write(shard: number, list: KeyList, i: number): Promise<boolean> {
    for (let left = MOST_RESTARTS; left > 0; left--) {
      const job = this.#begin(shard, list, i);
      if (job === null) return false;
      try {
        if (await this.#run(job)) return true;
      } catch (error) {
        this.#doubt(job.own, job.id);
        throw error;
      }
    }
    throw new Error('a large value changes faster than it can be written');
  }

  #begin(shard: number, list: KeyList, i: number): Job | null {
    const { table, stores } = this.#m;
    table.locks.lock(shard);
    try {
      const entry = this.#find(shard, list, i);
      const largeId = this.#largeIdOf(entry);
      const own = largeId === null ? null : this.#m.large.ownCollection(largeId);
      if (largeId === null || own === null) return null;
      const { elements } = own;
      const isWhole = own.objectId === 0 || elements.changedCount > elements.recordCount;
      const id = isWhole ? this.#newId(shard, list, i, entry, own) : own.objectId;
      const batch = stores.of(shard).batch();
      if (isWhole) {
        batch.reserveObject(shard, id);
        // The walk meets them all.
        elements.changes();
      }
      const walk = isWhole ? elements.walk() : null;
      return {
        ...{ shard, list, i, largeId, own, id, isWhole, walk, batch },
        ...{ changes: null, rounds: 0, isBegun: false, pending: null },
      };
    } finally {
      table.locks.unlock(shard);
    }
  }

  /** Returns false when it has to begin again, or is not there any more. */
  async #run(job: Job): Promise<boolean> {
    for (;;) {
      // What was begun is noted: the next start reclaims it.
      if (this.isAbandoned) return true;
      const answer = this.#slice(job);
      this.#m.records.check();
      if (answer === 'last') {
        await this.#commit(job);
        this.#settle(job.shard, [job.pending!]);
        return true;
      }
      if (answer === 'again') {
        await this.#giveUp(job);
        return false;
      }
      if (answer === 'gated') await pause(GATE_WAIT_MS);
      else if (isFull(job)) await this.#commit(job);
      else await turn();
    }
  }

  /** Reads some records under the lock. 'last': the batch ends with the main record. */
  #slice(job: Job): 'more' | 'last' | 'gated' | 'again' {
    const { table, wait } = this.#m;
    const { shard, list, i, own } = job;
    table.locks.lock(shard);
    try {
      if (table.gateOf(shard) !== 0) return 'gated';
      const entry = this.#find(shard, list, i);
      if (this.#largeIdOf(entry) !== job.largeId) return 'again';
      if (this.#m.large.ownCollection(job.largeId) !== own) return 'again';
      wait.needs(table.logOf(entry) - 1, table.logPositionOf(entry));
      if (isTooMuch(job)) return 'again';
      if (!this.#read(job)) return own.elements.changedCount === Infinity ? 'again' : 'more';
      job.pending = this.#name(shard, list, i, entry, own, job.id, job.batch);
      return 'last';
    } finally {
      table.locks.unlock(shard);
    }
  }

  /** Reads a slice: changes first, then where the walk is. True: nothing is left to read. */
  #read(job: Job): boolean {
    const { elements } = job.own;
    const take = this.#taker(job.shard, job.id, job.batch);
    if (job.changes === null) {
      if (elements.changedCount === Infinity) return false;
      const { changedCount } = elements;
      job.changes = elements.changes();
      const { memoryBytes } = elements.collection;
      const isQuickly = isQuick(changedCount, elements.recordCount, memoryBytes);
      if (job.walk === null && (isQuickly || ++job.rounds > MOST_ROUNDS)) {
        while (job.changes.next(SLICE_RECORDS, take));
        return true;
      }
    }
    if (!this.#some(job.changes, take, job.batch)) {
      job.changes = null;
      if (job.walk !== null && !this.#some(job.walk, take, job.batch)) job.walk = null;
    }
    return false;
  }

  /** False when the walk has come to its end. */
  #some(walk: RecordWalk, take: TakeRecord, batch: FlushBatch): boolean {
    const most = batch.byteCount + SLICE_BYTES;
    for (let read = 0; read < SLICE_RECORDS && batch.byteCount < most; read += STEP_RECORDS) {
      if (!walk.next(STEP_RECORDS, take)) return false;
    }
    return true;
  }

  #taker(shard: number, id: number, batch: FlushBatch): TakeRecord {
    const { counts } = this.#m.records;
    return (key, payload) => {
      counts.elements++;
      if (payload === null) {
        batch.deleteElement(shard, id, key);
      } else {
        batch.putElement(shard, id, key, payload);
        counts.bytes += payload.length;
      }
    };
  }

  /** Puts the main record, which names the object, as the last of a batch. */
  #name(
    shard: number,
    list: KeyList,
    i: number,
    entry: number,
    own: OwnCollection,
    id: number,
    batch: FlushBatch,
  ): Pending {
    const { table, records } = this.#m;
    const { collection, recordCount } = own.elements;
    const before = id === own.objectId ? id : records.objectIdOf(shard, entry, list.key(i));
    if (before !== 0 && before !== id) batch.dropObject(shard, before);
    const doubtful = own.doubtfulId;
    if (doubtful !== 0 && doubtful !== id && doubtful !== before) batch.dropObject(shard, doubtful);
    // Also when nothing was reserved: a batch that failed may have dropped an object of this id, of
    // this very LSN, and come after all.
    if (id !== own.objectId) batch.completeObject(shard, id);
    const largeId = table.words[table.valueWord(entry)]!;
    const payload = encodeLarge({
      objectId: id,
      count: collection.count,
      byteCount: table.words[table.valueWord(entry) + 1]!,
      extra: recordCount,
    });
    const head = records.head(entry, RECORD_LARGE);
    records.count(shard, entry, list.key(i), head.expireAtMs !== 0);
    records.bytes.written(i, entry);
    batch.put(shard, list.namespace(i), list.hash(i), list.key(i), head, payload);
    table.setFlags(entry, 0, FLAG_STORED_LARGE);
    own.objectId = id;
    own.doubtfulId = 0;
    records.counts.records++;
    records.counts.bytes += payload.length;
    return { list, i, largeId, own, lsn: head.lsn };
  }

  async #commit(job: Job): Promise<void> {
    const { wait, records, stores } = this.#m;
    const store = stores.of(job.shard);
    const { batch } = job;
    await wait.durable();
    job.isBegun = true;
    job.batch = store.batch();
    await records.commit(job.shard, batch, false);
  }

  /** What was written of a new object is nobody's. */
  async #giveUp(job: Job): Promise<void> {
    const { own, shard } = job;
    own.elements.markAll();
    if (!job.isWhole || !job.isBegun) return;
    job.batch = this.#m.stores.of(shard).batch();
    job.batch.dropObject(shard, job.id);
    await this.#commit(job);
  }

  /** The batches with what `add` put are committed: what did not change since is clean. */
  settle(shard: number): void {
    this.#settle(shard, this.#pending.splice(0));
  }

  #settle(shard: number, pending: readonly Pending[]): void {
    const { table } = this.#m;
    table.locks.lock(shard);
    for (const { list, i, largeId, own, lsn } of pending) {
      const entry = this.#find(shard, list, i);
      if (this.#largeIdOf(entry) !== largeId || table.lsnOf(entry) !== lsn) continue;
      if (own.elements.changedCount === 0) table.setFlags(entry, FLAG_DIRTY, 0);
    }
    table.locks.unlock(shard);
  }

  /** The pass has failed: what `add` put is in no batch that was committed, or may be in one. */
  fail(): void {
    for (const { own } of this.#pending.splice(0)) this.#doubt(own, own.objectId);
  }

  #doubt(own: OwnCollection, id: number): void {
    own.objectId = 0;
    own.doubtfulId = id;
    own.elements.markAll();
  }

  /** An object id that nothing in the store has. */
  #newId(shard: number, list: KeyList, i: number, entry: number, own: OwnCollection): number {
    const { table, records, stores } = this.#m;
    const stored = records.objectIdOf(shard, entry, list.key(i));
    const taken = [stored, own.objectId, own.doubtfulId];
    return freeObjectId(stores.of(shard), shard, table.lsnOf(entry), taken);
  }

  /** The entry of a listed key as it is now, or 0. */
  #find(shard: number, list: KeyList, i: number): number {
    const db = this.#m.databases.ofNamespace(list.namespace(i));
    return db < 0 ? 0 : list.find(this.#m.table, i, shard, db);
  }

  /** Null when the entry is none, or its value is no large one. */
  #largeIdOf(entry: number): number | null {
    const { table } = this.#m;
    if (entry === 0 || table.typeOf(entry) === TYPE_TOMBSTONE || !table.isLarge(entry)) return null;
    return table.words[table.valueWord(entry)]!;
  }
}

function isFull({ isWhole, batch }: Job): boolean {
  if (!isWhole) return false;
  return batch.byteCount > OBJECT_BATCH_BYTES || batch.count > OBJECT_BATCH_RECORDS;
}

/** True when changes do not fit a batch. */
function isTooMuch({ isWhole, batch }: Job): boolean {
  if (isWhole) return false;
  return batch.byteCount > MOST_DELTA_BYTES || batch.count > MOST_DELTA_RECORDS;
}

/** True when `count` records of a collection are read in a slice. */
function isQuick(count: number, recordCount: number, memoryBytes: number): boolean {
  return count <= SLICE_RECORDS && (count / (recordCount + 1)) * memoryBytes <= 2 * SLICE_BYTES;
}
