// The CF commands: options, errors and reply shapes of both protocols, parts of a filter, growth
// from the table to the heap and back.

import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { type Row, runTable } from '../support/run-table.ts';

const WRONG = '-WRONGTYPE Operation against a key holding the wrong kind of value';

const ROWS: readonly Row[] = [
  ['cf.reserve c 1000', '+OK'],
  ['cf.reserve c 1000', '-ERR item exists'],
  ['type c', '+MBbloomCF'],
  ['object encoding c', 'raw'],
  ['cf.add c x', 1],
  ['cf.add c x', 1],
  ['cf.addnx c x', 0],
  ['cf.addnx c y', 1],
  ['cf.count c x', 2],
  ['cf.count c no', 0],
  ['cf.count none x', 0],
  ['cf.exists c x', 1],
  ['cf.exists c no', 0],
  ['cf.exists none no', 0],
  ['cf.mexists c x no y', [1, 0, 1]],
  ['cf.mexists none x y', [0, 0]],
  [
    'cf.info c',
    [
      ...['+Size', 2080, '+Number of buckets', 512, '+Number of filters', 1],
      ...['+Number of items inserted', 3, '+Number of items deleted', 0],
      ...['+Bucket size', 2, '+Expansion rate', 1, '+Max iterations', 20],
    ],
  ],
  ['cf.info none', '-ERR not found'],
  ['cf.del c x', 1],
  ['cf.count c x', 1],
  ['cf.del c x', 1],
  ['cf.del c x', 0],
  ['cf.exists c x', 0],
  ['cf.del none x', '-Not found'],
  ['cf.compact c', '+OK'],
  ['cf.compact none', '-Cuckoo filter was not found'],
  // Made on demand.
  ['cf.add new x', 1],
  ['cf.addnx new2 x', 1],
  ['cf.insert i items a b a', [1, 1, 1]],
  ['cf.insertnx i items a c', [0, 1]],
  ['cf.insert i2 capacity 5000 items a', [1]],
  ['cf.insert i2 nocreate items b', [1]],
  ['cf.insertnx i3 capacity 5000 items a a', [1, 0]],
  ['cf.insert none nocreate items b', '-ERR not found'],
  ['cf.insertnx none nocreate items b', '-ERR not found'],
  // Options.
  ['cf.reserve o 100 bucketsize 4 maxiterations 30 expansion 3', '+OK'],
  [
    'cf.info o',
    [
      ...['+Size', 288, '+Number of buckets', 32, '+Number of filters', 1],
      ...['+Number of items inserted', 0, '+Number of items deleted', 0],
      ...['+Bucket size', 4, '+Expansion rate', 4, '+Max iterations', 30],
    ],
  ],
  // One that does not expand.
  ['cf.reserve s 4 expansion 0', '+OK'],
  ['cf.insert s items y y y y y y', [1, 1, 1, 1, -1, -1]],
  ['cf.add s y', '-Filter is full'],
  ['cf.insertnx s items y', [0]],
  // One that does, as often as it may.
  ['cf.reserve m 2 bucketsize 1', '+OK'],
  ...Array.from({ length: 63 }, (): Row => ['cf.add m y', 1]),
  ['cf.add m y', '-Maximum expansions reached'],
  // Errors.
  ['cf.reserve e x', '-Bad capacity'],
  ['cf.reserve e 3', '-Capacity must be at least (BucketSize * 2)'],
  ['cf.reserve e 0', '-Capacity must be at least (BucketSize * 2)'],
  ['cf.reserve e 100 bucketsize 0', integerError('BUCKETSIZE', 1, 255)],
  ['cf.reserve e 100 bucketsize 256', integerError('BUCKETSIZE', 1, 255)],
  ['cf.reserve e 100 bucketsize x', "-Couldn't parse BUCKETSIZE"],
  ['cf.reserve e 100 maxiterations 0', integerError('MAXITERATIONS', 1, 65535)],
  ['cf.reserve e 100 maxiterations x', "-Couldn't parse MAXITERATIONS"],
  ['cf.reserve e 100 expansion -1', integerError('EXPANSION', 0, 32768)],
  ['cf.reserve e 100 expansion 32769', integerError('EXPANSION', 0, 32768)],
  ['cf.reserve e 100 expansion x', "-Couldn't parse EXPANSION"],
  ['cf.reserve e 100 foo 1', '-Unknown argument received'],
  ['cf.reserve e 100 bucketsize', "-ERR wrong number of arguments for 'cf.reserve' command"],
  ['cf.reserve e 1000000000000', "-Couldn't create Cuckoo Filter"],
  ['cf.reserve e 9223372036854775807', "-Couldn't create Cuckoo Filter"],
  ['cf.insert e capacity x items a', '-Bad capacity'],
  ['cf.insert e capacity 3 items a', '-Capacity must be at least (BucketSize * 2)'],
  ['cf.insert e foo items a', '-Unknown argument received'],
  ['cf.insert e nocreate items', "-ERR wrong number of arguments for 'cf.insert' command"],
  ['cf.insertnx e nocreate capacity', "-ERR wrong number of arguments for 'cf.insertnx' command"],
  ['exists e', 0],
  // Other types, both ways.
  ['set t x', '+OK'],
  ...['cf.add t x', 'cf.addnx t x', 'cf.exists t x', 'cf.mexists t x', 'cf.count t x'].map(
    (command): Row => [command, WRONG],
  ),
  ...['cf.del t x', 'cf.compact t', 'cf.info t', 'cf.reserve t 100', 'cf.insert t items x'].map(
    (command): Row => [command, WRONG],
  ),
  ...['cf.scandump t 0', 'cf.loadchunk t 1 x', 'bf.add c x', 'get c', 'incr c'].map(
    (command): Row => [command, WRONG],
  ),
  ['bf.add b x', 1],
  ['cf.add b x', WRONG],
  ['copy c c2', 1],
  ['rename c2 c3', '+OK'],
  ['cf.exists c3 y', 1],
];

function integerError(name: string, least: number, most: number): string {
  return `-${name}: value must be an integer between ${least} and ${most}, inclusive.`;
}

test('the table', (t) => {
  runTable(t, ROWS);
  t.end();
});

test('RESP3', (t) => {
  runTable(
    t,
    [
      ['cf.add c x', true],
      ['cf.addnx c x', false],
      ['cf.insert c items x y', [true, true]],
      ['cf.insertnx c items x z', [0, 1]],
      ['cf.exists c x', true],
      ['cf.mexists c x no', [true, false]],
      ['cf.count c x', 2],
      ['cf.del c x', true],
      ['cf.del c no', false],
      ['cf.reserve s 4 expansion 0', '+OK'],
      ['cf.insert s items y y y y y', [true, true, true, true, false]],
      ['cf.scandump none 0', '-ERR not found'],
      [
        'cf.info s',
        new Map([
          ['+Size', 40],
          ['+Number of buckets', 2],
          ['+Number of filters', 1],
          ['+Number of items inserted', 4],
          ['+Number of items deleted', 0],
          ['+Bucket size', 2],
          ['+Expansion rate', 0],
          ['+Max iterations', 20],
        ]),
      ],
    ].map((row) => row as unknown as Row),
    true,
  );
  t.end();
});

test('parts of a filter make the same filter', (t) => {
  for (const hotValueMaxBytes of [16384, 4]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    db.run('cf.reserve', 'c', '100');
    db.run('cf.reserve', 'big', '600000');
    t.strictSame(db.run('cf.scandump', 'c', '0'), [0, null]);
    for (let i = 0; i < 1000; i++) {
      db.run('cf.add', 'c', `${i}`);
      db.run('cf.add', 'big', `${i}`);
    }
    for (const key of ['c', 'big']) {
      let parts = 0;
      for (let iterator = '0'; ; parts++) {
        const [next, data] = db.run('cf.scandump', key, iterator) as [number, string];
        if (next === 0) break;
        iterator = String(next);
        const bytes = Buffer.from(data, 'latin1');
        t.equal(db.run('cf.loadchunk', `${key}2`, iterator, bytes), '+OK');
      }
      t.ok(parts === (key === 'c' ? 2 : 5), `${parts} parts`);
      t.equal(db.run('dump', `${key}2`), db.run('dump', key));
    }
    t.equal(db.run('cf.loadchunk', 'c', '1', 'junk'), '-ERR item exists');
    t.equal(db.run('cf.loadchunk', 'c', '0', 'junk'), '-Invalid position');
    t.equal(db.run('cf.loadchunk', 'c', 'x', 'junk'), '-Invalid position');
    t.equal(db.run('cf.scandump', 'c', '-1'), '-Invalid position');
    t.equal(db.run('cf.loadchunk', 'c', '99999999', 'junk'), "-Couldn't load chunk!");
    t.equal(db.run('cf.loadchunk', 'none', '1', 'junk'), '-Invalid header');
    t.equal(db.run('cf.loadchunk', 'none', '2', 'junk'), '-ERR not found');
    db.audit();
  }
  t.end();
});

test('a filter grows out of the table, and shrinks when it is emptied', (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 2000 });
  db.run('cf.reserve', 'c', '200', 'expansion', '2');
  const names = Array.from({ length: 1500 }, (_, i) => `${i}`);
  for (let i = 0; i < names.length; i += 3) {
    if (i % 300 === 0) db.audit();
    if (i % 2 === 0) db.run('cf.insert', 'c', 'items', ...names.slice(i, i + 3));
    else for (const name of names.slice(i, i + 3)) db.run('cf.addnx', 'c', name);
  }
  t.equal(db.largeCount, 1);
  t.ok(names.every((name) => db.run('cf.exists', 'c', name) === 1));
  const filters = (): number => (db.run('cf.info', 'c') as number[])[5]!;
  const most = filters();
  t.ok(most > 1);
  for (const name of names) db.run('cf.del', 'c', name);
  db.run('cf.compact', 'c');
  t.ok(filters() < most, 'filters have gone');
  db.audit();
  t.end();
});
