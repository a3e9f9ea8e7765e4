// Takes what has changed to the stores: one pass goes through all entries of this worker's shards
// in hash order, writes the dirty ones, and ends each shard with a synced checkpoint. What a
// checkpoint covers needs no log any more.
//
// Why a pass covers every effect up to the LSN at its beginning: an entry that was dirty then is
// met, because hash order does not change when entries move or the index grows, and is written
// with its value of that moment or a later one. It stays dirty until the store has it; what was
// changed meanwhile, by its LSN, stays dirty.
//
// Nothing gets into a store before its effects are durable in the logs: else a crash could leave
// one key of an atomic group in the store and none of the group in the log. So a batch waits for
// the logs its entries were last written in.
//
// A tombstone takes the key's record away whatever LSN it has: what it replaced may be an effect
// that the checkpoint covers. Removals go last, with the checkpoint, in one batch.
//
// A pass also finds out the bytes of the records: see pass-bytes.ts.
//
// All of it runs on the worker's thread, between its turns; locks are held for a slice of the
// index at a time, never across an await.

import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { invariant, SHARD_COUNT } from '@forgekv/base';
import { LIBRARY_SHARD } from '@forgekv/commands';
import type { Databases, HotTable, Scanner } from '@forgekv/keyspace';
import {
  FLAG_DIRTY,
  FLAG_STORED,
  FLAG_STORED_EXPIRES,
  SHARD_END,
  TYPE_TOMBSTONE,
} from '@forgekv/keyspace';
import type { LatencyLog } from '@forgekv/rings';
import type { FlushBatch, NamespaceCount } from '@forgekv/storage';
import { CollectionWriter } from './collection-writer.ts';
import { type FlushCounts, FlushRecords } from './flush-records.ts';
import { KeyList } from './key-list.ts';
import type { LargeStore } from './large-store.ts';
import { LargeStringWriter } from './large-string-writer.ts';
import type { LibraryCheckpoint } from './library-checkpoint.ts';
import type { LogWait } from './log-wait.ts';
import { settleRemoved, settleWritten } from './settle-entries.ts';
import type { ShardStores } from './shard-stores.ts';
import { StoredNamespaces } from './stored-namespaces.ts';

/** Buckets and entries looked at while a shard's lock is held. */
const SLICE_STEPS = 2048;
/** A batch is written at about this size. */
const BATCH_BYTES = 1 << 20;
/** Large values looked at before it is others' turn. */
const LARGES_PER_TURN = 16;
const GATE_WAIT_MS = 1;

export interface FlusherModules {
  readonly table: HotTable;
  readonly databases: Databases;
  readonly scanner: Scanner;
  readonly stores: ShardStores;
  readonly large: LargeStore;
  readonly wait: LogWait;
  /** The file of the function libraries, for the worker that has their shard. */
  readonly libraries: LibraryCheckpoint;
  /** Shared: per shard the LSN up to which everything is in synced store batches. */
  readonly durable: Float64Array;
}

/** How a large value goes on: 'added' to the batch, or no more to do. */
type LargeForm = 'added' | 'gated' | 'string' | 'collection';

export class Flusher {
  readonly #m: FlusherModules;
  readonly #written = new KeyList();
  readonly #removed = new KeyList();
  readonly #larges = new KeyList();
  /** Grows per shard when tombstones went: pages read before that are not to be believed. */
  readonly unlinked = new Uint32Array(SHARD_COUNT);
  readonly #stored: StoredNamespaces;
  #running: Promise<void> | null = null;
  readonly #records: FlushRecords;
  readonly #strings: LargeStringWriter;
  readonly #collections: CollectionWriter;
  #isAbandoned = false;

  constructor(modules: FlusherModules) {
    this.#m = modules;
    const { table, databases, stores, durable } = modules;
    this.#records = new FlushRecords(table, databases, stores, durable);
    this.#stored = new StoredNamespaces(databases, stores, this.#records.shards);
    this.#strings = new LargeStringWriter({ ...modules, records: this.#records });
    this.#collections = new CollectionWriter({ ...modules, records: this.#records });
  }

  /** Is told when the stores are slow. */
  set latency(latency: LatencyLog) {
    this.#records.latency = latency;
  }

  get counts(): FlushCounts {
    return this.#records.counts;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Takes over what the store of a shard has at start. */
  adopt(shard: number, counts: readonly NamespaceCount[], lastLsn: number): void {
    this.#records.shards.set(shard, counts);
    this.#records.startAt(shard, lastLsn);
    for (const { namespace } of counts) this.#stored.add(namespace);
  }

  /** Records of live and dropped namespaces, as far as batches are committed; for tests. */
  recordsOf(shard: number): readonly NamespaceCount[] {
    return this.#records.shards.list(shard);
  }

  /**
   * Makes one pass, or waits for the one under way.
   * @throws StoreError when a store cannot be written; what is not covered stays in the logs
   */
  pass(): Promise<void> {
    this.#running ??= this.#pass().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Ends the pass under way where it is: what it did not come to stays dirty. For good. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    this.#collections.isAbandoned = true;
    await this.#running?.catch(() => undefined);
  }

  async #pass(): Promise<void> {
    this.#records.begin();
    for (const store of this.#m.stores.all) {
      // Given up by an earlier pass: it opens again by a commit only, and until then reads nothing.
      if (store.state !== 'open') await store.flush();
    }
    try {
      for (const shard of this.#m.stores.shards) await this.#shardOrDoubt(shard);
    } finally {
      this.#collections.fail();
    }
    this.counts.passes++;
  }

  async #shardOrDoubt(shard: number): Promise<void> {
    try {
      await this.#shard(shard);
    } catch (error) {
      // Whatever was counted for a batch that may not be in the store.
      this.#records.shards.doubt(shard);
      throw error;
    }
  }

  async #shard(shard: number): Promise<void> {
    const { table, databases, stores, wait, durable, libraries } = this.#m;
    const { shards } = this.#records;
    const store = stores.of(shard);
    table.locks.lock(shard);
    const target = table.lastLsn(shard);
    this.#records.bytes.begin(shard);
    table.locks.unlock(shard);
    if (this.#isAbandoned || target === durable[shard]) return;
    this.#removed.clear();
    this.#larges.clear();
    if (shards.isUnknown(shard)) shards.set(shard, store.readCheckpoint(shard)?.counts ?? []);
    let position = 0;
    while (position < SHARD_END) {
      if (this.#isAbandoned) return;
      const batch = store.batch();
      this.#written.clear();
      position = await this.#collect(shard, position, batch);
      if (batch.count === 0) continue;
      await wait.durable();
      await this.#records.commit(shard, batch, false);
      this.#settleWritten(shard);
    }
    await this.#writeLarges(shard);
    if (this.#isAbandoned) return;
    const batch = store.batch();
    for (let i = 0; i < this.#removed.length; i++) this.#remove(shard, i, batch);
    this.#records.check();
    this.#records.bytes.end(shard);
    const changed = shard === LIBRARY_SHARD ? await libraries.take(wait) : null;
    // Of removals too: the entries they replaced may be the only ones in the logs.
    await wait.durable();
    libraries.write(changed);
    await this.#records.commit(shard, batch, true, target);
    if (this.#removed.length > 0) {
      while (!settleRemoved(table, databases, shard, this.#removed)) {
        if (this.#isAbandoned) return;
        await pause(GATE_WAIT_MS);
      }
      this.unlinked[shard]!++;
    }
    shards.trust(shard);
    this.counts.removals += this.#removed.length;
    durable[shard] = target;
  }

  /** Fills a batch from a position of the index; returns where to go on. */
  async #collect(shard: number, position: number, batch: FlushBatch): Promise<number> {
    const { table, scanner } = this.#m;
    let at = position;
    while (at < SHARD_END && batch.byteCount < BATCH_BYTES) {
      table.locks.lock(shard);
      const isGated = table.gateOf(shard) !== 0;
      if (!isGated) {
        at = scanner.walkAll(shard, at, SLICE_STEPS, (entry) => {
          this.#take(shard, entry, batch);
          return !this.#records.hasFailed && batch.byteCount < BATCH_BYTES;
        });
        table.setPassed(shard, at);
      }
      table.locks.unlock(shard);
      this.#records.check();
      // A transaction's large values are not with their owner yet.
      await (isGated ? pause(GATE_WAIT_MS) : turn());
    }
    return at;
  }

  #take(shard: number, entry: number, batch: FlushBatch): void {
    const { table, databases, wait } = this.#m;
    if ((table.flagsOf(entry) & FLAG_DIRTY) === 0) return;
    const namespace = table.namespaceOf(entry);
    if (databases.ofNamespace(namespace) < 0) return;
    wait.needs(table.logOf(entry) - 1, table.logPositionOf(entry));
    if (table.typeOf(entry) === TYPE_TOMBSTONE) {
      this.#removed.add(table, entry);
    } else if (table.isLarge(entry)) {
      this.#larges.add(table, entry);
      this.#records.bytes.putOff(entry);
    } else if (this.#put(shard, entry, batch)) {
      this.#written.add(table, entry);
    }
    this.#stored.add(namespace);
  }

  /** Returns false when a cold value cannot be read; its new expiry is given up then. */
  #put(shard: number, entry: number, batch: FlushBatch): boolean {
    const { table } = this.#m;
    const namespace = table.namespaceOf(entry);
    const hash = table.hashOf(entry);
    const keyAt = table.keyWord(entry) * 4;
    const key = table.bytes.subarray(keyAt, keyAt + table.keyLength(entry));
    let flags = 0;
    let payload: Uint8Array;
    if (table.isCold(entry)) {
      // Only its expiry has changed: the value is in the store.
      const record = this.#records.read(shard, namespace, hash, key);
      if (record === null) return false;
      flags = record.flags;
      payload = record.payload;
    } else {
      this.#records.dropObject(shard, entry, key, batch);
      const at = table.valueWord(entry) * 4;
      payload = table.bytes.subarray(at, at + table.valueLength(entry));
    }
    const head = this.#records.head(entry, flags);
    this.#records.count(shard, entry, key, head.expireAtMs !== 0);
    batch.put(shard, namespace, hash, key, head, payload);
    this.counts.records++;
    this.counts.bytes += payload.length;
    return true;
  }

  #remove(shard: number, i: number, batch: FlushBatch): void {
    const { table, databases } = this.#m;
    const list = this.#removed;
    table.locks.lock(shard);
    // Under the lock: SWAPDB gives a namespace another number.
    const db = databases.ofNamespace(list.namespace(i));
    if (db >= 0) this.#removeFrom(shard, db, i, batch);
    table.locks.unlock(shard);
  }

  #removeFrom(shard: number, db: number, i: number, batch: FlushBatch): void {
    const list = this.#removed;
    // Made again since, it is dirty, and is written by the next pass; the record is an old one.
    const entry = list.find(this.#m.table, i, shard, db);
    invariant(entry !== 0, 'a tombstone stays until its record is gone');
    const records = this.#records;
    const flags = records.storedFlags(shard, entry, list.key(i));
    if (flags & FLAG_STORED) {
      records.dropObject(shard, entry, list.key(i), batch);
      batch.delete(shard, list.namespace(i), list.hash(i), list.key(i));
      records.shards.remove(shard, list.namespace(i), (flags & FLAG_STORED_EXPIRES) !== 0);
    }
  }

  #settleWritten(shard: number): void {
    const { table, databases } = this.#m;
    settleWritten(table, databases, shard, this.#written, (dead) => this.#stored.add(dead));
  }

  /**
   * Writes the large values that were met, those that are quickly read several to a batch. That one
   * is committed before any other begins: the counts of records are in the order of batches.
   */
  async #writeLarges(shard: number): Promise<void> {
    const { stores, wait, table } = this.#m;
    const store = stores.of(shard);
    this.#written.clear();
    let batch = store.batch();
    const commit = async (): Promise<void> => {
      if (batch.count > 0) {
        await wait.durable();
        await this.#records.commit(shard, batch, false);
        this.#settleWritten(shard);
        this.#collections.settle(shard);
      }
      this.#written.clear();
      batch = store.batch();
    };
    for (let i = 0; i < this.#larges.length; i++) {
      let isChanging = false;
      for (;;) {
        if (this.#isAbandoned) return;
        table.locks.lock(shard);
        let form: LargeForm;
        try {
          form = this.#addLarge(shard, i, batch);
        } finally {
          table.locks.unlock(shard);
        }
        this.#records.check();
        if (form === 'added') break;
        await commit();
        if (form === 'gated') {
          await pause(GATE_WAIT_MS);
        } else if (form === 'collection') {
          if (await this.#collections.write(shard, this.#larges, i)) break;
        } else {
          if (await this.#strings.write(shard, this.#larges, i, isChanging)) break;
          isChanging = true;
        }
      }
      this.#noteNamespace(this.#larges.namespace(i));
      if (batch.byteCount > BATCH_BYTES) await commit();
      else if (i % LARGES_PER_TURN === 0) await turn();
    }
    await commit();
  }

  /**
   * Adds a key that had a large value when it was met, if that is quickly done. Whatever has become
   * of it, the pass takes it to the store: logs may have no more than what was done to the value.
   */
  #addLarge(shard: number, i: number, batch: FlushBatch): LargeForm {
    const { table, databases, wait, large } = this.#m;
    const list = this.#larges;
    if (table.gateOf(shard) !== 0) return 'gated';
    const db = databases.ofNamespace(list.namespace(i));
    const entry = db < 0 ? 0 : list.find(table, i, shard, db);
    const { bytes } = this.#records;
    if (entry === 0 || (table.flagsOf(entry) & FLAG_DIRTY) === 0) {
      bytes.written(i, entry);
      return 'added';
    }
    wait.needs(table.logOf(entry) - 1, table.logPositionOf(entry));
    if (table.typeOf(entry) === TYPE_TOMBSTONE) {
      this.#removed.add(table, entry);
      bytes.written(i, 0);
      return 'added';
    }
    if (!table.isLarge(entry)) {
      bytes.written(i, entry);
      if (this.#put(shard, entry, batch)) this.#written.add(table, entry);
      return 'added';
    }
    if (Buffer.isBuffer(large.get(table.words[table.valueWord(entry)]!))) return 'string';
    return this.#collections.add(shard, list, i, entry, batch) ? 'added' : 'collection';
  }

  /** Flushed while its batch waited: its records may have come behind the drop. */
  #noteNamespace(namespace: number): void {
    if (this.#m.databases.ofNamespace(namespace) < 0) this.#stored.add(namespace);
  }

  /** Lets the stores forget namespaces that no database has any more. */
  dropFlushed(): Promise<void> {
    return this.#stored.drop();
  }
}
