// INCR and its relatives: 64-bit edges, texts that are no integers, overflow.

import { test } from 'tap';
import { runTable } from '../support/run-table.ts';

const NOT_INTEGER = '-ERR value is not an integer or out of range';
const OVERFLOW = '-ERR increment or decrement would overflow';
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';

test('INCR, DECR, INCRBY, DECRBY', async (t) => {
  runTable(t, [
    ['incr a', 1],
    ['incr a', 2],
    ['decr a', 1],
    ['incrby a 40', 41],
    ['decrby a 50', -9],
    ['get a', '-9'],
    ['decr new', -1],
    ['incrby new2 -5', -5],
    ['decrby new3 -5', 5],
    ['set a 99 ex 100', '+OK'],
    ['incr a', 100],
    ['ttl a', 100],
  ]);
});

test('the whole range of 64 bits, exactly', async (t) => {
  runTable(t, [
    ['set a 9223372036854775806', '+OK'],
    ['incr a', 9223372036854775807n],
    ['incr a', OVERFLOW],
    ['get a', '9223372036854775807'],
    ['decr a', 9223372036854775806n],
    ['incrby a -9223372036854775807', -1],
    ['decrby a 9223372036854775807', -9223372036854775808n],
    ['decr a', OVERFLOW],
    ['decrby a 1', OVERFLOW],
    ['incrby a -1', OVERFLOW],
    ['incrby a 9223372036854775807', -1],
    ['set a 9007199254740990', '+OK'],
    ['incr a', 9007199254740991],
    ['get a', '9007199254740991'],
    ['incr a', 9007199254740992n],
    ['incr a', 9007199254740993n],
    ['get a', '9007199254740993'],
    ['decrby a 9007199254740993', 0],
    ['incrby b 9007199254740991', 9007199254740991],
    ['get b', '9007199254740991'],
    ['set c 999999999999999', '+OK'],
    ['incr c', 1000000000000000],
    ['get c', '1000000000000000'],
    ['decrby a -9223372036854775808', '-ERR decrement would overflow'],
  ]);
});

test('what is no integer is refused', async (t) => {
  const bad = ['', ' ', ' 1', '1 ', '+1', '01', '-0', '1.0', '1e3', '0x1', 'abc', '--1', '-'];
  for (const text of [...bad, '9223372036854775808', '-9223372036854775809', '1\0']) {
    runTable(t, [
      [['set', 'a', text], '+OK'],
      ['incr a', NOT_INTEGER],
      ['decrby a 9007199254740993', NOT_INTEGER],
      [['incrby', 'b', text], NOT_INTEGER],
      [['decrby', 'b', text], NOT_INTEGER],
      ['exists b', 0],
      ['get a', text],
    ]);
  }
  runTable(t, [
    (db) => db.plant('l', 2, Buffer.from('1')),
    ['incr l', WRONG_TYPE],
    ['incrby l 9007199254740993', WRONG_TYPE],
    ['incrby l x', NOT_INTEGER],
    ['incr', "-ERR wrong number of arguments for 'incr' command"],
    ['incrby a', "-ERR wrong number of arguments for 'incrby' command"],
    ['decrby a 1 2', "-ERR wrong number of arguments for 'decrby' command"],
  ]);
});

test('a counter is an integer again, whatever it was made of', async (t) => {
  runTable(t, [
    ['set a 1', '+OK'],
    ['append a 0', 2],
    ['object encoding a', 'raw'],
    ['incr a', 11],
    ['object encoding a', 'int'],
    ['incrbyfloat a 1', '12'],
    ['object encoding a', 'embstr'],
    ['decr a', 11],
    ['object encoding a', 'int'],
  ]);
});
