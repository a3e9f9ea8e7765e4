// Finds, from the engine's own files, which keys a range may have, without its event loop: the
// engine reads one key synchronously, but walks asynchronously only. What a key holds, and whether
// it is there at all, is for the engine to say. Knows the files as table-file.ts, log-file.ts and
// manifest-file.ts draw them, and besides:
//
//   block   entries: shared, unshared, value length (varints) | unshared bytes of the key | value
//           then restarts, which are passed over, and their number u32 LE
//   key     user's key | sequence and type, 8 bytes
//   batch   (a record of a log) sequence u64 | count u32 | type u8 (1 put, 0 delete), key, value
//
// Why no key is missed that was written before the call and is not written during it: at any time
// it is in a log, or in a table of the engine's current version, and moves from logs to tables and
// on to other tables only. A log is removed when its table is in the version. So logs first: then
// either it was in one of them, or it is in a table by the time the version is looked at. Tables of
// that version may go while they are opened; then all begins anew. One that is open stays readable.

import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { maskedCrc32c } from './crc32c.ts';
import { readLogRecords } from './log-file.ts';
import { readTableBoundsSync, type TableBounds } from './manifest-file.ts';
import { unsnappy } from './snappy.ts';
import { StoreError } from './store-errors.ts';
import { FOOTER_BYTES, readVarints, TRAILER_BYTES } from './table-file.ts';

const LOG = /^\d+\.log$/;
/** A line of the property, which has nothing before the number but a blank. */
const TABLE_LINE = /^ (\d+):\d+\[/gm;
const SEQUENCE_BYTES = 8;
const BATCH_HEAD_BYTES = 12;
const MAX_BLOCK_BYTES = 1 << 28;
const MOST_ATTEMPTS = 20;

/** Takes a user's key, valid during the call, and where its value is in `bytes`. */
type TakeEntry = (key: Buffer, bytes: Buffer, valueAt: number, valueBytes: number) => void;

export class LevelRange {
  readonly #directory: string;
  readonly #listTables: () => string;
  /** Of tables in the version when it was looked at last; a table never changes. */
  #bounds: ReadonlyMap<number, TableBounds> = new Map();

  /** @param listTables gives the engine's property `leveldb.sstables` */
  constructor(directory: string, listTables: () => string) {
    this.#directory = directory;
    this.#listTables = listTables;
  }

  /**
   * Returns the keys from `from` (inclusive) to `before` (exclusive) that may be there, in order.
   * @throws StoreError CORRUPT, IO
   */
  keys(from: Uint8Array, before: Uint8Array): Buffer[] {
    for (let left = MOST_ATTEMPTS; left > 0; left--) {
      const found = new KeySet(from, before);
      this.#readLogs(found);
      if (this.#readTables(found)) return found.sorted();
    }
    throw new StoreError('IO', `the tables of ${this.#directory} change too fast`);
  }

  #readLogs(found: KeySet): void {
    for (const name of readdirSync(this.#directory)) {
      if (!LOG.test(name)) continue;
      const bytes = readIfThere(path.join(this.#directory, name));
      // One that is gone by now is a table.
      if (bytes === null) continue;
      // What is being written just now is cut off, and not asked for.
      for (const batch of readLogRecords(bytes, false)) takeBatch(batch, found);
    }
  }

  /** False: a table has gone meanwhile. */
  #readTables(found: KeySet): boolean {
    const numbers = [...this.#listTables().matchAll(TABLE_LINE)].map(([, digits]) =>
      Number(digits),
    );
    if (numbers.some((number) => !this.#bounds.has(number))) {
      this.#bounds = readTableBoundsSync(this.#directory) ?? new Map();
    }
    for (const number of numbers) {
      const bounds = this.#bounds.get(number);
      if (bounds !== undefined && !found.overlaps(bounds)) continue;
      if (!this.#readTable(number, found)) return false;
    }
    return true;
  }

  #readTable(number: number, found: KeySet): boolean {
    const digits = String(number).padStart(6, '0');
    for (const suffix of ['ldb', 'sst']) {
      const file = openIfThere(path.join(this.#directory, `${digits}.${suffix}`));
      if (file === null) continue;
      try {
        readTable(file.handle, file.size, found);
      } finally {
        closeSync(file.handle);
      }
      return true;
    }
    return false;
  }
}

/** Keys that were met in a range, each once. */
class KeySet {
  readonly #from: Buffer;
  readonly #before: Buffer;
  readonly #keys = new Map<string, Buffer>();

  constructor(from: Uint8Array, before: Uint8Array) {
    this.#from = Buffer.from(from);
    this.#before = Buffer.from(before);
  }

  add(key: Buffer): void {
    if (this.#from.compare(key) > 0 || this.#before.compare(key) <= 0) return;
    const name = key.toString('latin1');
    if (!this.#keys.has(name)) this.#keys.set(name, Buffer.from(key));
  }

  overlaps({ smallest, largest }: TableBounds): boolean {
    return this.#from.compare(largest) <= 0 && this.#before.compare(smallest) > 0;
  }

  /** Nothing that follows a key is in the range. */
  isBehind(key: Buffer): boolean {
    return this.#before.compare(key) <= 0;
  }

  isBefore(key: Buffer): boolean {
    return this.#from.compare(key) > 0;
  }

  sorted(): Buffer[] {
    return [...this.#keys.values()].sort((a, b) => a.compare(b));
  }
}

function takeBatch(batch: Buffer, found: KeySet): void {
  for (let at = BATCH_HEAD_BYTES; at < batch.length; ) {
    const isPut = batch[at] === 1;
    const key = readVarints(batch, at + 1, 1);
    if (key === null) return;
    const keyAt = at + 1 + key.usedBytes;
    at = keyAt + key[0]!;
    found.add(batch.subarray(keyAt, at));
    if (!isPut) continue;
    const value = readVarints(batch, at, 1);
    if (value === null) return;
    at += value.usedBytes + value[0]!;
  }
}

function readTable(handle: number, size: number, found: KeySet): void {
  const footer = readAt(handle, size - FOOTER_BYTES, FOOTER_BYTES);
  const handles = readVarints(footer, 0, 4);
  if (handles === null) throw damaged('footer');
  const index = readBlock(handle, handles[2]!, handles[3]!);
  let isDone = false;
  visit(index, (separator, bytes, valueAt) => {
    // A separator is not below any key of its block, and below all keys of the next one.
    if (isDone || found.isBefore(separator)) return;
    const block = readVarints(bytes, valueAt, 2);
    if (block === null) throw damaged('index entry');
    visit(readBlock(handle, block[0]!, block[1]!), (key) => found.add(key));
    isDone = found.isBehind(separator);
  });
}

function visit(block: Buffer, take: TakeEntry): void {
  if (block.length < 4) throw damaged('block');
  const end = block.length - 4 - block.readUInt32LE(block.length - 4) * 4;
  let key = Buffer.alloc(0);
  for (let at = 0; at < end; ) {
    const head = readVarints(block, at, 3);
    if (head === null || head[0]! > key.length) throw damaged('block entry');
    const keyAt = at + head.usedBytes;
    const valueAt = keyAt + head[1]!;
    key = Buffer.concat([key.subarray(0, head[0]), block.subarray(keyAt, valueAt)]);
    take(key.subarray(0, key.length - SEQUENCE_BYTES), block, valueAt, head[2]!);
    at = valueAt + head[2]!;
  }
}

function readBlock(handle: number, offset: number, size: number): Buffer {
  if (size > MAX_BLOCK_BYTES) throw damaged('block handle');
  const stored = readAt(handle, offset, size + TRAILER_BYTES);
  if (maskedCrc32c(stored, 0, size + 1) !== stored.readUInt32LE(size + 1)) throw damaged('block');
  const plain = stored.subarray(0, size);
  if (stored[size] !== 1) return plain;
  const bytes = unsnappy(plain, MAX_BLOCK_BYTES);
  if (bytes === null) throw damaged('block');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readAt(handle: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  if (offset < 0 || readSync(handle, bytes, 0, length, offset) !== length) throw damaged('size');
  return bytes;
}

function damaged(what: string): StoreError {
  return new StoreError('CORRUPT', `a table cannot be read: ${what}`);
}

function readIfThere(name: string): Buffer | null {
  try {
    return readFileSync(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function openIfThere(name: string): { handle: number; size: number } | null {
  try {
    const handle = openSync(name, 'r');
    return { handle, size: fstatSync(handle).size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
