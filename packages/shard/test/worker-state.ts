// What a test worker holds, as plain data, and whether its store holds the same. Reads values
// wherever they are, so cold ones come back; compares nothing in time.

import { SHARD_COUNT } from '@forgekv/base';
import {
  FLAG_DIRTY,
  FLAG_ENCODING_MASK,
  FLAG_ENCODING_SHIFT,
  SHARD_END,
  TYPE_TOMBSTONE,
} from '@forgekv/keyspace';
import { byteCountOf, decodeLarge, NOT_COUNTED } from '@forgekv/storage';
import { ALL_SHARDS, type TestWorker } from './test-worker.ts';

/** An element's store key begins with this byte. */
const ELEMENT = 0xff;

export interface KeyState {
  readonly shard: number;
  readonly type: number;
  readonly encoding: number;
  readonly expireAtMs: number;
  readonly lsn: number;
  readonly isDirty: boolean;
  readonly value: Buffer;
}

/** Live keys by `namespace key`. Errors of reading throw. */
export function stateOf(worker: TestWorker): Map<string, KeyState> {
  const { table, context } = worker;
  const state = new Map<string, KeyState>();
  for (const [shard, namespace, key] of keysOf(worker)) {
    const db = context.databases.ofNamespace(namespace);
    const bytes = Buffer.from(key, 'latin1');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    table.locks.lock(shard);
    table.selectKey(bytes, view, 0, bytes.length, db);
    const entry = context.loadValue(table.find());
    if (entry > 0) {
      const { valueBytes, valueOffset, valueLength } = context;
      const flags = table.flagsOf(entry);
      state.set(`${namespace} ${key}`, {
        shard,
        type: table.typeOf(entry),
        encoding: (flags >>> FLAG_ENCODING_SHIFT) & FLAG_ENCODING_MASK,
        expireAtMs: table.expireAtMs(entry),
        lsn: table.lsnOf(entry),
        isDirty: (flags & FLAG_DIRTY) !== 0,
        value: Buffer.from(valueBytes.subarray(valueOffset, valueOffset + valueLength)),
      });
    }
    table.locks.unlock(shard);
    if (entry <= 0) throw new Error(`${key} cannot be read: ${context.unreadable}`);
  }
  return state;
}

function keysOf({ table, context }: TestWorker): [number, number, string][] {
  const keys: [number, number, string][] = [];
  const { scanner, databases } = context;
  for (const shard of ALL_SHARDS) {
    table.locks.lock(shard);
    scanner.walkAll(shard, 0, SHARD_END, (entry) => {
      const namespace = table.namespaceOf(entry);
      if (table.typeOf(entry) === TYPE_TOMBSTONE || databases.ofNamespace(namespace) < 0) {
        return true;
      }
      const at = table.keyWord(entry) * 4;
      const key = table.bytes.toString('latin1', at, at + table.keyLength(entry));
      keys.push([shard, namespace, key]);
      return true;
    });
    table.locks.unlock(shard);
  }
  return keys;
}

/** Entries of live databases that are dirty, and tombstones: neither is left by a quiet pass. */
export function unflushed({ table, context }: TestWorker): number {
  let count = 0;
  for (const shard of ALL_SHARDS) {
    table.locks.lock(shard);
    context.scanner.walkAll(shard, 0, SHARD_END, (entry) => {
      const isLive = context.databases.ofNamespace(table.namespaceOf(entry)) >= 0;
      if (isLive && (table.flagsOf(entry) & FLAG_DIRTY) !== 0) count++;
      return true;
    });
    table.locks.unlock(shard);
  }
  return count;
}

/** LSNs of the store's records, by `namespace key`. */
export async function recordsOf(worker: TestWorker): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const shard of ALL_SHARDS) {
    let from: Buffer | null = null;
    do {
      const page = await worker.stores.of(shard).scanShard(shard, from, 1000);
      for (const { namespace, key, record } of page.records) {
        found.set(`${namespace} ${key.toString('latin1')}`, record?.lsn ?? -1);
      }
      from = page.next;
    } while (from !== null);
  }
  return found;
}

/** Differences between table and store after a quiet pass and all reclaiming; [] = equal. */
export async function differencesFromStore(worker: TestWorker): Promise<string[]> {
  const { stores, table } = worker;
  await reclaimAll(worker);
  const problems: string[] = [];
  const state = stateOf(worker);
  let elements = 0;
  for (const shard of ALL_SHARDS) {
    const store = stores.of(shard);
    const { records } = await store.scanShard(shard, null, 100_000);
    for (const { namespace, key, record } of records) {
      const name = `${namespace} ${key.toString('latin1')}`;
      const known = state.get(name);
      state.delete(name);
      if (known === undefined || record === null) {
        problems.push(`${name}: in the store only, or damaged`);
        continue;
      }
      const { type, encoding, expireAtMs, lsn } = record;
      const about = [type, encoding, expireAtMs, lsn].join();
      const expected = [known.type, known.encoding, known.expireAtMs, known.lsn].join();
      if (about !== expected) problems.push(`${name}: ${about}, not ${expected}`);
      const metadata = record.isLarge ? decodeLarge(record.payload) : null;
      elements += metadata?.count ?? 0;
      if (metadata === null && !known.value.equals(record.payload)) {
        problems.push(`${name}: another value`);
      }
    }
    const lastLsn = table.lastLsn(shard);
    const checkpoint = store.readCheckpoint(shard)?.durableLsn ?? 0;
    if (checkpoint !== lastLsn) problems.push(`shard ${shard}: checkpoint ${checkpoint}`);
  }
  for (const name of state.keys()) problems.push(`${name}: not in the store`);
  const found = await countElements(worker);
  if (found !== elements) problems.push(`${found} elements, ${elements} belong to values`);
  return problems;
}

/**
 * Shards and databases whose bytes are not the sum over their keys, all of which are brought back;
 * [] = none.
 */
export async function misweighed(worker: TestWorker): Promise<string[]> {
  const { table, context } = worker;
  const { databases, scanner } = context;
  while (await worker.warmUp.step());
  if (databases.away > 0) throw new Error(`${databases.away} keys find no room`);
  const problems: string[] = [];
  for (const shard of ALL_SHARDS) {
    const sums = new Map<number, number>();
    table.locks.lock(shard);
    scanner.walkAll(shard, 0, SHARD_END, (entry) => {
      if (table.typeOf(entry) === TYPE_TOMBSTONE) return true;
      const namespace = table.namespaceOf(entry);
      sums.set(namespace, (sums.get(namespace) ?? 0) + table.datasetBytes(entry));
      return true;
    });
    table.locks.unlock(shard);
    for (let db = 0; db < databases.count; db++) {
      const sum = sums.get(databases.namespaceOf(db)) ?? 0;
      const counted = databases.bytesOfShard(db, shard);
      if (counted !== sum) problems.push(`${counted} bytes of ${shard} ${db}, there are ${sum}`);
    }
  }
  return problems;
}

/** Bytes of the keys and values of a worker's records, by shard and namespace. */
async function bytesOfRecords(worker: TestWorker): Promise<Map<string, number>> {
  const bytes = new Map<string, number>();
  for (const shard of ALL_SHARDS) {
    const { records } = await worker.stores.of(shard).scanShard(shard, null, 100_000);
    for (const { namespace, key, record } of records) {
      const name = `${shard} ${namespace}`;
      bytes.set(name, (bytes.get(name) ?? 0) + key.length + (record ? byteCountOf(record) : 0));
    }
  }
  return bytes;
}

/**
 * Differences between the counts that the flusher keeps and the records there are; [] = equal.
 * @param isWhole the last pass has ended: all bytes are known
 */
export async function miscounts(worker: TestWorker, isWhole = true): Promise<string[]> {
  const counted = new Map<string, number>();
  const bytesOf = await bytesOfRecords(worker);
  const wrong: string[] = [];
  for (const shard of ALL_SHARDS) {
    for (const { namespace, keys, bytes } of worker.flusher.recordsOf(shard)) {
      counted.set(`${namespace}`, (counted.get(`${namespace}`) ?? 0) + keys);
      const there = bytesOf.get(`${shard} ${namespace}`) ?? 0;
      if (worker.context.databases.ofNamespace(namespace) < 0 || bytes === there) continue;
      if (bytes === NOT_COUNTED && !isWhole) continue;
      wrong.push(`${bytes} bytes counted in ${shard} ${namespace}, there are ${there}`);
    }
  }
  const { databases } = worker.context;
  const problems = wrong;
  const found = new Map<string, number>();
  for (const name of (await recordsOf(worker)).keys()) {
    const namespace = name.slice(0, name.indexOf(' '));
    found.set(namespace, (found.get(namespace) ?? 0) + 1);
  }
  for (let db = 0; db < databases.count; db++) {
    const namespace = `${databases.namespaceOf(db)}`;
    const [records, count] = [found.get(namespace) ?? 0, counted.get(namespace) ?? 0];
    if (records !== count) problems.push(`${records} records of ${namespace}, counted ${count}`);
  }
  return problems;
}

/** Lets the stores do what they have put off. */
export async function reclaimAll({ stores }: TestWorker): Promise<void> {
  for (const store of stores.all) while (store.counters.pendingDrops > 0) await store.step(1000);
}

/** Elements of large values in the store, needed or not. */
export async function countElements({ disk }: TestWorker): Promise<number> {
  const from = Buffer.from([ELEMENT]);
  const end = Buffer.from([ELEMENT, SHARD_COUNT]);
  const { keys } = await disk.engine.scanPage(from, end, 100_000, 2 ** 30);
  return keys.length;
}

/**
 * Differences between two states; [] = equal. Leaves aside what is dirty, and the encoding: a
 * short string that was changed in part is `raw`, and `embstr` again when its log says SET.
 */
export function differences(
  expected: ReadonlyMap<string, KeyState>,
  found: ReadonlyMap<string, KeyState>,
): string[] {
  const problems: string[] = [];
  for (const [name, { type, expireAtMs, lsn, value }] of expected) {
    const other = found.get(name);
    if (other === undefined) {
      problems.push(`${name} is missing`);
      continue;
    }
    const about = [other.type, other.expireAtMs, other.lsn].join();
    const wanted = [type, expireAtMs, lsn].join();
    if (about !== wanted) problems.push(`${name}: ${about}, not ${wanted}`);
    if (!other.value.equals(value)) problems.push(`${name}: another value`);
  }
  for (const name of found.keys()) if (!expected.has(name)) problems.push(`${name} came back`);
  return problems;
}
