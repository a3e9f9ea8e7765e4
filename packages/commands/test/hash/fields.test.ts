// HSET to HSTRLEN and HDEL: replies, errors and their order, RESP3, hits and misses.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { type Row, runTable } from '../support/run-table.ts';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const SYNTAX = '-ERR syntax error';
const NOT_INTEGER = '-ERR value is not an integer or out of range';
const wrongArity = (name: string) => `-ERR wrong number of arguments for '${name}' command`;

test('setting and getting', async (t) => {
  const rows: Row[] = [
    ['hset h a 1', 1],
    ['hset h a 2 b 3', 1],
    ['hget h a', '2'],
    ['hget h b', '3'],
    ['hget h c', null],
    ['hget none a', null],
    ['hmget h a none b a', ['2', null, '3', '2']],
    ['hmget none a b', [null, null]],
    ['hset h c 1 c 2 c 3', 1],
    ['hget h c', '3'],
    ['hset h', wrongArity('hset')],
    ['hset h a', wrongArity('hset')],
    ['hset h a 1 b', wrongArity('hset')],
    ['HMSET h a 1 b', wrongArity('hmset')],
    ['hmset h a 1 d 4', '+OK'],
    ['hsetnx h a 9', 0],
    ['hsetnx h e 9', 1],
    ['hsetnx new x y', 1],
    ['hlen h', 5],
    ['hlen none', 0],
    ['hexists h a', 1],
    ['hexists h x', 0],
    ['hexists none a', 0],
    [['hset', 'h', '', 'an empty name'], 1],
    [['hset', 'h', 'empty', ''], 1],
    [['hget', 'h', ''], 'an empty name'],
    ['hget h empty', ''],
    ['hstrlen h empty', 0],
    [['hstrlen', 'h', ''], 13],
    ['hstrlen h none', 0],
    ['hstrlen none none', 0],
    ['type h', '+hash'],
  ];
  runTable(t, rows);
});

test('all of it, in the order in which fields came', async (t) => {
  const rows: Row[] = [
    ['hgetall none', []],
    ['hkeys none', []],
    ['hvals none', []],
    ['hset h a 1 b 2 c 3', 3],
    ['hset h a 4', 0],
    ['hdel h b', 1],
    ['hset h b 5', 1],
  ];
  runTable(t, rows);
  const db = createTestDatabase();
  for (const row of rows) if (typeof row !== 'function') db.run(...String(row[0]).split(' '));
  t.same(db.run('hgetall', 'h'), ['a', '4', 'c', '3', 'b', '5']);
  t.same(db.run('hkeys', 'h'), ['a', 'c', 'b']);
  t.same(db.run('hvals', 'h'), ['4', '3', '5']);
  db.resp3 = true;
  t.same(
    db.run('hgetall', 'h'),
    new Map([
      ['a', '4'],
      ['c', '3'],
      ['b', '5'],
    ]),
  );
  t.same(db.run('hgetall', 'none'), new Map());
  t.same(db.run('hkeys', 'h'), ['a', 'c', 'b']);
  t.equal(db.reply('hkeys', 'h').kind, 'array');
  t.equal(db.reply('hget', 'h', 'none').kind, 'null');
  db.audit();
});

test('removing', async (t) => {
  const rows: Row[] = [
    ['hdel none a', 0],
    ['hset h a 1 b 2 c 3', 3],
    ['hdel h x', 0],
    ['hdel h a a x', 1],
    ['hlen h', 2],
    ['hdel h b c d', 2],
    ['exists h', 0],
    ['hset h a 1', 1],
    ['del h', 1],
    ['dbsize', 0],
  ];
  runTable(t, rows);
});

test('numbers', async (t) => {
  const rows: Row[] = [
    ['hincrby h n 5', 5],
    ['hincrby h n -7', -2],
    ['hget h n', '-2'],
    ['hincrby h n 1.5', NOT_INTEGER],
    ['hincrby h n 9223372036854775808', NOT_INTEGER],
    ['hset h text abc empty 12', 2],
    [['hset', 'h', 'empty', ''], 0],
    ['hincrby h text 1', '-ERR hash value is not an integer'],
    ['hincrby h empty 1', '-ERR hash value is not an integer'],
    ['hset h max 9223372036854775807', 1],
    ['hincrby h max 1', '-ERR increment or decrement would overflow'],
    ['hincrby h max -1', 9223372036854775806n],
    ['hincrby h max -9223372036854775807', -1],
    ['hincrby h wide 9223372036854775807', 9223372036854775807n],
    ['hincrby h wide -9223372036854775808', -1],
    ['hset h s 07', 1],
    ['hincrby h s 1', '-ERR hash value is not an integer'],
    ['hincrbyfloat h f 10.5', '10.5'],
    ['hincrbyfloat h f 0.1', '10.6'],
    ['hincrbyfloat h f -5', '5.6'],
    ['hincrbyfloat h f abc', '-ERR value is not a valid float'],
    ['hincrbyfloat h f nan', '-ERR value is not a valid float'],
    ['hincrbyfloat h f inf', '-ERR value is NaN or Infinity'],
    ['hincrbyfloat h text 1', '-ERR hash value is not a float'],
    ['hset h huge 1e4932', 1],
    ['hincrbyfloat h huge 1e4932', '-ERR increment would produce NaN or Infinity'],
    ['hincrbyfloat none f 3.0', '3'],
    ['hget none f', '3'],
  ];
  runTable(t, rows);
});

test('picks', async (t) => {
  const rows: Row[] = [
    ['hrandfield none', null],
    ['hrandfield none 3', []],
    ['hrandfield none -3', []],
    ['hrandfield none x', NOT_INTEGER],
    ['hset h a 1', 1],
    ['hrandfield h', 'a'],
    ['hrandfield h 0', []],
    ['hrandfield h 5', ['a']],
    ['hrandfield h -3', ['a', 'a', 'a']],
    ['hrandfield h 2 withvalues', ['a', '1']],
    ['hrandfield h -2 WITHVALUES', ['a', '1', 'a', '1']],
    ['hrandfield h 2 values', SYNTAX],
    ['hrandfield h 2 withvalues x', SYNTAX],
    ['hrandfield h x values', NOT_INTEGER],
    ['hrandfield h 9223372036854775807', ['a']],
    ['hrandfield h 9223372036854775807 withvalues', '-ERR value is out of range'],
    [
      'hrandfield h -9223372036854775808',
      '-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
    ],
  ];
  runTable(t, rows);
  runTable(
    t,
    [
      ['hset h a 1', 1],
      ['hrandfield h 2 withvalues', [['a', '1']]],
      [
        'hrandfield h -2 withvalues',
        [
          ['a', '1'],
          ['a', '1'],
        ],
      ],
      ['hrandfield none', null],
    ],
    true,
  );
});

test('pages', async (t) => {
  const rows: Row[] = [
    ['hscan none 0', ['0', []]],
    ['hscan none x', '-ERR invalid cursor'],
    ['hscan none 0 count x', ['0', []]],
    ['hset h a 1', 1],
    ['hscan h 0', ['0', ['a', '1']]],
    ['hscan h 0 novalues', ['0', ['a']]],
    ['hscan h 0 match b*', ['0', []]],
    ['hscan h 0 match ? count 100', ['0', ['a', '1']]],
    ['hscan h 0 count 0', SYNTAX],
    ['hscan h 0 count x', NOT_INTEGER],
    ['hscan h 0 match', SYNTAX],
    ['hscan h 0 type hash', SYNTAX],
    ['hscan h -1x', '-ERR invalid cursor'],
  ];
  runTable(t, rows);
});

test('keys of other types', async (t) => {
  const calls = [
    ...['hset s a 1', 'hmset s a 1', 'hsetnx s a 1', 'hget s a', 'hmget s a b', 'hgetall s'],
    ...['hkeys s', 'hvals s', 'hdel s a', 'hexists s a', 'hlen s', 'hstrlen s a', 'hscan s 0'],
    ...['hincrby s a 1', 'hincrbyfloat s a 1', 'hrandfield s', 'hrandfield s 1', 'hscan s 0 x'],
  ];
  runTable(t, [['set s text', '+OK'], ...calls.map((call): Row => [call, WRONG_TYPE])]);
  runTable(t, [
    ['set s text', '+OK'],
    ['hset s a', wrongArity('hset')],
    ['hincrby s a x', NOT_INTEGER],
    ['hincrbyfloat s a x', '-ERR value is not a valid float'],
    ['hscan s x', '-ERR invalid cursor'],
    ['hrandfield s x', NOT_INTEGER],
    ['hrandfield s 1 x', SYNTAX],
    ['hset h a 1', 1],
    ['get h', WRONG_TYPE],
    ['set h text', '+OK'],
    ['get h', 'text'],
  ]);
});

test('hits and misses', async (t) => {
  const reads = [
    ...['hget', 'hmget', 'hexists', 'hstrlen'].map((name) => [name, 'f']),
    ...['hgetall', 'hkeys', 'hvals', 'hlen', 'hrandfield'].map((name) => [name]),
    ['hscan', '0'],
    ...['httl', 'hpttl', 'hexpiretime', 'hpexpiretime'].map((name) => [name, 'fields', '1', 'f']),
  ];
  for (const hotValueMaxBytes of [16_384, 4]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    db.run('hset', 'h', 'f', 'v');
    db.run('set', 's', 'text');
    for (const [name, ...rest] of reads as string[][]) {
      const [hits, misses] = [db.stat('hits'), db.stat('misses')];
      for (const key of ['h', 's', 'none']) db.run(name!, key, ...rest);
      t.same([db.stat('hits') - hits, db.stat('misses') - misses], [2, 1], name!);
    }
    const [hits, misses] = [db.stat('hits'), db.stat('misses')];
    db.run('hincrby', 'h', 'n', '1');
    db.run('hdel', 'none', 'f');
    t.same([db.stat('hits'), db.stat('misses')], [hits, misses], 'writes do not count');
    db.audit();
  }
});
