// LLEN, LINDEX, LRANGE and LPOS: what a list has, by place and by element.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { type Row, runTable } from '../support/run-table.ts';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const NOT_INTEGER = '-ERR value is not an integer or out of range';
const LEAST = '-9223372036854775808';

const READS: readonly Row[] = [
  ['rpush l a b c d e', 5],
  ['set s text', '+OK'],
  ['llen l', 5],
  ['llen none', 0],
  ['llen s', WRONG_TYPE],
  ['lindex l 0', 'a'],
  ['lindex l -1', 'e'],
  ['lindex l 4', 'e'],
  ['lindex l 5', null],
  ['lindex l -6', null],
  [`lindex l ${LEAST}`, null],
  ['lindex l x', NOT_INTEGER],
  ['lindex none x', null],
  ['lindex s x', WRONG_TYPE],
  ['lrange l 0 -1', ['a', 'b', 'c', 'd', 'e']],
  ['lrange l 1 2', ['b', 'c']],
  ['lrange l -2 100', ['d', 'e']],
  ['lrange l -100 0', ['a']],
  ['lrange l 3 1', []],
  ['lrange l 5 9', []],
  [`lrange l ${LEAST} 9223372036854775807`, ['a', 'b', 'c', 'd', 'e']],
  ['lrange none 0 -1', []],
  ['lrange s 0 -1', WRONG_TYPE],
  ['lrange s 0 x', NOT_INTEGER],
  ['lrange l x 0', NOT_INTEGER],
];

test('by place', async (t) => {
  runTable(t, READS);
  runTable(t, READS, true);
});

const RANK_ZERO =
  "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
  'or use negative to start from the end of the list';

const POSITIONS: readonly Row[] = [
  ['rpush l a b c a b c a 1', 8],
  ['set s text', '+OK'],
  ['lpos l a', 0],
  ['lpos l c', 2],
  ['lpos l 1', 7],
  ['lpos l x', null],
  ['lpos l a rank 2', 3],
  ['lpos l a rank -1', 6],
  ['lpos l a rank -3', 0],
  ['lpos l a rank 4', null],
  ['lpos l a count 0', [0, 3, 6]],
  ['lpos l a count 2', [0, 3]],
  ['lpos l a count 2 rank -1', [6, 3]],
  ['lpos l a COUNT 0 rank 2', [3, 6]],
  ['lpos l x count 5', []],
  ['lpos l a maxlen 3 count 0', [0]],
  ['lpos l a maxlen 3 rank -1 count 0', [6]],
  ['lpos l c maxlen 2', null],
  ['lpos none a', null],
  ['lpos none a count 0', []],
  ['lpos s a', WRONG_TYPE],
  ['lpos s a rank 0', RANK_ZERO],
  ['lpos l a rank x', NOT_INTEGER],
  [
    `lpos l a rank ${LEAST}`,
    '-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
  ],
  ['lpos l a rank -9223372036854775807', null],
  ['lpos l a count -1', "-ERR COUNT can't be negative"],
  ['lpos l a count x', "-ERR COUNT can't be negative"],
  ['lpos l a maxlen -1', "-ERR MAXLEN can't be negative"],
  ['lpos l a rank', '-ERR syntax error'],
  ['lpos l a foo 1', '-ERR syntax error'],
];

test('by element', async (t) => {
  runTable(t, POSITIONS);
  runTable(t, POSITIONS, true);
});

test('reads are hits or misses, changes are neither', async (t) => {
  const db = createTestDatabase();
  db.run('rpush', 'l', 'a', 'b', 'a');
  db.run('set', 's', 'text');
  for (const key of ['l', 's', 'none']) {
    db.run('llen', key);
    db.run('lindex', key, '0');
    db.run('lrange', key, '0', '-1');
    db.run('lpos', key, 'a');
  }
  t.equal(db.stat('hits'), 8);
  t.equal(db.stat('misses'), 4);
  for (const key of ['l', 's', 'none']) {
    db.run('lset', key, '0', 'x');
    db.run('lrem', key, '0', 'x');
    db.run('linsert', key, 'before', 'a', 'x');
    db.run('lmove', key, 'to', 'left', 'left');
    db.run('lpop', key);
    db.run('ltrim', key, '0', '0');
  }
  t.equal(db.stat('hits'), 8);
  t.equal(db.stat('misses'), 4);
});
