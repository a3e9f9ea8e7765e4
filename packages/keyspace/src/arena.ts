// Makes the arena and the views on it. No thread touches the memory except through the
// classes of this package.

import { SHARD_COUNT } from '@forgekv/base';
import {
  AWAITED_CLAIMS,
  AWAITED_COUNTS,
  AWAITED_FILTER,
  BIG_WORDS,
  CONTROL_WORDS,
  COUNTER_WORDS,
  CREATIONS,
  ENTRY_HEAD_BYTES,
  MAX_DEPTH,
  NAMESPACE_NEXT,
  PAGE_BYTES,
  PAGE_COUNT,
  PAGE_RECORD_WORDS,
  PAGE_WORDS,
  SEGMENT_BUCKETS,
  SHARD_BLOCK_WORDS,
} from './layout.ts';

/** What the arena was made for; the same in every thread. */
export interface ArenaOptions {
  /** Bytes of the slab pool (`memtable-size-mb`). */
  poolBytes: number;
  /** Number of databases. */
  databases: number;
  /** Secret of the key hash, two 32-bit words. */
  hashSecret: readonly [number, number];
}

/** Handed to every thread: the memory and the facts that locate things in it. */
export interface ArenaTransfer extends ArenaOptions {
  buffer: SharedArrayBuffer;
  /** Origin of the arena's clocks, in Unix milliseconds. */
  epochMs: number;
}

/** Views on the arena, made once per thread. */
export interface Arena {
  readonly transfer: ArenaTransfer;
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly bytes: Buffer;
  readonly databases: number;
  readonly epochMs: number;
  readonly maxDepth: number;
  /** Word index of each region. */
  readonly namespaces: number;
  readonly swaps: number;
  readonly shards: number;
  readonly counters: number;
  readonly creations: number;
  readonly bigKeys: number;
  readonly awaited: number;
  readonly claims: number;
  readonly directories: number;
  readonly directoryWords: number;
  readonly pageTable: number;
  readonly pages: number;
  readonly pageCount: number;
}

/** Thrown when this Node.js cannot make a shared buffer of the size asked for. */
export class ArenaSizeError extends Error {
  override name = 'ArenaSizeError';
  readonly code = 'ARENA_SIZE';
}

/** Largest arena: word indexes must stay below 2^30 (small integers in every engine). */
const MAX_ARENA_BYTES = 2 ** 32;

function measure(options: ArenaOptions) {
  const pageCount = Math.max(1, Math.floor(options.poolBytes / PAGE_BYTES));
  const mostEntries = (pageCount * PAGE_BYTES) / ENTRY_HEAD_BYTES;
  // A skewed shard may hold every entry, so each directory is as wide as that needs; the
  // memory is only reserved until it is used.
  const maxDepth = Math.min(
    MAX_DEPTH,
    Math.max(1, Math.ceil(Math.log2(mostEntries / SEGMENT_BUCKETS))),
  );
  const namespaces = CONTROL_WORDS;
  const swaps = namespaces + options.databases;
  const shards = align(swaps + options.databases, 32);
  const counters = shards + SHARD_COUNT * SHARD_BLOCK_WORDS;
  const creations = align(counters + SHARD_COUNT * options.databases * COUNTER_WORDS, 32);
  const bigKeys = creations + SHARD_COUNT * CREATIONS;
  const awaited = bigKeys + SHARD_COUNT * BIG_WORDS;
  const claims = awaited + SHARD_COUNT * AWAITED_FILTER + AWAITED_COUNTS;
  const directories = claims + AWAITED_CLAIMS;
  const directoryWords = 2 ** maxDepth;
  const pageTable = directories + SHARD_COUNT * directoryWords;
  const pages = align(pageTable + pageCount * PAGE_RECORD_WORDS, PAGE_WORDS);
  const totalBytes = (pages + pageCount * PAGE_WORDS) * 4;
  return {
    pageCount,
    maxDepth,
    namespaces,
    swaps,
    shards,
    counters,
    creations,
    bigKeys,
    awaited,
    claims,
    directories,
    directoryWords,
    pageTable,
    pages,
    totalBytes,
  };
}

function align(words: number, to: number): number {
  return Math.ceil(words / to) * to;
}

/**
 * Makes a new arena: all counters zero, one namespace per database.
 * @throws ArenaSizeError when the pool does not fit the engine's limits or the memory
 */
export function createArena(options: ArenaOptions): Arena {
  const { totalBytes, pageCount } = measure(options);
  if (totalBytes > MAX_ARENA_BYTES) {
    throw new ArenaSizeError(`a hot table of ${options.poolBytes} bytes exceeds the 4 GB arena`);
  }
  let buffer: SharedArrayBuffer;
  try {
    buffer = new SharedArrayBuffer(totalBytes);
  } catch (cause) {
    throw new ArenaSizeError(`cannot reserve ${totalBytes} bytes of shared memory`, { cause });
  }
  const arena = attachArena({ ...options, buffer, epochMs: Date.now() });
  const { words } = arena;
  words[PAGE_COUNT] = pageCount;
  words[NAMESPACE_NEXT] = options.databases + 1;
  for (let db = 0; db < options.databases; db++) words[arena.namespaces + db] = db + 1;
  return arena;
}

/** Makes this thread's views on an arena that another thread created. */
export function attachArena(transfer: ArenaTransfer): Arena {
  const { buffer } = transfer;
  const { totalBytes: _, ...regions } = measure(transfer);
  return {
    transfer,
    words: new Int32Array(buffer),
    floats: new Float64Array(buffer),
    bytes: Buffer.from(buffer),
    databases: transfer.databases,
    epochMs: transfer.epochMs,
    ...regions,
  };
}
