// Large sorted sets against a sorted array: ranks, ranges of all kinds, removal, picks, scans.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  LargeSortedSet,
  LargeValueError,
  type LexBound,
  type RankRange,
  SCORE_ADDED,
  SCORE_CHANGED,
  SCORE_SAME,
} from '../src/index.ts';
import { bytes, chiSquare, compareTexts, options, randomMember, textOf } from './large-support.ts';

type Scored = [member: string, score: number];

function compare([aMember, aScore]: Scored, [bMember, bScore]: Scored): number {
  return aScore === bScore
    ? compareTexts(aMember, bMember)
    : aScore - bScore || (aScore < bScore ? -1 : 1);
}

function ordered(model: Map<string, number>): Scored[] {
  return [...model].sort(compare);
}

function listOf(set: LargeSortedSet, first = 0, count = 1e9, downwards = false): Scored[] {
  const list: Scored[] = [];
  set.walk(first, count, downwards, (member, score) => list.push([textOf(member), score]));
  return list;
}

function randomScore(random: Random, kinds: number): number {
  const kind = random.below(200);
  if (kind === 0) return Number.POSITIVE_INFINITY;
  if (kind === 1) return Number.NEGATIVE_INFINITY;
  if (kind < 10) return random.below(1000) / 7;
  return random.below(kinds) - kinds / 2;
}

/** Compares every way to ask for a range with the same question to the array. */
function checkRanges(set: LargeSortedSet, list: Scored[], random: Random): string | null {
  const min = randomScore(random, 40);
  const max = randomScore(random, 40);
  const minExclusive = random.chance(0.5);
  const maxExclusive = random.chance(0.5);
  const ranks = set.ranksByScore({ min, minExclusive, max, maxExclusive });
  const wanted = list.filter(
    ([, score]) =>
      (minExclusive ? score > min : score >= min) && (maxExclusive ? score < max : score <= max),
  );
  if (ranks.count !== wanted.length) return `scores ${min}..${max}: ${ranks.count}`;
  if (!same(listOf(set, ranks.first, ranks.count), wanted)) return `walk ${min}..${max}`;
  const top = ranks.first + ranks.count - 1;
  const reverse = ranks.count === 0 ? [] : listOf(set, top, ranks.count, true);
  if (!same(reverse, wanted.reverse())) return `walk down ${max}..${min}`;
  const at = random.below(list.length + 3);
  const count = random.below(100);
  if (!same(listOf(set, at, count), list.slice(at, at + count))) return `ranks ${at} ${count}`;
  if (at < list.length) {
    const [member, score] = list[at]!;
    if (set.rank(false, bytes(member)) !== at || set.score !== score) return `rank of ${member}`;
    if (set.rank(true, bytes(member)) !== list.length - 1 - at) return `rank down of ${member}`;
  }
  return null;
}

function same(a: Scored[], b: Scored[]): boolean {
  return a.length === b.length && a.every(([m, s], i) => m === b[i]![0] && s === b[i]![1]);
}

test('the same as a sorted array', async (t) => {
  const seed = 701;
  const random = new Random(seed);
  const set = new LargeSortedSet(options(seed));
  const model = new Map<string, number>();
  let failures = 0;
  for (let step = 0; step < 100_000; step++) {
    const grows = Math.floor(step / 25_000) % 2 === 0;
    const member = randomMember(random, 12_000);
    const known = model.get(member);
    if (random.chance(grows ? 0.75 : 0.2)) {
      // Few scores for a while, then many: both comparisons decide.
      const score = randomScore(random, step % 10_000 < 5000 ? 5 : 100_000);
      const result = set.set(score, bytes(member));
      const expected =
        known === undefined ? SCORE_ADDED : known === score ? SCORE_SAME : SCORE_CHANGED;
      if (result !== expected) failures++;
      model.set(member, score);
    } else if (set.delete(bytes(member)) !== model.delete(member)) {
      failures++;
    }
    const other = randomMember(random, 12_000);
    if (set.get(bytes(other)) !== model.has(other)) failures++;
    else if (model.has(other) && set.score !== model.get(other)) failures++;
    if (step % 2500 !== 0) continue;
    const list = ordered(model);
    if (!same(listOf(set), list)) t.fail(`step ${step}: order`);
    for (let i = 0; i < 100; i++) {
      const problem = checkRanges(set, list, random);
      if (problem !== null) t.fail(`step ${step}: ${problem}`);
    }
  }
  t.equal(failures, 0, `seed ${seed}`);
  t.equal(set.count, model.size);
});

test('ranges of ranks removed, up and down, until nothing is left', async (t) => {
  const seed = 702;
  const random = new Random(seed);
  for (let round = 0; round < 20; round++) {
    const set = new LargeSortedSet(options(seed + round));
    const model = new Map<string, number>();
    const size = 1 + random.below(6000);
    for (let i = 0; i < size; i++) {
      const score = round % 2 === 0 ? i : random.below(300);
      set.set(score, bytes(`m${i}`));
      model.set(`m${i}`, score);
    }
    let list = ordered(model);
    while (list.length > 0) {
      const first = random.below(list.length);
      const count = 1 + random.below(400);
      const downwards = random.chance(0.5);
      const seen: Scored[] = [];
      const removed = set.removeRanks(first, count, downwards, (member, score) =>
        seen.push([textOf(member), score]),
      );
      const gone = list.slice(first, first + count);
      list = [...list.slice(0, first), ...list.slice(first + count)];
      if (downwards) gone.reverse();
      if (removed !== gone.length || !same(seen, gone)) return t.fail(`seed ${seed + round}`);
      if (!same(listOf(set), list)) return t.fail(`rest, seed ${seed + round}`);
      for (let i = 0; i < 10 && list.length > 0; i++) {
        const problem = checkRanges(set, list, random);
        if (problem !== null) return t.fail(`${problem}, seed ${seed + round}`);
      }
    }
    t.equal(set.count, 0);
    set.set(1, bytes('again'));
    t.same(listOf(set), [['again', 1]]);
  }
});

test('many ranks removed in one go among other changes', async (t) => {
  const seed = 704;
  const random = new Random(seed);
  const set = new LargeSortedSet(options(seed));
  const model = new Map<string, number>();
  let removals = 0;
  for (let step = 0; step < 400; step++) {
    // It grows and shrinks by turns, so that memory is moved, too.
    const added = random.below(step % 40 < 20 ? 1500 : 100);
    for (let i = 0; i < added; i++) {
      const member = randomMember(random, 30_000);
      const score = random.below(step % 3 === 0 ? 3 : 50_000);
      set.set(score, bytes(member));
      model.set(member, score);
    }
    for (let i = random.below(50); i > 0; i--) {
      const member = randomMember(random, 30_000);
      if (set.delete(bytes(member)) !== model.delete(member)) t.fail(`step ${step}: ${member}`);
    }
    let list = ordered(model);
    const first = random.chance(0.3) ? 0 : random.below(list.length + 1);
    const most = random.chance(0.5) ? 50 : random.chance(0.5) ? 1000 : list.length;
    const gone = list.slice(first, first + random.below(most + 1));
    removals += set.removeRanks(first, gone.length);
    for (const [member] of gone) model.delete(member);
    list = [...list.slice(0, first), ...list.slice(first + gone.length)];
    if (!same(listOf(set), list)) return t.fail(`seed ${seed}, step ${step}: the rest`);
    for (let i = 0; i < 5 && list.length > 0; i++) {
      const problem = checkRanges(set, list, random);
      if (problem !== null) return t.fail(`seed ${seed}, step ${step}: ${problem}`);
    }
    for (const [member] of gone.slice(0, 5)) {
      if (set.has(bytes(member))) return t.fail(`seed ${seed}, step ${step}: ${member} is left`);
    }
  }
  t.ok(removals > 50_000, `${removals} removals`);
});

test('ranges of members', async (t) => {
  const seed = 703;
  const random = new Random(seed);
  const set = new LargeSortedSet(options(seed));
  const members = new Set<string>();
  for (let i = 0; i < 4000; i++) members.add(randomMember(random, 20_000));
  for (const member of members) set.set(0, bytes(member));
  const list = [...members].sort(compareTexts);
  const bound = (): LexBound => {
    if (random.chance(0.1)) return random.chance(0.5) ? 'lowest' : 'highest';
    const member = random.chance(0.5) ? random.pick(list) : randomMember(random, 20_000);
    return { member: bytes(member), exclusive: random.chance(0.5) };
  };
  const above = (member: string, min: LexBound): boolean => {
    if (typeof min === 'string') return min === 'lowest';
    const order = compareTexts(member, min.member.toString('latin1'));
    return min.exclusive ? order > 0 : order >= 0;
  };
  const below = (member: string, max: LexBound): boolean => {
    if (typeof max === 'string') return max === 'highest';
    const order = compareTexts(member, max.member.toString('latin1'));
    return max.exclusive ? order < 0 : order <= 0;
  };
  let failures = 0;
  for (let i = 0; i < 1000; i++) {
    const min = bound();
    const max = bound();
    const ranks: RankRange = set.ranksByMember({ min, max });
    const wanted = list.filter((member) => above(member, min) && below(member, max));
    if (ranks.count !== wanted.length) failures++;
    else if (listOf(set, ranks.first, ranks.count).some(([m], j) => m !== wanted[j])) failures++;
  }
  t.equal(failures, 0, `seed ${seed}`);
});

test('elements in ascending, descending and one place', async (t) => {
  for (const scoreOf of [(i: number) => i, (i: number) => -i, () => 7]) {
    const set = new LargeSortedSet(options(704));
    for (let i = 0; i < 20_000; i++) set.set(scoreOf(i), bytes(`${i}`.padStart(6, '0')));
    const list = listOf(set);
    t.equal(list.length, 20_000);
    t.ok(list.every((element, i) => i === 0 || compare(list[i - 1]!, element) < 0));
    for (const rank of [0, 1, 63, 64, 65, 9999, 19_999]) {
      t.equal(set.rank(false, bytes(list[rank]![0])), rank, { diagnostic: false });
    }
  }
});

test('scores that are special', async (t) => {
  const set = new LargeSortedSet(options(705));
  t.throws(() => set.set(Number.NaN, bytes('a')), LargeValueError);
  t.equal(set.count, 0);
  t.equal(set.set(0, bytes('zero')), SCORE_ADDED);
  t.equal(set.set(-0, bytes('zero')), SCORE_SAME);
  set.set(Number.POSITIVE_INFINITY, bytes('top'));
  set.set(Number.NEGATIVE_INFINITY, bytes('bottom'));
  set.set(Number.MIN_VALUE, bytes('least'));
  set.set(Number.MAX_VALUE, bytes('most'));
  t.same(
    listOf(set).map(([member]) => member),
    ['bottom', 'zero', 'least', 'most', 'top'],
  );
  const all = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
  t.equal(set.ranksByScore({ ...all, minExclusive: false, maxExclusive: false }).count, 5);
  t.equal(set.ranksByScore({ ...all, minExclusive: true, maxExclusive: true }).count, 3);
  t.equal(set.rank(false, bytes('nobody')), -1);
  t.same(listOf(set, 9), []);
  t.same(listOf(set, -1), []);
  t.equal(set.removeRanks(5, 1), 0);
  t.equal(set.removeRanks(0, -1), 0);
});

test('picks and samples are fair', async (t) => {
  const set = new LargeSortedSet(options(706));
  for (let i = 0; i < 400; i++) set.set(i % 3, bytes(`${i}`));
  const counts = new Array<number>(400).fill(0);
  for (let i = 0; i < 80_000; i++) if (set.pick()) counts[Number(textOf(set.member))]!++;
  // 399 degrees of freedom: standard deviation 28.2.
  const distance = chiSquare(counts, 200);
  t.ok(distance > 286 && distance < 512, `chi-square ${distance}`);
  const seen = new Set<string>();
  set.sample(399, (member, score) => {
    if (Number(textOf(member)) % 3 === score) seen.add(textOf(member));
  });
  t.equal(seen.size, 399);
});

test('a scan while members come, go and change their scores', async (t) => {
  const random = new Random(707);
  const set = new LargeSortedSet(options(707));
  for (let i = 0; i < 2000; i++) set.set(i, bytes(`stable${i}`));
  for (let i = 0; i < 20_000; i++) set.set(i, bytes(`other${i}`));
  const seen = new Map<string, number>();
  let cursor = 0;
  do {
    cursor = set.scan(cursor, 20, (member) => {
      seen.set(textOf(member), (seen.get(textOf(member)) ?? 0) + 1);
    });
    for (let i = 0; i < 60; i++) {
      set.delete(bytes(`other${random.below(20_000)}`));
      set.set(random.below(9999), bytes(`stable${random.below(2000)}`));
    }
  } while (cursor !== 0);
  for (let i = 0; i < 2000; i++) if (seen.get(`stable${i}`) !== 1) t.fail(`stable${i}`);
  t.equal(listOf(set).length, set.count);
});

test('a million members, and the memory of those that went', async (t) => {
  const random = new Random(708);
  const set = new LargeSortedSet(options(708));
  const name = Buffer.from('member:00000000 ');
  for (let i = 0; i < 1_000_000; i++) {
    name.writeUInt32LE(i, 11);
    set.set(random.below(1 << 20), name);
  }
  t.equal(set.count, 1_000_000);
  const full = set.memoryBytes;
  t.ok(full < 80_000_000, `${full / 1e6} bytes per member`);
  let failures = 0;
  for (let i = 0; i < 2000; i++) {
    const rank = random.below(1_000_000);
    let member: Buffer = Buffer.alloc(0);
    set.walk(rank, 1, false, (range) => {
      member = range.copy();
    });
    if (set.rank(false, member) !== rank) failures++;
    const score = set.score;
    const range = { min: score, max: score, minExclusive: false, maxExclusive: false };
    const { first, count } = set.ranksByScore(range);
    if (rank < first || rank >= first + count) failures++;
  }
  t.equal(failures, 0);
  let last = Number.NEGATIVE_INFINITY;
  set.removeRanks(0, 990_000, false, (_member, score) => {
    if (score < last) failures++;
    last = score;
  });
  t.equal(failures, 0, 'removed in order');
  t.ok(set.memoryBytes < full / 10, `${full} -> ${set.memoryBytes}`);
  const list = listOf(set);
  t.equal(list.length, 10_000);
  t.ok(list.every((element, i) => i === 0 || compare(list[i - 1]!, element) < 0));
  for (const [member] of list) if (!set.delete(bytes(member))) failures++;
  t.equal(failures, 0);
  t.equal(set.count, 0);
});
