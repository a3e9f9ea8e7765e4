// SETBIT and GETBIT: positions, gaps, limits, encodings.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const OFFSET = '-ERR bit offset is not an integer or out of range';
const BIT = '-ERR bit is not an integer or out of range';
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';

test('SETBIT and GETBIT', async (t) => {
  runTable(t, [
    ['getbit a 7', 0],
    ['setbit a 7 1', 0],
    ['get a', '\x01'],
    ['setbit a 7 1', 1],
    ['setbit a 0 1', 0],
    ['get a', '\x81'],
    ['getbit a 0', 1],
    ['getbit a 1', 0],
    ['setbit a 7 0', 1],
    ['setbit a 300 1', 0],
    ['get a', `\x80${'\0'.repeat(36)}\x08`],
    ['getbit a 300', 1],
    ['getbit a 301', 0],
    ['getbit a 100000', 0],
    ['setbit new 20 0', 0],
    ['get new', '\0\0\0'],
    ['setbit new 3 0', 0],
    ['setbit a 4294967295 x', BIT],
    ['getbit a 4294967295', 0],
  ]);
});

test('the encoding becomes raw, the expiry stays', async (t) => {
  runTable(t, [
    ['set n 12 ex 100', '+OK'],
    ['object encoding n', 'int'],
    ['setbit n 7 1', 1],
    ['object encoding n', 'raw'],
    ['get n', '12'],
    ['ttl n', 100],
    ['setbit n 6 1', 0],
    ['get n', '32'],
    ['object encoding n', 'raw'],
  ]);
});

test('SETBIT and GETBIT refuse', async (t) => {
  runTable(t, [
    ['setbit a -1 1', OFFSET],
    ['setbit a x 1', OFFSET],
    ['setbit a "" 1', OFFSET],
    ['setbit a 01 1', OFFSET],
    ['setbit a #1 1', OFFSET],
    ['setbit a 4294967296 1', OFFSET],
    ['setbit a 9223372036854775807 1', OFFSET],
    ['getbit a 4294967296', OFFSET],
    ['getbit a -9223372036854775808', OFFSET],
    ['setbit a 1 2', BIT],
    ['setbit a 1 -1', BIT],
    ['setbit a 1 ""', BIT],
    ['setbit a x 2', OFFSET],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['setbit l 1 1', WRONG_TYPE],
    ['getbit l 1', WRONG_TYPE],
    ['setbit l 1 2', BIT],
    ['exists a', 0],
  ]);
});

test('gaps are zeros whatever was there before, and strings have a largest size', async (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 50, maxStringBytes: 400 });
  for (const length of [60, 40, 20]) {
    db.run('set', 'a', 'x'.repeat(300));
    db.run('set', 'a', 'y'.repeat(length));
    t.equal(db.run('setbit', 'a', 8 * 250, 1), 0);
    const zeros = '\0'.repeat(250 - length);
    t.equal(db.run('get', 'a'), `${'y'.repeat(length)}${zeros}\x80`);
  }
  t.equal(db.run('setbit', 'a', 3199, 1), 0);
  t.equal(db.run('setbit', 'a', 3200, 1), OFFSET);
  t.equal(db.run('strlen', 'a'), 400);
  db.audit();
});

test('a bit that has its value already changes nothing', async (t) => {
  const db = createTestDatabase();
  db.run('setbit', 'a', 100, 1);
  const before = db.stat('changes');
  db.run('setbit', 'a', 100, 1);
  db.run('setbit', 'a', 3, 0);
  t.equal(db.stat('changes'), before);
  db.run('setbit', 'a', 3, 1);
  t.equal(db.stat('changes'), before + 1);
});
