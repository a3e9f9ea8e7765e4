// What a storage engine must do: ordered keys, atomic batches, pages. The contract that every
// engine passes the same conformance suite for; not what our records look like.

/** One change: a value to put, or null to delete the key. Bytes may be reused after the write. */
export interface StoreWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

export interface WriteOptions {
  /**
   * True: resolves only when this batch, and every batch written before it, would survive a power
   * loss. False: survives the process.
   */
  readonly sync: boolean;
}

/** Entries in key order, bytes compared as unsigned. */
export interface EnginePage {
  readonly keys: readonly Buffer[];
  readonly values: readonly Buffer[];
  /** Where the next page starts, inclusive; null when nothing is left before the bound. */
  readonly next: Buffer | null;
}

export interface EngineStats {
  /** Table files per level, level 0 first. */
  readonly filesPerLevel: readonly number[];
  /** What the files take on disk, about. */
  readonly approximateBytes: number;
  /** The engine's own table of compactions, for people. */
  readonly compaction: string;
}

/** What a look at one file brought. */
export interface FileCheck {
  readonly name: string;
  /** Null when the file is whole. */
  readonly damage: string | null;
}

/**
 * One open engine belongs to one thread. All methods but `open` throw or reject with StoreError
 * CLOSED when it is not open. After any failed `writeBatch` the handle must not be written to again
 * before `close` and `open`: engines may go on accepting writes that are then lost.
 */
export interface StoreEngine {
  readonly isOpen: boolean;
  /** Opens or makes it; it must not be open. @throws StoreError CORRUPT, LOCKED, IO, NO_SPACE */
  open(): Promise<void>;
  /** Returns the value, which the caller owns, or undefined. Blocks for a disk read at worst. */
  getSync(key: Uint8Array): Buffer | undefined;
  /**
   * Returns the keys from `from` (inclusive) to `before` (exclusive), in order, that were written
   * before the call, and perhaps some that are not there any more: `getSync` knows. Blocks for some
   * milliseconds: it is for who cannot wait for `scanPage`. Nobody writes to the range meanwhile.
   */
  listKeysSync(from: Uint8Array, before: Uint8Array): Buffer[];
  /** Applies all changes of the batch, in order, or none. */
  writeBatch(batch: readonly StoreWrite[], options: WriteOptions): Promise<void>;
  /**
   * Reads at most `maxEntries` (1 or more) entries from `from` (inclusive) to `before` (exclusive),
   * and stops early once their bytes exceed `maxBytes`. Holds no snapshot after it resolves.
   * @throws StoreError CORRUPT when an entry of the page could not be read: none is left out
   */
  scanPage(
    from: Uint8Array,
    before: Uint8Array,
    maxEntries: number,
    maxBytes: number,
  ): Promise<EnginePage>;
  /**
   * Deletes at most `maxEntries` entries from `from` to `before`, unsynced.
   * @returns where to go on, or null when the range is empty
   */
  deleteRange(from: Uint8Array, before: Uint8Array, maxEntries: number): Promise<Buffer | null>;
  /** Table files on level 0: cheap enough to ask after every batch. */
  levelZeroFiles(): number;
  stats(): EngineStats;
  /**
   * Verifies the first file behind `after`, by name, whose checksums the engine does not look at.
   * @returns its name and what is wrong with it; null when there is no such file
   */
  verifyFile(after: string): Promise<FileCheck | null>;
  /** Makes everything written so far survive a power loss. */
  flush(): Promise<void>;
  /**
   * Copies everything written to a directory of its own, which another engine can open; durable
   * when it resolves. Nobody writes meanwhile, reading goes on.
   */
  copyTo(directory: string): Promise<void>;
  /** False when reopening is bound to fail for lack of room, and reads had better go on. */
  hasRoom(): Promise<boolean>;
  /** Waits for operations under way. Closing twice is fine. */
  close(): Promise<void>;
}

/** Returns the smallest key behind `key`. */
export function keyAfter(key: Uint8Array): Buffer {
  const next = Buffer.alloc(key.length + 1);
  next.set(key);
  return next;
}

/** The reading side of an engine. */
export type EngineReader = Pick<
  StoreEngine,
  'getSync' | 'listKeysSync' | 'scanPage' | 'verifyFile'
>;
