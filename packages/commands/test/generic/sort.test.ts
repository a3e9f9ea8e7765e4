// SORT and SORT_RO: options, what can be sorted, patterns over other keys, STORE.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { type Row, runTable } from '../support/run-table.ts';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const SYNTAX = '-ERR syntax error';
const NOT_INTEGER = '-ERR value is not an integer or out of range';
const NOT_NUMBERS = "-ERR One or more scores can't be converted into double";

const OPTIONS: readonly Row[] = [
  ['rpush l 3 1 10 2 -1', 5],
  ['rpush words b a c B aa', 5],
  ['sadd s 3 2 1', 3],
  ['zadd z 1 c 2 b 3 a', 3],
  ['set string text', '+OK'],
  ['hset h f v', 1],
  ['sort l', ['-1', '1', '2', '3', '10']],
  ['sort l desc', ['10', '3', '2', '1', '-1']],
  ['sort l DESC asc', ['-1', '1', '2', '3', '10']],
  ['sort l alpha', ['-1', '1', '10', '2', '3']],
  ['sort words', NOT_NUMBERS],
  ['sort words alpha', ['B', 'a', 'aa', 'b', 'c']],
  ['sort words ALPHA desc limit 1 2', ['b', 'aa']],
  ['sort s', ['1', '2', '3']],
  ['sort z alpha desc', ['c', 'b', 'a']],
  ['sort z by nosort', ['c', 'b', 'a']],
  ['sort z by nosort desc', ['a', 'b', 'c']],
  ['sort z by nosort desc limit 1 1', ['b']],
  ['sort l by nosort', ['3', '1', '10', '2', '-1']],
  ['sort l by nosort desc limit 1 2', ['2', '10']],
  ['sort l by nosort limit 0 0', []],
  ['sort l limit 1 2', ['1', '2']],
  ['sort l limit -5 2', ['-1', '1']],
  ['sort l limit 3 -1', ['3', '10']],
  ['sort l limit 5 1', []],
  ['sort l limit 9223372036854775807 9223372036854775807', []],
  ['sort_ro l', ['-1', '1', '2', '3', '10']],
  ['sort none', []],
  ['sort string', WRONG_TYPE],
  ['sort h', WRONG_TYPE],
  ['sort_ro string', WRONG_TYPE],
  ['sort l limit x 1', NOT_INTEGER],
  ['sort l limit 1 9223372036854775808', NOT_INTEGER],
  ['sort l limit 1', SYNTAX],
  ['sort l foo', SYNTAX],
  ['sort l by', SYNTAX],
  ['sort l get', SYNTAX],
  ['sort l store', SYNTAX],
  ['sort_ro l store x', SYNTAX],
  ['sort string foo', SYNTAX],
  ['sort', "-ERR wrong number of arguments for 'sort' command"],
];

test('options', async (t) => {
  runTable(t, OPTIONS);
  runTable(t, OPTIONS, true);
});

const PATTERNS: readonly Row[] = [
  ['rpush l 1 2 3 4', 4],
  ['mset w_1 30 w_2 20 w_3 10 text_1 one text_2 two text_3 a-long-one', '+OK'],
  ['hset h_1 f 5 g x', 2],
  ['hset h_2 f 6', 1],
  ['hset h_3 f 4', 1],
  ['sort l by w_*', ['4', '3', '2', '1']],
  ['sort l by w_* desc', ['1', '2', '3', '4']],
  ['sort l by w_* alpha', ['4', '3', '2', '1']],
  ['sort l by h_*->f', ['4', '3', '1', '2']],
  ['sort l by none_*', ['1', '2', '3', '4']],
  ['sort l by text_*', NOT_NUMBERS],
  ['sort l by text_* alpha limit 1 9', ['3', '1', '2']],
  ['sort l get text_*', ['one', 'two', 'a-long-one', null]],
  ['sort l get # get text_* limit 0 2', ['1', 'one', '2', 'two']],
  ['sort l by w_* get h_*->g', [null, null, null, 'x']],
  ['sort l get h_*', [null, null, null, null]],
  ['sort l get text_*->f', [null, null, null, null]],
  ['sort l get fixed', [null, null, null, null]],
  ['sort l get h_*-> limit 0 1', [null]],
  ['set h_9-> arrow', '+OK'],
  ['rpush nine 9', 1],
  ['sort nine get h_*->', ['arrow']],
  ['sort nine get h_*-', [null]],
  ['set 9 itself', '+OK'],
  ['sort nine get *', ['itself']],
  [['rpush', 'long', 'x'.repeat(9000)], 1],
  ['sort long by none_* get w_*', [null]],
  [['rpush', 'zeros', 'b', 'a\0z', 'a\0y', 'a'], 4],
  ['sort zeros alpha', ['a\0z', 'a\0y', 'a', 'b']],
  ['sort zeros alpha store to', 4],
  ['lrange to 0 -1', ['a', 'a\0y', 'a\0z', 'b']],
  ['set 9* star', '+OK'],
  ['sort nine get **', ['star']],
  ['sort_ro l by w_* get #', ['4', '3', '2', '1']],
];

test('patterns over other keys', async (t) => {
  runTable(t, PATTERNS);
  runTable(t, PATTERNS, true);
});

test('STORE', async (t) => {
  runTable(t, [
    ['rpush l 3 1 2', 3],
    ['mset w_1 30 w_2 20 to text', '+OK'],
    ['expire to 100', 1],
    ['sort l store to', 3],
    ['ttl to', -1],
    ['type to', '+list'],
    ['lrange to 0 -1', ['1', '2', '3']],
    ['sort l by w_* get # get w_* store to', 6],
    ['lrange to 0 -1', ['3', '', '2', '20', '1', '30']],
    ['sort l desc store l', 3],
    ['lrange l 0 -1', ['3', '2', '1']],
    ['sort l desc store x store y limit 0 1', 1],
    ['exists x y', 1],
    ['sort none store y', 0],
    ['exists y', 0],
    ['sort l limit 9 1 store l', 0],
    ['exists l', 0],
    ['sadd s b a c', 3],
    ['sort s by nosort store to', 3],
    ['lrange to 0 -1', ['a', 'b', 'c']],
    ['sort s by nosort desc store to', 3],
    ['lrange to 0 -1', ['c', 'b', 'a']],
    ['rpush words a b', 2],
    ['sort words store to', NOT_NUMBERS],
    ['lrange to 0 -1', ['c', 'b', 'a']],
  ]);
});

test('numbers as C reads them', async (t) => {
  const sorted = (...elements: string[]) => {
    const db = createTestDatabase();
    db.run('rpush', 'l', ...elements);
    return db.run('sort', 'l');
  };
  t.strictSame(sorted('0x10', '1e1', '', ' 3', '+2', '-inf', 'INF', '.5'), [
    ...['-inf', '', '.5', '+2', ' 3', '1e1', '0x10', 'INF'],
  ]);
  t.strictSame(sorted('5\0x', '4'), ['4', '5\0x']);
  for (const bad of ['nan', '1e400', '-1e400', '1 ', '1x', ' ', '0x', '-']) {
    t.equal(sorted('1', bad), NOT_NUMBERS, bad);
  }
});

test('every key that is looked at is a hit or a miss', async (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 16 });
  db.run('rpush', 'l', '1', '2');
  db.run('set', 'w_1', '5');
  db.run('set', 'text_1', 'x'.repeat(100));
  db.run('sort', 'l', 'by', 'w_*', 'get', 'text_*', 'get', '#');
  t.equal(db.stat('hits'), 3);
  t.equal(db.stat('misses'), 2);
  db.run('sort', 'none');
  t.equal(db.stat('misses'), 3);
  db.audit();
});

test('in a transaction it says which values it wants to see', async (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 16 });
  db.run('rpush', 'l', '1', '2', '3');
  db.run('mset', 'text_1', 'x'.repeat(100), 'text_2', 'short', 'text_3', 'z'.repeat(100));
  const before = db.dump();
  const { worker } = db;
  worker.wanted = [];
  t.throws(() => db.run('sort', 'l', 'get', 'text_*', 'store', 'l'), 'not here');
  t.strictSame(
    worker.wanted.map(({ key }) => String(key)),
    ['text_1', 'text_3'],
  );
  t.equal(db.dump(), before);
  worker.wanted = null;
  t.equal(db.run('sort', 'l', 'get', 'text_*', 'store', 'l'), 3);
  db.audit();
});

test('a list, a set and a sorted set of many elements', async (t) => {
  const db = createTestDatabase();
  const numbers = Array.from({ length: 5000 }, (_, i) => String((i * 7919) % 5003));
  db.run('rpush', 'l', ...numbers);
  db.run('sadd', 's', ...numbers);
  db.run('zadd', 'z', ...numbers.flatMap((number) => ['0', number]));
  const expected = [...numbers].sort((a, b) => Number(a) - Number(b));
  for (const key of ['l', 's', 'z']) {
    t.strictSame(db.run('sort', key), expected, key);
    t.equal(db.run('sort', key, 'desc', 'store', 'to'), 5000);
    t.strictSame(db.run('lrange', 'to', '0', '-1'), expected.toReversed(), key);
  }
  t.equal(db.run('object', 'encoding', 'to'), 'quicklist');
  db.audit();
});
