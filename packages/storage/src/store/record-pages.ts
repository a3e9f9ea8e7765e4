// Pages of records: of a namespace in hash order, of an object's elements, of a shard's expired
// keys. Reads only; what turns out to be stale is handed back for others to delete.

import {
  END_OF_KEYS,
  elementKey,
  expiryBound,
  hashOfMain,
  isTimeOf,
  keyOfElement,
  keyOfMain,
  mainBound,
  mainKeyOfExpiry,
  namespaceOfMain,
  RecordView,
  timeOfExpiry,
} from './record.ts';
import type { EnginePage, EngineReader } from './store-engine.ts';
import { CorruptRecordError } from './store-errors.ts';

/** A page's bytes before it is cut, about. */
const PAGE_BYTES = 1 << 20;
/** Pages `findExpired` looks through at most. */
const EXPIRED_PAGES = 8;

export interface ScannedRecord {
  /** Unsigned. */
  readonly hash: number;
  readonly key: Buffer;
  readonly record: RecordView;
}

export interface ScanResult {
  readonly records: readonly ScannedRecord[];
  /** Records left out because they are damaged. */
  readonly damaged: readonly CorruptRecordError[];
  /** The hash to go on with, 1..2^32-1, or -1 at the end. All records below it were given. */
  readonly nextHash: number;
}

/**
 * Reads records of a namespace in the order of their hashes, from `fromHash`: about `limit`, fewer
 * when they are large, and always all records of a hash together.
 */
export async function scanRecords(
  engine: EngineReader,
  shard: number,
  namespace: number,
  fromHash: number,
  limit: number,
): Promise<ScanResult> {
  const records: ScannedRecord[] = [];
  const damaged: CorruptRecordError[] = [];
  const end = mainBound(shard, namespace, 2 ** 32);
  const first = await engine.scanPage(
    mainBound(shard, namespace, fromHash),
    end,
    limit,
    PAGE_BYTES,
  );
  takeRecords(first, records, damaged);
  if (first.next === null) return { records, damaged, nextHash: -1 };
  // The last hash may go on behind the page: finish it.
  const nextHash = hashOfMain(first.keys.at(-1)!) + 1;
  const endOfHash = mainBound(shard, namespace, nextHash);
  let from: Buffer | null = first.next;
  while (from !== null) {
    const page = await engine.scanPage(from, endOfHash, limit, PAGE_BYTES);
    takeRecords(page, records, damaged);
    from = page.next;
  }
  return { records, damaged, nextHash: nextHash === 2 ** 32 ? -1 : nextHash };
}

/** A record of a shard, whatever its namespace; null: it is damaged. */
export interface ShardRecord {
  readonly namespace: number;
  readonly key: Buffer;
  readonly record: RecordView | null;
}

export interface ShardPage {
  readonly records: readonly ShardRecord[];
  /** Where to go on, or null at the end. */
  readonly next: Buffer | null;
}

/**
 * Reads about `limit` records of a shard, of all its namespaces, in the order of the store.
 * @param from what the page before said, null = the beginning
 */
export async function scanShard(
  engine: EngineReader,
  shard: number,
  from: Buffer | null,
  limit: number,
): Promise<ShardPage> {
  const start = from ?? mainBound(shard, 0, 0);
  const page = await engine.scanPage(start, Buffer.from([shard + 1]), limit, PAGE_BYTES);
  const records = page.keys.map((storeKey, i): ShardRecord => {
    const record = new RecordView();
    const isSound = record.decode(storeKey, page.values[i]!) === null;
    const namespace = namespaceOfMain(storeKey);
    return { namespace, key: keyOfMain(storeKey), record: isSound ? record : null };
  });
  return { records, next: page.next };
}

function takeRecords(
  page: EnginePage,
  records: ScannedRecord[],
  damaged: CorruptRecordError[],
): void {
  for (const [i, storeKey] of page.keys.entries()) {
    const record = new RecordView();
    const what = record.decode(storeKey, page.values[i]!);
    const key = keyOfMain(storeKey);
    if (what === null) records.push({ hash: hashOfMain(storeKey), key, record });
    else damaged.push(new CorruptRecordError(what, key));
  }
}

export interface ElementPage {
  readonly keys: readonly Buffer[];
  readonly payloads: readonly Uint8Array[];
  /** The element key to go on with, inclusive, or null at the end. */
  readonly next: Buffer | null;
}

/**
 * Reads an object's elements in the order of their keys.
 * @param from an element key, empty for the first
 * @throws CorruptRecordError for a damaged element: a value with a hole must not look whole
 */
export async function scanElements(
  engine: EngineReader,
  shard: number,
  objectId: number,
  from: Uint8Array,
  limit: number,
): Promise<ElementPage> {
  const start = elementKey(shard, objectId, from);
  const end = elementKey(shard, objectId + 1, new Uint8Array(0));
  const page = await engine.scanPage(start, end, limit, PAGE_BYTES);
  const payloads = page.keys.map((key, i) => {
    const view = new RecordView();
    const what = view.decode(key, page.values[i]!);
    if (what !== null) throw new CorruptRecordError(`${what} of an element`, keyOfElement(key));
    return view.payload;
  });
  const next = page.next && keyOfElement(page.next);
  return { keys: page.keys.map((key) => keyOfElement(key)), payloads, next };
}

export interface ExpiredKey {
  readonly namespace: number;
  /** Unsigned. */
  readonly hash: number;
  readonly key: Buffer;
  readonly expireAtMs: number;
  readonly lsn: number;
}

export interface ExpiredResult {
  readonly keys: readonly ExpiredKey[];
  /** Store keys of expiry records that no main record agrees with. */
  readonly stale: readonly Buffer[];
  readonly damaged: readonly CorruptRecordError[];
}

/** Finds at most `limit` keys of a shard that expire at `fromMs` to `nowMs`, earliest first. */
export async function findExpired(
  engine: EngineReader,
  shard: number,
  nowMs: number,
  limit: number,
  fromMs = 0,
): Promise<ExpiredResult> {
  const keys: ExpiredKey[] = [];
  const stale: Buffer[] = [];
  const damaged: CorruptRecordError[] = [];
  const end = expiryBound(shard, Math.floor(nowMs) + 1);
  let from: Buffer | null = expiryBound(shard, fromMs);
  for (let i = 0; i < EXPIRED_PAGES && from !== null && keys.length < limit; i++) {
    const page = await engine.scanPage(from, end, limit, PAGE_BYTES);
    from = page.next;
    for (const indexKey of page.keys) {
      if (keys.length === limit) break;
      const mainKey = mainKeyOfExpiry(indexKey);
      const value = engine.getSync(mainKey);
      const record = new RecordView();
      const what = value === undefined ? null : record.decode(mainKey, value);
      if (what !== null) damaged.push(new CorruptRecordError(what, keyOfMain(mainKey)));
      else if (value === undefined || !isTimeOf(timeOfExpiry(indexKey), record.expireAtMs)) {
        stale.push(indexKey);
      } else {
        const { expireAtMs, lsn } = record;
        const namespace = namespaceOfMain(mainKey);
        keys.push({
          namespace,
          hash: hashOfMain(mainKey),
          key: keyOfMain(mainKey),
          expireAtMs,
          lsn,
        });
      }
    }
  }
  return { keys, stale, damaged };
}

/** True while no main record has the expiry that an expiry record speaks of. */
export function isStale(engine: EngineReader, indexKey: Buffer): boolean {
  const mainKey = mainKeyOfExpiry(indexKey);
  const value = engine.getSync(mainKey);
  if (value === undefined) return true;
  const record = new RecordView();
  const isWhole = record.decode(mainKey, value) === null;
  return isWhole && !isTimeOf(timeOfExpiry(indexKey), record.expireAtMs);
}

/**
 * Returns where to go on when the page at `from` cannot be read. Steps begin at a 65,536th of a
 * namespace and grow, so that a few hundred of them cross everything.
 * @param failures pages in a row that could not be read before this one
 */
export function skipPage(from: Uint8Array, failures: number): Buffer {
  const last = Math.max(0, 6 - (failures >>> 4));
  const bumped = Buffer.alloc(last + 1);
  bumped.set(from.subarray(0, last + 1));
  for (let i = last; i >= 0; i--) {
    bumped[i]! += 1;
    if (bumped[i] !== 0) return bumped;
  }
  return END_OF_KEYS;
}
