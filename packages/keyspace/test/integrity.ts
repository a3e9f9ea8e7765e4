// Whether an arena is whole: pages, indexes, entries and counters agree with each other. Reads
// the words on its own, so that it does not believe what the code under test believes.

import { SHARD_COUNT } from '@forgekv/base';
import type { Arena } from '../src/arena.ts';
import {
  COUNTER_AWAY,
  COUNTER_BYTES,
  COUNTER_EXPIRES,
  COUNTER_KEYS,
  COUNTER_WORDS,
  SHARD_BLOCK_WORDS,
  SHARD_ENTRIES,
  SHARD_GATE,
  SHARD_LOCK,
} from '../src/layout.ts';
import { INDEX_CLASS } from '../src/size-classes.ts';
import { type EntryFacts, walkIndex } from './index-walk.ts';
import { Problems, walkPages } from './page-walk.ts';

export interface Integrity {
  /** What is wrong, in words; empty when the arena is whole. */
  readonly problems: readonly string[];
  readonly entries: readonly EntryFacts[];
  readonly segments: number;
  readonly deepest: number;
  readonly freePages: number;
}

/** Checks everything. Nobody may use the arena meanwhile, and no lock may be held. */
export function checkIntegrity(arena: Arena): Integrity {
  const problems = new Problems();
  const pages = walkPages(arena, problems);
  const entries: EntryFacts[] = [];
  let segments = 0;
  let deepest = 0;
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    const index = walkIndex(arena, pages, shard, problems);
    for (const entry of index.entries) entries.push(entry);
    segments += index.segments.length;
    deepest = Math.max(deepest, index.depth);
    checkShard(arena, shard, index.entries, problems);
  }
  let slots = 0;
  let indexSlots = 0;
  for (const { sizeClass, used } of pages) {
    if (sizeClass === INDEX_CLASS) indexSlots += used;
    else slots += used;
  }
  problems.expect(slots === entries.length, `${slots} slots in use, ${entries.length} entries`);
  problems.expect(indexSlots === segments, `${indexSlots} index slots, ${segments} segments`);
  const names = new Set(entries.map(({ namespace, key }) => `${namespace}/${key}`));
  problems.expect(names.size === entries.length, `${entries.length - names.size} keys are double`);
  const unowned = pages.filter(({ shard }) => shard < 0).length;
  const freePages = arena.pageCount - pages.length + unowned;
  return { problems: problems.list, entries, segments, deepest, freePages };
}

function checkShard(
  arena: Arena,
  shard: number,
  entries: readonly EntryFacts[],
  problems: Problems,
): void {
  const { words } = arena;
  const block = arena.shards + shard * SHARD_BLOCK_WORDS;
  problems.expect(words[block + SHARD_LOCK] === 0, `shard ${shard} is locked`);
  problems.expect(words[block + SHARD_GATE] === 0, `shard ${shard} is gated`);
  const counted = words[block + SHARD_ENTRIES]!;
  problems.expect(
    counted === entries.length,
    `shard ${shard} counts ${counted} entries and has ${entries.length}`,
  );
  for (let db = 0; db < arena.databases; db++) {
    const namespace = words[arena.namespaces + db]!;
    const live = entries.filter((entry) => entry.namespace === namespace && !entry.isTombstone);
    const at = arena.counters + (shard * arena.databases + db) * COUNTER_WORDS;
    const away = words[at + COUNTER_AWAY]!;
    const keys = words[at + COUNTER_KEYS]! - away;
    const expires = words[at + COUNTER_EXPIRES]!;
    const expiring = live.filter((entry) => entry.expires).length;
    const bytes = arena.floats[(at + COUNTER_BYTES) >> 1]!;
    const there = live.reduce((sum, entry) => sum + entry.datasetBytes, 0);
    const name = `shard ${shard}, database ${db}`;
    problems.expect(keys === live.length, `${name}: ${keys} keys counted, ${live.length} there`);
    problems.expect(away >= 0, `${name}: ${away} keys away`);
    const most = expiring + away;
    problems.expect(
      expires >= expiring && expires <= most,
      `${name}: ${expires} expiring, ${expiring} there`,
    );
    const isSum = away === 0 ? bytes === there : bytes > there;
    problems.expect(isSum, `${name}: ${bytes} bytes counted, ${there} there`);
  }
}
