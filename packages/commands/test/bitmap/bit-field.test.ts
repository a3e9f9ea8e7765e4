// BITFIELD: types, offsets, overflow, errors in the order in which Redis finds them, and random
// steps beside Redis.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { testBesideRedis } from '../support/beside-redis.ts';
import { runTable } from '../support/run-table.ts';

const TYPE =
  '-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but ' +
  'i64 is.';
const OFFSET = '-ERR bit offset is not an integer or out of range';
const NOT_INTEGER = '-ERR value is not an integer or out of range';
const SYNTAX = '-ERR syntax error';
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';

test('BITFIELD', async (t) => {
  runTable(t, [
    ['bitfield a', []],
    ['bitfield a get u8 0 get i64 100', [0, 0]],
    ['exists a', 0],
    ['bitfield a set u8 0 255 get u8 0 get i8 0 get u4 6', [0, 255, -1, 12]],
    ['bitfield a set i8 #1 -2 get u8 #1', [0, 254]],
    ['get a', '\xff\xfe'],
    ['object encoding a', 'raw'],
    ['bitfield a incrby u8 0 1', [0]],
    ['bitfield a overflow sat incrby u8 0 -1 overflow fail incrby u8 0 -1', [0, null]],
    ['bitfield a overflow SAT incrby u8 0 1000 overflow wrap incrby u8 0 2', [255, 1]],
    ['bitfield a overflow fail set u8 0 256 set u8 0 -1 set u8 0 7', [null, null, 1]],
    ['bitfield a overflow sat set u8 0 -1 get u8 0', [7, 255]],
    [
      'bitfield a overflow sat set i8 0 -1000 get i8 0 set i8 0 1000 get i8 0',
      [-1, -128, -128, 127],
    ],
    ['bitfield a set u8 0 -1 get u8 0', [127, 255]],
    ['bitfield a set u8 0 -3000 get u8 0', [255, 72]],
    ['bitfield new overflow fail set u8 0 256', [null]],
    ['get new', '\0'],
    ['bitfield a overflow fail', []],
    [['bitfield', 'a', 'get', 'u8\0x', '0'], [72]],
  ]);
});

test('wide fields are exact', async (t) => {
  runTable(t, [
    ['bitfield a set i64 0 -9223372036854775808 get i64 0 get u63 1', [0, -(2n ** 63n), 0]],
    ['bitfield a overflow fail incrby i64 0 -1', [null]],
    ['bitfield a overflow sat incrby i64 0 -1', [-(2n ** 63n)]],
    ['bitfield a incrby i64 0 -1', [2n ** 63n - 1n]],
    ['bitfield a get u63 1 set u63 3 9223372036854775807', [2n ** 63n - 1n, 2n ** 63n - 4n]],
    [
      'bitfield a overflow sat incrby u63 3 1 incrby u63 3 -9223372036854775808',
      [2n ** 63n - 1n, 0],
    ],
    ['bitfield b set u63 5 -1 get u63 5', [0, 2n ** 63n - 1n]],
    ['bitfield b incrby u32 0 9223372036854775807 get u32 0', [134217726, 134217726]],
    ['bitfield c set i33 1 9223372036854775807 get i33 1', [0, -1]],
  ]);
});

test('BITFIELD refuses', async (t) => {
  runTable(t, [
    ['bitfield a foo', SYNTAX],
    ['bitfield a get u8', SYNTAX],
    ['bitfield a set u8 0', SYNTAX],
    ['bitfield a overflow', SYNTAX],
    ['bitfield a overflow foo', '-ERR Invalid OVERFLOW type specified'],
    ...['u64', 'i65', 'u0', 'i', '""', 'x8', 'U8', 'u-1', 'u+8', 'i100', 'i08'].map(
      (type) => [`bitfield a get ${type} 0`, TYPE] as const,
    ),
    ...['-1', 'x', '""', '#', '#-1', '4294967296', '#536870912', '#9223372036854775807'].map(
      (offset) => [`bitfield a get u8 ${offset}`, OFFSET] as const,
    ),
    ['bitfield a get u8 #1000000000000', OFFSET],
    ['bitfield a set u8 0 x', NOT_INTEGER],
    ['bitfield a incrby u8 0 9223372036854775808', NOT_INTEGER],
    ['bitfield a set x8 -1 x', TYPE],
    ['bitfield a set u8 -1 x', OFFSET],
    ['bitfield a set u8 0 1 get', SYNTAX],
    ['exists a', 0],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['bitfield l get u8 0', WRONG_TYPE],
    ['bitfield l set u8 0 1', WRONG_TYPE],
    ['bitfield l', WRONG_TYPE],
  ]);
});

test('BITFIELD_RO', async (t) => {
  const readOnly = '-ERR BITFIELD_RO only supports the GET subcommand';
  runTable(t, [
    ['set a ab', '+OK'],
    ['bitfield_ro a get u8 0 get u8 #1', [97, 98]],
    ['bitfield_ro a overflow sat get u8 0', [97]],
    ['bitfield_ro a set u8 0 1', readOnly],
    ['bitfield_ro a get u8 0 incrby u8 0 1', readOnly],
    ['bitfield_ro a set u8 0 x', NOT_INTEGER],
    ['bitfield_ro none get i64 5', [0]],
    ['bitfield_ro a', []],
  ]);
});

testBesideRedis('random fields as in Redis', async (both) => {
  const seed = 20_261_123;
  const random = new Random(seed);
  const big = ['9223372036854775807', '-9223372036854775808', '4294967296', '-4294967297'];
  const operand = () => (random.chance(0.2) ? random.pick(big) : random.below(4000) - 2000);
  for (let round = 0; round < 400; round++) {
    const commands: (string | number)[][] = [];
    for (let i = 0; i < 10; i++) {
      const steps: (string | number)[] = [];
      for (let k = 1 + random.below(4); k > 0; k--) {
        const signed = random.chance(0.5);
        const type = `${signed ? 'i' : 'u'}${1 + random.below(signed ? 64 : 63)}`;
        const offset = random.chance(0.3) ? `#${random.below(4)}` : random.below(200);
        const kind = random.pick(['GET', 'SET', 'INCRBY']);
        if (random.chance(0.5)) steps.push('OVERFLOW', random.pick(['WRAP', 'SAT', 'FAIL']));
        steps.push(kind, type, offset);
        if (kind !== 'GET') steps.push(operand());
      }
      commands.push(['BITFIELD', 'a', ...steps]);
    }
    commands.push(['GET', 'a']);
    if (round % 20 === 0) commands.push(['DEL', 'a']);
    await both.same(commands);
  }
  both.report(seed);
});
