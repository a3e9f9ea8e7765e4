// The pool of victims against a sorted list.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { VictimPool } from '../src/victim-pool.ts';

test('the best sixteen, best first, none twice', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = new Random(seed);
  const pool = new VictimPool();
  let model: { name: string; score: number }[] = [];
  let wrong = 0;
  for (let round = 0; round < 20_000; round++) {
    const [shard, hash, namespace] = [random.below(3), random.below(8), random.below(3)];
    const name = `${shard} ${hash} ${namespace}`;
    if (random.chance(0.8)) {
      // Different scores, so that the order is certain.
      const score = random.below(1000) + round / 100_000;
      pool.offer(shard, hash, namespace, score);
      model = model.filter((victim) => victim.name !== name);
      model.push({ name, score });
      model.sort((a, b) => b.score - a.score);
      model = model.slice(0, 16);
    } else {
      const best = model.shift();
      if (pool.take() !== (best !== undefined)) wrong++;
      const taken = `${pool.shard} ${pool.hash} ${pool.namespace}`;
      if (best !== undefined && (taken !== best.name || pool.score !== best.score)) wrong++;
    }
    if (pool.length !== model.length) wrong++;
  }
  t.equal(wrong, 0, `seed ${seed}`);
  pool.clear();
  t.notOk(pool.take());
});
