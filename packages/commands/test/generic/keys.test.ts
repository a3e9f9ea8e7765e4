// KEYS, RANDOMKEY: patterns, slices, expired keys, and how even the draw is.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

test('KEYS', async (t) => {
  runTable(t, [
    ['keys *', []],
    ['set hello 1', '+OK'],
    ['keys *', ['hello']],
    ['keys h?llo', ['hello']],
    ['keys h[^x]llo', ['hello']],
    ['keys HELLO', []],
    ['keys x*', []],
    ['keys', "-ERR wrong number of arguments for 'keys' command"],
    ['keys a b', "-ERR wrong number of arguments for 'keys' command"],
    [['set', '', 'empty'], '+OK'],
    ['keys ""', ['']],
    ['randomkey x', "-ERR wrong number of arguments for 'randomkey' command"],
  ]);
  const db = createTestDatabase({ poolBytes: 32 * 1024 * 1024 });
  const all = Array.from({ length: 20_000 }, (_, i) => `k${i}`).sort();
  db.run('mset', ...all.flatMap((key) => [key, '1']));
  t.same((db.run('keys', '*') as string[]).sort(), all);
  t.same((db.run('keys', 'k?') as string[]).length, 10);
  db.db = 1;
  t.same(db.run('keys', '*'), []);
});

test('RANDOMKEY', async (t) => {
  const db = createTestDatabase();
  t.equal(db.run('randomkey'), null);
  db.run('set', 'a', '1');
  t.equal(db.run('randomkey'), 'a');
  db.run('set', 'b', '1', 'px', 10);
  db.nowMs += 10;
  for (let i = 0; i < 50; i++) t.equal(db.run('randomkey'), 'a');
  db.run('pexpire', 'a', 10);
  db.nowMs += 10;
  t.equal(db.run('randomkey'), null);
  db.run('set', 'c', '1');
  db.db = 1;
  t.equal(db.run('randomkey'), null);
});

test('RANDOMKEY is fair to few keys', async (t) => {
  const db = createTestDatabase();
  const keys = 500;
  for (let i = 0; i < keys; i++) db.run('set', `k${i}`, '1');
  const draws = 50_000;
  const counts = new Map<string, number>();
  for (let i = 0; i < draws; i++) {
    const key = db.run('randomkey') as string;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  t.equal(counts.size, keys);
  const expected = draws / keys;
  let chiSquare = 0;
  for (const count of counts.values()) chiSquare += (count - expected) ** 2 / expected;
  // 499 degrees of freedom: mean 499, standard deviation 32.
  t.ok(chiSquare < 499 + 4 * 32, `chi square ${chiSquare}`);
});

test('RANDOMKEY is nearly fair to many keys', async (t) => {
  const db = createTestDatabase({ poolBytes: 64 * 1024 * 1024 });
  // All in one shard, so that the sampling inside a shard is what counts.
  const keys = Array.from({ length: 4000 }, (_, i) => `{tag}${i}`);
  db.run('mset', ...keys.flatMap((key) => [key, '1']));
  const draws = 80_000;
  const counts = new Map<string, number>();
  for (let i = 0; i < draws; i++) {
    const key = db.run('randomkey') as string;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const expected = draws / keys.length;
  t.ok(counts.size > keys.length * 0.999, `${counts.size} keys were drawn`);
  const most = Math.max(...counts.values());
  t.ok(most < expected * 3.5, `one key ${most} times instead of ${expected}`);
  // Between fair draws (variance = mean) and what gaps summed over 64 neighbours add to that.
  let variance = 0;
  for (const key of keys) variance += ((counts.get(key) ?? 0) - expected) ** 2 / keys.length;
  t.ok(variance < 2 * expected, `variance ${variance}, mean ${expected}`);
});
