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
// Each batch carries the counts of the records that there are behind it. An entry's flags say
// whether its key has a record, and one that expires: a batch that was committed has been heard of
// before the next one is begun. After one that failed, see record-counts.ts.
//
// A pass also finds out the bytes of the records: see pass-bytes.ts.
//
// All of it runs on the worker's thread, between its turns; locks are held for a slice of the
// index at a time, never across an await.

import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { invariant, SHARD_COUNT } from '@forgekv/base';
import type { Databases, HotTable, Scanner } from '@forgekv/keyspace';
import {
  FLAG_DIRTY,
  FLAG_ENCODING_MASK,
  FLAG_ENCODING_SHIFT,
  FLAG_STORED,
  FLAG_STORED_EXPIRES,
  FLAG_STORED_LARGE,
  SHARD_END,
  TYPE_TOMBSTONE,
} from '@forgekv/keyspace';
import {
  CorruptRecordError,
  chunkKey,
  decodeLarge,
  encodeLarge,
  type FlushBatch,
  type NamespaceCount,
  FLAG_LARGE as RECORD_LARGE,
  type RecordView,
  STRING_CHUNK_BYTES,
} from '@forgekv/storage';
import { KeyList } from './key-list.ts';
import type { LargeStore } from './large-store.ts';
import type { LogWait } from './log-wait.ts';
import { PassBytes } from './pass-bytes.ts';
import { RecordCounts } from './record-counts.ts';
import { settleRemoved, settleWritten } from './settle-entries.ts';
import type { ShardStores } from './shard-stores.ts';
import { StoredNamespaces } from './stored-namespaces.ts';

/** Buckets and entries looked at while a shard's lock is held. */
const SLICE_STEPS = 2048;
/** A batch is written at about this size. */
const BATCH_BYTES = 1 << 20;
/** The same for pieces of large values. */
const LARGE_BATCH_BYTES = 2 << 20;
/** Above this pressure the flusher waits for the store. */
const PRESSURE_LIMIT = 0.7;
const PRESSURE_WAIT_MS = 10;
const GATE_WAIT_MS = 1;

export interface FlusherModules {
  readonly table: HotTable;
  readonly databases: Databases;
  readonly scanner: Scanner;
  readonly stores: ShardStores;
  readonly large: LargeStore;
  readonly wait: LogWait;
  /** Shared: per shard the LSN up to which everything is in synced store batches. */
  readonly durable: Float64Array;
}

export interface FlushCounts {
  passes: number;
  records: number;
  bytes: number;
  removals: number;
}

export class Flusher {
  readonly #m: FlusherModules;
  readonly counts: FlushCounts = { passes: 0, records: 0, bytes: 0, removals: 0 };
  readonly #written = new KeyList();
  readonly #removed = new KeyList();
  readonly #records = new RecordCounts();
  /** Per shard, larger than every LSN its store has. */
  readonly #nextObjectId = new Float64Array(SHARD_COUNT);
  /** Grows per shard when tombstones went: pages read before that are not to be believed. */
  readonly unlinked = new Uint32Array(SHARD_COUNT);
  readonly #larges = new KeyList();
  readonly #stored: StoredNamespaces;
  readonly #bytes: PassBytes;
  #running: Promise<void> | null = null;
  /** What a store threw while a lock was held. */
  #failure: unknown = null;
  #isAbandoned = false;

  constructor(modules: FlusherModules) {
    this.#m = modules;
    const { table, databases, stores } = modules;
    this.#stored = new StoredNamespaces(databases, stores, this.#records);
    this.#bytes = new PassBytes(table, databases, this.#records);
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Takes over what the store of a shard has at start. */
  adopt(shard: number, counts: readonly NamespaceCount[], lastLsn: number): void {
    this.#records.set(shard, counts);
    this.#nextObjectId[shard] = lastLsn + 1;
    for (const { namespace } of counts) this.#stored.add(namespace);
  }

  /** Records of live and dropped namespaces, as far as batches are committed; for tests. */
  recordsOf(shard: number): readonly NamespaceCount[] {
    return this.#records.list(shard);
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
    await this.#running?.catch(() => undefined);
  }

  async #pass(): Promise<void> {
    this.#failure = null;
    for (const store of this.#m.stores.all) {
      // Given up by an earlier pass: it opens again by a commit only, and until then reads nothing.
      if (store.state !== 'open') await store.flush();
    }
    for (const shard of this.#m.stores.shards) {
      try {
        await this.#shard(shard);
      } catch (error) {
        // Whatever was counted for a batch that may not be in the store.
        this.#records.doubt(shard);
        throw error;
      }
    }
    this.counts.passes++;
  }

  async #shard(shard: number): Promise<void> {
    const { table, databases, stores, wait, durable } = this.#m;
    const store = stores.of(shard);
    table.locks.lock(shard);
    const target = table.lastLsn(shard);
    this.#bytes.begin(shard);
    table.locks.unlock(shard);
    if (this.#isAbandoned || target === durable[shard]) return;
    this.#removed.clear();
    this.#larges.clear();
    const records = this.#records;
    if (records.isUnknown(shard)) records.set(shard, store.readCheckpoint(shard)?.counts ?? []);
    let position = 0;
    while (position < SHARD_END) {
      if (this.#isAbandoned) return;
      const batch = store.batch();
      this.#written.clear();
      position = await this.#collect(shard, position, batch);
      if (batch.count === 0) continue;
      this.#checkpoint(shard, batch, durable[shard]!);
      await wait.durable();
      await this.#commit(shard, batch, false);
      // Flushed while the batch waited: its records may have come behind the drop.
      settleWritten(table, databases, shard, this.#written, (dead) => this.#stored.add(dead));
    }
    let isCovered = true;
    for (let i = 0; i < this.#larges.length; i++) {
      if (!(await this.#writeLarge(shard, i))) isCovered = false;
    }
    const batch = store.batch();
    for (let i = 0; i < this.#removed.length; i++) this.#remove(shard, i, batch);
    if (this.#failure !== null) throw this.#failure;
    // A large value that was given up may have changes up to `target` that no store has.
    const covered = isCovered ? target : durable[shard]!;
    this.#bytes.end(shard, isCovered);
    this.#checkpoint(shard, batch, covered);
    // Of removals too: the entries they replaced may be the only ones in the logs.
    await wait.durable();
    await this.#commit(shard, batch, true);
    settleRemoved(table, databases, shard, this.#removed);
    if (this.#removed.length > 0) this.unlinked[shard]!++;
    records.trust(shard);
    this.counts.removals += this.#removed.length;
    durable[shard] = covered;
  }

  /** Adds what the shard's store is like when it has the batch. */
  #checkpoint(shard: number, batch: FlushBatch, durableLsn: number): void {
    const { table } = this.#m;
    const nextObjectId = Math.max(this.#nextObjectId[shard]!, table.lastLsn(shard) + 1);
    this.#nextObjectId[shard] = nextObjectId;
    batch.checkpoint({ shard, durableLsn, nextObjectId, counts: this.#records.list(shard) });
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
          return this.#failure === null && batch.byteCount < BATCH_BYTES;
        });
        table.setPassed(shard, at);
      }
      table.locks.unlock(shard);
      if (this.#failure !== null) throw this.#failure;
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
      this.#bytes.putOff(entry);
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
      const record = this.#read(shard, namespace, hash, key);
      if (record === null) return false;
      flags = record.flags;
      payload = record.payload;
    } else {
      this.#dropObject(shard, entry, key, batch);
      const at = table.valueWord(entry) * 4;
      payload = table.bytes.subarray(at, at + table.valueLength(entry));
    }
    this.#count(shard, entry, key);
    batch.put(shard, namespace, hash, key, this.#head(entry, flags), payload);
    this.counts.records++;
    this.counts.bytes += payload.length;
    return true;
  }

  /** Null also for a damaged record. An error of the store ends the pass, but not under a lock. */
  #read(shard: number, namespace: number, hash: number, key: Uint8Array): RecordView | null {
    try {
      return this.#m.stores.of(shard).read(shard, namespace, hash, key);
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) this.#failure = error;
      return null;
    }
  }

  /** Counts the record that an entry is about to have, and notes it in the entry. */
  #count(shard: number, entry: number, key: Buffer): void {
    const { table } = this.#m;
    const namespace = table.namespaceOf(entry);
    const flags = this.#storedFlags(shard, entry, key);
    const expires = table.expireAtMs(entry) !== 0;
    const had = (flags & FLAG_STORED) !== 0;
    const expired = (flags & FLAG_STORED_EXPIRES) !== 0;
    this.#records.put(shard, namespace, had, expired, expires);
    table.setFlags(entry, FLAG_STORED_EXPIRES, FLAG_STORED | (expires ? FLAG_STORED_EXPIRES : 0));
  }

  /** Whether an entry's key has a record, and one that expires, as flags. */
  #storedFlags(shard: number, entry: number, key: Buffer): number {
    const { table } = this.#m;
    const flags = table.flagsOf(entry) & (FLAG_STORED | FLAG_STORED_EXPIRES);
    if (!this.#records.isDoubtful(shard)) return flags;
    try {
      const namespace = table.namespaceOf(entry);
      const record = this.#m.stores.of(shard).read(shard, namespace, table.hashOf(entry), key);
      if (record === null) return 0;
      return FLAG_STORED | (record.expireAtMs > 0 ? FLAG_STORED_EXPIRES : 0);
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) this.#failure = error;
      return flags | FLAG_STORED;
    }
  }

  #head(entry: number, flags: number) {
    const { table } = this.#m;
    return {
      type: table.typeOf(entry),
      flags,
      encoding: (table.flagsOf(entry) >>> FLAG_ENCODING_SHIFT) & FLAG_ENCODING_MASK,
      expireAtMs: table.expireAtMs(entry),
      lsn: table.lsnOf(entry),
    };
  }

  /**
   * The elements of a large value that the store has of a key go with the batch.
   * @param keptId not these: a pass before this one wrote them, and did not hear that it had
   */
  #dropObject(
    shard: number,
    entry: number,
    key: Uint8Array,
    batch: FlushBatch,
    keptId: number | null = null,
  ): void {
    const { table } = this.#m;
    if ((table.flagsOf(entry) & FLAG_STORED_LARGE) === 0) return;
    const record = this.#read(shard, table.namespaceOf(entry), table.hashOf(entry), key);
    const metadata = record?.isLarge === true ? decodeLarge(record.payload) : null;
    if (metadata === null || metadata.objectId === keptId) return;
    batch.dropObject(shard, metadata.objectId);
  }

  #remove(shard: number, i: number, batch: FlushBatch): void {
    const { table, databases } = this.#m;
    const list = this.#removed;
    const db = databases.ofNamespace(list.namespace(i));
    if (db < 0) return;
    table.locks.lock(shard);
    // Made again since, it is dirty, and is written by the next pass; the record is an old one.
    const entry = list.find(table, i, shard, db);
    invariant(entry !== 0, 'a tombstone stays until its record is gone');
    const flags = this.#storedFlags(shard, entry, list.key(i));
    if (flags & FLAG_STORED) {
      this.#dropObject(shard, entry, list.key(i), batch);
      batch.delete(shard, list.namespace(i), list.hash(i), list.key(i));
      this.#records.remove(shard, list.namespace(i), (flags & FLAG_STORED_EXPIRES) !== 0);
    }
    table.locks.unlock(shard);
  }

  async #commit(shard: number, batch: FlushBatch, sync: boolean): Promise<void> {
    const store = this.#m.stores.of(shard);
    // A fenced store tries to open again only when something is committed.
    while (store.state === 'open' && store.pressure() > PRESSURE_LIMIT) {
      await pause(PRESSURE_WAIT_MS);
    }
    await store.commit(batch, { sync });
  }

  /**
   * Writes a large value in pieces, as it is by now.
   * @returns false: given up, since it changed meanwhile; it stays dirty
   */
  async #writeLarge(shard: number, i: number): Promise<boolean> {
    const { table, databases, stores, wait, durable } = this.#m;
    const list = this.#larges;
    const store = stores.of(shard);
    if (await this.#retake(shard, i)) return true;
    const value = this.#largeValue(shard, i);
    // Of a database that was flushed nothing is needed.
    if (value === null) return databases.ofNamespace(list.namespace(i)) < 0;
    const objectId = list.lsn(i);
    const { bytes, length } = value;
    let batch = store.batch();
    const count = Math.ceil(length / STRING_CHUNK_BYTES);
    let written = 0;
    for (let chunk = 0; chunk < count; chunk++) {
      const from = chunk * STRING_CHUNK_BYTES;
      const part = bytes.subarray(from, Math.min(length, from + STRING_CHUNK_BYTES));
      batch.putElement(shard, objectId, chunkKey(chunk), part);
      if (batch.byteCount < LARGE_BATCH_BYTES) continue;
      await wait.durable();
      await this.#commit(shard, batch, false);
      written = chunk + 1;
      batch = store.batch();
      if (this.#largeValue(shard, i) === null) break;
    }
    table.locks.lock(shard);
    const entry = this.#findLarge(shard, i);
    if (entry === 0) {
      // Not by dropObject: behind a gate the value may be the same, and come again with this id.
      batch = store.batch();
      for (let chunk = 0; chunk < written; chunk++) {
        batch.deleteElement(shard, objectId, chunkKey(chunk));
      }
    } else {
      this.#dropObject(shard, entry, list.key(i), batch, objectId);
      const payload = encodeLarge({ objectId, count, byteCount: length, extra: null });
      const head = this.#head(entry, RECORD_LARGE);
      this.#count(shard, entry, list.key(i));
      this.#bytes.written(i, entry);
      batch.put(shard, list.namespace(i), list.hash(i), list.key(i), head, payload);
      table.setFlags(entry, 0, FLAG_STORED_LARGE);
      this.#checkpoint(shard, batch, durable[shard]!);
      this.counts.records++;
      this.counts.bytes += length;
    }
    table.locks.unlock(shard);
    if (this.#failure !== null) throw this.#failure;
    await wait.durable();
    await this.#commit(shard, batch, false);
    if (databases.ofNamespace(list.namespace(i)) < 0) this.#stored.add(list.namespace(i));
    if (entry === 0) return databases.ofNamespace(list.namespace(i)) < 0;
    table.locks.lock(shard);
    const settled = this.#findLarge(shard, i);
    if (settled !== 0) table.setFlags(settled, FLAG_DIRTY, 0);
    table.locks.unlock(shard);
    return true;
  }

  /**
   * Looks at a key again that was met with a large value, and may have been changed since.
   * @returns true when there is none to be written any more, and the key is seen to
   */
  async #retake(shard: number, i: number): Promise<boolean> {
    const { table, databases, stores, wait, durable } = this.#m;
    const list = this.#larges;
    const db = databases.ofNamespace(list.namespace(i));
    if (db < 0) return true;
    const batch = stores.of(shard).batch();
    this.#written.clear();
    table.locks.lock(shard);
    const entry = list.find(table, i, shard, db);
    const isLarge = entry !== 0 && table.isLarge(entry);
    if (isLarge) {
      list.renew(i, table.lsnOf(entry));
      wait.needs(table.logOf(entry) - 1, table.logPositionOf(entry));
    } else if (entry !== 0) {
      this.#take(shard, entry, batch);
    }
    if (!isLarge) this.#bytes.written(i, entry);
    table.locks.unlock(shard);
    if (this.#failure !== null) throw this.#failure;
    if (batch.count > 0) {
      this.#checkpoint(shard, batch, durable[shard]!);
      await wait.durable();
      await this.#commit(shard, batch, false);
      settleWritten(table, databases, shard, this.#written, (dead) => this.#stored.add(dead));
    }
    return !isLarge;
  }

  #largeValue(shard: number, i: number): { bytes: Buffer; length: number } | null {
    const { table, large } = this.#m;
    table.locks.lock(shard);
    const entry = this.#findLarge(shard, i);
    const at = entry === 0 ? 0 : table.valueWord(entry);
    const bytes = entry === 0 ? null : large.get(table.words[at]!);
    const length = table.words[at + 1]!;
    table.locks.unlock(shard);
    return Buffer.isBuffer(bytes) ? { bytes, length } : null;
  }

  /** The entry of a large value as it was met, or 0 when it has changed since. */
  #findLarge(shard: number, i: number): number {
    const { table, databases } = this.#m;
    const list = this.#larges;
    const db = databases.ofNamespace(list.namespace(i));
    if (db < 0 || table.gateOf(shard) !== 0) return 0;
    const entry = list.find(table, i, shard, db);
    if (entry === 0 || !table.isLarge(entry)) return 0;
    return table.lsnOf(entry) === list.lsn(i) ? entry : 0;
  }

  /** Lets the stores forget namespaces that no database has any more. */
  dropFlushed(): Promise<void> {
    return this.#stored.drop();
  }
}
