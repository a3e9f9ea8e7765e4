// GET, MGET, STRLEN, GETRANGE and SUBSTR: absent keys, ranges, wrong types.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const LONG = 'x'.repeat(100);
const NOT_INTEGER = '-ERR value is not an integer or out of range';

test('GET, MGET and STRLEN', async (t) => {
  runTable(t, [
    ['get a', null],
    ['strlen a', 0],
    ['mget a b a', [null, null, null]],
    [['mset', 'a', '1', 'b', LONG], '+OK'],
    ['strlen a', 1],
    ['strlen b', 100],
    (db) => db.plant('l', 2, Buffer.from('elements of a list')),
    ['mget a l none b a', ['1', null, null, LONG, '1']],
    ['get l', WRONG_TYPE],
    ['strlen l', WRONG_TYPE],
    ['mget', "-ERR wrong number of arguments for 'mget' command"],
    ['get a b', "-ERR wrong number of arguments for 'get' command"],
    ['strlen', "-ERR wrong number of arguments for 'strlen' command"],
  ]);
});

test('null is null in RESP3', async (t) => {
  runTable(
    t,
    [
      ['get a', null],
      ['mget a', [null]],
      ['set a 1 xx', null],
    ],
    true,
  );
});

test('GETRANGE and SUBSTR', async (t) => {
  const rows: [string, string, string][] = [
    ['0', '-1', 'Hello'],
    ['0', '0', 'H'],
    ['1', '3', 'ell'],
    ['-3', '-1', 'llo'],
    ['-100', '100', 'Hello'],
    ['5', '10', ''],
    ['3', '1', ''],
    ['-1', '-3', ''],
    ['0', '-100', 'H'],
    ['-100', '-200', ''],
    ['-200', '-100', 'H'],
    ['9223372036854775807', '-1', ''],
    ['9223372036854775807', '9223372036854775807', ''],
    ['-9223372036854775808', '9223372036854775807', 'Hello'],
    ['-9223372036854775808', '-9223372036854775807', 'H'],
    ['-9223372036854775807', '-9223372036854775808', ''],
  ];
  for (const command of ['getrange', 'substr']) {
    runTable(t, [
      [[command, 'a', '0', '-1'], ''],
      [[command, 'a', 'x', '-1'], NOT_INTEGER],
      [[command, 'a', '0', '9223372036854775808'], NOT_INTEGER],
      ['set a Hello', '+OK'],
      ...rows.map(([from, to, found]) => [[command, 'a', from, to], found] as const),
      ['set e ""', '+OK'],
      [[command, 'e', '0', '-1'], ''],
      (db) => db.plant('l', 2, Buffer.from('Hello')),
      [[command, 'l', '0', '-1'], WRONG_TYPE],
      [[command, 'l', 'x', '-1'], NOT_INTEGER],
      [[command, 'a', '0'], `-ERR wrong number of arguments for '${command}' command`],
    ]);
  }
});

test('reads count as hits and misses, once, wherever they run', async (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 8 });
  db.run('mset', 'a', '1', 'large', 'x'.repeat(100));
  db.plant('l', 2, Buffer.from('x'));
  const counted = (...args: string[]) => {
    const before = [db.stat('hits'), db.stat('misses')] as const;
    db.run(...args);
    return [db.stat('hits') - before[0], db.stat('misses') - before[1]];
  };
  const rows: [string, number, number][] = [
    ['get a', 1, 0],
    ['get none', 0, 1],
    ['get l', 1, 0],
    ['mget a large none l', 3, 1],
    ['mget large none', 1, 1],
    ['strlen large', 1, 0],
    ['getrange large 0 1', 1, 0],
    ['getrange large x 1', 0, 0],
    ['getex large', 1, 0],
    ['getset large 123456789', 1, 0],
    ['set large 1234567890 get', 1, 0],
    ['set none2 1234567890 get', 0, 1],
    ['set a 2 nx get', 1, 0],
    ['set a 2', 0, 0],
    ['setnx a 2', 0, 0],
    ['getdel none2', 1, 0],
    ['incr a', 0, 0],
    ['append large x', 0, 0],
    ['setrange large 0 x', 0, 0],
    ['lcs large none', 1, 1],
    ['exists a none', 1, 1],
    ['touch a none', 1, 1],
    ['type a', 1, 0],
    ['ttl none', 0, 1],
    ['object encoding a', 1, 0],
    ['object idletime none', 0, 1],
    ['copy large copied', 1, 0],
    ['copy none copied2', 0, 1],
    ['rename copied renamed', 0, 0],
    ['expire a 100', 0, 0],
    ['persist a', 0, 0],
    ['del renamed', 0, 0],
  ];
  for (const [command, hits, misses] of rows) {
    t.same(counted(...command.split(' ')), [hits, misses], command);
  }
});
