// LSET, LINSERT, LREM, LTRIM, LMOVE, RPOPLPUSH: changes in the middle of lists, and between them.

import { test } from 'tap';
import { type Row, runTable } from '../support/run-table.ts';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const NOT_INTEGER = '-ERR value is not an integer or out of range';
const LEAST = '-9223372036854775808';

test('LSET', async (t) => {
  runTable(t, [
    ['rpush l a b c', 3],
    ['set s text', '+OK'],
    ['lset l 0 long-enough', '+OK'],
    ['lset l -1 ""', '+OK'],
    ['lset l 1 5', '+OK'],
    ['lrange l 0 -1', ['long-enough', '5', '']],
    [['lset', 'l', '1', 'x'.repeat(20_000)], '+OK'],
    ['lset l 0 y', '+OK'],
    ['lset l 1 z', '+OK'],
    ['lrange l 0 -1', ['y', 'z', '']],
    ['lset l 3 x', '-ERR index out of range'],
    ['lset l -4 x', '-ERR index out of range'],
    ['lset l x x', NOT_INTEGER],
    ['lset none x x', '-ERR no such key'],
    ['lset s x x', WRONG_TYPE],
  ]);
});

test('LINSERT', async (t) => {
  runTable(t, [
    ['rpush l a b a', 3],
    ['set s text', '+OK'],
    ['linsert l before a x', 4],
    ['linsert l AFTER b y', 5],
    ['linsert l after a z', 6],
    ['lrange l 0 -1', ['x', 'a', 'z', 'b', 'y', 'a']],
    ['linsert l before none x', -1],
    ['linsert none before a x', 0],
    ['linsert s before a x', WRONG_TYPE],
    ['linsert s beside a x', '-ERR syntax error'],
    [['linsert', 'l', 'before', 'x', 'w'.repeat(20_000)], 7],
    ['linsert l after a last', 8],
    ['lrange l 1 3', ['x', 'a', 'last']],
  ]);
});

const REMOVALS: readonly Row[] = [
  ['rpush l a b a c a b a', 7],
  ['set s text', '+OK'],
  ['lrem l 1 a', 1],
  ['lrange l 0 -1', ['b', 'a', 'c', 'a', 'b', 'a']],
  ['lrem l -2 a', 2],
  ['lrange l 0 -1', ['b', 'a', 'c', 'b']],
  ['lrem l 0 x', 0],
  ['lrem l -5 b', 2],
  ['lrange l 0 -1', ['a', 'c']],
  ['lrem l 9 a', 1],
  ['lrem l 0 c', 1],
  ['exists l', 0],
  ['lrem l 0 a', 0],
  ['rpush l a a a a a', 5],
  [`lrem l ${LEAST} a`, 5],
  ['exists l', 0],
  ['rpush l b a a a b', 5],
  ['lrem l -2 a', 2],
  ['lrem l -2 b', 2],
  ['lrange l 0 -1', ['a']],
  ['lrem s 0 a', WRONG_TYPE],
  ['lrem s x a', NOT_INTEGER],
  ['lrem none x a', NOT_INTEGER],
];

test('LREM', async (t) => {
  runTable(t, REMOVALS);
});

test('LTRIM', async (t) => {
  runTable(t, [
    ['rpush l a b c d e f', 6],
    ['set s text', '+OK'],
    ['ltrim l 0 -1', '+OK'],
    ['llen l', 6],
    ['ltrim l 1 -2', '+OK'],
    ['lrange l 0 -1', ['b', 'c', 'd', 'e']],
    ['ltrim l -3 100', '+OK'],
    ['lrange l 0 -1', ['c', 'd', 'e']],
    ['ltrim l 0 0', '+OK'],
    ['lrange l 0 -1', ['c']],
    ['ltrim l 1 0', '+OK'],
    ['exists l', 0],
    ['rpush l a b', 2],
    ['ltrim l 5 9', '+OK'],
    ['exists l', 0],
    ['ltrim l 0 x', NOT_INTEGER],
    ['ltrim none 0 1', '+OK'],
    ['ltrim s 0 1', WRONG_TYPE],
  ]);
});

const MOVES: readonly Row[] = [
  ['rpush a 1 2 3 4', 4],
  ['set s text', '+OK'],
  ['rpoplpush a b', '4'],
  ['lmove a b left right', '1'],
  ['lmove a b LEFT LEFT', '2'],
  ['lrange b 0 -1', ['2', '4', '1']],
  ['lmove a b right right', '3'],
  ['exists a', 0],
  ['lmove a b left left', null],
  ['lmove a s left left', null],
  ['rpoplpush a s', null],
  ['lmove b s left left', WRONG_TYPE],
  ['lmove s b left left', WRONG_TYPE],
  ['lmove b b left right', '2'],
  ['lmove b b left left', '4'],
  ['rpoplpush b b', '2'],
  ['lmove b b right right', '3'],
  ['lrange b 0 -1', ['2', '4', '1', '3']],
  ['rpush one x', 1],
  ['lmove one one left right', 'x'],
  ['rpoplpush one one', 'x'],
  ['lrange one 0 -1', ['x']],
  ['lmove b b up left', '-ERR syntax error'],
  ['lmove b b left down', '-ERR syntax error'],
  ['lmove b b left', "-ERR wrong number of arguments for 'lmove' command"],
  [['rpush', 'long', 'x'.repeat(20_000), 'y'], 2],
  ['lmove long b left left', 'x'.repeat(20_000)],
  ['lmove b long left right', 'x'.repeat(20_000)],
  ['lmove long long right left', 'x'.repeat(20_000)],
  ['lrange long 1 -1', ['y']],
  ['lrange b 0 -1', ['2', '4', '1', '3']],
];

test('LMOVE and RPOPLPUSH', async (t) => {
  runTable(t, MOVES);
  runTable(t, MOVES, true);
});

test('a move keeps the expiry of both lists', async (t) => {
  runTable(t, [
    ['rpush a 1 2', 2],
    ['rpush b 3', 1],
    ['expire a 100', 1],
    ['expire b 200', 1],
    ['lmove a b left left', '1'],
    ['ttl a', 100],
    ['ttl b', 200],
    ['lmove a b left left', '2'],
    ['ttl a', -2],
  ]);
});
