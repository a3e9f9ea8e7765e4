// The hot table with keys given as text and the rules of a command's `open` and `reserve`: locks,
// tombstones, expired entries. What tests of several classes and the stress run share.

import { SHARD_COUNT } from '@forgekv/base';
import { type Arena, createArena } from '../src/arena.ts';
import { Databases } from '../src/databases.ts';
import { HotTable } from '../src/hot-table.ts';
import { FLAG_COLD, FLAG_LARGE, PAGE_BYTES, TYPE_STRING, TYPE_TOMBSTONE } from '../src/layout.ts';

/** Odd on purpose: keys and values of a request lie anywhere. */
const KEY_OFFSET = 5;

/** An arena of so many pages with a fixed hash secret. */
export function smallArena(pages: number, databases = 4): Arena {
  return createArena({ poolBytes: pages * PAGE_BYTES, databases, hashSecret: [0x1234, 0x5678] });
}

export class KeyedTable {
  readonly table: HotTable;
  readonly databases: Databases;
  /** Called in the middle of changes, with the lock held: for tests that want others to come. */
  pause: () => void = () => {};
  /** Told that a large value is not needed any more. */
  largeFreed: (id: number) => void = () => {};
  readonly #keyBytes = Buffer.alloc(16 * 1024);
  readonly #keyView = new DataView(this.#keyBytes.buffer, 0, this.#keyBytes.length);

  constructor(arena: Arena, threadId = 1) {
    this.table = new HotTable(arena, threadId);
    this.databases = new Databases(this.table);
  }

  shardOf(key: string): number {
    const bytes = Buffer.from(key, 'latin1');
    return this.table.hasher.shard(bytes, 0, bytes.length);
  }

  /** Selects a key; its shard's lock is held. */
  select(key: string, db = 0): void {
    const length = this.#keyBytes.write(key, KEY_OFFSET, 'latin1');
    this.table.selectKey(this.#keyBytes, this.#keyView, KEY_OFFSET, length, db);
  }

  /** Runs with the key selected and its shard locked. */
  locked<T>(key: string, db: number, run: (table: HotTable) => T): T {
    const shard = this.shardOf(key);
    this.table.locks.lock(shard);
    this.select(key, db);
    const result = run(this.table);
    this.table.locks.unlock(shard);
    return result;
  }

  /** Returns the live entry of the selected key, or 0; removes it when it has expired. */
  live(nowMs: number): number {
    const { table } = this;
    const entry = table.find();
    this.pause();
    if (entry === 0 || table.typeOf(entry) === TYPE_TOMBSTONE) return 0;
    const expireAtMs = table.expireAtMs(entry);
    if (expireAtMs === 0 || expireAtMs > nowMs) return entry;
    this.remove(entry);
    return 0;
  }

  /** Removes a live entry of the selected key. */
  remove(entry: number): void {
    this.#dropLarge(entry);
    this.table.remove(entry, this.table.nextLsn(this.table.shard));
  }

  #dropLarge(entry: number): void {
    const { table } = this;
    if (table.isLarge(entry)) this.largeFreed(table.words[table.valueWord(entry)]!);
  }

  /**
   * Gives the selected key a value without an expiry, in its entry, its tombstone or a new one.
   * @returns the entry, or 0: the pool is full, and nothing has changed
   */
  put(value: Buffer, nowMs: number, type = TYPE_STRING): number {
    const { table } = this;
    const live = this.live(nowMs);
    const old = live === 0 ? table.find() : live;
    const largeId = old !== 0 && table.isLarge(old) ? table.words[table.valueWord(old)]! : -1;
    const entry = old === 0 ? table.create(type, value.length) : table.resize(old, value.length, 0);
    if (entry === 0) return 0;
    if (largeId >= 0) this.largeFreed(largeId);
    table.setFlags(entry, FLAG_LARGE | FLAG_COLD, 0);
    if (old !== 0 && live === 0) table.revive(entry, type);
    table.setType(entry, type);
    table.setExpireAtMs(entry, 0);
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    table.writeValue(entry, 0, value, view, 0, value.length);
    table.stamp(entry);
    return entry;
  }

  /** A copy of an entry's value. */
  valueOf(entry: number): Buffer {
    const at = this.table.valueWord(entry) * 4;
    return Buffer.from(this.table.bytes.subarray(at, at + this.table.valueLength(entry)));
  }

  /** `put`, with its own lock. */
  set(key: string, value: string | Buffer, db = 0, nowMs = 0): boolean {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
    return this.locked(key, db, () => this.put(bytes, nowMs) !== 0);
  }

  /** The value as latin-1, or null. */
  get(key: string, db = 0, nowMs = 0): string | null {
    return this.locked(key, db, () => {
      const entry = this.live(nowMs);
      return entry === 0 ? null : this.valueOf(entry).toString('latin1');
    });
  }

  delete(key: string, db = 0, nowMs = 0): boolean {
    return this.locked(key, db, () => {
      const entry = this.live(nowMs);
      if (entry !== 0) this.remove(entry);
      return entry !== 0;
    });
  }

  /** Sets a key's expiry, 0 = never; false: there is no such key. */
  expireAt(key: string, expireAtMs: number, db = 0, nowMs = 0): boolean {
    return this.locked(key, db, (table) => {
      const entry = this.live(nowMs);
      if (entry !== 0) table.setExpireAtMs(entry, expireAtMs);
      return entry !== 0;
    });
  }

  flush(db: number): number {
    return this.databases.withAllLocks(() => this.databases.flush(db));
  }

  swap(a: number, b: number): void {
    this.databases.withAllLocks(() => this.databases.swap(a, b));
  }

  /** Total of the keys of a database, counted shard by shard. */
  keysByShard(db: number): number {
    let sum = 0;
    for (let shard = 0; shard < SHARD_COUNT; shard++) sum += this.databases.keysOfShard(db, shard);
    return sum;
  }
}

/** Returns `count` different keys that all lie in one shard, by a common hash tag. */
export function keysInShard(keys: KeyedTable, shard: number, count: number): string[] {
  for (let tag = 0; ; tag++) {
    if (keys.shardOf(`{${tag}}`) !== shard) continue;
    return Array.from({ length: count }, (_, i) => `{${tag}}${i}`);
  }
}
