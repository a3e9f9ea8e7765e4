// One store as its worker sees it: records in, records out, errors fenced, damage named. It does
// not know what values mean, when to flush, or which shards are its own.

import { type Damage, DamageList } from './damage-list.ts';
import { FencedWriter, type WriterOptions, type WriterState } from './fenced-writer.ts';
import { FlushBatch } from './flush-batch.ts';
import { GatedReader } from './gated-reader.ts';
import { type Checkpoint, decodeCheckpoint } from './meta-records.ts';
import { Reclaimer } from './reclaimer.ts';
import {
  checkpointKey,
  elementKey,
  keyOfElement,
  MAIN_PREFIX_BYTES,
  putMainKey,
  RecordView,
} from './record.ts';
import {
  type ElementPage,
  type ExpiredKey,
  findExpired,
  isStale,
  type ScanResult,
  type ShardPage,
  scanElements,
  scanRecords,
  scanShard,
} from './record-pages.ts';
import { Scrubber } from './scrubber.ts';
import type { EngineStats, StoreEngine } from './store-engine.ts';
import { CorruptRecordError, printable, StoreError } from './store-errors.ts';
import { StorePressure } from './store-pressure.ts';

export type StoreOptions = WriterOptions;

/** Damages a store keeps by name. */
const MAX_DAMAGES = 100;
/** Keys up to this length are read without an allocation for the store key. */
const SCRATCH_BYTES = 8192;

/** How long the count of level-0 files is believed. */
const FILES_EVERY_MS = 50;

/** For INFO and metrics; all counted since the store was made. */
export interface StoreCounters {
  readonly reads: number;
  readonly commits: number;
  readonly syncs: number;
  readonly writtenBytes: number;
  readonly retainedBytes: number;
  readonly fences: number;
  readonly attempts: number;
  readonly reopenings: number;
  /** Times damage was met, by reads and scrubbing. */
  readonly damages: number;
  readonly pendingDrops: number;
  readonly reclaimed: number;
  readonly scrubbedRecords: number;
  readonly scrubbedFiles: number;
  readonly scrubPasses: number;
  readonly expiryRepaired: number;
  readonly expiryStale: number;
}

export class Store {
  readonly #engine: StoreEngine;
  readonly #writer: FencedWriter;
  readonly #reader: GatedReader;
  readonly #pressure = new StorePressure();
  readonly #damage = new DamageList(MAX_DAMAGES);
  readonly #reclaimer: Reclaimer;
  readonly #scrubber: Scrubber;
  readonly #scratch = Buffer.alloc(SCRATCH_BYTES);
  readonly #view = new RecordView();
  #reads = 0;
  #expiryStale = 0;
  #filesAtMs = 0;

  /** @param engine not open; from now on nobody else touches it */
  constructor(engine: StoreEngine, options: StoreOptions = {}) {
    this.#engine = engine;
    this.#writer = new FencedWriter(engine, options, (tookMs) => this.#noteCommit(tookMs));
    this.#reader = new GatedReader(engine, this.#writer);
    const commit = (build: () => FlushBatch): Promise<void> => this.#writer.commit(build, false);
    this.#reclaimer = new Reclaimer(this.#reader, commit);
    this.#scrubber = new Scrubber(this.#reader, this.#damage, commit);
  }

  /** @throws StoreError */
  async open(): Promise<void> {
    await this.#writer.open();
    try {
      await this.#reclaimer.load();
    } catch (error) {
      await this.#writer.close().catch(() => undefined);
      throw error;
    }
  }

  /** 'fenced': an error came, nothing is written until the store could be opened again. */
  get state(): WriterState {
    return this.#writer.state;
  }
  get lastError(): StoreError | null {
    return this.#writer.lastError;
  }
  /** Damages met so far, at most 100 of them. */
  get damages(): readonly Damage[] {
    return this.#damage.list;
  }

  get counters(): StoreCounters {
    const { counters, retainedBytes } = this.#writer;
    const scrub = this.#scrubber.counters;
    return {
      reads: this.#reads,
      commits: counters.commits,
      syncs: counters.syncs,
      writtenBytes: counters.bytes,
      retainedBytes,
      fences: counters.fences,
      attempts: counters.attempts,
      reopenings: counters.reopenings,
      damages: this.#damage.count,
      pendingDrops: this.#reclaimer.pendingCount,
      reclaimed: this.#reclaimer.reclaimed,
      scrubbedRecords: scrub.records,
      scrubbedFiles: scrub.files,
      scrubPasses: scrub.passes,
      expiryRepaired: scrub.repaired,
      expiryStale: this.#expiryStale,
    };
  }

  /**
   * Reads one key's record, blocking for the disk at worst. It is given as it is stored: whether it
   * has expired, or belongs to a namespace dropped since, is for the caller to look at.
   * @param hash 32 bits, signed or unsigned
   * @returns the store's one view, good until the next read (its payload for good), or null
   * @throws CorruptRecordError naming the key; StoreError, CLOSED while the store is reopened
   */
  read(shard: number, namespace: number, hash: number, key: Uint8Array): RecordView | null {
    const bytes = MAIN_PREFIX_BYTES + key.length;
    const into = bytes <= SCRATCH_BYTES ? this.#scratch : Buffer.allocUnsafe(bytes);
    putMainKey(into, shard, namespace, hash, key);
    return this.#read(into.subarray(0, bytes), key);
  }

  /** Reads one element's payload, or null. Errors as of `read`. */
  readElement(shard: number, objectId: number, key: Uint8Array): Uint8Array | null {
    return this.#read(elementKey(shard, objectId, key), key)?.payload ?? null;
  }

  /** Returns the shard's last checkpoint, or null before the first one. Errors as of `read`. */
  readCheckpoint(shard: number): Checkpoint | null {
    const key = checkpointKey(shard);
    const record = this.#read(key, key);
    return record && (decodeCheckpoint(shard, record.payload) ?? this.#malformed(key));
  }

  #read(storeKey: Uint8Array, name: Uint8Array): RecordView | null {
    this.#reads++;
    let value: Buffer | undefined;
    try {
      value = this.#reader.getSync(storeKey);
    } catch (error) {
      throw this.#noteError(error, name);
    }
    if (value === undefined) return null;
    const what = this.#view.decode(storeKey, value);
    if (what !== null) throw this.#noteDamage(new CorruptRecordError(what, name));
    return this.#view;
  }

  /** A batch to fill and to give to `commit`. */
  batch(): FlushBatch {
    return new FlushBatch();
  }

  /**
   * Writes a batch behind all earlier ones. Resolves when the engine has it: it then survives the
   * process, and with `sync` the power too, as does everything committed before it. An engine error
   * is dealt with inside: fence, reopen, write again.
   * @throws StoreError when reopening was given up: the state stays 'fenced', the batch may or may
   *   not be written by the next commit that succeeds; commit its changes again
   */
  async commit(batch: FlushBatch, { sync }: { readonly sync: boolean }): Promise<void> {
    await this.#writer.commit(() => batch, sync);
    for (const drop of batch.drops) this.#reclaimer.add(drop);
  }

  /** Makes everything committed so far survive a power loss. */
  async flush(): Promise<void> {
    await this.#writer.commit(() => new FlushBatch(), true);
  }

  /**
   * Copies the store as it is behind all commits so far into a directory, durably; later commits
   * wait, reading goes on. @throws StoreError
   */
  copyTo(directory: string): Promise<void> {
    return this.#writer.alone(() => this.#engine.copyTo(directory));
  }

  /** How hard the store is pressed: 0 flush freely, 1 stop flushing for now. Cheap. */
  pressure(): number {
    if (this.state !== 'open') return 1;
    const nowMs = performance.now();
    // Counted while nobody commits too: whoever stopped at 1 must see it fall again.
    if (nowMs - this.#filesAtMs > FILES_EVERY_MS) this.#countFiles(nowMs);
    return this.#pressure.value(nowMs);
  }

  /**
   * Reads a page of a namespace in the order of hashes (unsigned), from `fromHash`: about `limit`
   * records, all of a hash together. Damaged records are counted, named and left out.
   */
  async scan(
    shard: number,
    namespace: number,
    fromHash: number,
    limit: number,
  ): Promise<ScanResult> {
    const page = await this.#guarded(scanRecords(this.#reader, shard, namespace, fromHash, limit));
    for (const damage of page.damaged) this.#noteDamage(damage);
    return page;
  }

  /** Reads a page of a whole shard; damaged records are counted, named, and in it as such. */
  async scanShard(shard: number, from: Buffer | null, limit: number): Promise<ShardPage> {
    const page = await this.#guarded(scanShard(this.#reader, shard, from, limit));
    for (const { key, record } of page.records) {
      if (record === null) this.#noteDamage(new CorruptRecordError('checksum', key));
    }
    return page;
  }

  /** Reads a page of an object's elements, from an element key on. @throws as `read` */
  scanElements(
    shard: number,
    objectId: number,
    from: Uint8Array,
    limit: number,
  ): Promise<ElementPage> {
    return this.#guarded(scanElements(this.#reader, shard, objectId, from, limit));
  }

  /**
   * Reads all elements of an object at once, blocking: for who cannot wait. Nobody writes to it.
   * @param take gets key and payload of each, in the order of keys
   * @throws as `read`
   */
  readElements(
    shard: number,
    objectId: number,
    take: (key: Buffer, payload: Uint8Array) => void,
  ): void {
    const none = new Uint8Array(0);
    const from = elementKey(shard, objectId, none);
    let keys: Buffer[];
    try {
      keys = this.#reader.listKeysSync(from, elementKey(shard, objectId + 1, none));
    } catch (error) {
      throw this.#noteError(error, from);
    }
    for (const storeKey of keys) {
      const key = keyOfElement(storeKey);
      const record = this.#read(storeKey, key);
      if (record !== null) take(key, record.payload);
    }
  }

  /**
   * Finds at most `limit` keys of a shard whose records say that they have expired, earliest
   * first; they stay until the caller deletes them. Index records that have gone stale are removed.
   * @param fromMs leaves out those that expire before
   */
  async expired(
    shard: number,
    nowMs: number,
    limit: number,
    fromMs = 0,
  ): Promise<readonly ExpiredKey[]> {
    const { keys, stale, damaged } = await this.#guarded(
      findExpired(this.#reader, shard, nowMs, limit, fromMs),
    );
    for (const damage of damaged) this.#noteDamage(damage);
    if (stale.length > 0) {
      await this.#writer.commit(() => {
        const batch = new FlushBatch();
        for (const key of stale) if (isStale(this.#reader, key)) batch.deleteRaw(key);
        this.#expiryStale += batch.count;
        return batch;
      }, false);
    }
    return keys;
  }

  /** Drops a namespace of a shard, whose number is never used again: O(1), `step` does the work. */
  async dropNamespace(shard: number, namespace: number): Promise<void> {
    const batch = new FlushBatch();
    batch.dropNamespace(shard, namespace);
    await this.commit(batch, { sync: false });
  }

  /** Drops the elements of an object, in the same way. Usually part of a batch instead. */
  async dropObject(shard: number, objectId: number): Promise<void> {
    const batch = new FlushBatch();
    batch.dropObject(shard, objectId);
    await this.commit(batch, { sync: false });
  }

  /** True while elements of an object may be left: its id must not be used meanwhile. */
  isDropping(shard: number, objectId: number): boolean {
    return this.#reclaimer.has({ kind: 'object', shard, number: objectId });
  }

  /** Reclaims about `budget` dropped records. @returns how many; 0 = nothing to do */
  step(budget: number): Promise<number> {
    return this.#guarded(this.#reclaimer.step(budget));
  }

  /** Verifies `budget` records or one file. @returns true at the end of a pass over everything */
  scrubStep(budget: number): Promise<boolean> {
    return this.#guarded(this.#scrubber.step(budget));
  }

  /** Figures of the engine. @throws StoreError CLOSED while it is reopened */
  stats(): EngineStats {
    return this.#engine.stats();
  }

  /** Syncs and closes. @throws StoreError of the sync; it is closed all the same */
  close(): Promise<void> {
    return this.#writer.close();
  }

  #noteCommit(tookMs: number): void {
    const nowMs = performance.now();
    this.#pressure.note(tookMs, nowMs);
    this.#countFiles(nowMs);
  }

  #countFiles(nowMs: number): void {
    this.#filesAtMs = nowMs;
    if (this.#engine.isOpen) this.#pressure.noteFiles(this.#engine.levelZeroFiles());
  }

  async #guarded<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw this.#noteError(error, new Uint8Array(0));
    }
  }

  /** Damage does not fence: reopening would not heal it. Errors of the system do. */
  #noteError(error: unknown, name: Uint8Array): Error {
    if (error instanceof CorruptRecordError) return this.#noteDamage(error);
    // Neither: a bug, which is not ours to hide.
    if (!(error instanceof StoreError)) return error as Error;
    if (error.code === 'CORRUPT') {
      this.#damage.note({ kind: 'page', name: printable(name), what: error.message });
    } else if (error.code === 'IO' || error.code === 'NO_SPACE') {
      this.#writer.report(error);
    }
    return error;
  }

  #noteDamage(error: CorruptRecordError): CorruptRecordError {
    this.#damage.note({ kind: 'record', name: printable(error.key), what: error.message });
    return error;
  }

  #malformed(key: Uint8Array): never {
    throw this.#noteDamage(new CorruptRecordError('layout', key));
  }
}
