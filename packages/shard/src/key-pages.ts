// Reads pages of keys, of table and store together: for walks over whole databases. Waits for the
// disk without blocking, and asks other workers for the pages of their stores.
//
// Why no key is missed that is there all the while: the table is looked at before the store. A key
// that has an entry at the first look is taken from there. One that has none then is clean, and
// only in the store; its record stays there unless somebody changes or removes it, whatever
// comes into the table or leaves it, and so the second look finds it. Nor is a key given that was
// gone before: at the first look a removed one has a tombstone, or no record any more.
//
// What is due is judged by the time of the command: a record that is not due then and that is
// given a later time, or none, is given, before and after that.

import { setTimeout as pause } from 'node:timers/promises';
import type { CommandContext, KeyPage } from '@forgekv/commands';
import { SHARD_END, TYPE_STRING, TYPE_TOMBSTONE } from '@forgekv/keyspace';
import type { ScanResult } from '@forgekv/storage';
import type { Peers } from './peers.ts';
import type { ShardStores } from './shard-stores.ts';

/** Buckets and entries looked at while a shard's lock is held. */
const SLICE_STEPS = 4096;
const GATE_WAIT_MS = 1;

/** Which keys are wanted. */
export interface KeyQuery {
  readonly shard: number;
  readonly db: number;
  /** Hash of the first one. */
  readonly position: number;
  /** About how many. */
  readonly wanted: number;
  /** What has expired by then is left out. */
  readonly nowMs: number;
}

/** What the table has from a hash on. */
interface Slice {
  readonly namespace: number;
  readonly keys: Map<
    string,
    { readonly hash: number; readonly key: Buffer; readonly type: number }
  >;
  readonly next: number;
  /** The table has all keys there are. */
  readonly isComplete: boolean;
}

export interface KeyPagesModules {
  readonly context: CommandContext;
  readonly stores: ShardStores;
  readonly peers: Peers;
  readonly workerOf: Uint8Array;
  readonly index: number;
  /** Returns when what was seen may be told; false: it may never. */
  readonly settle: () => boolean;
}

/** The type of a slice's keys that are not there. */
const GONE = -1;

export class StoredKeyPages {
  readonly #m: KeyPagesModules;

  constructor(modules: KeyPagesModules) {
    this.#m = modules;
  }

  /** @throws StoreError; Error of another worker's */
  async read(query: KeyQuery): Promise<KeyPage> {
    const { context, peers, workerOf, index } = this.#m;
    const { shard, db } = query;
    const owner = workerOf[shard]!;
    // Not within the command, or within another one that waits for a peer.
    await Promise.resolve();
    if (owner !== index && !context.databases.isComplete(db, shard)) {
      return peers.keys(owner, query);
    }
    for (;;) {
      const page = await this.#readOwn(query);
      if (page !== null) return page;
    }
  }

  /** Null: the database became another one meanwhile. */
  async #readOwn(query: KeyQuery): Promise<KeyPage | null> {
    const { context, stores, peers, workerOf, index } = this.#m;
    const { shard, db } = query;
    const slice = await this.#slice(query);
    if (!this.#m.settle()) throw new Error('a write-ahead log cannot be written');
    if (slice.isComplete) return pageOf(slice, slice.next, []);
    // It is another worker's, and a key left its table just now.
    if (workerOf[shard] !== index) return peers.keys(workerOf[shard]!, query);
    const { namespace } = slice;
    const found = await stores.of(shard).scan(shard, namespace, query.position, query.wanted);
    if (context.databases.namespaceOf(db) !== namespace) return null;
    const next = Math.min(slice.next, found.nextHash < 0 ? SHARD_END : found.nextHash);
    return pageOf(slice, next, this.#recordsOf(query, slice, found, next));
  }

  /** Looks at the table; waits while a transaction has the shard. */
  async #slice(query: KeyQuery): Promise<Slice> {
    const { table } = this.#m.context;
    const { shard } = query;
    for (;;) {
      table.locks.lock(shard);
      const slice = table.gateOf(shard) === 0 ? this.#sliceLocked(query) : null;
      table.locks.unlock(shard);
      if (slice !== null) return slice;
      await pause(GATE_WAIT_MS);
    }
  }

  #sliceLocked({ shard, db, position, wanted, nowMs }: KeyQuery): Slice {
    const { table, databases, scanner, log } = this.#m.context;
    const namespace = databases.namespaceOf(db);
    const keys: Slice['keys'] = new Map();
    log?.seesAbsence(shard);
    const next = scanner.walkAll(shard, position, SLICE_STEPS, (entry) => {
      if (table.namespaceOf(entry) !== namespace) return true;
      log?.sees(entry);
      const at = table.keyWord(entry) * 4;
      const key = Buffer.from(table.bytes.subarray(at, at + table.keyLength(entry)));
      const expireAtMs = table.expireAtMs(entry);
      const isDue = expireAtMs !== 0 && expireAtMs <= nowMs;
      const isGone = isDue || table.typeOf(entry) === TYPE_TOMBSTONE;
      const type = isGone ? GONE : table.typeOf(entry);
      keys.set(key.toString('latin1'), { hash: table.hashOf(entry) >>> 0, key, type });
      return keys.size < wanted;
    });
    return { namespace, keys, next, isComplete: databases.isComplete(db, shard) };
  }

  /** Keys below `next` that had no entry at the first look, and are there. */
  #recordsOf(query: KeyQuery, slice: Slice, found: ScanResult, next: number): [Buffer, number][] {
    const { table } = this.#m.context;
    const { shard, db, nowMs } = query;
    const keys: [Buffer, number][] = [];
    table.locks.lock(shard);
    const add = (key: Buffer, type: number, expireAtMs: number): void => {
      if (slice.keys.has(key.toString('latin1'))) return;
      const view = new DataView(key.buffer, key.byteOffset, key.length);
      const hash = table.hasher.digest(key, view, 0, key.length);
      if (hash >>> 0 >= next) return;
      table.selectHashed(key, view, 0, key.length, db, shard, hash);
      const entry = table.find();
      if (entry !== 0 && table.typeOf(entry) === TYPE_TOMBSTONE) return;
      if (expireAtMs === 0 || expireAtMs > nowMs) keys.push([key, type]);
    };
    for (const { key, record } of found.records) add(key, record.type, record.expireAtMs);
    // They are there, and reading them says what is wrong.
    for (const { key } of found.damaged) add(Buffer.from(key), TYPE_STRING, 0);
    table.locks.unlock(shard);
    return keys;
  }
}

function pageOf(slice: Slice, next: number, more: readonly [Buffer, number][]): KeyPage {
  const keys = more.map(([key]) => key);
  const types = more.map(([, type]) => type);
  for (const { hash, key, type } of slice.keys.values()) {
    if (hash >= next || type === GONE) continue;
    keys.push(key);
    types.push(type);
  }
  return { keys, types, next };
}
