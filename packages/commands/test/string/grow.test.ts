// APPEND and SETRANGE: growth over every threshold, gaps, limits, linear time.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const TOO_LONG = '-ERR string exceeds maximum allowed size (proto-max-bulk-len)';
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const LONG = 'x'.repeat(100);

test('APPEND', async (t) => {
  runTable(t, [
    ['append a ""', 0],
    ['exists a', 1],
    ['append a Hello', 5],
    [['append', 'a', ' World'], 11],
    ['get a', 'Hello World'],
    [['append', 'a', LONG], 111],
    [['append', 'a', LONG], 211],
    ['get a', `Hello World${LONG}${LONG}`],
    ['expire a 100', 1],
    ['append a ""', 211],
    ['ttl a', 100],
    ['append b 12', 2],
    ['object encoding b', 'int'],
    ['append b 3', 3],
    ['object encoding b', 'raw'],
    ['get b', '123'],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['append l x', WRONG_TYPE],
    ['append a', "-ERR wrong number of arguments for 'append' command"],
  ]);
});

test('SETRANGE', async (t) => {
  runTable(t, [
    ['setrange a 0 ""', 0],
    ['setrange a 10 ""', 0],
    ['exists a', 0],
    ['setrange a 3 abc', 6],
    ['get a', '\0\0\0abc'],
    ['object encoding a', 'raw'],
    ['setrange a 0 xyz', 6],
    ['get a', 'xyzabc'],
    ['setrange a 5 CD', 7],
    ['get a', 'xyzabCD'],
    ['setrange a 100 end', 103],
    ['get a', `xyzabCD${'\0'.repeat(93)}end`],
    ['setrange a 50 ""', 103],
    ['setrange a 101 E', 103],
    ['get a', `xyzabCD${'\0'.repeat(93)}eEd`],
    ['set n 12345 ex 100', '+OK'],
    ['setrange n 1 ""', 5],
    ['object encoding n', 'int'],
    ['setrange n 1 9', 5],
    ['object encoding n', 'raw'],
    ['get n', '19345'],
    ['ttl n', 100],
  ]);
});

test('SETRANGE refuses', async (t) => {
  runTable(t, [
    ['setrange a -1 x', '-ERR offset is out of range'],
    ['setrange a -1 ""', '-ERR offset is out of range'],
    ['setrange a x y', '-ERR value is not an integer or out of range'],
    ['setrange a 9223372036854775808 x', '-ERR value is not an integer or out of range'],
    ['setrange a 9223372036854775807 x', TOO_LONG],
    ['setrange a 536870912 x', TOO_LONG],
    ['setrange a 536870912 ""', 0],
    ['exists a', 0],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['setrange l 0 x', WRONG_TYPE],
    ['setrange l 536870912 ""', WRONG_TYPE],
    ['setrange l -1 x', '-ERR offset is out of range'],
    ['setrange a 1', "-ERR wrong number of arguments for 'setrange' command"],
  ]);
});

test('strings end at the largest size', async (t) => {
  const db = createTestDatabase({ maxStringBytes: 100, hotValueMaxBytes: 50 });
  db.run('set', 'a', 'x'.repeat(95));
  t.equal(db.run('append', 'a', '12345'), 100);
  t.equal(db.run('append', 'a', '6'), TOO_LONG);
  t.equal(db.run('append', 'a', ''), 100);
  t.equal(db.run('setrange', 'a', 99, 'yz'), TOO_LONG);
  t.equal(db.run('setrange', 'a', 99, 'z'), 100);
  t.equal(db.run('strlen', 'a'), 100);
});

test('what was there before is never seen in a gap', async (t) => {
  for (const hotValueMaxBytes of [4000, 10]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    db.run('set', 'a', 'secret'.repeat(100));
    // The same slot or buffer again, or one that was used a moment ago.
    db.run('set', 'a', 'secret'.repeat(60));
    db.run('set', 'a', 'x'.repeat(301));
    t.equal(db.run('setrange', 'a', 500, 'y'), 501);
    t.equal(db.run('get', 'a'), `${'x'.repeat(301)}${'\0'.repeat(199)}y`);
    db.run('del', 'a');
    t.equal(db.run('setrange', 'a', 400, 'z'), 401);
    t.equal(db.run('get', 'a'), `${'\0'.repeat(400)}z`);
    db.audit();
  }
});

test('a large string that grows is copied a few times only', async (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 1024 });
  const piece = 'x'.repeat(512);
  for (let i = 0; i < 4000; i++) db.run('append', 'a', piece);
  t.equal(db.run('strlen', 'a'), 2_048_000);
  t.equal(db.run('getrange', 'a', 2_047_990, -1), 'x'.repeat(10));
  // From 1.5 KB to 2 MB in steps of one half.
  t.ok(db.largePuts < 20, `${db.largePuts} buffers`);
  db.run('setrange', 'a', 2_048_000, 'end');
  t.equal(db.run('getrange', 'a', -5, -1), 'xxend');
  t.equal(db.run('set', 'a', 'y'.repeat(2000)), '+OK');
  t.equal(db.run('get', 'a'), 'y'.repeat(2000));
  db.audit();
});
