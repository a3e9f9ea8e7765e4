// The data directory: made when missing, marked with its format, home of the hash secret.

import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '@forgekv/config';
import type { Databases } from '@forgekv/keyspace';
import { type LibraryStore, LOG_OF_EARLIER } from '@forgekv/rings';
import {
  createWalMemory,
  keepTablesUnmapped,
  nodeFileSystem,
  openStoreDirectory,
  openWalDirectory,
  readFunctions,
  readNamespaces,
  type StoreDirectory,
  type StoreLayout,
  type WalTransfer,
  writeFunctions,
  writeNamespaces,
} from '@forgekv/storage';
import type { Logger } from 'pino';

const FILE = 'forgekv.json';
const FORMAT = 1;
const BYTES_PER_MB = 1024 * 1024;

/** What the directory says of itself. */
export interface DirectoryFacts {
  readonly format: number;
  /** Two 32-bit words that key the hash of the hot table and the stores. */
  readonly hashSecret: readonly [number, number];
}

/** A data directory this version cannot use. */
export class DataDirectoryError extends Error {
  override name = 'DataDirectoryError';
  readonly code = 'DATA_DIRECTORY';
}

/** What the directory says of itself cannot be right. */
export class DamagedDirectoryError extends DataDirectoryError {
  override name = 'DamagedDirectoryError';
}

/**
 * Opens a data directory, making it when it is missing.
 * @throws DataDirectoryError when it was written by a newer version or is damaged
 */
export function openDataDirectory(path: string): DirectoryFacts {
  try {
    mkdirSync(path, { recursive: true, mode: 0o750 });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new DataDirectoryError(`cannot make the data directory ${path}: ${reason}`, { cause });
  }
  return readDataDirectory(path) ?? create(join(path, FILE));
}

/**
 * Returns what a directory says of itself, null when it is no data directory.
 * @throws DataDirectoryError as `openDataDirectory`
 */
export function readDataDirectory(path: string): DirectoryFacts | null {
  const file = join(path, FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new DataDirectoryError(`cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
  return check(file, text);
}

/**
 * Opens the directory of the stores, and takes the lock of the data directory with it.
 * @throws DataDirectoryError, also when another process has it
 */
export function openStores(directory: string, storeCount: number): StoreDirectory {
  try {
    return openStoreDirectory(join(directory, 'stores'), storeCount);
  } catch (cause) {
    throw new DataDirectoryError((cause as Error).message, { cause });
  }
}

/** Keeps the tables of the stores out of memory, if it can; before the stores are opened. */
export async function unmapTables({ directory }: StoreLayout, log: Logger): Promise<void> {
  try {
    await keepTablesUnmapped(join(directory, 'unmapped'));
  } catch (error) {
    log.warn(`tables of the stores are mapped into memory: ${(error as Error).message}`);
  }
}

/**
 * Makes the memory of the write-ahead logs of this run, and the directory of their files.
 * @throws DataDirectoryError
 */
export function openLogs(directory: string, logs: number, config: Config): WalTransfer {
  const path = join(directory, 'wal');
  try {
    nodeFileSystem.mkdir(path);
    const earlier = openWalDirectory(path, nodeFileSystem);
    // What was never handed to the disk may be all there is of what this run builds on.
    earlier.sync();
    earlier.discardUnused();
    return createWalMemory({
      logs,
      directory: path,
      generation: earlier.nextGeneration,
      segmentBytes: config.integer('wal-segment-mb') * BYTES_PER_MB,
    });
  } catch (cause) {
    throw new DataDirectoryError(`cannot open ${path}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Puts the map of databases of the earlier runs in force; a new directory gets its first.
 * @throws DataDirectoryError when there were more databases than now
 */
export function restoreNamespaces(directory: string, databases: Databases): void {
  try {
    const found = readNamespaces(nodeFileSystem, directory);
    if (found === null) {
      writeNamespaces(nodeFileSystem, directory, databases.map());
      return;
    }
    if (found.namespaces.length > databases.count) {
      throw new DataDirectoryError(
        `${directory} has ${found.namespaces.length} databases: start with at least as many`,
      );
    }
    databases.restore(found);
    writeNamespaces(nodeFileSystem, directory, databases.map());
  } catch (cause) {
    if (cause instanceof DataDirectoryError) throw cause;
    throw new DataDirectoryError(`cannot use ${directory}: ${(cause as Error).message}`, { cause });
  }
}

function create(file: string): DirectoryFacts {
  const secret = randomBytes(8);
  const facts: DirectoryFacts = {
    format: FORMAT,
    hashSecret: [secret.readInt32LE(0), secret.readInt32LE(4)],
  };
  // Linked into place whole, and only if nobody was faster: two servers that start at once must
  // not work with two secrets.
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, `${JSON.stringify(facts)}\n`, { mode: 0o640, flush: true });
    linkSync(draft, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      return check(file, readFileSync(file, 'utf8'));
    }
    throw new DataDirectoryError(`cannot write ${file}: ${(cause as Error).message}`, { cause });
  } finally {
    rmSync(draft, { force: true });
  }
  return facts;
}

function check(file: string, text: string): DirectoryFacts {
  let facts: unknown;
  try {
    facts = JSON.parse(text);
  } catch (cause) {
    throw new DamagedDirectoryError(`${file} is damaged: ${(cause as Error).message}`, { cause });
  }
  const { format, hashSecret } = (facts ?? {}) as Partial<DirectoryFacts>;
  if (typeof format === 'number' && format > FORMAT) {
    throw new DataDirectoryError(
      `${file} has format ${format}; this version knows formats up to ${FORMAT}: use a newer one`,
    );
  }
  const isSecret =
    Array.isArray(hashSecret) && hashSecret.length === 2 && hashSecret.every(Number.isInteger);
  if (format !== FORMAT || !isSecret) {
    throw new DamagedDirectoryError(`${file} is damaged: it does not describe a data directory`);
  }
  return { format, hashSecret };
}

/**
 * Hands all threads the function libraries of the last checkpoint; the logs may have newer ones.
 * @throws DataDirectoryError when their file is damaged, or when there is none yet, or an old one,
 *   and it cannot be written
 */
export function restoreFunctions(directory: string, store: LibraryStore): void {
  try {
    const found = readFunctions(nodeFileSystem, directory);
    const facts = found ?? { payload: Buffer.alloc(0), libraries: 0, functions: 0, lsn: 0 };
    if (!found?.isCurrent) writeFunctions(nodeFileSystem, directory, facts);
    store.publish({ ...facts, log: LOG_OF_EARLIER, position: 0 });
  } catch (cause) {
    throw new DataDirectoryError(`cannot use ${directory}: ${(cause as Error).message}`, { cause });
  }
}
