// The slab pool: random allocation against a model, pages that come back, a full pool, promises.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import type { Arena } from '../src/arena.ts';
import { CLASS_BYTES, CLASS_SLOTS, INDEX_CLASS, slotBytes } from '../src/size-classes.ts';
import { SlabPool } from '../src/slab-pool.ts';
import { smallArena } from './keyed-table.ts';
import { Problems, pageOfSlot, walkPages } from './page-walk.ts';

interface Slot {
  readonly shard: number;
  readonly sizeClass: number;
  readonly word: number;
  readonly stamp: number;
}

function problemsOf(arena: Arena): readonly string[] {
  const problems = new Problems();
  walkPages(arena, problems);
  return problems.list;
}

/** Writes a number all over a slot: whoever else writes there is found out. */
function stamp(arena: Arena, slot: Slot): void {
  arena.words.fill(slot.stamp, slot.word, slot.word + slotBytes(slot.sizeClass) / 4);
}

function isIntact(arena: Arena, { word, sizeClass, stamp }: Slot): boolean {
  return arena.words.subarray(word, word + slotBytes(sizeClass) / 4).every((w) => w === stamp);
}

test('every class: a page of slots that do not overlap, and back', async (t) => {
  for (let sizeClass = 0; sizeClass <= INDEX_CLASS; sizeClass++) {
    const arena = smallArena(2);
    const pool = new SlabPool(arena);
    const slots = new Set<number>();
    const count = CLASS_SLOTS[sizeClass]! + 1;
    for (let i = 0; i < count; i++) {
      const word = pool.allocate(5, sizeClass);
      slots.add(word);
      if (word % 4 !== 0) t.fail(`class ${sizeClass} is not on 16 bytes`);
      stamp(arena, { shard: 5, sizeClass, word, stamp: i + 1 });
    }
    if (slots.size !== count || slots.has(0)) t.fail(`class ${sizeClass}: ${slots.size} slots`);
    if (pool.freePages !== 0) t.fail(`class ${sizeClass}: ${pool.freePages} free`);
    const pages = walkPages(arena, new Problems());
    for (const slot of slots) {
      if (pageOfSlot(arena, pages, slot) === null) t.fail(`class ${sizeClass}, slot ${slot}`);
      if (pool.pageOf(slot) > 1) t.fail(`class ${sizeClass}: page ${pool.pageOf(slot)}`);
    }
    for (const slot of slots) {
      arena.words.fill(0, slot, slot + slotBytes(sizeClass) / 4);
      pool.free(5, slot);
    }
    if (pool.freePages !== 2) t.fail(`class ${sizeClass}: pages did not come back`);
    const problems = problemsOf(arena);
    if (problems.length > 0) t.same(problems, [], `class ${sizeClass}`);
  }
  t.pass(`${INDEX_CLASS + 1} classes`);
});

test('random allocation against a model, the pool often full', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  const arena = smallArena(24);
  // Two views, as two threads have them.
  const pools = [new SlabPool(arena), new SlabPool(arena)] as const;
  const slots: Slot[] = [];
  const shards = [0, 1, 63];
  const classes = [0, 1, 10, 20, CLASS_BYTES.length - 1, INDEX_CLASS];
  let full = 0;
  let most = 0;
  let growing = true;
  for (let step = 0; step < 60_000; step++) {
    const pool = random.pick(pools);
    if (random.chance(0.001)) growing = !growing;
    if (random.chance(growing ? 0.6 : 0.4)) {
      const sizeClass = random.pick(classes);
      const shard = random.pick(shards);
      const word = pool.allocate(shard, sizeClass);
      if (word === 0) {
        full++;
        continue;
      }
      const slot = { shard, sizeClass, word, stamp: step + 1 };
      stamp(arena, slot);
      slots.push(slot);
      most = Math.max(most, slots.length);
    } else if (slots.length > 0) {
      const at = random.below(slots.length);
      const slot = slots[at]!;
      slots[at] = slots.at(-1)!;
      slots.pop();
      if (!isIntact(arena, slot)) return t.fail(`step ${step}: a slot was overwritten`);
      arena.words.fill(0, slot.word, slot.word + slotBytes(slot.sizeClass) / 4);
      pool.free(slot.shard, slot.word);
    }
    if (step % 5000 === 0) t.same(problemsOf(arena), [], `step ${step}`);
  }
  t.ok(full > 50, `${full} times full, ${most} slots at most`);
  for (const slot of slots) {
    if (!isIntact(arena, slot)) t.fail('a slot was overwritten');
    arena.words.fill(0, slot.word, slot.word + slotBytes(slot.sizeClass) / 4);
    pools[0].free(slot.shard, slot.word);
  }
  t.equal(pools[0].freePages, 24, 'everything came back');
  t.same(problemsOf(arena), []);
});

test('slots are used again before a new page is taken', async (t) => {
  const arena = smallArena(3);
  const pool = new SlabPool(arena);
  const count = CLASS_SLOTS[0]! * 2;
  const slots = Array.from({ length: count }, () => pool.allocate(1, 0));
  t.equal(pool.freePages, 1);
  const freed = slots.filter((_, i) => i % 3 === 0);
  for (const slot of freed) pool.free(1, slot);
  const again = freed.map(() => pool.allocate(1, 0));
  t.same([...again].sort(), [...freed].sort());
  t.equal(pool.freePages, 1);
});

test('a full pool refuses, and a shard without room does not take from another', async (t) => {
  const arena = smallArena(1);
  const pool = new SlabPool(arena);
  const slot = pool.allocate(0, 0);
  t.not(slot, 0);
  t.equal(pool.allocate(1, 0), 0, 'another shard');
  t.equal(pool.allocate(0, 1), 0, 'another class');
  t.not(pool.allocate(0, 0), 0, 'its own page has room');
  t.same(problemsOf(arena), []);
});

test('a promise keeps pages for its thread', async (t) => {
  const arena = smallArena(4);
  const [one, two] = [new SlabPool(arena), new SlabPool(arena)];
  const last = CLASS_BYTES.length - 1;
  t.equal(one.promise(5), false, 'more than there are');
  t.equal(one.promise(3), true);
  t.equal(two.promise(2), false, 'promised already');
  t.not(two.allocate(0, last), 0, "one page is nobody's");
  t.equal(two.allocate(0, last), 0, 'the others are promised');
  t.equal(two.promise(0), true);
  const taken = [one.allocate(1, last), one.allocate(1, last)];
  t.ok(taken.every((slot) => slot !== 0));
  one.endPromise();
  const slot = two.allocate(0, last);
  t.not(slot, 0, 'what was left of the promise');
  t.equal(one.allocate(1, last), 0, 'now it is full');
  two.free(0, slot);
  t.equal(one.promise(1), true, 'a page that came back can be promised');
  t.equal(two.allocate(0, last), 0);
  one.endPromise();
  one.endPromise();
  t.same(problemsOf(arena), []);
});
