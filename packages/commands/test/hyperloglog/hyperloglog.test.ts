// PFADD, PFCOUNT and PFMERGE: replies, encodings, what is refused; hostile strings that look like
// HyperLogLogs.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { runTable } from '../support/run-table.ts';

const NOT_HLL = '-WRONGTYPE Key is not a valid HyperLogLog string value.';
const DAMAGED = '-INVALIDOBJ Corrupted HLL object detected';
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value';

/** A sparse HyperLogLog whose estimate is out of date. */
function sparse(...runs: number[]): Buffer {
  return Buffer.from([0x48, 0x59, 0x4c, 0x4c, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, ...runs]);
}

function dense(fill: number, length = 12288): Buffer {
  const head = Buffer.from([0x48, 0x59, 0x4c, 0x4c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80]);
  return Buffer.concat([head, Buffer.alloc(length, fill)]);
}

test('PFADD, PFCOUNT, PFMERGE', async (t) => {
  runTable(t, [
    ['pfcount a', 0],
    ['pfadd a', 1],
    ['pfadd a', 0],
    ['pfcount a', 0],
    ['pfadd a 1 2 3', 1],
    ['pfadd a 3 2 1', 0],
    ['pfcount a', 3],
    ['pfcount a', 3],
    ['pfadd b 3 4 5', 1],
    ['pfcount a b none', 5],
    ['pfcount a b', 5],
    ['pfmerge c a b none', '+OK'],
    ['pfcount c', 5],
    ['pfmerge c', '+OK'],
    ['pfmerge new', '+OK'],
    ['pfcount new', 0],
    ['strlen new', 18],
    ['object encoding a', 'raw'],
    ['expire a 100', 1],
    ['pfadd a 77', 1],
    ['ttl a', 100],
    ['pfmerge a b', '+OK'],
    ['ttl a', 100],
    ['type a', '+string'],
  ]);
});

test('the estimate is kept with the value, in its bytes 8 to 15', async (t) => {
  runTable(t, [
    ['pfadd a x', 1],
    ['getrange a 8 15', '\0\0\0\0\0\0\0\x80'],
    ['pfcount a', 1],
    ['getrange a 8 15', '\x01\0\0\0\0\0\0\0'],
    ['setrange a 9 \x05', 20],
    ['pfcount a', 1281],
    ['pfcount a none', 1],
    ['setrange a 15 \x7f', 20],
    ['pfcount a', 0x7f00000000000501n],
    ['pfadd a x', 0],
    ['pfcount a', 0x7f00000000000501n],
    ['pfadd a y', 1],
    ['pfcount a', 2],
  ]);
});

test('what is no HyperLogLog is refused', async (t) => {
  runTable(t, [
    ['set s value', '+OK'],
    ['pfadd s x', NOT_HLL],
    ['pfcount s', NOT_HLL],
    ['pfcount none s', NOT_HLL],
    ['pfmerge none s', NOT_HLL],
    ['pfmerge s none', NOT_HLL],
    ['exists none', 0],
    [['set', 's', dense(0, 12287)], '+OK'],
    ['pfcount s', NOT_HLL],
    [['set', 's', dense(0, 12289)], '+OK'],
    ['pfadd s x', NOT_HLL],
    ['setrange s 4 \x02', 12305],
    ['pfcount s', NOT_HLL],
    (db) => db.plant('l', 2, Buffer.from('elements')),
    ['pfadd l x', WRONG_TYPE],
    ['pfcount l', WRONG_TYPE],
    ['pfcount none l', WRONG_TYPE],
    ['pfmerge l', WRONG_TYPE],
  ]);
});

test('damaged runs are found, and nothing has changed', async (t) => {
  const damaged = [
    sparse(),
    sparse(0x7f),
    sparse(0x7f, 0xfe),
    sparse(0x7f, 0xff, 0),
    sparse(0x7f, 0xff, 0x7f),
    sparse(0x7f, 0xff, 0x7f, 0xff),
    sparse(...Array<number>(40_000).fill(0)),
  ];
  for (const value of damaged) {
    const text = value.toString('latin1');
    runTable(t, [
      [['set', 'a', value], '+OK'],
      ['pfcount a', DAMAGED],
      ['pfcount a none', DAMAGED],
      ['pfmerge b a', DAMAGED],
      ['pfmerge a b', DAMAGED],
      ['exists b', 0],
      ['get a', text],
    ]);
  }
  runTable(t, [
    [['set', 'a', sparse()], '+OK'],
    ['pfadd a x', DAMAGED],
    [['set', 'a', sparse(...Array<number>(40_000).fill(0))], '+OK'],
    ['pfadd a x', DAMAGED],
  ]);
});

test('registers that no elements could make have an estimate, too', async (t) => {
  runTable(t, [
    [['set', 'a', dense(0xff)], '+OK'],
    ['pfcount a', -(2n ** 63n)],
    ['pfcount a', -(2n ** 63n)],
    [['set', 'a', dense(0)], '+OK'],
    ['pfcount a', 0],
    ['pfadd a x', 1],
    ['pfcount a', 1],
  ]);
});

test('hll-sparse-max-bytes decides when a sparse one becomes dense', async (t) => {
  for (const most of [0, 30, 3000]) {
    const db = createTestDatabase();
    for (const c of [db.front, db.worker]) c.config.set([['hll-sparse-max-bytes', `${most}`]]);
    let length = 0;
    let longest = 0;
    for (let i = 0; i < 3000 && length !== 12304; i++) {
      db.run('pfadd', 'a', `e${i}`);
      length = db.run('strlen', 'a') as number;
      if (length < 12304) longest = Math.max(longest, length);
    }
    t.equal(length, 12304);
    t.ok(longest <= Math.max(18, most) && longest > most - 6, `${longest} of ${most} bytes`);
    db.audit();
  }
});

test('random strings behind a right head never do harm', async (t) => {
  const seed = 99;
  const random = new Random(seed);
  const replies = new Map<string, number>();
  const db = createTestDatabase();
  for (let round = 0; round < 3000; round++) {
    const runs = Array.from({ length: random.below(60) }, () =>
      random.chance(0.3) ? 0x7f : random.below(256),
    );
    db.run('set', 'a', sparse(...runs));
    const elements = Array.from({ length: 1 + random.below(5) }, () => `e${random.below(1000)}`);
    const call = random.pick([
      ['pfadd', 'a', ...elements],
      ['pfcount', 'a'],
      ['pfmerge', 'b', 'a'],
    ]);
    const reply = db.run(...call);
    const kind = typeof reply === 'string' ? reply : typeof reply;
    replies.set(kind, (replies.get(kind) ?? 0) + 1);
    if (![DAMAGED, '+OK', 'number'].includes(kind)) t.fail(`${call}: ${kind}`);
  }
  t.ok((replies.get(DAMAGED) ?? 0) > 100, `seed ${seed}: ${JSON.stringify([...replies])}`);
  db.audit();
});
