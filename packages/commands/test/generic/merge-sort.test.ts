// A merge sort in steps: the same order as Array.sort gives, equal ones as they came, and no step
// compares much.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { MergeSort } from '../../src/generic/merge-sort.ts';

const SEED = 77;

test('any number of indexes', async (t) => {
  const random = new Random(SEED);
  let checked = 0;
  for (let count = 0; count < 200; count++) {
    for (const most of [2, 3, 16, 64]) {
      const keys = Array.from({ length: count }, () => random.below(1 + random.below(50)));
      let compared = 0;
      const compare = (a: number, b: number): number => {
        compared++;
        return keys[a]! - keys[b]!;
      };
      const sort = new MergeSort(count, compare, most);
      let worst = 0;
      for (let isAtEnd = false; !isAtEnd; worst = Math.max(worst, compared)) {
        compared = 0;
        isAtEnd = sort.step();
      }
      const expected = keys.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]!);
      if (expected.some((index, place) => sort.indexes[place] !== index)) {
        t.fail(`${count} indexes, ${most} at once, seed ${SEED}`);
      }
      if (worst > 2 * most * (1 + Math.log2(most))) t.fail(`${worst} comparisons, ${most} at once`);
      checked++;
    }
  }
  t.equal(checked, 800);
});
