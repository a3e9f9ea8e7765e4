// The filter of keys that somebody waits for, and the claim words of those who do.

import { test } from 'tap';
import { createArena } from '../src/arena.ts';
import { AwaitedKeys } from '../src/awaited-keys.ts';

const arena = createArena({ poolBytes: 1, databases: 16, hashSecret: [1, 2] });

test('a key is awaited until the last one who waits for it has gone', async (t) => {
  const awaited = new AwaitedKeys(arena);
  const others = new AwaitedKeys(arena);
  t.notOk(awaited.isAwaited(5, -77));
  awaited.add(5, -77);
  others.add(5, -77);
  t.ok(awaited.isAwaited(5, -77));
  t.notOk(awaited.isAwaited(6, -77), 'in another shard');
  t.notOk(awaited.isAwaited(5, -78), 'of another hash');
  awaited.remove(5, -77);
  t.ok(others.isAwaited(5, -77));
  awaited.remove(5, -77);
  t.notOk(others.isAwaited(5, -77));
});

test('those who wait are counted', async (t) => {
  const awaited = new AwaitedKeys(arena);
  awaited.count(1, false);
  awaited.count(1, true);
  t.same([awaited.waiters, awaited.movers], [2, 1]);
  awaited.count(-1, true);
  awaited.count(-1, false);
  t.same([awaited.waiters, awaited.movers], [0, 0]);
});

test('keys that are waited for are counted', async (t) => {
  const awaited = new AwaitedKeys(arena);
  awaited.countKey(1);
  new AwaitedKeys(arena).countKey(1);
  t.equal(awaited.keys, 2);
  awaited.countKey(-1);
  t.equal(new AwaitedKeys(arena).keys, 1);
  t.equal(awaited.waiters, 0);
});

test('a wait is claimed once, and a ticket of an earlier one claims nothing', async (t) => {
  const awaited = new AwaitedKeys(arena);
  const first = awaited.open(9);
  t.ok(awaited.isOpen(9, first));
  t.ok(new AwaitedKeys(arena).claim(9, first));
  t.notOk(awaited.claim(9, first));
  t.notOk(awaited.isOpen(9, first));
  const second = awaited.open(9);
  t.not(second, first);
  t.notOk(awaited.claim(9, first));
  t.ok(awaited.claim(9, second));
});

test('each worker has slots of its own, all below the number of them', async (t) => {
  let end = 0;
  for (let worker = 0; worker < 5; worker++) {
    const [first, behind] = AwaitedKeys.slots(worker, 5);
    t.equal(first, end);
    end = behind;
  }
  t.ok(end <= 2 ** 18);
});
