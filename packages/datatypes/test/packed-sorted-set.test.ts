// Packed sorted sets against a sorted array: edits, ranks, ranges by score and by member.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { PackedSortedSet, verifyPacked } from '../src/index.ts';
import { element, PackedArena, randomText } from './packed-arena.ts';

interface Scored {
  member: string;
  score: number;
}

const SCORES = [-Infinity, -1.5, -0, 0, 0.1, 1, 2, 1e300, Infinity];

function memberHere(set: PackedSortedSet): string {
  set.read();
  return set.bytes.toString('latin1', set.memberAt, set.memberAt + set.memberBytes);
}

function contents(set: PackedSortedSet): Scored[] {
  const found: Scored[] = [];
  set.rewind();
  while (set.next()) found.push({ member: memberHere(set), score: set.score });
  return found;
}

/** Plain text of a list: JSON knows neither infinity nor a negative zero. */
function text(list: Scored[]): string {
  return list.map(({ member, score }) => `${score}/${member}`).join();
}

function byOrder(a: Scored, b: Scored): number {
  if (a.score !== b.score) return a.score < b.score ? -1 : 1;
  return a.member < b.member ? -1 : 1;
}

function put(arena: PackedArena, set: PackedSortedSet, name: string, score: number): boolean {
  const member = element(name);
  if (set.locate(member, score)) {
    set.applyMove(member, score);
    return false;
  }
  arena.edit(set, set.planInsert(member), () => set.applyInsert(member, score));
  return true;
}

test('the same as a sorted array', async (t) => {
  const seed = 641;
  const random = new Random(seed);
  t.comment(`seed ${seed}`);
  const set = new PackedSortedSet();
  let edits = 0;
  for (let round = 0; round < 250; round++) {
    const arena = new PackedArena(random);
    let model: Scored[] = [];
    for (let step = 0; step < 300; step++) {
      if (arena.length === 0) set.openEmpty();
      else set.open(arena.bytes, arena.view, arena.offset, arena.length);
      const member = random.chance(0.4) ? randomText(random) : `m${random.below(60)}`;
      const score = random.chance(0.5) ? random.pick(SCORES) : random.below(1000) / 8;
      const rank = model.findIndex((one) => one.member === member);
      if (set.find(element(member)) !== rank >= 0) return t.fail(`find, step ${step}`);
      if (rank >= 0 && (set.index !== rank || set.score !== model[rank]!.score)) {
        return t.fail(`rank or score, step ${step}`);
      }
      const action = random.below(100);
      if (action < 65 || model.length === 0) {
        edits++;
        model = model.filter((one) => one.member !== member);
        model.push({ member, score });
        model.sort(byOrder);
        if (put(arena, set, member, score) !== rank < 0) return t.fail('added or moved');
      } else if (action < 85 && rank >= 0) {
        edits++;
        set.find(element(member));
        arena.edit(set, set.planRemove(), () => set.applyRemove());
        model.splice(rank, 1);
      } else if (action >= 85) {
        edits++;
        const index = random.below(model.length);
        const count = 1 + random.below(Math.min(5, model.length - index));
        const length = set.planRemoveRange(index, count);
        arena.edit(set, length, () => set.applyRemoveRange(count));
        model.splice(index, count);
      }
      if (set.count !== model.length) return t.fail(`count, seed ${seed}, step ${step}`);
      if (model.length === 0) arena.take(Buffer.alloc(0));
      else if (step % 10 === 0) {
        const problem = verifyPacked(arena.bytes, arena.offset, arena.length);
        if (problem !== null) return t.fail(problem);
        if (text(contents(set)) !== text(model)) return t.fail(`seed ${seed}, step ${step}`);
        if (!hasSameRanges(random, set, model)) return t.fail(`range, seed ${seed}`);
      }
    }
  }
  t.ok(edits >= 50_000, `${edits} edits`);
});

function hasSameRanges(random: Random, set: PackedSortedSet, model: Scored[]): boolean {
  const bound = random.pick(SCORES);
  const isExclusive = random.chance(0.5);
  const above = (one: Scored) => (isExclusive ? one.score > bound : one.score >= bound);
  const below = (one: Scored) => (isExclusive ? one.score < bound : one.score <= bound);
  const first = set.seekFirst(bound, isExclusive) ? set.index : -1;
  const last = set.seekLast(bound, isExclusive) ? set.index : -1;
  return first === model.findIndex(above) && last === model.findLastIndex(below);
}

test('ranges by member', async (t) => {
  const seed = 642;
  const random = new Random(seed);
  let failures = 0;
  for (let round = 0; round < 200; round++) {
    const arena = new PackedArena(random);
    const set = new PackedSortedSet().openEmpty();
    const names = new Set(Array.from({ length: 30 }, () => randomText(random)));
    for (const name of names) put(arena, set, name, 0);
    const sorted = [...names].sort((a, b) => (a < b ? -1 : 1));
    for (let i = 0; i < 30; i++) {
      const bound = random.chance(0.5) ? random.pick(sorted) : randomText(random);
      const isExclusive = random.chance(0.5);
      const above = (name: string) => (isExclusive ? name > bound : name >= bound);
      const below = (name: string) => (isExclusive ? name < bound : name <= bound);
      const first = set.seekFirstLex(element(bound), isExclusive) ? set.index : -1;
      const last = set.seekLastLex(element(bound), isExclusive) ? set.index : -1;
      if (first !== sorted.findIndex(above) || last !== sorted.findLastIndex(below)) failures++;
    }
  }
  t.equal(failures, 0, `seed ${seed}`);
});

test('locate says where a new member belongs', async (t) => {
  const arena = new PackedArena(new Random(643));
  const set = new PackedSortedSet().openEmpty();
  for (const name of ['a', 'c', 'e']) put(arena, set, name, 1);
  t.equal(set.locate(element('b'), 1), false);
  t.equal(set.insertIndex, 1);
  t.equal(set.locate(element('b'), 0), false);
  t.equal(set.insertIndex, 0);
  t.equal(set.locate(element('a'), 2), true);
  t.equal(set.insertIndex, 3);
  t.equal(set.index, 0);
});
