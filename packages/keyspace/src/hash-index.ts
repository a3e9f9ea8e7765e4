// The index of a shard: an extendible hash table ordered by hash.
//
//   directory (2^depth words)  ->  segment (64 buckets)  ->  entries, chained
//     top `depth` bits               next 6 bits
//
// A segment that grew too full is split in two by its next bit: some 80 entries are moved, so
// growth never pauses the shard. Buckets in order are hash ranges in order; SCAN walks them.
// Everything here belongs to the holder of the shard's lock.

import { invariant } from '@forgekv/base';
import type { Arena } from './arena.ts';
import {
  DEPTH_BITS,
  DEPTH_MASK,
  ENTRY_HASH,
  SEGMENT_BUCKET_BITS,
  SEGMENT_BUCKETS,
  SEGMENT_COUNT,
  SEGMENT_HEAD_WORDS,
  SEGMENT_SPLIT_ABOVE,
  SHARD_BLOCK_WORDS,
  SHARD_DEPTH,
} from './layout.ts';
import { INDEX_CLASS } from './size-classes.ts';
import type { SlabPool } from './slab-pool.ts';

const BUCKET_SHIFT = 32 - SEGMENT_BUCKET_BITS;

/** Finds buckets, links and unlinks entries; knows of an entry only its hash and next word. */
export class HashIndex {
  readonly #words: Int32Array;
  readonly #shards: number;
  readonly #directories: number;
  readonly #directoryWords: number;
  readonly #maxDepth: number;
  readonly #pool: SlabPool;
  readonly #scratch = new Int32Array(SEGMENT_BUCKETS);

  constructor(arena: Arena, pool: SlabPool) {
    this.#words = arena.words;
    this.#shards = arena.shards;
    this.#directories = arena.directories;
    this.#directoryWords = arena.directoryWords;
    this.#maxDepth = arena.maxDepth;
    this.#pool = pool;
  }

  /** Returns the word index of the bucket of a hash, or 0 when its segment does not exist. */
  bucket(shard: number, hash: number): number {
    const slot = this.#directorySlot(shard, hash);
    const segment = this.#words[slot]!;
    if (segment === 0) return 0;
    const bucket = (hash << (segment & DEPTH_MASK)) >>> BUCKET_SHIFT;
    return segmentWord(segment) + SEGMENT_HEAD_WORDS + bucket;
  }

  /**
   * Links an entry in front of its bucket; its hash word is set already. False: the pool is
   * full and the shard's first segment could not be made (nothing has changed).
   */
  insert(shard: number, entry: number): boolean {
    const words = this.#words;
    const hash = words[entry + ENTRY_HASH]!;
    const slot = this.#directorySlot(shard, hash);
    if (words[slot] === 0) {
      const made = this.#makeSegment(shard);
      if (made === 0) return false;
      words[slot] = segmentReference(made, 0);
    }
    const reference = words[slot]!;
    const segment = segmentWord(reference);
    const bucket =
      segment + SEGMENT_HEAD_WORDS + ((hash << (reference & DEPTH_MASK)) >>> BUCKET_SHIFT);
    words[entry] = words[bucket]!;
    words[bucket] = entry >> 2;
    const count = words[segment + SEGMENT_COUNT]! + 1;
    words[segment + SEGMENT_COUNT] = count;
    if (count > SEGMENT_SPLIT_ABOVE) this.#split(shard, hash);
    return true;
  }

  /** Unlinks an entry that is in the index. */
  remove(shard: number, entry: number): void {
    const words = this.#words;
    const hash = words[entry + ENTRY_HASH]!;
    words[this.#linkTo(shard, entry)] = words[entry]!;
    const segment = segmentWord(words[this.#directorySlot(shard, hash)]!);
    words[segment + SEGMENT_COUNT] = words[segment + SEGMENT_COUNT]! - 1;
  }

  /** Puts `to` in the place of `from`; both carry the same hash, `to` is not linked yet. */
  replace(shard: number, from: number, to: number): void {
    this.#words[to] = this.#words[from]!;
    this.#words[this.#linkTo(shard, from)] = to >> 2;
  }

  /**
   * Returns the first hash behind the bucket that holds `hash`: unsigned, 2^32 at the end.
   * A range of hashes without a segment or without entries counts as one bucket.
   */
  bucketEnd(shard: number, hash: number): number {
    const reference = this.#words[this.#directorySlot(shard, hash)]!;
    if (reference === 0) return 4294967296;
    const depth = reference & DEPTH_MASK;
    const empty = this.#words[segmentWord(reference) + SEGMENT_COUNT] === 0;
    const width = 2 ** (32 - depth - (empty ? 0 : SEGMENT_BUCKET_BITS));
    return (Math.floor((hash >>> 0) / width) + 1) * width;
  }

  #directorySlot(shard: number, hash: number): number {
    const depth = this.#words[this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_DEPTH]!;
    const base = this.#directories + shard * this.#directoryWords;
    return depth === 0 ? base : base + (hash >>> (32 - depth));
  }

  /** Returns the word that holds the entry's address: its bucket or an entry's next word. */
  #linkTo(shard: number, entry: number): number {
    const words = this.#words;
    const address = entry >> 2;
    let link = this.bucket(shard, words[entry + ENTRY_HASH]!);
    let at = link === 0 ? 0 : words[link]!;
    while (at !== address) {
      // Rather the end of the process than an endless loop under a lock.
      invariant(at !== 0, 'an entry is not in its index');
      link = at << 2;
      at = words[link]!;
    }
    return link;
  }

  #makeSegment(shard: number): number {
    const segment = this.#pool.allocate(shard, INDEX_CLASS);
    if (segment !== 0) {
      this.#words.fill(0, segment, segment + SEGMENT_HEAD_WORDS + SEGMENT_BUCKETS);
    }
    return segment;
  }

  /** Splits the segment of a hash; without room it stays as it is and its chains grow. */
  #split(shard: number, hash: number): void {
    const words = this.#words;
    const reference = words[this.#directorySlot(shard, hash)]!;
    const depth = reference & DEPTH_MASK;
    const depthWord = this.#shards + shard * SHARD_BLOCK_WORDS + SHARD_DEPTH;
    if (depth >= this.#maxDepth) return;
    const right = this.#makeSegment(shard);
    if (right === 0) return;
    const left = segmentWord(reference);
    if (depth === words[depthWord]) this.#doubleDirectory(shard, depthWord);

    const buckets = left + SEGMENT_HEAD_WORDS;
    for (let i = 0; i < SEGMENT_BUCKETS; i++) this.#scratch[i] = words[buckets + i]!;
    words.fill(0, left, buckets + SEGMENT_BUCKETS);
    for (let i = 0; i < SEGMENT_BUCKETS; i++) {
      const target = i < SEGMENT_BUCKETS / 2 ? left : right;
      let moved = 0;
      for (let address = this.#scratch[i]!; address !== 0; moved++) {
        const entry = address << 2;
        address = words[entry]!;
        const bucket = (words[entry + ENTRY_HASH]! << (depth + 1)) >>> BUCKET_SHIFT;
        words[entry] = words[target + SEGMENT_HEAD_WORDS + bucket]!;
        words[target + SEGMENT_HEAD_WORDS + bucket] = entry >> 2;
      }
      words[target + SEGMENT_COUNT] = words[target + SEGMENT_COUNT]! + moved;
    }

    const globalDepth = words[depthWord]!;
    const base = this.#directories + shard * this.#directoryWords;
    const width = 2 ** (globalDepth - depth);
    const first = depth === 0 ? 0 : (hash >>> (32 - depth)) * width;
    for (let i = 0; i < width; i++) {
      words[base + first + i] = segmentReference(i < width / 2 ? left : right, depth + 1);
    }
  }

  #doubleDirectory(shard: number, depthWord: number): void {
    const words = this.#words;
    const base = this.#directories + shard * this.#directoryWords;
    const size = 2 ** words[depthWord]!;
    for (let i = size - 1; i >= 0; i--) {
      const reference = words[base + i]!;
      words[base + 2 * i] = reference;
      words[base + 2 * i + 1] = reference;
    }
    words[depthWord] = words[depthWord]! + 1;
  }
}

/** Segments are 64-byte aligned: 16 words. */
function segmentWord(reference: number): number {
  return (reference >>> DEPTH_BITS) << 4;
}

function segmentReference(segment: number, depth: number): number {
  return ((segment >> 4) << DEPTH_BITS) | depth;
}
