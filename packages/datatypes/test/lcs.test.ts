// The longest common subsequence against a plain table, and its matches.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { type CommonRun, isLcsTooLarge, lcsLength, lcsRuns } from '../src/index.ts';

/** The table itself, and the way back through it as Redis goes. */
function plainLcs(a: Uint8Array, b: Uint8Array): { length: number; runs: CommonRun[] } {
  const rows = Array.from({ length: a.length + 1 }, () => new Int32Array(b.length + 1));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const equal = a[i - 1] === b[j - 1];
      const best = Math.max(rows[i - 1]![j]!, rows[i]![j - 1]!);
      rows[i]![j] = equal ? rows[i - 1]![j - 1]! + 1 : best;
    }
  }
  const runs: CommonRun[] = [];
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    let length = 0;
    for (; i > 0 && j > 0 && a[i - 1] === b[j - 1]; i--, j--) length++;
    if (length > 0) runs.push({ a: i, b: j, length });
    else if (rows[i - 1]![j]! > rows[i]![j - 1]!) i--;
    else j--;
  }
  return { length: rows[a.length]![b.length]!, runs };
}

function randomBytes(random: Random, length: number, letters: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(letters));
}

test('the same subsequence as the plain algorithm finds', async (t) => {
  const seed = 41;
  const random = new Random(seed);
  let failures = 0;
  for (let round = 0; round < 3000; round++) {
    const letters = 1 + random.below(round % 3 === 0 ? 256 : 6);
    const a = randomBytes(random, random.below(140), letters);
    const b = randomBytes(random, random.below(140), letters);
    const wanted = plainLcs(a, b);
    const runs = lcsRuns(a, b);
    const same = JSON.stringify(runs) === JSON.stringify(wanted.runs);
    if (!same || lcsLength(a, b) !== wanted.length) failures++;
  }
  t.equal(failures, 0, `seed ${seed}`);
});

test('also where rows are computed twice instead of kept', async (t) => {
  const random = new Random(42);
  const a = randomBytes(random, 2500, 4);
  const b = randomBytes(random, 14_000, 4);
  t.ok(a.length * (b.length / 32) > 1 << 20, 'more words than are kept');
  const { runs, length } = plainLcs(a, b);
  t.ok(JSON.stringify(lcsRuns(a, b)) === JSON.stringify(runs));
  t.equal(lcsLength(a, b), length);
});

test('edges', async (t) => {
  const none = new Uint8Array(0);
  const some = Uint8Array.from([1, 2, 3]);
  t.same(lcsRuns(none, some), []);
  t.same(lcsRuns(some, none), []);
  t.equal(lcsLength(none, none), 0);
  t.same(lcsRuns(some, some), [{ a: 0, b: 0, length: 3 }]);
  for (const length of [31, 32, 33, 63, 64, 65]) {
    const same = new Uint8Array(length).fill(9);
    t.equal(lcsLength(same, same), length);
    t.same(lcsRuns(same, same.subarray(1)), [{ a: 1, b: 0, length: length - 1 }]);
  }
});

test('what would take too long or too much memory is known before', async (t) => {
  const size = (bytes: number) => new Uint8Array(bytes);
  t.equal(isLcsTooLarge(size(65_536), size(65_536)), false);
  t.equal(isLcsTooLarge(size(92_000), size(92_000)), false);
  t.equal(isLcsTooLarge(size(100_000), size(100_000)), true);
  t.equal(isLcsTooLarge(size(10), size(16_000_000)), false);
  t.equal(isLcsTooLarge(size(16_000_000), size(10)), false);
  t.equal(isLcsTooLarge(size(300), size(16_000_000)), true);
  t.throws(() => lcsLength(size(100_000), size(100_000)));
});
