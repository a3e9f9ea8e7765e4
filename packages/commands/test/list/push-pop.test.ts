// LPUSH, RPUSH, LPUSHX, RPUSHX, LPOP, RPOP, LMPOP: the ends of a list.

import { test } from 'tap';
import { type Row, runTable } from '../support/run-table.ts';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const NOT_POSITIVE = '-ERR value is out of range, must be positive';
const SYNTAX = '-ERR syntax error';

test('pushes', async (t) => {
  runTable(t, [
    ['rpush l a b c', 3],
    ['lpush l x y', 5],
    ['lrange l 0 -1', ['y', 'x', 'a', 'b', 'c']],
    ['rpushx l d', 6],
    ['lpushx l z 1', 8],
    ['lrange l 0 -1', ['1', 'z', 'y', 'x', 'a', 'b', 'c', 'd']],
    ['rpushx none a', 0],
    ['lpushx none a b', 0],
    ['exists none', 0],
    [['rpush', 'l', ''], 9],
    [['rpush', 'l', Buffer.from([0, 13, 10, 255])], 10],
    ['lrange l -2 -1', ['', '\0\r\n\xff']],
    ['rpush long a'.split(' '), 1],
    [['rpush', 'long', 'x'.repeat(40_000)], 2],
    [['lpush', 'long', 'y'.repeat(40_000), 'z'], 4],
    ['lindex long 0', 'z'],
    ['lindex long 1', 'y'.repeat(40_000)],
    ['lindex long 3', 'x'.repeat(40_000)],
    ['set s text', '+OK'],
    ['rpush s a', WRONG_TYPE],
    ['lpushx s a', WRONG_TYPE],
    ['rpush l', "-ERR wrong number of arguments for 'rpush' command"],
    ['lpushx l', "-ERR wrong number of arguments for 'lpushx' command"],
    ['expire l 100', 1],
    ['rpush l a', 11],
    ['ttl l', 100],
  ]);
});

const POPS: readonly Row[] = [
  ['rpush l a b c d e f g h', 8],
  ['lpop l', 'a'],
  ['rpop l', 'h'],
  ['lpop l 2', ['b', 'c']],
  ['rpop l 2', ['g', 'f']],
  ['lpop l 0', []],
  ['rpop l 100', ['e', 'd']],
  ['exists l', 0],
  ['lpop l', null],
  ['lpop l 1', null],
  ['lpop l 0', null],
  ['rpush l 1', 1],
  ['lpop l', '1'],
  ['exists l', 0],
  ['lpop l -1', NOT_POSITIVE],
  ['lpop l x', NOT_POSITIVE],
  ['lpop l 9223372036854775808', NOT_POSITIVE],
  ['lpop l 1 2', "-ERR wrong number of arguments for 'lpop' command"],
  ['rpop l 1 2', "-ERR wrong number of arguments for 'rpop' command"],
  ['set s text', '+OK'],
  ['lpop s', WRONG_TYPE],
  ['rpop s 0', WRONG_TYPE],
  ['rpop s x', NOT_POSITIVE],
];

test('pops', async (t) => {
  runTable(t, POPS);
  runTable(t, POPS, true);
});

const MULTIPLE: readonly Row[] = [
  ['rpush a 1 2 3', 3],
  ['rpush b 4 5', 2],
  ['set s text', '+OK'],
  ['lmpop 2 none a left', ['a', ['1']]],
  ['lmpop 2 b a RIGHT count 9', ['b', ['5', '4']]],
  ['exists b', 0],
  ['lmpop 3 none a s left count 2', ['a', ['2', '3']]],
  ['lmpop 3 none a b left', null],
  ['lmpop 2 none s left', WRONG_TYPE],
  ['rpush a 1', 1],
  ['lmpop 2 s a left', WRONG_TYPE],
  ['lmpop 2 a s left', ['a', ['1']]],
  ['lmpop 0 a left', '-ERR numkeys should be greater than 0'],
  ['lmpop x a left', '-ERR numkeys should be greater than 0'],
  ['lmpop 2 a left', SYNTAX],
  ['lmpop 9223372036854775807 a left', SYNTAX],
  ['lmpop 1 a up', SYNTAX],
  ['lmpop 1 a left count', SYNTAX],
  ['lmpop 1 a left 1', SYNTAX],
  ['lmpop 1 a left count 0', '-ERR count should be greater than 0'],
  ['lmpop 1 a left count x', '-ERR count should be greater than 0'],
  ['lmpop 1 a left count 1 count 1', SYNTAX],
  ['lmpop 1 a', "-ERR wrong number of arguments for 'lmpop' command"],
];

test('pops from the first of several', async (t) => {
  runTable(t, MULTIPLE);
  runTable(t, MULTIPLE, true);
});

test('a list as queue and as stack', async (t) => {
  for (const [push, pop] of [
    ['rpush', 'lpop'],
    ['lpush', 'rpop'],
  ] as const) {
    const rows: Row[] = [];
    for (let i = 0; i < 300; i++) {
      rows.push([`${push} q job:${i}`, Math.min(i + 1, 11)]);
      if (i >= 10) rows.push([`${pop} q`, `job:${i - 10}`]);
    }
    runTable(t, rows);
  }
});
