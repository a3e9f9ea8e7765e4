// MEMORY USAGE: its options, and that it grows with the value.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

test('MEMORY USAGE and its options', async (t) => {
  const syntax = '-ERR syntax error';
  runTable(t, [
    ['memory usage a', null],
    ['set a 5', '+OK'],
    ['memory usage a foo 3', syntax],
    ['memory usage a samples', syntax],
    ['memory usage a samples 5 x', syntax],
    ['memory usage a samples -1', syntax],
    ['memory usage a samples x', '-ERR value is not an integer or out of range'],
    ['memory usage', "-ERR wrong number of arguments for 'memory|usage' command"],
  ]);
});

test('MEMORY USAGE counts the slot, and large values', async (t) => {
  const db = createTestDatabase();
  const usage = (length: number): number => {
    db.run('set', 'key', 'x'.repeat(length));
    return Number(db.run('memory', 'usage', 'key'));
  };
  const sizes = [1, 100, 1000, 10_000, 100_000].map(usage);
  t.same(
    sizes,
    sizes.toSorted((a, b) => a - b),
    `${sizes}`,
  );
  t.ok(sizes[0]! >= 48 && sizes[0]! <= 64, 'a short string');
  t.ok(sizes[3]! >= 10_000 && sizes[3]! < 14_000);
  t.ok(sizes[4]! >= 100_000 && sizes[4]! < 101_000);
});
