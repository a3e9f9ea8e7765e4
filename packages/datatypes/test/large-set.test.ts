// Large sets against a plain set: changes, fair picks, scans while the set changes.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { LargeSet, LargeValueError } from '../src/index.ts';
import { bytes, chiSquare, options, randomMember, textOf } from './large-support.ts';

function textsOf(set: LargeSet, wanted: number): string[] {
  const texts: string[] = [];
  let cursor = 0;
  do cursor = set.scan(cursor, wanted, (member) => texts.push(textOf(member)));
  while (cursor !== 0);
  return texts;
}

test('the same as a plain set, growing and shrinking', async (t) => {
  const seed = 501;
  const random = new Random(seed);
  const set = new LargeSet(options(seed));
  const model = new Set<string>();
  let failures = 0;
  for (let step = 0; step < 80_000; step++) {
    // Grows for 20,000 steps, shrinks for 20,000, and so on.
    const grows = Math.floor(step / 20_000) % 2 === 0;
    const text = randomMember(random, 9000);
    if (random.chance(grows ? 0.7 : 0.25)) {
      if (set.insert(bytes(text)) === model.has(text)) failures++;
      model.add(text);
    } else if (set.delete(bytes(text)) !== model.delete(text)) {
      failures++;
    }
    const other = randomMember(random, 9000);
    if (set.has(bytes(other)) !== model.has(other)) failures++;
    if (step % 5000 === 0) t.same(textsOf(set, 100).sort(), [...model].sort(), `step ${step}`);
  }
  t.equal(failures, 0, `seed ${seed}`);
  t.equal(set.count, model.size);
  for (const text of model) t.ok(set.delete(bytes(text)) || t.fail(text), { diagnostic: false });
  t.equal(set.count, 0);
  t.notOk(set.pickMember());
});

test('members of every length, within a range of other bytes', async (t) => {
  const set = new LargeSet(options(502));
  const from = Buffer.alloc(200_000, 7);
  const lengths = [0, 1, 2, 3, 4, 5, 47, 48, 49, 512, 513, 16_384, 16_385, 40_000, 199_990];
  for (const length of lengths) t.ok(set.insert(from, 5, length));
  for (const length of lengths) t.ok(set.has(from, 9, length), `${length}`);
  t.notOk(set.has(from, 0, 6));
  t.same(
    textsOf(set, 1)
      .map((text) => text.length)
      .sort((a, b) => a - b),
    lengths,
  );
  for (const length of lengths) t.ok(set.delete(from, 1, length));
  t.equal(set.count, 0);
  t.throws(() => set.insert(from, 0, 2 ** 29 + 1), LargeValueError);
});

test('picks are fair, also after most members have gone', async (t) => {
  const set = new LargeSet(options(503));
  for (let i = 0; i < 20_000; i++) set.insert(bytes(`${i}`));
  for (let i = 0; i < 20_000; i++) if (i % 40 !== 0) set.delete(bytes(`${i}`));
  const picks = new Map<string, number>();
  for (let i = 0; i < 100_000; i++) {
    set.pickMember();
    const text = textOf(set.member);
    picks.set(text, (picks.get(text) ?? 0) + 1);
  }
  t.equal(picks.size, 500);
  // 499 degrees of freedom: mean 499, standard deviation 31.6; four of them.
  const distance = chiSquare(picks.values(), 200);
  t.ok(distance > 373 && distance < 626, `chi-square ${distance}`);
});

test('samples are distinct and fair, few and many', async (t) => {
  const set = new LargeSet(options(504));
  for (let i = 0; i < 300; i++) set.insert(bytes(`${i}`));
  for (const wanted of [10, 100, 101, 290, 300, 1000]) {
    const counts = new Array<number>(300).fill(0);
    const rounds = 2000;
    const size = Math.min(wanted, 300);
    for (let round = 0; round < rounds; round++) {
      const seen = new Set<string>();
      set.sample(wanted, (member) => seen.add(textOf(member)));
      if (seen.size !== size) return t.fail(`${seen.size} of ${wanted}`);
      for (const text of seen) counts[Number(text)]!++;
    }
    const expected = (rounds * size) / 300;
    // Without replacement counts vary less: scaled to compare with 299 degrees of freedom.
    const distance = chiSquare(counts, expected) / Math.max(1e-9, 1 - size / 300);
    if (size < 300) t.ok(distance > 200 && distance < 400, `${wanted}: chi-square ${distance}`);
    else t.ok(counts.every((count) => count === rounds));
  }
});

test('a scan returns what is there all the time exactly once, whatever else happens', async (t) => {
  const seed = 505;
  const random = new Random(seed);
  for (let round = 0; round < 20; round++) {
    const set = new LargeSet(options(seed + round));
    const stable = 1 + random.below(3000);
    for (let i = 0; i < stable; i++) set.insert(bytes(`stable${i}`));
    const others = 1 + random.below(20_000);
    for (let i = 0; i < others; i++) set.insert(bytes(`other${i}`));
    const seen = new Map<string, number>();
    const grows = random.chance(0.5);
    let cursor = 0;
    do {
      cursor = set.scan(cursor, 1 + random.below(200), (member) => {
        const text = textOf(member);
        seen.set(text, (seen.get(text) ?? 0) + 1);
      });
      for (let i = 0; i < 150; i++) {
        if (random.chance(grows ? 0.8 : 0.05)) set.insert(bytes(`more${random.below(30_000)}`));
        else set.delete(bytes(`other${random.below(others)}`));
      }
    } while (cursor !== 0);
    let wrong = 0;
    for (let i = 0; i < stable; i++) if (seen.get(`stable${i}`) !== 1) wrong++;
    if (wrong > 0) t.fail(`round ${round}: ${wrong} of ${stable}, seed ${seed}`);
  }
  t.pass('20 scans');
});

test('any cursor is harmless', async (t) => {
  const set = new LargeSet(options(506));
  for (let i = 0; i < 1000; i++) set.insert(bytes(`${i}`));
  for (const cursor of [1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 123_456_789]) {
    const next = set.scan(cursor, 10, () => {});
    t.ok(next === 0 || (next > cursor && next < 2 ** 32), `${cursor} -> ${next}`);
  }
  t.equal(
    set.scan(2 ** 32, 10, () => t.fail('behind the end')),
    0,
  );
});

test('memory is given back', async (t) => {
  const set = new LargeSet(options(507));
  for (let i = 0; i < 100_000; i++) set.insert(bytes(`member:${i}:${'y'.repeat(i % 30)}`));
  const full = set.memoryBytes;
  for (let i = 0; i < 99_000; i++) set.delete(bytes(`member:${i}:${'y'.repeat(i % 30)}`));
  t.ok(set.memoryBytes < full / 10, `${full} -> ${set.memoryBytes}`);
  for (let i = 99_000; i < 100_000; i++) {
    if (!set.has(bytes(`member:${i}:${'y'.repeat(i % 30)}`))) t.fail(`${i}`);
  }
  // Members whose lengths change for ever: the holes are not kept.
  for (let i = 0; i < 200_000; i++) {
    const length = 8 + Math.floor(i / 1000);
    set.insert(bytes(`${i}`.padStart(length)));
    if (i >= 1000) {
      const old = i - 1000;
      set.delete(bytes(`${old}`.padStart(8 + Math.floor(old / 1000))));
    }
  }
  t.ok(set.memoryBytes < 1_500_000, `${set.memoryBytes} bytes for ${set.count} members`);
});
