// The directory all stores of a server lie in: how many there are, which shard is in which. The
// number is fixed when the directory is made, since shards never move between stores.
//
//   DIRECTORY/stores.json    { "format": 1, "stores": 4, "shards": 64 }
//   DIRECTORY/forgekv.lock   who has it open
//   DIRECTORY/store-0 ...    one LevelDB each

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { invariant, SHARD_COUNT } from '@forgekv/base';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { DirectoryVersionError, StoreError } from './store-errors.ts';

export const DIRECTORY_FORMAT = 1;
export const MAX_STORES = 8;
const LAYOUT_FILE = 'stores.json';

/** What a directory holds, plain data: hand it to the threads that open its stores. */
export interface StoreLayout {
  readonly directory: string;
  readonly storeCount: number;
}

/** Returns the store a shard is in. */
export function storeOfShard({ storeCount }: StoreLayout, shard: number): number {
  invariant(shard >= 0 && shard < SHARD_COUNT, `shard ${shard} does not exist`);
  return shard % storeCount;
}

/** Returns the shards of a store, ascending. */
export function shardsOfStore(layout: StoreLayout, store: number): number[] {
  const shards = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);
  return shards.filter((shard) => storeOfShard(layout, shard) === store);
}

/** Returns a store's own directory. */
export function storePath({ directory, storeCount }: StoreLayout, store: number): string {
  invariant(store >= 0 && store < storeCount, `store ${store} does not exist`);
  return path.join(directory, `store-${store}`);
}

/** The directory while this process has it. */
export interface StoreDirectory {
  readonly layout: StoreLayout;
  /** True when it was made just now. */
  readonly isNew: boolean;
  /** Gives it up, after the stores are closed. */
  close(): void;
}

/**
 * Takes a directory for this process, and makes it when it is missing or empty.
 * @param storeCount stores of a new directory, 1..8; an existing one keeps its own number
 * @throws StoreError LOCKED naming the pid that has it, CORRUPT, IO; DirectoryVersionError
 */
export function openStoreDirectory(directory: string, storeCount: number): StoreDirectory {
  invariant(storeCount >= 1 && storeCount <= MAX_STORES, `${storeCount} stores are not supported`);
  const lock = lockDirectory(directory);
  try {
    const existing = readLayout(directory);
    if (existing !== null) return opened(existing, false, lock);
    const layout = { directory, storeCount };
    for (let i = 0; i < storeCount; i++) mkdirSync(storePath(layout, i), { recursive: true });
    writeLayout(layout);
    return opened(layout, true, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function opened(layout: StoreLayout, isNew: boolean, lock: DirectoryLock): StoreDirectory {
  return { layout, isNew, close: () => lock.release() };
}

/**
 * Returns what a directory holds, or null when it holds no stores. Takes no lock.
 * @throws StoreError CORRUPT, DirectoryVersionError
 */
export function readLayout(directory: string): StoreLayout | null {
  let text: string;
  try {
    text = readFileSync(path.join(directory, LAYOUT_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // The layout is written last: stores without it were never used, unless somebody removed it.
    if (!hasStoreFiles(directory)) return null;
    throw new StoreError('CORRUPT', `${directory} has stores but no ${LAYOUT_FILE}`);
  }
  const { format, stores, shards } = parse(directory, text);
  if (typeof format === 'number' && format > DIRECTORY_FORMAT) {
    throw new DirectoryVersionError(
      `${directory} was written by a newer version (format ${format}); this one reads up to ` +
        `format ${DIRECTORY_FORMAT}: use that version, or another directory`,
    );
  }
  const isSound =
    format === DIRECTORY_FORMAT &&
    shards === SHARD_COUNT &&
    Number.isInteger(stores) &&
    (stores as number) >= 1 &&
    (stores as number) <= MAX_STORES;
  if (!isSound) throw new StoreError('CORRUPT', `${LAYOUT_FILE} of ${directory} is damaged`);
  return { directory, storeCount: stores as number };
}

function parse(directory: string, text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new StoreError('CORRUPT', `${LAYOUT_FILE} of ${directory} is damaged`);
}

function hasStoreFiles(directory: string): boolean {
  for (let i = 0; i < MAX_STORES; i++) {
    try {
      if (readdirSync(path.join(directory, `store-${i}`)).length > 0) return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return false;
}

/** Durable before it returns, and never half there. */
function writeLayout({ directory, storeCount }: StoreLayout): void {
  const text = JSON.stringify({
    format: DIRECTORY_FORMAT,
    stores: storeCount,
    shards: SHARD_COUNT,
  });
  const temporary = path.join(directory, `${LAYOUT_FILE}.new`);
  const file = openSync(temporary, 'w');
  try {
    writeSync(file, `${text}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path.join(directory, LAYOUT_FILE));
  const folder = openSync(directory, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
