// EXISTS, TOUCH, TYPE, DEL and UNLINK: counts, repeated keys, packed and large values.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const LONG = 'x'.repeat(100);

test('EXISTS, TOUCH, TYPE', async (t) => {
  runTable(t, [
    ['exists a', 0],
    ['touch a', 0],
    ['type a', '+none'],
    [['mset', 'a', '1', 'b', LONG], '+OK'],
    ['exists a b a none', 3],
    ['touch a b a none', 3],
    ['type b', '+string'],
    (db) => {
      for (const type of [2, 3, 4, 5, 6]) db.plant(`t${type}`, type, Buffer.from(LONG));
    },
    ['type t2', '+list'],
    ['type t3', '+set'],
    ['type t4', '+zset'],
    ['type t5', '+hash'],
    ['type t6', '+stream'],
    ['exists', "-ERR wrong number of arguments for 'exists' command"],
    ['touch', "-ERR wrong number of arguments for 'touch' command"],
    ['type a b', "-ERR wrong number of arguments for 'type' command"],
  ]);
});

test('DEL and UNLINK', async (t) => {
  for (const command of ['del', 'unlink']) {
    runTable(t, [
      [`${command} a`, 0],
      [['mset', 'a', '1', 'b', LONG, 'c', '3'], '+OK'],
      [`${command} a a none b`, 2],
      ['exists a b c', 1],
      (db) => db.plant('l', 2, Buffer.from(LONG)),
      [`${command} l`, 1],
      ['type l', '+none'],
      ['set a 1 px 10', '+OK'],
      (db) => {
        db.nowMs += 10;
      },
      [`${command} a`, 0],
      ['dbsize', 1],
      [command, `-ERR wrong number of arguments for '${command}' command`],
    ]);
  }
});

test('DEL of a large value frees it, and none goes when one is out of reach', async (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 10 });
  db.run('mset', 'a', '1', 'b', LONG, 'c', LONG);
  t.equal(db.largeCount, 2);
  t.equal(db.isLeftByFront('del', 'a', 'b'), true);
  t.equal(db.run('exists', 'a'), 1);
  t.equal(db.run('del', 'a', 'b'), 2);
  t.equal(db.largeCount, 1);
  db.audit();
});

test('keys are bytes, of any kind and up to 8000 of them', async (t) => {
  const db = createTestDatabase();
  const keys = ['', '\0', '{', '{}', '{a}b', '\r\n', '__proto__', 'constructor', 'k'.repeat(8000)];
  for (const key of [...keys, Buffer.from([0xff, 0xfe, 0, 1, 0x80])]) {
    t.equal(db.run('set', key, 'v'), '+OK');
    t.equal(db.run('exists', key), 1);
    t.equal(db.run('del', key), 1);
  }
  t.equal(db.run('get', 'k'.repeat(8001)), '-ERR key is longer than 8000 bytes');
  t.equal(db.run('mset', 'a', '1', 'k'.repeat(8001), '2'), '-ERR key is longer than 8000 bytes');
  t.equal(db.run('exists', 'a'), 0);
  db.audit();
});
