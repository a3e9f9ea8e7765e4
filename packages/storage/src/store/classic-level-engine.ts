// The storage engine on LevelDB: the only file that imports classic-level. What LevelDB 1.20 does
// not do and a contract needs is added here: file checks before opening, complete syncs, pages
// without silent gaps. Never multithreading: true (it frees memory that is still in use).

import { rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { invariant } from '@forgekv/base';
import { ClassicLevel } from 'classic-level';
import { copyLevelFiles } from './level-copy.ts';
import {
  listTables,
  sizeOfFiles,
  syncLevelFiles,
  verifyLevelFiles,
  verifyTableNamed,
} from './level-files.ts';
import { LevelRange } from './level-range.ts';
import {
  type EnginePage,
  type EngineStats,
  type FileCheck,
  keyAfter,
  type StoreEngine,
  type StoreWrite,
  type WriteOptions,
} from './store-engine.ts';
import { StoreError, toStoreError } from './store-errors.ts';
import { MARKER_FILE } from './synced-marker.ts';
import type { FileDamage, VerifyDepth } from './table-file.ts';

export interface ClassicLevelOptions {
  /** LevelDB's memtable and log size, two of which may be in memory. Default 8 MB. */
  readonly writeBufferBytes?: number;
  /** Cache of blocks. Default 8 MB. */
  readonly cacheBytes?: number;
  /** Tables kept open, with their indexes in memory. Default 1,000. */
  readonly openFiles?: number;
  /**
   * What is verified before LevelDB sees the files. It trusts what it finds there: one flipped bit
   * can give stale values, or fail an assertion that ends the process. 'all' reads everything, 200
   * to 400 MB a second; 'index' about a hundredth, and misses data blocks. Default: 'all' for a
   * store of up to `verifyAllBytes`, 'index' above, and whenever this engine opens it again.
   */
  readonly verify?: VerifyDepth | 'none';
  /** Default 128 MB: a start does not wait for more. */
  readonly verifyAllBytes?: number;
}

const DEFAULT_WRITE_BUFFER_BYTES = 8 << 20;
const DEFAULT_CACHE_BYTES = 8 << 20;
const DEFAULT_OPEN_FILES = 1000;
const DEFAULT_VERIFY_ALL_BYTES = 128 << 20;
const LEVELS = 7;
const PAGE_BYTES_OF_DELETE = 4 << 20;
/** Times the write buffer: what opening may have to write before it can serve. */
const ROOM_FACTOR = 3;

type Level = ClassicLevel<Uint8Array, Buffer>;
type LevelIterator = ReturnType<Level['iterator']>;

export class ClassicLevelEngine implements StoreEngine {
  readonly #directory: string;
  readonly #writeBufferBytes: number;
  readonly #cacheBytes: number;
  readonly #openFiles: number;
  readonly #verify: VerifyDepth | 'none' | undefined;
  readonly #verifyAllBytes: number;
  #wasOpen = false;
  #tables: readonly string[] = [];
  readonly #range: LevelRange;
  #level: Level | null = null;

  /** @param directory made when missing, parents too */
  constructor(directory: string, options: ClassicLevelOptions = {}) {
    this.#directory = directory;
    this.#range = new LevelRange(directory, () => this.#handle().getProperty('leveldb.sstables'));
    this.#writeBufferBytes = options.writeBufferBytes ?? DEFAULT_WRITE_BUFFER_BYTES;
    this.#cacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES;
    this.#openFiles = options.openFiles ?? DEFAULT_OPEN_FILES;
    this.#verify = options.verify;
    this.#verifyAllBytes = options.verifyAllBytes ?? DEFAULT_VERIFY_ALL_BYTES;
  }

  get isOpen(): boolean {
    return this.#level !== null;
  }

  async open(): Promise<void> {
    invariant(this.#level === null, 'the engine is open already');
    await this.#verifyFiles();
    // A new object each time: nothing of a handle that failed may live on.
    const level: Level = new ClassicLevel(this.#directory, {
      keyEncoding: 'view',
      valueEncoding: 'buffer',
      multithreading: false,
      writeBufferSize: this.#writeBufferBytes,
      cacheSize: this.#cacheBytes,
      maxOpenFiles: this.#openFiles,
    });
    try {
      await level.open();
    } catch (error) {
      await level.close().catch(() => undefined);
      throw toStoreError(error, `cannot open ${this.#directory}`);
    }
    this.#level = level;
    this.#wasOpen = true;
  }

  async #verifyFiles(): Promise<void> {
    if (this.#verify === 'none') return;
    const found = await this.#findDamage().catch((error) => {
      throw toStoreError(error, `cannot verify ${this.#directory}`);
    });
    // Without its marker a store is whole, only less well checked.
    const damage = found.filter(({ file }) => file !== MARKER_FILE);
    if (damage.length < found.length) await rm(path.join(this.#directory, MARKER_FILE));
    if (damage.length === 0) return;
    const list = damage.map(({ file, offset, what }) => `${file} at byte ${offset}: ${what}`);
    throw new StoreError('CORRUPT', `damaged files in ${this.#directory}: ${list.join('; ')}`);
  }

  async #findDamage(): Promise<FileDamage[]> {
    let depth = this.#verify;
    if (depth === undefined || depth === 'none') {
      const isLarge = (await sizeOfFiles(this.#directory)) > this.#verifyAllBytes;
      depth = this.#wasOpen || isLarge ? 'index' : 'all';
    }
    return verifyLevelFiles(this.#directory, depth, 8);
  }

  getSync(key: Uint8Array): Buffer | undefined {
    const level = this.#handle();
    try {
      return level.getSync(key);
    } catch (error) {
      throw toStoreError(error, `cannot read from ${this.#directory}`);
    }
  }

  listKeysSync(from: Uint8Array, before: Uint8Array): Buffer[] {
    this.#handle();
    try {
      return this.#range.keys(from, before);
    } catch (error) {
      throw toStoreError(error, `cannot walk ${this.#directory}`);
    }
  }

  async writeBatch(batch: readonly StoreWrite[], { sync }: WriteOptions): Promise<void> {
    const level = this.#handle();
    try {
      if (batch.length > 0) {
        const chained = level.batch();
        for (const { key, value } of batch) {
          if (value === null) chained.del(key);
          else chained.put(key, asBuffer(value));
        }
        await chained.write({ sync });
      }
      if (sync) await syncLevelFiles(this.#directory);
    } catch (error) {
      throw toStoreError(error, `cannot write to ${this.#directory}`);
    }
  }

  async scanPage(
    from: Uint8Array,
    before: Uint8Array,
    maxEntries: number,
    maxBytes: number,
  ): Promise<EnginePage> {
    const level = this.#handle();
    try {
      return await readPage(level, from, before, maxEntries, maxBytes);
    } catch (error) {
      throw toStoreError(error, `cannot scan ${this.#directory}`);
    }
  }

  async deleteRange(
    from: Uint8Array,
    before: Uint8Array,
    maxEntries: number,
  ): Promise<Buffer | null> {
    const { keys, next } = await this.scanPage(from, before, maxEntries, PAGE_BYTES_OF_DELETE);
    await this.writeBatch(
      keys.map((key) => ({ key, value: null })),
      { sync: false },
    );
    return next;
  }

  levelZeroFiles(): number {
    return Number(this.#handle().getProperty('leveldb.num-files-at-level0'));
  }

  stats(): EngineStats {
    const level = this.#handle();
    const filesPerLevel = Array.from({ length: LEVELS }, (_, i) =>
      Number(level.getProperty(`leveldb.num-files-at-level${i}`)),
    );
    const compaction = level.getProperty('leveldb.stats');
    // Rows of the table: level, files, size in MB, ...
    let megabytes = 0;
    for (const [, size] of compaction.matchAll(/^ *\d+ +\d+ +(\d+)/gm)) megabytes += Number(size);
    return { filesPerLevel, approximateBytes: megabytes * 2 ** 20, compaction };
  }

  async verifyFile(after: string): Promise<FileCheck | null> {
    this.#handle();
    try {
      // Listed once per walk: the manifest of a large store is long. Tables never change, and
      // newer ones can wait; half-written ones are not in it.
      if (after === '') this.#tables = await listTables(this.#directory);
      const name = this.#tables.find((other) => other > after);
      if (name === undefined) return null;
      const damage = await verifyTableNamed(this.#directory, name, 'all');
      const text = damage && `${damage.what} at byte ${damage.offset}`;
      return { name, damage: text };
    } catch (error) {
      throw toStoreError(error, `cannot verify ${this.#directory}`);
    }
  }

  async flush(): Promise<void> {
    await this.writeBatch([], { sync: true });
  }

  async copyTo(directory: string): Promise<void> {
    this.#handle();
    try {
      await copyLevelFiles(this.#directory, directory);
    } catch (error) {
      throw toStoreError(error, `cannot copy ${this.#directory}`);
    }
  }

  async hasRoom(): Promise<boolean> {
    try {
      const { bavail, bsize } = await statfs(this.#directory);
      return bavail * bsize > ROOM_FACTOR * this.#writeBufferBytes;
    } catch {
      return true;
    }
  }

  async close(): Promise<void> {
    const level = this.#level;
    this.#level = null;
    try {
      await level?.close();
    } catch (error) {
      throw toStoreError(error, `cannot close ${this.#directory}`);
    }
  }

  #handle(): Level {
    if (this.#level === null) throw new StoreError('CLOSED', `${this.#directory} is not open`);
    return this.#level;
  }
}

async function readPage(
  level: Level,
  from: Uint8Array,
  before: Uint8Array,
  maxEntries: number,
  maxBytes: number,
): Promise<EnginePage> {
  const iterator = level.iterator<Uint8Array, Buffer>({
    gte: from,
    lt: before,
    fillCache: false,
    highWaterMarkBytes: maxBytes,
  });
  try {
    const entries = await iterator.nextv(maxEntries);
    const keys = entries.map(([key]) => asBuffer(key));
    const values = entries.map(([, value]) => value);
    const bytes = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    const isFull = entries.length === maxEntries || bytes > maxBytes;
    if (!isFull) return { keys, values, next: null };
    const next = keyAfter(keys.at(-1)!);
    await Promise.all([assertNoGap(level, from, next), letGo(iterator, next)]);
    return { keys, values, next };
  } finally {
    await iterator.close();
  }
}

/**
 * Rejects when a block of a page cannot be read. An iterator skips such blocks and says so only at
 * its end, which a full page comes before. This one has its end where the page has, and gives
 * nothing on the way.
 */
async function assertNoGap(level: Level, from: Uint8Array, before: Uint8Array): Promise<void> {
  const bounds = { gte: from, lt: before };
  const iterator = level.iterator({ ...bounds, keys: false, values: false, fillCache: false });
  try {
    await iterator.nextv(1);
  } finally {
    await iterator.close();
  }
}

/**
 * Has an iterator drop its native copy of what it gave last, by giving one entry more. It would
 * keep it until the object is collected, closed or not, and the collector takes that for a small
 * one: walks over large stores had hundreds of megabytes of them.
 * @param target in the iterator's range: seeking beyond it reads blocks at the end of everything
 */
async function letGo(iterator: LevelIterator, target: Uint8Array): Promise<void> {
  iterator.seek(target);
  await iterator.nextv(1);
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
