// The index: growth through many splits, hash order, collisions, and a full pool, against a model.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import type { Arena } from '../src/arena.ts';
import { HashIndex } from '../src/hash-index.ts';
import { ENTRY_HASH, ENTRY_META, TYPE_STRING } from '../src/layout.ts';
import { CLASS_SLOTS, INDEX_CLASS } from '../src/size-classes.ts';
import { SlabPool } from '../src/slab-pool.ts';
import { smallArena } from './keyed-table.ts';
import { Problems, walkPages } from './page-walk.ts';

const SHARD = 7;
const END = 4294967296;

/** An index over bare entries: a hash and nothing else. */
class BareIndex {
  readonly arena: Arena;
  readonly pool: SlabPool;
  readonly index: HashIndex;
  readonly shard: number;

  constructor(pages: number, shard = SHARD) {
    this.arena = smallArena(pages);
    this.pool = new SlabPool(this.arena);
    this.index = new HashIndex(this.arena, this.pool);
    this.shard = shard;
  }

  make(hash: number): number {
    const entry = this.pool.allocate(this.shard, 0);
    if (entry === 0) return 0;
    this.arena.words[entry + ENTRY_HASH] = hash | 0;
    this.arena.words[entry + ENTRY_META] = TYPE_STRING << 16;
    return entry;
  }

  add(hash: number): number {
    const entry = this.make(hash);
    if (entry !== 0 && !this.index.insert(this.shard, entry)) {
      this.drop(entry);
      return 0;
    }
    return entry;
  }

  drop(entry: number): void {
    this.arena.words[entry + ENTRY_META] = 0;
    this.pool.free(this.shard, entry);
  }

  remove(entry: number): void {
    this.index.remove(this.shard, entry);
    this.drop(entry);
  }

  chain(hash: number): number[] {
    const { words } = this.arena;
    const bucket = this.index.bucket(this.shard, hash | 0);
    const found: number[] = [];
    if (bucket === 0) return found;
    for (let entry = words[bucket]! << 2; entry !== 0; entry = words[entry]! << 2)
      found.push(entry);
    return found;
  }

  /** All entries by walking buckets from hash to hash, as SCAN does. */
  walk(): { entries: number[]; buckets: number; inOrder: boolean } {
    const entries: number[] = [];
    let buckets = 0;
    let inOrder = true;
    for (let at = 0; at < END; buckets++) {
      const end = this.index.bucketEnd(this.shard, at | 0);
      for (const entry of this.chain(at)) {
        const hash = this.arena.words[entry + ENTRY_HASH]! >>> 0;
        if (hash < at || hash >= end) inOrder = false;
        entries.push(entry);
      }
      if (end <= at) throw new Error(`the walk stands at ${at}`);
      at = end;
    }
    return { entries, buckets, inOrder };
  }

  segments(): number {
    const pages = walkPages(this.arena, new Problems());
    return pages
      .filter(({ sizeClass }) => sizeClass === INDEX_CLASS)
      .reduce((sum, { used }) => sum + used, 0);
  }
}

function sorted(numbers: Iterable<number>): number[] {
  return [...numbers].sort((a, b) => a - b);
}

test('an empty shard', async (t) => {
  const bare = new BareIndex(4);
  t.equal(bare.index.bucket(SHARD, 123), 0);
  t.equal(bare.index.bucketEnd(SHARD, 0), END);
  t.equal(bare.index.bucketEnd(SHARD, -1), END);
  t.same(bare.walk(), { entries: [], buckets: 1, inOrder: true });
});

const DISTRIBUTIONS: readonly (readonly [string, (random: Random, i: number) => number])[] = [
  ['random hashes', (random) => random.uint32()],
  ['ascending hashes', (_, i) => i * 400_000],
  ['hashes in the upper half', (random) => random.uint32() | 0x80000000],
  ['hashes that agree in 5 bits', (random) => (0xa8000000 | (random.uint32() >>> 5)) >>> 0],
  ['few different hashes', (random) => Math.imul(random.below(50), 0x9e3779b9) >>> 0],
];

for (const [name, draw] of DISTRIBUTIONS) {
  test(`${name}: grows, keeps the order, finds everything`, async (t) => {
    const random = new Random(42);
    const bare = new BareIndex(60);
    const entries = new Set<number>();
    for (let i = 0; i < 10_000; i++) {
      const entry = bare.add(draw(random, i));
      if (entry === 0) return t.fail(`no room for entry ${i}`);
      entries.add(entry);
    }
    const { entries: walked, inOrder, buckets } = bare.walk();
    t.ok(inOrder, 'every bucket holds only its hashes');
    t.same(sorted(walked), sorted(entries), 'every entry once');
    t.ok(bare.segments() > 20, `${bare.segments()} segments, ${buckets} buckets`);
    for (const entry of entries) {
      const hash = bare.arena.words[entry + ENTRY_HASH]!;
      if (!bare.chain(hash).includes(entry)) t.fail(`hash ${hash} is not found`);
    }
    for (const entry of entries) bare.remove(entry);
    t.same(bare.walk().entries, []);
    t.ok(bare.walk().buckets <= bare.segments(), 'a walk over emptied segments takes no buckets');
  });
}

test('chains stay short with random hashes', async (t) => {
  const random = new Random(1);
  const bare = new BareIndex(60);
  for (let i = 0; i < 10_000; i++) bare.add(random.uint32());
  let longest = 0;
  for (let i = 0; i < 5000; i++) {
    longest = Math.max(longest, bare.chain(random.uint32()).length);
  }
  t.ok(longest <= 8, `${longest} entries in a bucket`);
});

test('the same hash again and again: the chain grows and nothing breaks', async (t) => {
  const bare = new BareIndex(60);
  const entries = Array.from({ length: 1000 }, () => bare.add(0x12345678));
  t.ok(entries.every((entry) => entry !== 0));
  t.equal(bare.chain(0x12345678).length, 1000);
  t.ok(bare.segments() <= bare.arena.maxDepth + 1, `${bare.segments()} segments`);
  const { entries: walked, inOrder } = bare.walk();
  t.ok(inOrder);
  t.same(sorted(walked), sorted(entries));
  for (const entry of entries) bare.remove(entry);
  t.same(bare.chain(0x12345678), []);
});

test('random inserts, removals and replacements against a map', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  const bare = new BareIndex(40, 0);
  const model = new Map<number, number>();
  const hashes = Array.from({ length: 3000 }, () => random.uint32());
  for (let step = 0; step < 60_000; step++) {
    const action = random.below(10);
    if (action < 5 && model.size < 8000) {
      const hash = random.pick(hashes);
      const entry = bare.add(hash);
      if (entry !== 0) model.set(entry, hash);
      continue;
    }
    const entry = [...model.keys()][random.below(Math.min(model.size, 50))];
    if (entry === undefined) continue;
    const hash = model.get(entry)!;
    model.delete(entry);
    if (action < 8) {
      bare.remove(entry);
      continue;
    }
    const moved = bare.make(hash);
    bare.index.replace(0, entry, moved);
    bare.drop(entry);
    model.set(moved, hash);
  }
  const { entries, inOrder } = bare.walk();
  t.ok(inOrder);
  t.same(sorted(entries), sorted(model.keys()));
});

test('a full pool: no first segment, and later no split', async (t) => {
  const none = new BareIndex(1);
  const entry = none.make(5);
  t.not(entry, 0);
  t.equal(none.index.insert(SHARD, entry), false, 'no page for the first segment');
  t.equal(none.index.bucket(SHARD, 5), 0);
  const tight = new BareIndex(4);
  const random = new Random(3);
  tight.add(0);
  // All index slots of the page are in use, and the rest of the pool holds entries.
  for (let i = 1; i < CLASS_SLOTS[INDEX_CLASS]!; i++) tight.pool.allocate(SHARD, INDEX_CLASS);
  const count = CLASS_SLOTS[0]! * 3;
  const made = Array.from({ length: count - 1 }, () => tight.make(random.uint32()));
  t.equal(tight.pool.freePages, 0);
  t.ok(
    made.every((entry) => tight.index.insert(SHARD, entry)),
    'chains grow instead',
  );
  t.equal(tight.segments(), CLASS_SLOTS[INDEX_CLASS], 'it could not be split');
  const { entries, inOrder } = tight.walk();
  t.ok(inOrder);
  t.equal(new Set(entries).size, count);
});

test('removing an entry that is not in the index ends the process', async (t) => {
  const bare = new BareIndex(4);
  bare.add(1);
  const stray = bare.make(1);
  t.throws(() => bare.index.remove(SHARD, stray), { name: 'InvariantError' });
  t.throws(() => bare.index.replace(SHARD, stray, bare.make(1)), { name: 'InvariantError' });
  const elsewhere = new BareIndex(4);
  t.throws(() => elsewhere.index.remove(SHARD, elsewhere.make(1)), { name: 'InvariantError' });
});
