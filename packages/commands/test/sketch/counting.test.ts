// The CMS and TOPK commands: options, errors and reply shapes of both protocols.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { type Row, runTable } from '../support/run-table.ts';

const WRONG = '-WRONGTYPE Operation against a key holding the wrong kind of value';
const MISSING = '-CMS: key does not exist';

const COUNT_MIN: readonly Row[] = [
  ['cms.initbydim c 2000 5', '+OK'],
  ['cms.initbydim c 2000 5', '-CMS: key already exists'],
  ['cms.initbyprob c 0.001 0.01', '-CMS: key already exists'],
  ['type c', '+CMSk-TYPE'],
  ['object encoding c', 'raw'],
  ['cms.info c', ['+width', 2000, '+depth', 5, '+count', 0]],
  ['cms.incrby c x 5', [5]],
  ['cms.incrby c x 2 y 3', [7, 3]],
  ['cms.query c x y z', [7, 3, 0]],
  ['cms.info c', ['+width', 2000, '+depth', 5, '+count', 10]],
  ['cms.initbyprob p 0.001 0.01', '+OK'],
  ['cms.info p', ['+width', 2000, '+depth', 7, '+count', 0]],
  ['cms.incrby c big 4294967295', ['-CMS: INCRBY overflow']],
  ['cms.incrby c big 1 x 1', ['-CMS: INCRBY overflow', 8]],
  // Sums.
  ['cms.initbydim a 100 4', '+OK'],
  ['cms.initbydim b 100 4', '+OK'],
  ['cms.initbydim sum 100 4', '+OK'],
  ['cms.incrby a x 5 y 1', [5, 1]],
  ['cms.incrby b x 7', [7]],
  ['cms.merge sum 2 a b', '+OK'],
  ['cms.query sum x y', [12, 1]],
  ['cms.merge sum 2 a b weights 2 3', '+OK'],
  ['cms.query sum x y', [31, 2]],
  ['cms.info sum', ['+width', 100, '+depth', 4, '+count', 33]],
  ['cms.merge a 1 a weights 3', '+OK'],
  ['cms.query a x', [15]],
  ['cms.merge sum 2 a b weights 1 -3', '-CMS: MERGE overflow'],
  ['cms.merge sum 1 a weights 9999999999', '-CMS: MERGE overflow'],
  ['cms.query sum x y', [31, 2]],
  ['cms.merge sum 1 c', '-CMS: width/depth is not equal'],
  ['cms.merge sum 1 none', MISSING],
  ['cms.merge none 1 a', MISSING],
  ['cms.merge sum x a', '-CMS: invalid numkeys'],
  ['cms.merge sum 0 a', '-CMS: Number of keys must be positive'],
  ['cms.merge sum -1 a', '-CMS: Number of keys must be positive'],
  ['cms.merge sum 2 a', '-CMS: wrong number of keys'],
  ['cms.merge sum 1 a b', '-CMS: wrong number of keys'],
  ['cms.merge sum 1 a weights', '-CMS: wrong number of keys/weights'],
  ['cms.merge sum 1 a weights 1 2', '-CMS: wrong number of keys/weights'],
  ['cms.merge sum 1 a weights x', '-CMS: invalid weight value'],
  // Errors.
  ['cms.initbydim e x 5', '-CMS: invalid width'],
  ['cms.initbydim e 0 5', '-CMS: invalid width'],
  ['cms.initbydim e 5 x', '-CMS: invalid depth'],
  ['cms.initbydim e 5 -1', '-CMS: invalid depth'],
  ['cms.initbydim e 5000000000 5000000000', '-CMS: Insufficient memory to create the key'],
  ['cms.initbydim e 1000000 1000000', '-CMS: Insufficient memory to create the key'],
  ['cms.initbyprob e 0 0.1', '-CMS: invalid overestimation value'],
  ['cms.initbyprob e 1 0.1', '-CMS: invalid overestimation value'],
  ['cms.initbyprob e x 0.1', '-CMS: invalid overestimation value'],
  ['cms.initbyprob e 0.1 0', '-CMS: invalid prob value'],
  ['cms.initbyprob e 0.1 1', '-CMS: invalid prob value'],
  ['cms.initbyprob e 0.1 x', '-CMS: invalid prob value'],
  ['cms.initbyprob e 0.00000000001 0.1', '-CMS: Insufficient memory to create the key'],
  ['cms.incrby c x 1 y', "-ERR wrong number of arguments for 'cms.incrby' command"],
  ['cms.incrby c x z', '-CMS: Cannot parse number'],
  ['cms.incrby c x 1 x -1', '-CMS: Number cannot be negative'],
  ['cms.query c x', [8]],
  ['cms.incrby none x 1', MISSING],
  ['cms.query none x', MISSING],
  ['cms.info none', MISSING],
  ['exists e', 0],
  ['set s x', '+OK'],
  ['cms.initbydim s 5 5', '-CMS: key already exists'],
  ...['cms.incrby s x 1', 'cms.query s x', 'cms.info s', 'cms.merge s 1 a', 'cms.merge a 1 s'].map(
    (command): Row => [command, WRONG],
  ),
  ...['get c', 'bf.add c x', 'topk.add c x'].map((command): Row => [command, WRONG]),
  ['copy c c2', 1],
  ['cms.query c2 x', [8]],
];

const NONE = '-TopK: key does not exist';
const INCREMENT =
  '-TopK: increment must be an integer greater or equal to 0 and smaller or equal to 100,000';

const TOP_K: readonly Row[] = [
  ['topk.reserve k 3', '+OK'],
  ['topk.reserve k 3', '-TopK: key already exists'],
  ['type k', '+TopK-TYPE'],
  ['object encoding k', 'raw'],
  ['topk.info k', ['+k', 3, '+width', 8, '+depth', 7, '+decay', '0.9']],
  ['topk.add k a', [null]],
  ['topk.add k a b a c', [null, null, null, null]],
  ['topk.query k a b x', [1, 1, 0]],
  ['topk.count k a b x', [3, 1, 0]],
  ['topk.list k', ['a', 'b', 'c']],
  ['topk.list k withcount', ['a', 3, 'b', 1, 'c', 1]],
  ['topk.incrby k b 7 c 5', [null, null]],
  ['topk.list k WITHCOUNT', ['b', 8, 'c', 6, 'a', 3]],
  ['topk.incrby k d 5', ['a']],
  ['topk.list k', ['b', 'c', 'd']],
  ['topk.query k a', [0]],
  ['topk.count k a', [3]],
  ['topk.incrby k e 0', [null]],
  ['topk.reserve long 2 50 4 1', '+OK'],
  ['topk.info long', ['+k', 2, '+width', 50, '+depth', 4, '+decay', '1']],
  [`topk.add long ${'x'.repeat(300)} ""`, [null, null]],
  ['topk.list long', ['', 'x'.repeat(300)]],
  [`topk.incrby long ${'y'.repeat(900)} 4`, ['x'.repeat(300)]],
  ['topk.list long withcount', ['y'.repeat(900), 4, '', 1]],
  ['topk.incrby long a 9 b 8', ['', 'y'.repeat(900)]],
  ['topk.list long', ['a', 'b']],
  // Errors.
  ['topk.reserve e 0', '-TopK: invalid k'],
  ['topk.reserve e x', '-TopK: invalid k'],
  ['topk.reserve e 3 0 7 0.9', '-TopK: invalid width'],
  ['topk.reserve e 3 8 x 0.9', '-TopK: invalid depth'],
  ['topk.reserve e 3 8 7 0', "-TopK: invalid decay value. must be '<= 1' & '> 0'"],
  ['topk.reserve e 3 8 7 1.1', "-TopK: invalid decay value. must be '<= 1' & '> 0'"],
  ['topk.reserve e 3 8 7 x', "-TopK: invalid decay value. must be '<= 1' & '> 0'"],
  ['topk.reserve e 3 8', "-ERR wrong number of arguments for 'topk.reserve' command"],
  [
    'topk.reserve e 3 4294967295 4294967295 0.9',
    '-ERR Insufficient memory to create topk data structure',
  ],
  ['topk.reserve e 99999999999', '-ERR Insufficient memory to create topk data structure'],
  ['topk.incrby k a', "-ERR wrong number of arguments for 'topk.incrby' command"],
  ['topk.incrby k a x', INCREMENT],
  ['topk.incrby k a -1', INCREMENT],
  ['topk.incrby k a 100001', INCREMENT],
  ['topk.list k foo', '-WITHCOUNT keyword expected'],
  ['topk.list k withcount x', "-ERR wrong number of arguments for 'topk.list' command"],
  ...['topk.add none x', 'topk.incrby none x 1', 'topk.query none x', 'topk.count none x'].map(
    (command): Row => [command, NONE],
  ),
  ...['topk.list none', 'topk.info none'].map((command): Row => [command, NONE]),
  ['exists e', 0],
  ['set s x', '+OK'],
  ['topk.reserve s 3', '-TopK: key already exists'],
  ...['topk.add s x', 'topk.incrby s x 1', 'topk.query s x', 'topk.count s x', 'topk.list s'].map(
    (command): Row => [command, WRONG],
  ),
  ...['topk.info s', 'get k', 'cms.query k x'].map((command): Row => [command, WRONG]),
  ['copy k k2', 1],
  ['rename k2 k3', '+OK'],
  ['topk.list k3', ['b', 'c', 'd']],
];

test('count-min sketches', (t) => {
  runTable(t, COUNT_MIN);
  t.end();
});

test('top-k lists', (t) => {
  runTable(t, TOP_K);
  t.end();
});

test('RESP3', (t) => {
  runTable(
    t,
    [
      ['cms.initbydim c 10 2', '+OK'],
      [
        'cms.info c',
        new Map([
          ['+width', 10],
          ['+depth', 2],
          ['+count', 0],
        ]),
      ],
      ['topk.reserve k 2', '+OK'],
      ['topk.add k a', [null]],
      ['topk.query k a b', [true, false]],
      ['topk.count k a b', [1, 0]],
      ['topk.list k withcount', ['a', 1]],
      [
        'topk.info k',
        new Map<string, string | number>([
          ['+k', 2],
          ['+width', 8],
          ['+depth', 7],
          ['+decay', '0.9'],
        ]),
      ],
    ],
    true,
  );
  t.end();
});

test('what is dumped can be restored', (t) => {
  for (const hotValueMaxBytes of [16384, 4]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    db.run('cms.initbydim', 'c', '300', '4');
    db.run('topk.reserve', 'k', '10', '20', '4', '0.9');
    for (let i = 0; i < 200; i++) {
      db.run('cms.incrby', 'c', `${i % 50}`, '3');
      db.run('topk.add', 'k', `${i % 60}`, `${i % 7}`);
    }
    for (const key of ['c', 'k']) {
      const payload = Buffer.from(db.run('dump', key) as string, 'latin1');
      t.equal(db.run('restore', `${key}2`, '0', payload), '+OK');
      t.equal(db.run('dump', `${key}2`), db.run('dump', key));
    }
    t.strictSame(db.run('topk.list', 'k2', 'withcount'), db.run('topk.list', 'k', 'withcount'));
    db.audit();
  }
  t.end();
});
