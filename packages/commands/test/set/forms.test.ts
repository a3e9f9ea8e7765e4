// Which form a set takes, as Redis 7.2 does: after every command that adds, stores or pops, at and
// beside every limit. Redis 7.0 has no listpacks of sets, so there is nothing to compare with.

import assert from 'node:assert/strict';
import { type Test, test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { setLimits } from './set-table.ts';

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `${from + i}`);
const words = (count: number, from = 0) => numbers(count, from).map((number) => `w${number}`);
const LONGEST = 'x'.repeat(64);

/** Commands, and the form of the key `s` after them. */
const ROWS: readonly (readonly [form: string, ...commands: readonly (readonly string[])[]])[] = [
  ['intset', ['sadd', 's', '1']],
  ['intset', ['sadd', 's', ...numbers(512)]],
  ['intset', ['sadd', 's', '-9223372036854775808', '9223372036854775807']],
  ['listpack', ['sadd', 's', '9223372036854775808']],
  ['listpack', ['sadd', 's', '01']],
  ['hashtable', ['sadd', 's', ...numbers(513)]],
  // What is given counts before it is known to be the same.
  ['hashtable', ['sadd', 's', ...numbers(512), '1']],
  ['listpack', ['sadd', 's', ...words(128)]],
  ['hashtable', ['sadd', 's', ...words(129)]],
  ['hashtable', ['sadd', 's', ...words(128), 'w1']],
  ['hashtable', ['sadd', 's', 'a'], ['sadd', 's', ...Array(129).fill('a')]],
  ['intset', ['sadd', 's', '1'], ['sadd', 's', ...Array(512).fill('1')]],
  ['hashtable', ['sadd', 's', '1'], ['sadd', 's', ...Array(513).fill('1')]],
  ['intset', ['sadd', 's', ...numbers(511)], ['sadd', 's', '1', '2', '600']],
  ['intset', ['sadd', 's', ...numbers(512)], ['sadd', 's', '1', '2']],
  ['hashtable', ['sadd', 's', ...numbers(512)], ['sadd', 's', '1', '600']],
  ['listpack', ['sadd', 's', ...words(128)], ['sadd', 's', 'w1', 'w2']],
  ['listpack', ['sadd', 's', ...words(127)], ['sadd', 's', 'x', 'x', 'w1', 'x']],
  ['hashtable', ['sadd', 's', ...words(128)], ['sadd', 's', 'x']],
  ['listpack', ['sadd', 's', LONGEST]],
  ['hashtable', ['sadd', 's', `${LONGEST}x`]],
  ['hashtable', ['sadd', 's', 'a'], ['sadd', 's', `${LONGEST}x`]],
  ['listpack', ['sadd', 's', '1'], ['sadd', 's', 'a']],
  ['listpack', ['sadd', 's', '1', 'a', '2']],
  ['listpack', ['sadd', 's', 'a', '1', '2']],
  ['listpack', ['sadd', 's', ...numbers(127)], ['sadd', 's', 'a']],
  ['listpack', ['sadd', 's', ...numbers(127), 'a']],
  ['hashtable', ['sadd', 's', ...numbers(128)], ['sadd', 's', 'a']],
  ['hashtable', ['sadd', 's', ...numbers(300), 'a']],
  ['hashtable', ['sadd', 's', '1'], ['sadd', 's', `${LONGEST}x`]],
  // Nothing comes back by removing.
  ['listpack', ['sadd', 's', '1', 'a'], ['srem', 's', 'a']],
  ['hashtable', ['sadd', 's', ...words(129)], ['srem', 's', ...words(128)]],
  ['hashtable', ['sadd', 's', ...numbers(513)], ['srem', 's', ...numbers(512)]],
  // SMOVE.
  ['intset', ['sadd', 'a', '1', 'x'], ['smove', 'a', 's', '1']],
  ['listpack', ['sadd', 'a', '1', 'x'], ['smove', 'a', 's', 'x']],
  ['listpack', ['sadd', 'a', '1', 'x'], ['sadd', 's', '1'], ['smove', 'a', 's', 'x']],
  ['hashtable', ['sadd', 'a', 'x'], ['sadd', 's', ...words(128)], ['smove', 'a', 's', 'x']],
  ['listpack', ['sadd', 'a', 'w1'], ['sadd', 's', ...words(128)], ['smove', 'a', 's', 'w1']],
  // SUNIONSTORE begins with integers.
  ['intset', ['sadd', 'a', ...numbers(300)], ['sadd', 'b', ...numbers(300, 212)], store('union')],
  [
    'hashtable',
    ['sadd', 'a', ...numbers(300)],
    ['sadd', 'b', ...numbers(300, 213)],
    store('union'),
  ],
  ['listpack', ['sadd', 'a', ...words(64)], ['sadd', 'b', ...words(64, 64)], store('union')],
  ['hashtable', ['sadd', 'a', ...words(64)], ['sadd', 'b', ...words(65, 64)], store('union')],
  ['listpack', ['sadd', 'a', ...numbers(127)], ['sadd', 'b', 'x'], store('union')],
  ['hashtable', ['sadd', 'a', ...numbers(128)], ['sadd', 'b', 'x'], store('union')],
  ['intset', ['sadd', 'a', '1', 'x'], ['srem', 'a', 'x'], ['sadd', 'b', '2'], store('union')],
  ['listpack', ['sadd', 'a', ...words(129)], ['srem', 'a', ...words(9)], store('union')],
  // SINTERSTORE begins with the form of the smallest, and ends with integers where it can.
  ['intset', ['sadd', 'a', ...numbers(9)], ['sadd', 'b', ...numbers(9, 3)], store('inter')],
  ['listpack', ['sadd', 'a', 'x', '1'], ['sadd', 'b', 'x', '1', '2'], store('inter')],
  ['intset', ['sadd', 'a', 'x', '1'], ['sadd', 'b', 'y', '1', '2'], store('inter')],
  ['hashtable', ['sadd', 'a', ...words(129)], ['sadd', 'b', ...words(130, 120)], store('inter')],
  [
    'intset',
    ['sadd', 'a', ...words(129), '7'],
    ['sadd', 'b', ...words(130, 500), '7'],
    store('inter'),
  ],
  [
    'hashtable',
    ['sadd', 'a', ...words(129), '7'],
    ['sadd', 'b', ...words(130, 128), '7'],
    store('inter'),
  ],
  ['hashtable', ['sadd', 'a', ...numbers(600)], ['sadd', 'b', ...numbers(600)], store('inter')],
  // SDIFFSTORE: by the members that are left, or, where that is more work, by all of the first.
  ['intset', ['sadd', 'a', 'x', '1'], ['sadd', 'b', 'x'], store('diff')],
  ['listpack', ['sadd', 'a', ...words(200)], ['sadd', 'b', ...words(100)], store('diff')],
  [
    'listpack',
    ['sadd', 'a', 'x', '1', '2', '3'],
    ['sadd', 'b', 'x'],
    ['sadd', 'c', 'x'],
    ['sadd', 'd', 'x'],
    ['sdiffstore', 's', 'a', 'b', 'c', 'd'],
  ],
  [
    'hashtable',
    ['sadd', 'a', ...words(200)],
    ['sadd', 'b', ...words(100)],
    ['sadd', 'c', 'w1'],
    ['sadd', 'd', 'w1'],
    ['sdiffstore', 's', 'a', 'b', 'c', 'd'],
  ],
  // SPOP.
  ['intset', ['sadd', 's', ...numbers(100)], ['spop', 's', '95']],
  ['listpack', ['sadd', 's', ...words(100)], ['spop', 's', '95']],
  ['hashtable', ['sadd', 's', ...words(600)], ['spop', 's', '499']],
  ['listpack', ['sadd', 's', ...words(600)], ['spop', 's', '500']],
  ['hashtable', ['sadd', 's', ...words(900)], ['spop', 's', '750']],
  ['listpack', ['sadd', 's', ...numbers(600)], ['spop', 's', '599']],
];

function store(kind: string): readonly string[] {
  return [`s${kind}store`, 's', 'a', 'b'];
}

/** Redis gives 100 of 600 words a listpack, 150 of 900 do not fit one. */
function check(t: Test, db: TestDatabase): void {
  for (const [form, ...commands] of ROWS) {
    db.run('del', 's', 'a', 'b', 'c', 'd');
    for (const command of commands) {
      const reply = db.run(...command);
      assert.ok(!String(reply).startsWith('-'), `${command.slice(0, 4).join(' ')}: ${reply}`);
    }
    const shown = commands.map((command) => command.slice(0, 5).join(' ')).join('; ');
    t.equal(db.run('object', 'encoding', 's'), form, shown);
    db.audit();
  }
}

test('the form of a set', async (t) => {
  check(t, createTestDatabase({ databases: 1 }));
});

test('limits of no packed set at all', async (t) => {
  const db = createTestDatabase({ databases: 1 });
  setLimits(db, { maxIntsetEntries: 0, maxEntries: 0, maxValueBytes: 0 });
  for (const member of ['1', 'a', '']) {
    db.run('del', 's');
    db.run('sadd', 's', member);
    t.equal(db.run('object', 'encoding', 's'), 'hashtable', member);
  }
  setLimits(db, { maxIntsetEntries: 2, maxEntries: 0, maxValueBytes: 0 });
  db.run('del', 's');
  db.run('sadd', 's', '1', '2');
  t.equal(db.run('object', 'encoding', 's'), 'intset');
  db.run('sadd', 's', '3');
  t.equal(db.run('object', 'encoding', 's'), 'hashtable');
  db.audit();
});

test('limits that a packed value cannot reach', async (t) => {
  const db = createTestDatabase({ databases: 1 });
  setLimits(db, { maxIntsetEntries: 1e6, maxEntries: 1e6, maxValueBytes: 1e6 });
  db.run('sadd', 'n', ...numbers(8000, 1));
  t.equal(db.run('object', 'encoding', 'n'), 'intset');
  db.run('sadd', 'n', ...numbers(500, 8001));
  t.equal(db.run('object', 'encoding', 'n'), 'hashtable', 'longer than hot values may be');
  t.equal(db.run('scard', 'n'), 8500);
  db.run('sadd', 'w', 'x'.repeat(16000));
  t.equal(db.run('object', 'encoding', 'w'), 'listpack');
  db.run('sadd', 'w', 'y'.repeat(400));
  t.equal(db.run('object', 'encoding', 'w'), 'hashtable');
  db.run('sadd', 'long', 'x'.repeat(40_000));
  t.equal(db.run('sismember', 'long', 'x'.repeat(40_000)), 1);
  t.equal(db.run('sismember', 'long', 'x'.repeat(39_999)), 0);
  db.run('sadd', 'few', '1', 'a');
  t.same(db.run('sinter', 'long', 'few'), []);
  t.same(db.run('sdiff', 'long', 'few'), ['x'.repeat(40_000)]);
  db.audit();
});

test('what a front does by itself, and what it leaves to the worker', async (t) => {
  const db = createTestDatabase({ databases: 1 });
  const left = (...command: string[]) => db.isLeftByFront(...command);
  db.run('sadd', 'w', ...words(128));
  db.run('sadd', 'n', ...numbers(128));
  db.run('sadd', 'full', ...numbers(512));
  t.equal(db.hops, 0, 'packed sets are made and grown on the front');
  t.notOk(left('sadd', 'w', 'w1', 'w2'), 'a full set that gets what it has');
  t.notOk(left('sadd', 'full', '1', '2'));
  t.ok(left('sadd', 'w', 'more'));
  t.ok(left('sadd', 'full', '512'));
  t.ok(left('sadd', 'n', 'word'), 'too many to become words');
  t.ok(left('sadd', 'new', ...words(129)));
  t.ok(left('sunionstore', 'new', 'w', 'n'));
  t.notOk(left('sadd', 'new', '1', 'word'));
  t.equal(db.run('object', 'encoding', 'new'), 'listpack');
  t.notOk(left('sinterstore', 'w', 'w', 'w'));
  db.audit();
});
