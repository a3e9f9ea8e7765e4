// BITCOUNT and BITPOS: ranges in bytes and bits, edges, their errors, and all of it beside Redis.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { testBesideRedis } from '../support/beside-redis.ts';
import { runTable } from '../support/run-table.ts';

const NOT_INTEGER = '-ERR value is not an integer or out of range';
const SYNTAX = '-ERR syntax error';
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';

test('BITCOUNT', async (t) => {
  runTable(t, [
    ['bitcount a', 0],
    ['set a foobar', '+OK'],
    ['bitcount a', 26],
    ['bitcount a 0 0', 4],
    ['bitcount a 1 1', 6],
    ['bitcount a 1 1 BYTE', 6],
    ['bitcount a 5 30 bit', 17],
    ['bitcount a -2 -1', 7],
    ['bitcount a -1 -2', 0],
    ['bitcount a 3 2', 0],
    ['bitcount a 100 200', 0],
    // What lies before the beginning is the first byte, also as an end.
    ['bitcount a 0 -100', 4],
    ['bitcount a -9223372036854775808 9223372036854775807', 26],
    ['bitcount a 9223372036854775807 -1', 0],
    ['set empty ""', '+OK'],
    ['bitcount empty', 0],
    ['bitcount empty 0 -1', 0],
    ['bitcount empty 0 -1 bit', 0],
    [['set', 'long', 'x'.repeat(1000)], '+OK'],
    ['bitcount long', 4000],
  ]);
});

test('BITCOUNT refuses, also without a key', async (t) => {
  runTable(t, [
    ['bitcount a 1', SYNTAX],
    ['bitcount a 1 2 3', SYNTAX],
    ['bitcount a 1 2 bit 4', SYNTAX],
    ['bitcount a x 2', NOT_INTEGER],
    ['bitcount a 1 x', NOT_INTEGER],
    ['bitcount a 1 2 bits', SYNTAX],
    ['bitcount a 1 x bits', NOT_INTEGER],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['bitcount l', WRONG_TYPE],
    ['bitcount l 1', SYNTAX],
  ]);
});

test('BITPOS', async (t) => {
  runTable(t, [
    ['bitpos a 1', -1],
    ['bitpos a 0', 0],
    [['set', 'a', Buffer.from([0xff, 0xf0, 0])], '+OK'],
    ['bitpos a 0', 12],
    ['bitpos a 1', 0],
    ['bitpos a 1 2', -1],
    ['bitpos a 0 0 0', -1],
    ['bitpos a 0 2', 16],
    ['bitpos a 0 0 11 bit', -1],
    ['bitpos a 0 0 12 bit', 12],
    ['bitpos a 1 11 -1 bit', 11],
    ['bitpos a 1 12 -1 bit', -1],
    ['bitpos a 0 -1', 16],
    ['bitpos a 0 5', -1],
    [['set', 'ones', Buffer.alloc(100, 255)], '+OK'],
    // Without an end, zeros follow the string; with one, nothing does.
    ['bitpos ones 0', 800],
    ['bitpos ones 0 5', 800],
    ['bitpos ones 0 0 -1', -1],
    ['bitpos ones 0 0 -1 bit', -1],
    ['bitpos ones 0 100', -1],
    ['set empty ""', '+OK'],
    ['bitpos empty 0', -1],
    ['bitpos empty 1', -1],
  ]);
});

test('BITPOS refuses', async (t) => {
  runTable(t, [
    ['bitpos a 2', '-ERR The bit argument must be 1 or 0.'],
    ['bitpos a -1', '-ERR The bit argument must be 1 or 0.'],
    ['bitpos a 9223372036854775807', '-ERR The bit argument must be 1 or 0.'],
    ['bitpos a x', NOT_INTEGER],
    ['bitpos a 1 x', NOT_INTEGER],
    ['bitpos a 1 1 x', NOT_INTEGER],
    ['bitpos a 1 1 x bits', SYNTAX],
    ['bitpos a 1 x 1 bits', NOT_INTEGER],
    ['bitpos a 1 1 2 bit 3', SYNTAX],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['bitpos l 1', WRONG_TYPE],
    ['bitpos l 2', '-ERR The bit argument must be 1 or 0.'],
  ]);
});

testBesideRedis('random ranges as in Redis', async (both) => {
  const seed = 20_261_122;
  const random = new Random(seed);
  const edge = (length: number) => random.below(length * 24 + 9) - length * 12 - 4;
  for (let round = 0; round < 300; round++) {
    const length = random.below(round % 10 === 0 ? 300 : 24);
    // Mostly uniform, so that there is something to skip.
    const filler = random.pick([0, 255]);
    const bytes = Buffer.alloc(length, filler);
    for (let i = random.below(4); i > 0 && length > 0; i--) {
      bytes[random.below(length)] = random.below(256);
    }
    const commands: (string | number | Buffer)[][] = [['SET', 'a', bytes]];
    for (let i = 0; i < 8; i++) {
      const unit = random.pick([[], ['BIT'], ['BYTE'], ['BIT']]);
      commands.push(['BITCOUNT', 'a', edge(length), edge(length), ...unit]);
      commands.push(['BITPOS', 'a', random.below(2), edge(length), edge(length), ...unit]);
      commands.push(['BITPOS', 'a', random.below(2), edge(length)]);
    }
    commands.push(['BITPOS', 'a', 0], ['BITPOS', 'a', 1], ['BITCOUNT', 'a']);
    await both.same(commands);
  }
  both.report(seed);
});
