// MSET and MSETNX: all or nothing, repeated keys, a pool that is nearly full.

import assert from 'node:assert/strict';
import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const LONG = 'x'.repeat(100);
const OOM = "-OOM command not allowed when used memory > 'maxmemory'.";

test('MSET', async (t) => {
  runTable(t, [
    [['mset', 'a', '1', 'b', LONG, 'c', ''], '+OK'],
    ['mget a b c', ['1', LONG, '']],
    ['mset a 1 a 2 a 3', '+OK'],
    ['get a', '3'],
    [['mset', 'd', LONG, 'd', '1', 'd', LONG], '+OK'],
    ['get d', LONG],
    ['dbsize', 4],
    ['expire a 100', 1],
    (db) => db.plant('l', 2, Buffer.from(LONG)),
    ['mset a 5 l 6', '+OK'],
    ['mget a l', ['5', '6']],
    ['ttl a', -1],
    ['mset a', "-ERR wrong number of arguments for 'mset' command"],
    ['mset a 1 b', "-ERR wrong number of arguments for 'mset' command"],
    ['get a', '5'],
  ]);
});

test('MSETNX', async (t) => {
  runTable(t, [
    [['msetnx', 'a', '1', 'b', LONG], 1],
    ['msetnx c 1 b 2', 0],
    ['exists c', 0],
    ['mget a b', ['1', LONG]],
    ['msetnx d 1 d 2', 1],
    ['get d', '2'],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['msetnx e 1 l 2', 0],
    ['exists e', 0],
    ['msetnx e 1 f', "-ERR wrong number of arguments for 'msetnx' command"],
    ['set g 1 px 10', '+OK'],
    (db) => {
      db.nowMs += 10;
    },
    ['msetnx g 2 h 3', 1],
    ['ttl g', -1],
  ]);
});

test('many keys', async (t) => {
  const db = createTestDatabase({ poolBytes: 32 * 1024 * 1024 });
  const pairs = Array.from({ length: 10_000 }, (_, i) => [`key:${i}`, `value ${i}`]).flat();
  t.equal(db.run('mset', ...pairs), '+OK');
  t.equal(db.run('dbsize'), 10_000);
  t.equal(db.run('msetnx', ...pairs), 0);
  t.equal(db.run('get', 'key:9999'), 'value 9999');
  db.audit();
});

test('all or nothing when the pool is full', async (t) => {
  const seed = 20261122;
  const random = new Random(seed);
  // So small that the shards and size classes cannot all have a page.
  const db = createTestDatabase({ poolBytes: 3 * 1024 * 1024, hotValueMaxBytes: 6000 });
  const { table } = db;
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const keys = new Map<string, string>();
    for (let i = random.below(8); i >= 0; i--) {
      const length = random.below(2) ? random.below(40) : random.below(8000);
      keys.set(`k${random.below(300)}`, String(round % 10).repeat(length));
    }
    const before = new Map([...keys.keys()].map((key) => [key, db.run('get', key)]));
    const command = random.below(2) ? 'mset' : 'msetnx';
    const reply = db.run(command, ...[...keys].flat());
    if (reply === OOM) refused++;
    const stored = reply === '+OK' || reply === 1;
    const after = new Map([...keys.keys()].map((key) => [key, db.run('get', key)]));
    assert.deepEqual(after, stored ? keys : before, `seed ${seed} round ${round}`);
    // Whatever was promised has been given back: the pool can be emptied to the last page.
    assert.ok(table.pool.promise(table.pool.freePages));
    table.pool.endPromise();
    for (const key of keys.keys()) if (random.below(3) === 0) db.run('del', key);
  }
  t.ok(refused > 20, `${refused} refused`);
  db.audit();
});
