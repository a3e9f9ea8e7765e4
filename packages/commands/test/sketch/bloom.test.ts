// The BF commands: options, errors and reply shapes of both protocols, filters in the table and
// large ones; parts of a filter; and that the effects make the same filter again.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { type Row, runTable } from '../support/run-table.ts';

const WRONG = '-WRONGTYPE Operation against a key holding the wrong kind of value';

const ROWS: readonly Row[] = [
  ['bf.reserve b 0.01 100', '+OK'],
  ['bf.reserve b 0.01 100', '-ERR item exists'],
  ['type b', '+MBbloom--'],
  ['object encoding b', 'raw'],
  ['bf.add b x', 1],
  ['bf.add b x', 0],
  ['bf.exists b x', 1],
  ['bf.exists b y', 0],
  ['bf.exists none y', 0],
  ['bf.madd b x y z y', [0, 1, 1, 0]],
  ['bf.mexists b x y q', [1, 1, 0]],
  ['bf.mexists none x y', [0, 0]],
  ['bf.card b', 3],
  ['bf.card none', 0],
  [
    'bf.info b',
    [
      ...['+Capacity', 100, '+Size', 240, '+Number of filters', 1],
      ...['+Number of items inserted', 3, '+Expansion rate', 2],
    ],
  ],
  ['bf.info b capacity', [100]],
  ['bf.info b SIZE', [240]],
  ['bf.info b filters', [1]],
  ['bf.info b items', [3]],
  ['bf.info b expansion', [2]],
  ['bf.info b nothing', '-Invalid information value'],
  ['bf.info b items items', "-ERR wrong number of arguments for 'bf.info' command"],
  ['bf.info none', '-ERR not found'],
  // Made on demand.
  ['bf.add new x', 1],
  ['bf.madd new2 x x', [1, 0]],
  ['bf.info new2 capacity', [100]],
  ['bf.add new ""', 1],
  ['bf.exists new ""', 1],
  // Options.
  ['bf.reserve e 0.01 100 expansion 4', '+OK'],
  ['bf.info e expansion', [4]],
  ['bf.reserve n 0.01 3 NONSCALING', '+OK'],
  ['bf.info n expansion', [null]],
  ['bf.madd n a b c a d e', [1, 1, 1, 0, '-ERR non scaling filter is full']],
  ['bf.add n d', '-ERR non scaling filter is full'],
  ['bf.add n a', 0],
  ['bf.insert i capacity 1000 error 0.001 expansion 3 items a b a', [1, 1, 0]],
  ['bf.info i capacity', [1000]],
  ['bf.info i expansion', [3]],
  ['bf.insert i nocreate items c', [1]],
  ['bf.insert none nocreate items c', '-ERR not found'],
  ['bf.insert i2 nonscaling capacity 2 items a b c', [1, 1, '-ERR non scaling filter is full']],
  // It grows.
  ['bf.reserve g 0.01 2', '+OK'],
  ['bf.madd g 1 2 3 4 5 6 7 8 9', [1, 1, 1, 1, 1, 1, 1, 1, 1]],
  ['bf.info g filters', [3]],
  ['bf.info g capacity', [14]],
  ['bf.mexists g 1 2 3 4 5 6 7 8 9', [1, 1, 1, 1, 1, 1, 1, 1, 1]],
  // Errors.
  ['bf.reserve f x 100', '-ERR bad error rate'],
  ['bf.reserve f 0 100', '-ERR (0 < error rate range < 1) '],
  ['bf.reserve f 1 100', '-ERR (0 < error rate range < 1) '],
  ['bf.reserve f -1 100', '-ERR (0 < error rate range < 1) '],
  ['bf.reserve f 0.1 x', '-ERR bad capacity'],
  ['bf.reserve f 0.1 0', '-ERR (capacity should be larger than 0)'],
  ['bf.reserve f 0.1 -5', '-ERR (capacity should be larger than 0)'],
  ['bf.reserve f 0.1 5 expansion', '-ERR no expansion'],
  ['bf.reserve f 0.1 5 expansion x', '-ERR bad expansion'],
  ['bf.reserve f 0.1 5 expansion 0', '-ERR expansion should be greater or equal to 1'],
  ['bf.reserve f 0.1 5 expansion 2 nonscaling', '-Nonscaling filters cannot expand'],
  ['bf.reserve f 0.1 5 foo', '-Unknown argument received'],
  [
    'bf.reserve f 0.1 5 expansion 2 expansion 2',
    "-ERR wrong number of arguments for 'bf.reserve' command",
  ],
  ['bf.reserve f 0.0001 1000000000000', '-ERR Insufficient memory to create filter'],
  ['bf.reserve f 0.0001 9223372036854775807', '-ERR Insufficient memory to create filter'],
  ['bf.insert f capacity 0 items a', '-Bad argument received'],
  ['bf.insert f error 1 items a', '-Bad argument received'],
  ['bf.insert f expansion 0 items a', '-Bad argument received'],
  ['bf.insert f error x items a', '-Bad error rate'],
  ['bf.insert f capacity x items a', '-Bad capacity'],
  ['bf.insert f expansion x items a', '-Bad expansion'],
  ['bf.insert f foo bar items a', '-Unknown argument received'],
  ['bf.insert f capacity 100 items', "-ERR wrong number of arguments for 'bf.insert' command"],
  ['bf.insert f nocreate capacity', "-ERR wrong number of arguments for 'bf.insert' command"],
  ['bf.insert f capacity 1000000000000 items a', '-ERR Insufficient memory to create filter'],
  ['exists f', 0],
  ['bf.add b', "-ERR wrong number of arguments for 'bf.add' command"],
  // Other types, both ways.
  ['set s x', '+OK'],
  ...['bf.add s x', 'bf.madd s x', 'bf.exists s x', 'bf.mexists s x', 'bf.card s'].map(
    (command): Row => [command, WRONG],
  ),
  ...['bf.info s', 'bf.reserve s 0.1 10', 'bf.insert s items x', 'bf.scandump s 0'].map(
    (command): Row => [command, WRONG],
  ),
  ['bf.loadchunk s 1 x', WRONG],
  ...['get b', 'incr b', 'append b x', 'lpush b x', 'hset b f v', 'sadd b m', 'xlen b'].map(
    (command): Row => [command, WRONG],
  ),
  // Values like any other.
  ['rename b b2', '+OK'],
  ['bf.exists b2 x', 1],
  ['copy b2 b3', 1],
  ['bf.add b3 new', 1],
  ['bf.card b2', 3],
  ['bf.card b3', 4],
  ['expire b2 100', 1],
  ['bf.add b2 later', 1],
  ['ttl b2', 100],
  ['move b2 1', 1],
  ['bf.card b2', 0],
  ['set b3 plain', '+OK'],
  ['get b3', 'plain'],
  ['scan 0 type mbBLOOM-- count 100', ['0', ['new', 'new2', 'e', 'n', 'i', 'i2', 'g']]],
];

test('the table', (t) => {
  // A scan gives keys in an order of its own.
  const rows = ROWS.map((row): Row => {
    if (typeof row === 'function' || !String(row[0]).startsWith('scan')) return row;
    return (db) => {
      const [, keys] = db.run(...String(row[0]).split(' ')) as [string, string[]];
      const wanted = (row[1] as [string, string[]])[1];
      t.strictSame([...keys].sort(), [...wanted].sort());
    };
  });
  runTable(t, rows);
  t.end();
});

test('RESP3', (t) => {
  runTable(
    t,
    [
      ['bf.add b x', true],
      ['bf.add b x', false],
      ['bf.madd b x y', [false, true]],
      ['bf.insert b items x z', [false, true]],
      ['bf.exists b x', true],
      ['bf.mexists b x no', [true, false]],
      ['bf.exists none x', false],
      ['bf.card b', 3],
      [
        'bf.info b',
        new Map([
          ['+Capacity', 100],
          ['+Size', 240],
          ['+Number of filters', 1],
          ['+Number of items inserted', 3],
          ['+Expansion rate', 2],
        ]),
      ],
      ['bf.info b size', new Map([['+Size', 240]])],
    ],
    true,
  );
  t.end();
});

/** All parts of a filter: iterator and bytes of each. */
export function dumpParts(db: TestDatabase, command: string, key: string): [string, Buffer][] {
  const parts: [string, Buffer][] = [];
  for (let iterator = '0'; ; ) {
    const reply = db.reply(command, key, iterator);
    if (reply.kind !== 'array') throw new Error(`no parts: ${reply.kind}`);
    const [next, data] = reply.items;
    if (next?.kind !== 'integer') throw new Error('no iterator');
    iterator = String(next.value);
    if (iterator === '0') return parts;
    if (data?.kind !== 'bulk') throw new Error('no data');
    parts.push([iterator, Buffer.from(data.bytes)]);
  }
}

test('parts of a filter make the same filter', (t) => {
  for (const hotValueMaxBytes of [16384, 4]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    db.run('bf.reserve', 'b', '0.001', '500');
    db.run('bf.reserve', 'big', '0.0001', '900000');
    for (let i = 0; i < 3000; i++) {
      db.run('bf.add', 'b', `${i}`);
      if (i < 500) db.run('bf.add', 'big', `${i}`);
    }
    for (const key of ['b', 'big']) {
      const parts = dumpParts(db, 'bf.scandump', key);
      t.ok(key === 'b' || parts.length > 3, `${parts.length} parts`);
      for (const [iterator, data] of parts) {
        t.equal(db.run('bf.loadchunk', `${key}2`, iterator, data), '+OK');
      }
      t.equal(db.run('dump', `${key}2`), db.run('dump', key));
    }
    t.equal(db.run('bf.loadchunk', 'b', 'x', 'y'), '-ERR Second argument must be numeric');
    t.equal(db.run('bf.scandump', 'b', 'x'), '-ERR Second argument must be numeric');
    t.equal(db.run('bf.scandump', 'none', '0'), '-ERR not found');
    t.equal(db.run('bf.loadchunk', 'none', '1', 'junk'), '-ERR received bad data');
    t.equal(db.run('bf.loadchunk', 'none', '2', 'junk'), '-ERR not found');
    for (const iterator of ['-1', '0', '3', '99999999', '9223372036854775807']) {
      t.match(db.run('bf.loadchunk', 'b', iterator, 'junk'), /invalid offset/);
    }
    db.audit();
  }
  t.end();
});

test('a filter moves from the table to the heap as it grows, and nothing is lost', (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 2000 });
  for (let i = 0; i < 2400; i += 4) {
    const items = [0, 1, 2, 3].map((k) => `${i + k}`);
    if (i % 100 === 0) db.audit();
    db.run('bf.madd', 'b', ...items);
    if (!(db.run('bf.mexists', 'b', ...items) as number[]).every((is) => is === 1)) t.fail('lost');
  }
  t.equal(db.largeCount, 1);
  t.ok(db.hops > 0);
  for (let i = 0; i < 2400; i++) if (db.run('bf.exists', 'b', `${i}`) !== 1) t.fail(`${i} is gone`);
  t.end();
});

test('DUMP and RESTORE; damaged payloads are refused', (t) => {
  const random = new Random(11);
  for (const hotValueMaxBytes of [16384, 4]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    for (let i = 0; i < 300; i++) db.run('bf.add', 'b', `${i}`);
    const payload = Buffer.from(db.run('dump', 'b') as string, 'latin1');
    t.equal(db.run('restore', 'c', '0', payload), '+OK');
    t.equal(db.run('bf.card', 'c'), db.run('bf.card', 'b'));
    t.equal(db.run('dump', 'c'), db.run('dump', 'b'));
    for (let i = 0; i < 200; i++) {
      const damaged = Buffer.from(payload);
      damaged[random.below(damaged.length)]! ^= 1 + random.below(255);
      t.match(db.run('restore', 'd', '0', damaged), /^-ERR/);
    }
    db.audit();
  }
  t.end();
});
