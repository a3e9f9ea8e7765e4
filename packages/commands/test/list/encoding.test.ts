// When a list is packed: by bytes, by elements, by what the hot table takes, and back again. What
// Redis 7.2 answers to OBJECT ENCODING is worked out from its rules here.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from '../harness.ts';
import { RandomLists } from './random-lists.ts';

function listsOf(listSize: number, options: TestDatabaseOptions = {}): TestDatabase {
  const db = createTestDatabase(options);
  db.front.limits.listSize = listSize;
  db.worker.limits.listSize = listSize;
  return db;
}

const encoding = (db: TestDatabase, key = 'l') => db.run('object', 'encoding', key);

test('by bytes', async (t) => {
  for (const [listSize, most] of [
    [-1, 4096],
    [-2, 8192],
    [-9, 65_536],
  ] as const) {
    const db = listsOf(listSize, { hotValueMaxBytes: 32_000 });
    // The bytes given count as they are, and seven for the listpack.
    db.run('rpush', 'l', 'x'.repeat(Math.min(most, 30_000) - 7));
    t.equal(encoding(db), 'listpack', `${listSize}: at most`);
    db.run('del', 'l');
    db.run('rpush', 'l', 'x'.repeat(most - 6));
    t.equal(encoding(db), 'quicklist', `${listSize}: one more`);
    db.run('rpush', 'l', 'y');
    db.run('lpop', 'l');
    t.equal(encoding(db), 'listpack', `${listSize}: what is left is short`);
    db.audit();
  }
});

test('by bytes, step by step, and back at half of them', async (t) => {
  const db = listsOf(-2);
  const element = 'e'.repeat(98);
  // Each takes 101 bytes: two before and one behind.
  let count = 0;
  for (; 7 + 101 * count + 98 <= 8192; count++) {
    t.equal(db.run('rpush', 'l', element), count + 1);
    if (encoding(db) !== 'listpack') t.fail(`${count} elements`);
  }
  db.run('rpush', 'l', element);
  t.equal(encoding(db), 'quicklist', `${++count} elements`);
  t.equal(db.largeCount, 1);
  while (7 + 101 * (count - 1) > 4096) {
    db.run('rpop', 'l');
    count--;
    if (encoding(db) !== 'quicklist') t.fail(`${count} elements left`);
  }
  db.run('lpop', 'l');
  t.equal(encoding(db), 'listpack', `${--count} elements left`);
  t.equal(db.largeCount, 0);
  t.equal(db.run('llen', 'l'), count);
  db.audit();
});

test('by elements', async (t) => {
  const db = listsOf(4);
  db.run('rpush', 'l', 'a', 'b', 'c', 'd');
  t.equal(encoding(db), 'listpack');
  t.equal(db.run('lset', 'l', '0', 'x'), '+OK');
  t.equal(encoding(db), 'quicklist', 'one that is replaced counts as one more');
  db.run('del', 'l');
  db.run('rpush', 'l', 'a', 'b', 'c', 'd');
  db.run('linsert', 'l', 'before', 'c', 'x');
  t.equal(encoding(db), 'quicklist');
  db.run('lpop', 'l', '2');
  t.equal(encoding(db), 'quicklist');
  db.run('lrem', 'l', '1', 'c');
  t.equal(encoding(db), 'listpack');
  t.strictSame(db.run('lrange', 'l', '0', '-1'), ['x', 'd']);
  db.run('rpush', 'one', 'a', 'b', 'c', 'd', 'e');
  t.equal(encoding(db, 'one'), 'quicklist');
  db.run('ltrim', 'one', '1', '2');
  t.equal(encoding(db, 'one'), 'listpack');
  db.audit();
});

test('by elements longer than the safety limit', async (t) => {
  const db = listsOf(1000);
  db.run('rpush', 'l', 'x'.repeat(8185));
  t.equal(encoding(db), 'listpack');
  db.run('rpush', 'l', 'y');
  t.equal(encoding(db), 'quicklist');
  db.run('rpop', 'l');
  t.equal(encoding(db), 'listpack', 'half of the elements, whatever the bytes');
  db.audit();
});

test('a replaced element takes a list apart only if it stays long', async (t) => {
  const db = listsOf(-2);
  db.run('rpush', 'l', 'x'.repeat(8000), 'y');
  t.equal(encoding(db), 'listpack');
  const { hops } = db;
  t.equal(db.run('lset', 'l', '0', 'z'.repeat(300)), '+OK');
  t.equal(encoding(db), 'listpack', 'it would come together again at once');
  t.equal(db.hops, hops);
  db.run('lset', 'l', '0', 'z'.repeat(8180));
  t.equal(encoding(db), 'quicklist');
  db.run('lset', 'l', '0', 'z');
  t.equal(encoding(db), 'listpack');
  db.audit();
});

test('a moved integer counts as no bytes', async (t) => {
  const db = listsOf(-2);
  db.run('rpush', 'l', 'x'.repeat(8181));
  db.run('rpush', 'numbers', '1', 'a');
  t.equal(db.run('lmove', 'numbers', 'l', 'left', 'right'), '1');
  t.equal(encoding(db), 'quicklist');
  db.run('del', 'l');
  db.run('rpush', 'l', 'x'.repeat(8175), '12');
  db.run('rpush', 'numbers', '1');
  t.equal(encoding(db), 'listpack');
  t.equal(db.run('lmove', 'numbers', 'l', 'right', 'right'), '1');
  t.equal(encoding(db), 'listpack');
  t.equal(db.run('lmove', 'numbers', 'l', 'right', 'right'), 'a');
  t.equal(encoding(db), 'quicklist');
  db.audit();
});

test('what the front changes in place, it changes in place when that is full', async (t) => {
  const db = listsOf(-2, { hotValueMaxBytes: 100 });
  db.run('rpush', 'l', ...Array.from({ length: 30 }, () => 'a'));
  t.equal(db.hops, 0);
  for (let i = 0; i < 100; i++) {
    t.equal(db.run('lmove', 'l', 'l', i % 2 ? 'left' : 'right', i % 3 ? 'left' : 'right'), 'a');
    db.run('lpop', 'l');
    db.run('rpush', 'l', 'a');
    db.run('lset', 'l', String(i % 30), 'a');
  }
  t.equal(db.hops, 0, 'its bytes are used up by elements, and by nothing else');
  t.equal(db.run('llen', 'l'), 30);
  db.run('rpush', 'l', 'a', 'a');
  t.equal(db.hops, 1);
  db.audit();
});

test('a full pool refuses, and nothing has changed', async (t) => {
  const db = createTestDatabase({ poolBytes: 1 << 20 });
  for (let i = 0; !String(db.run('rpush', `fill${i}`, 'x'.repeat(3000))).startsWith('-OOM'); i++);
  const random = new Random(5);
  const lists = new RandomLists(random, 300);
  const isSame = new Set(['LPUSH', 'RPUSH', 'LSET', 'LINSERT', 'LMOVE', 'RPOPLPUSH']);
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    const command = lists.command();
    const before = isSame.has(String(command[0])) ? contents(db) : null;
    const reply = String(db.run(...command));
    if (!reply.startsWith('-OOM')) continue;
    refused++;
    t.equal(contents(db), before, `${command[0]}`);
  }
  t.ok(refused > 10, `${refused} refused`);
  db.audit();
});

function contents(db: TestDatabase): string {
  return JSON.stringify(['k0', 'k1', 'k2', 'k3'].map((key) => db.run('lrange', key, '0', '-1')));
}
