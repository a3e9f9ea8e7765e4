// LCS: all options, their errors, and the bound on its memory.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { type Row, runTable } from '../support/run-table.ts';

const A = 'ohmytext-and-more-of-it-to-be-a-long-value-somewhere-in-the-middle';
const B = 'mynewtext-and-some-more-of-this-which-is-no-less-long-but-ends-soon';
const setup: Row = [['mset', 'a', 'ohmytext', 'b', 'mynewtext', 'x', A, 'y', B], '+OK'];

test('LCS', async (t) => {
  runTable(t, [
    ['lcs a b', ''],
    ['lcs a b len', 0],
    setup,
    ['lcs a b', 'mytext'],
    ['lcs b a', 'mytext'],
    ['lcs a b LEN', 6],
    ['lcs a none', ''],
    ['lcs none b len', 0],
    ['lcs a a', 'ohmytext'],
    ['lcs x y len', 36],
    ['lcs a b minmatchlen 4 withmatchlen', 'mytext'],
  ]);
});

test('LCS IDX', async (t) => {
  const long = [
    [4, 7],
    [5, 8],
  ];
  const short = [
    [2, 3],
    [0, 1],
  ];
  runTable(t, [
    setup,
    ['lcs a b idx', ['matches', [long, short], 'len', 6]],
    ['lcs a b idx minmatchlen 4', ['matches', [long], 'len', 6]],
    ['lcs a b idx minmatchlen 4 withmatchlen', ['matches', [[...long, 4]], 'len', 6]],
    [
      'lcs a b withmatchlen idx',
      [
        'matches',
        [
          [...long, 4],
          [...short, 2],
        ],
        'len',
        6,
      ],
    ],
    ['lcs a b idx minmatchlen -5', ['matches', [long, short], 'len', 6]],
    ['lcs a b idx minmatchlen 9223372036854775807', ['matches', [], 'len', 6]],
    ['lcs a none idx', ['matches', [], 'len', 0]],
  ]);
  runTable(
    t,
    [
      setup,
      [
        'lcs a b idx',
        new Map<string, unknown>([
          ['matches', [long, short]],
          ['len', 6],
        ]) as never,
      ],
    ],
    true,
  );
});

test('LCS refuses', async (t) => {
  const notStrings = '-ERR The specified keys must contain string values';
  runTable(t, [
    setup,
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['lcs a l', notStrings],
    ['lcs l none foo', notStrings],
    ['lcs a b foo', '-ERR syntax error'],
    ['lcs a b minmatchlen', '-ERR syntax error'],
    ['lcs a b minmatchlen x', '-ERR value is not an integer or out of range'],
    ['lcs a b len idx', '-ERR If you want both the length and indexes, please just use IDX.'],
    ['lcs a', "-ERR wrong number of arguments for 'lcs' command"],
  ]);
});

test('LCS of long strings runs on the worker, of endless ones nowhere', async (t) => {
  const db = createTestDatabase();
  db.run('mset', 'a', 'abc'.repeat(2000), 'b', 'acb'.repeat(2000), 'tiny', 'a');
  t.equal(db.hops, 0);
  t.equal(db.run('lcs', 'a', 'b', 'len'), 4000);
  t.equal(db.hops, 1);
  t.equal(db.run('lcs', 'a', 'tiny', 'len'), 1);
  t.equal(db.hops, 1);
  const million = 'x'.repeat(1_000_000);
  db.run('mset', 'c', million, 'd', million);
  t.equal(
    db.run('lcs', 'c', 'd', 'len'),
    '-ERR Insufficient memory, failed allocating transient memory for LCS',
  );
  t.equal(db.run('lcs', 'c', 'a', 'len'), 0);
});
