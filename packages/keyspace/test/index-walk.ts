// Part of the integrity check: the index of a shard, read from its words without the code that
// is being tested, and every entry in it.

import { KeyHasher } from '@forgekv/base';
import type { Arena } from '../src/arena.ts';
import {
  DATASET_KEY_BYTES,
  DEPTH_BITS,
  DEPTH_MASK,
  ENTRY_EXPIRE,
  ENTRY_HASH,
  ENTRY_HEAD_BYTES,
  ENTRY_KEY,
  ENTRY_META,
  ENTRY_NAMESPACE,
  ENTRY_VALUE,
  EXPIRE_TICK_MS,
  FLAG_COLD,
  FLAG_LARGE,
  LARGE_BYTES,
  PAGE_EXPIRES,
  PAGE_RECORD_WORDS,
  SEGMENT_BUCKET_BITS,
  SEGMENT_BUCKETS,
  SEGMENT_COUNT,
  SEGMENT_HEAD_WORDS,
  SHARD_BLOCK_WORDS,
  SHARD_DEPTH,
  TYPE_TOMBSTONE,
} from '../src/layout.ts';
import { CLASS_BYTES, INDEX_CLASS } from '../src/size-classes.ts';
import { type PageFacts, type Problems, pageOfSlot } from './page-walk.ts';

export interface EntryFacts {
  readonly shard: number;
  readonly entry: number;
  readonly page: number;
  readonly namespace: number;
  readonly key: string;
  readonly isTombstone: boolean;
  readonly expires: boolean;
  /** Id of its large value, or -1. */
  readonly largeId: number;
  /** What it counts in the dataset while it lives. */
  readonly datasetBytes: number;
}

export interface IndexFacts {
  readonly entries: EntryFacts[];
  readonly segments: number[];
  readonly depth: number;
}

/** Reads and checks the index of a shard. Nobody may change the shard meanwhile. */
export function walkIndex(
  arena: Arena,
  pages: PageFacts[],
  shard: number,
  problems: Problems,
): IndexFacts {
  const { words } = arena;
  const depth = words[arena.shards + shard * SHARD_BLOCK_WORDS + SHARD_DEPTH]!;
  const base = arena.directories + shard * arena.directoryWords;
  const facts: IndexFacts = { entries: [], segments: [], depth };
  problems.expect(depth >= 0 && depth <= arena.maxDepth, `shard ${shard} has the depth ${depth}`);
  if (depth === 0 && words[base] === 0) return facts;
  const seen = new Set<number>();
  for (let i = 0; i < 2 ** depth; ) {
    const reference = words[base + i]!;
    const local = reference & DEPTH_MASK;
    const width = 2 ** (depth - local);
    const segment = (reference >>> DEPTH_BITS) * 16;
    const page = pageOfSlot(arena, pages, segment);
    if (local > depth || i % width !== 0 || page?.shard !== shard || seen.has(segment)) {
      problems.add(`shard ${shard}: directory word ${i} of 2^${depth} is ${reference}`);
      return facts;
    }
    problems.expect(page.sizeClass === INDEX_CLASS, `a segment lies in class ${page.sizeClass}`);
    for (let j = 0; j < width; j++) {
      problems.expect(words[base + i + j] === reference, `shard ${shard}: words ${i} and ${i + j}`);
    }
    seen.add(segment);
    facts.segments.push(segment);
    walkSegment(arena, pages, shard, segment, local, i / width, facts.entries, problems);
    i += width;
  }
  return facts;
}

function walkSegment(
  arena: Arena,
  pages: PageFacts[],
  shard: number,
  segment: number,
  depth: number,
  prefix: number,
  entries: EntryFacts[],
  problems: Problems,
): void {
  const { words } = arena;
  const seen = new Set<number>();
  for (let bucket = 0; bucket < SEGMENT_BUCKETS; bucket++) {
    let address = words[segment + SEGMENT_HEAD_WORDS + bucket]!;
    while (address !== 0) {
      const entry = address * 4;
      const page = pageOfSlot(arena, pages, entry);
      const isEntry = page?.shard === shard && page.sizeClass !== INDEX_CLASS;
      if (!isEntry || seen.has(entry)) {
        const fault = seen.has(entry) ? 'in a circle' : 'to what is no entry of it';
        problems.add(`shard ${shard}: a chain leads ${fault}, word ${entry}`);
        break;
      }
      seen.add(entry);
      const bits = depth + SEGMENT_BUCKET_BITS;
      const hash = words[entry + ENTRY_HASH]! >>> 0;
      const place = prefix * SEGMENT_BUCKETS + bucket;
      problems.expect(
        Math.floor(hash / 2 ** (32 - bits)) === place,
        `shard ${shard}: hash ${hash} is in bucket ${place} of 2^${bits}`,
      );
      entries.push(readEntry(arena, page, entry, problems));
      address = words[entry]!;
    }
  }
  const count = words[segment + SEGMENT_COUNT]!;
  problems.expect(count === seen.size, `a segment of ${seen.size} entries counts ${count}`);
}

function readEntry(arena: Arena, page: PageFacts, entry: number, problems: Problems): EntryFacts {
  const { words, floats, bytes } = arena;
  const meta = words[entry + ENTRY_META]!;
  const keyLength = meta & 0xffff;
  const type = (meta >>> 16) & 255;
  const valueLength = words[entry + ENTRY_VALUE]! & 0xffff;
  const flags = words[entry + ENTRY_VALUE]! >>> 16;
  const at = (entry + ENTRY_KEY) * 4;
  const name = `entry ${entry} of shard ${page.shard}`;
  problems.expect(meta >>> 24 === page.sizeClass, `${name}: class ${meta >>> 24}`);
  problems.expect(type !== 0, `${name} has no type`);
  const needed = ENTRY_HEAD_BYTES + align4(keyLength) + align4(valueLength);
  const room = CLASS_BYTES[page.sizeClass]!;
  problems.expect(needed <= room, `${name}: ${needed} bytes in a slot of ${room}`);
  const hasher = new KeyHasher(...arena.transfer.hashSecret);
  const hash = hasher.hash(bytes, at, keyLength);
  problems.expect(hash === words[entry + ENTRY_HASH], `${name}: its hash is not its key's`);
  problems.expect(hasher.shard(bytes, at, keyLength) === page.shard, `${name}: of another shard`);
  const expireAtMs = floats[(entry + ENTRY_EXPIRE) >> 1]!;
  checkExpiry(arena, page.page, expireAtMs, name, problems);
  const isLarge = (flags & FLAG_LARGE) !== 0;
  problems.expect(!isLarge || valueLength === LARGE_BYTES, `${name}: large, ${valueLength} bytes`);
  const value = (at + align4(keyLength)) >> 2;
  const isCold = (flags & FLAG_COLD) !== 0;
  const length = isLarge ? words[value + 1]! >>> 0 : isCold ? words[value]! >>> 0 : valueLength;
  return {
    shard: page.shard,
    entry,
    page: page.page,
    namespace: words[entry + ENTRY_NAMESPACE]!,
    key: bytes.toString('latin1', at, at + keyLength),
    isTombstone: type === TYPE_TOMBSTONE,
    expires: expireAtMs !== 0,
    largeId: isLarge ? words[value]! : -1,
    datasetBytes: DATASET_KEY_BYTES + keyLength + length,
  };
}

/** The sweep finds an entry only if its page's time is not later than the entry's. */
function checkExpiry(
  arena: Arena,
  page: number,
  expireAtMs: number,
  name: string,
  problems: Problems,
): void {
  if (expireAtMs === 0) return;
  const tick = Math.max(0, Math.floor((expireAtMs - arena.epochMs) / EXPIRE_TICK_MS));
  const pageTick = arena.words[arena.pageTable + page * PAGE_RECORD_WORDS + PAGE_EXPIRES]! >>> 0;
  problems.expect(pageTick <= tick, `${name} expires in tick ${tick}, its page in ${pageTick}`);
}

function align4(bytes: number): number {
  return (bytes + 3) & ~3;
}
