// Seeded random numbers: the same for the same seed, and evenly spread.

import { test } from 'tap';
import { Random } from '../src/random.ts';

/** xoshiro128** after its authors' description, in BigInt, from four given words of state. */
function* xoshiro(state: bigint[]): Generator<number> {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, by: bigint) => ((x << by) | (x >> (32n - by))) & mask;
  const s = state as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number((rotate((s[1] * 5n) & mask, 7n) * 9n) & mask);
    const t = (s[1] << 9n) & mask;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11n);
  }
}

function splitmix(seed: number, count: number): bigint[] {
  const mask = 0xffffffffn;
  let state = BigInt(seed >>> 0);
  return Array.from({ length: count }, () => {
    state = (state + 0x9e3779b9n) & mask;
    let z = ((state ^ (state >> 16n)) * 0x21f0aaadn) & mask;
    z = ((z ^ (z >> 15n)) * 0x735a2d97n) & mask;
    return z ^ (z >> 15n);
  });
}

test('uint32 is xoshiro128** seeded through splitmix32', async (t) => {
  for (const seed of [0, 1, 42, 0x7fffffff, 0xffffffff, -1]) {
    const random = new Random(seed);
    const reference = xoshiro(splitmix(seed, 4));
    const ours = Array.from({ length: 200 }, () => random.uint32());
    t.same(
      ours,
      Array.from({ length: 200 }, () => reference.next().value),
      `seed ${seed}`,
    );
  }
});

test('different seeds give different numbers', async (t) => {
  const firsts = new Set(Array.from({ length: 1000 }, (_, seed) => new Random(seed).uint32()));
  t.ok(firsts.size > 995, `${firsts.size} of 1000`);
});

test('below, chance and pick stay in range and are even', async (t) => {
  const random = new Random(3);
  for (const bound of [1, 2, 3, 7, 1000, 2 ** 32]) {
    let largest = 0;
    for (let i = 0; i < 2000; i++) {
      const value = random.below(bound);
      if (!Number.isInteger(value) || value < 0 || value >= bound) t.fail(`${value} of ${bound}`);
      largest = Math.max(largest, value);
    }
    t.ok(largest >= bound * 0.9 - 1, `reaches the top of ${bound}`);
  }
  const hits = Array.from({ length: 10_000 }, () => random.chance(0.25)).filter(Boolean).length;
  t.ok(hits > 2200 && hits < 2800, `${hits} of 10000 at 0.25`);
  t.equal(random.chance(0), false);
  t.equal(random.chance(1), true);
  const picked = new Set(Array.from({ length: 200 }, () => random.pick(['a', 'b', 'c'])));
  t.same([...picked].sort(), ['a', 'b', 'c']);
});
