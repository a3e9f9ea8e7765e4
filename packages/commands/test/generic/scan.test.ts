// SCAN: every key exactly once, filters, bounded work per call, strange cursors.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const INVALID = '-ERR invalid cursor';
const SYNTAX = '-ERR syntax error';

/** Walks to the end; `between` is called after every page. */
function walk(db: TestDatabase, args: readonly string[] = [], between = () => {}): string[] {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = db.run('scan', cursor, ...args) as [string, string[]];
    found.push(...keys);
    cursor = next;
    between();
  } while (cursor !== '0');
  return found.sort();
}

function filled(count: number): { db: TestDatabase; keys: string[] } {
  const db = createTestDatabase();
  const keys = Array.from({ length: count }, (_, i) => `key:${i}`).sort();
  for (const key of keys) db.run('set', key, '1');
  return { db, keys };
}

test('SCAN arguments', async (t) => {
  runTable(t, [
    ['scan 0', ['0', []]],
    ['scan ""', ['0', []]],
    ['set a 1', '+OK'],
    ['scan 0 count 1000', ['0', ['a']]],
    ['scan 0 MATCH a COUNT 1000', ['0', ['a']]],
    ['scan 0 match b count 1000', ['0', []]],
    ['scan 0 match a match b count 1 count 1000', ['0', []]],
    ['scan 0 type string count 1000', ['0', ['a']]],
    ['scan 0 type STRING count 1000', ['0', ['a']]],
    ['scan 0 type hash count 1000', ['0', []]],
    ['scan 0 type nosuchtype count 1000', ['0', []]],
    ['scan 0 count 9223372036854775807', ['0', ['a']]],
    ['scan', "-ERR wrong number of arguments for 'scan' command"],
    ['scan abc', INVALID],
    ['scan 1x', INVALID],
    [['scan', ' 1'], INVALID],
    ['scan -', INVALID],
    ['scan 18446744073709551616', INVALID],
    ['scan abc foo', INVALID],
    ['scan 0 count', SYNTAX],
    ['scan 0 count 0', SYNTAX],
    ['scan 0 count -5', SYNTAX],
    ['scan 0 count x', '-ERR value is not an integer or out of range'],
    ['scan 0 foo bar', SYNTAX],
    ['scan 0 match', SYNTAX],
    ['scan 0 type', SYNTAX],
    ['scan 0 count 1 match', SYNTAX],
  ]);
});

test('any cursor is taken', async (t) => {
  const { db } = filled(100);
  const random = new Random(5);
  const odd = ['-1', '+1', '007', '18446744073709551615', '9223372036854775808', '-0'];
  const wild = Array.from({ length: 300 }, () =>
    ((BigInt(random.uint32()) << BigInt(random.below(33))) + BigInt(random.uint32())).toString(),
  );
  for (const cursor of [...odd, ...wild]) {
    const [next, keys] = db.run('scan', cursor) as [string, string[]];
    t.match(next, /^\d+$/, cursor);
    t.ok(Array.isArray(keys));
  }
  db.audit();
});

test('a walk returns every key exactly once, whatever the page size', async (t) => {
  const { db, keys } = filled(3000);
  for (const count of ['1', '7', '100', '2999', '100000']) {
    t.same(walk(db, ['count', count]), keys, `count ${count}`);
  }
  t.same(
    walk(db, ['match', 'key:1*']),
    keys.filter((key) => key.startsWith('key:1')),
  );
  t.same(walk(db, ['match', '*']), keys);
  db.plant('list', 2, Buffer.from('x'));
  t.same(walk(db, ['type', 'list']), ['list']);
  t.same(walk(db, ['type', 'string']), keys);
});

test('a walk returns stable keys exactly once while others come and go', async (t) => {
  const { db, keys } = filled(1000);
  const random = new Random(9);
  let next = 0;
  const found = walk(db, ['count', '20'], () => {
    // The table doubles several times during the walk.
    if (next > 10_000) return;
    for (let i = 0; i < 200; i++) db.run('set', `new:${next++}`, '1');
    for (let i = 0; i < 30; i++) db.run('del', `new:${random.below(next)}`);
  });
  t.same(
    found.filter((key) => key.startsWith('key:')),
    keys,
  );
  const others = found.filter((key) => key.startsWith('new:'));
  t.equal(new Set(others).size, others.length);
});

test('a page is about as large as asked for', async (t) => {
  const { db } = filled(5000);
  let cursor = '0';
  let largest = 0;
  do {
    const [next, keys] = db.run('scan', cursor, 'count', 50) as [string, string[]];
    largest = Math.max(largest, keys.length);
    cursor = next;
  } while (cursor !== '0');
  t.ok(largest >= 50 && largest < 70, `${largest} keys`);
});

test('databases are walked apart, in pages even where their keys are rare', async (t) => {
  const { db } = filled(30_000);
  db.db = 5;
  const rare = Array.from({ length: 100 }, (_, i) => `rare:${i}`).sort();
  for (const key of rare) db.run('set', key, '1');
  let pages = 0;
  t.same(
    walk(db, ['count', '100'], () => pages++),
    rare,
  );
  t.ok(pages > 1 && pages < 20, `${pages} pages`);
  db.db = 6;
  t.same(db.run('scan', '0'), ['0', []]);
});

test('keys that have expired are not returned', async (t) => {
  const { db, keys } = filled(50);
  for (const key of keys.slice(0, 25)) db.run('pexpire', key, 10);
  db.nowMs += 10;
  t.same(walk(db), keys.slice(25));
  t.same((db.run('keys', '*') as string[]).sort(), keys.slice(25));
});
