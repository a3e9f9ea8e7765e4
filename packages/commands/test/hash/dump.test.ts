// Hashes as DUMP writes and RESTORE reads them: beside Redis byte for byte where the order of
// fields is the same, in every older encoding, with times, and damaged in any way.

import assert from 'node:assert/strict';
import { Random } from '@forgekv/base';
import { RdbWriter, sealDump, writeRdbString } from '@forgekv/datatypes';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { testBesideRedis } from '../support/beside-redis.ts';

const SEED = Number(process.env.FORGEKV_HASH_SEED ?? Date.now() & 0x7fffffff);
const NOW_MS = 1_700_000_000_000;
const BAD_DATA = '-ERR Bad data format';

const PAIRS: readonly string[][] = [
  ['a', '1'],
  ['a', '1', 'b', 'text', 'c', '-5', '', 'no name', 'no value', ''],
  ['127', '128', '-4096', '4095', '-4097', '32767', '32768', '8388608', '-2147483648', '1'],
  ['9223372036854775807', '-9223372036854775808', '9223372036854775808', '+1', '01', '-0'],
  ['x'.repeat(64), 'y'.repeat(63), 'z', 'abc'.repeat(20)],
];

/** All pairs and times, sorted by field. */
function contents(db: TestDatabase, key: string): unknown {
  const all = db.run('hgetall', key) as string[];
  const fields = all.filter((_, i) => i % 2 === 0).sort();
  return fields.map((field) => [
    field,
    db.run('hget', key, field),
    db.run('hpexpiretime', key, 'fields', '1', field),
  ]);
}

testBesideRedis('packed hashes are written as Redis does', async (both) => {
  for (const [i, pairs] of PAIRS.entries()) {
    await both.same([
      ['HSET', `h${i}`, ...pairs],
      ['DUMP', `h${i}`],
    ]);
  }
  both.report();
});

testBesideRedis('each reads what the other has written', async ({ db, redis }, t) => {
  for (const count of [1, 10, 300, 600, 3000]) {
    for (const length of [3, 64, 65, 300]) {
      const pairs = Array.from({ length: count }, (_, i) => [`f${i}`, `${i}`.padEnd(length, 'xy')]);
      await redis.must('DEL', 'h', 'back');
      await redis.must('HSET', 'h', ...pairs.flat());
      const dumped = await redis.must('DUMP', 'h');
      assert.ok(dumped.kind === 'bulk');
      const where = `${count} fields, values of ${length} bytes`;
      t.equal(db.run('restore', 'h', '0', dumped.bytes, 'replace'), '+OK', where);
      t.equal(db.run('hlen', 'h'), count);
      for (const at of [0, count >> 1, count - 1]) {
        t.equal(db.run('hget', 'h', pairs[at]![0]!), pairs[at]![1]);
      }
      const ours = db.reply('dump', 'h');
      assert.ok(ours.kind === 'bulk');
      await redis.must('RESTORE', 'back', '0', ours.bytes);
      const [all, expected] = await redis.pipeline([
        ['HGETALL', 'back'],
        ['HGETALL', 'h'],
      ]);
      assert.ok(all?.kind === 'array' && expected?.kind === 'array');
      const texts = ({ items }: typeof all) => {
        const all = items.map((item) =>
          item.kind === 'bulk' ? item.bytes.toString('latin1') : '',
        );
        return all.flatMap((text, i) => (i % 2 ? [] : [`${text}=${all[i + 1]}`])).sort();
      };
      t.same(texts(all), texts(expected), where);
      const encoding = await redis.must('OBJECT', 'ENCODING', 'h');
      const isLarge = db.run('object', 'encoding', 'h') === 'hashtable';
      const mayDiffer = count * length > 15_000;
      if (!mayDiffer)
        t.equal(isLarge, encoding.kind === 'bulk' && `${encoding.bytes}` === 'hashtable');
    }
  }
  db.audit();
});

test('times are kept by DUMP, RESTORE, COPY and RENAME', async (t) => {
  for (const hotValueMaxBytes of [16_384, 4]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    db.nowMs = NOW_MS;
    db.run('hset', 'h', 'a', '1', 'b', '2', 'c', '3');
    db.run('hexpire', 'h', '10', 'fields', '1', 'a');
    db.run('hexpire', 'h', '20', 'fields', '1', 'b');
    const expected = contents(db, 'h');
    const dumped = db.reply('dump', 'h');
    assert.ok(dumped.kind === 'bulk');
    const payload = Buffer.from(dumped.bytes);
    t.equal(payload[0], 24);
    t.equal(payload.readUInt16LE(payload.length - 10), 12);
    t.equal(db.run('restore', 'h2', '0', payload), '+OK');
    db.run('copy', 'h', 'h3');
    db.run('copy', 'h', 'h4');
    db.run('rename', 'h4', 'h5');
    for (const key of ['h2', 'h3', 'h5']) {
      t.same(contents(db, key), expected, key);
      t.ok(db.table.hasTimedParts(entryOf(db, key)), 'the sweeper will look at it');
    }
    db.run('hpersist', 'h', 'fields', '2', 'a', 'b');
    const plain = db.reply('dump', 'h');
    t.ok(plain.kind === 'bulk' && plain.bytes[0] !== 24, 'without times it is as it was');
    db.nowMs += 10_000;
    for (const key of ['h2', 'h3', 'h5']) t.equal(db.run('hlen', key), 2);
    t.equal(db.run('restore', 'late', '0', payload), '+OK');
    t.equal(db.run('hlen', 'late'), 2, 'what has expired in the meantime is gone');
    db.audit();
  }
});

function entryOf(db: TestDatabase, key: string): number {
  db.run('hlen', key);
  const { table } = db.front;
  table.locks.lock(table.shard);
  const bytes = Buffer.from(`${key}    `);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  table.selectKey(bytes, view, 0, key.length, 0);
  const entry = table.find();
  table.locks.unlock(table.shard);
  return entry;
}

/** A payload of a type from parts: strings of the format, lengths, or raw bytes. */
function payload(type: number, ...parts: readonly (string | number | Buffer)[]): Buffer {
  const writer = new RdbWriter();
  writer.byte(type);
  for (const part of parts) {
    if (typeof part === 'number') writer.length(part);
    else if (typeof part === 'string') {
      writeRdbString(writer, Buffer.from(part), 0, part.length, false);
    } else writer.bytes(part, 0, part.length);
  }
  sealDump(writer, 12);
  return Buffer.from(writer.buffer.subarray(0, writer.position));
}

/** A blob as a string of the format. */
function blob(...bytes: number[]): Buffer {
  return Buffer.from([bytes.length, ...bytes]);
}

const time = (ms: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(ms));
  return bytes;
};

/** Field a, value 5. */
const LISTPACK = blob(12, 0, 0, 0, 2, 0, 0x81, 97, 2, 5, 1, 0xff);
/** Field a, value 5, expires at 100. */
const TIMED = blob(14, 0, 0, 0, 3, 0, 0x81, 97, 2, 5, 1, 100, 1, 0xff);
/** Field a, value 5. */
const ZIPLIST = blob(16, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0, 1, 97, 3, 0xf6, 0xff);

test('encodings that are read, and what is wrong with others', async (t) => {
  const rows: readonly (readonly [string, Buffer, unknown])[] = [
    ['plain', payload(4, 2, 'a', '1', 'b', '2'), ['a', '1', 'b', '2']],
    ['listpack', payload(16, LISTPACK), ['a', '5']],
    ['ziplist', payload(13, ZIPLIST), ['a', '5']],
    ['times', payload(24, time(NOW_MS + 5), 2, 1, 'a', '1', 0, 'b', '2'), ['a', '1', 'b', '2']],
    ['times that have passed', payload(25, time(100), TIMED), []],
    ['no field', payload(4, 0), BAD_DATA],
    ['no field, with times', payload(24, time(5), 0), BAD_DATA],
    ['a field twice', payload(4, 2, 'a', '1', 'a', '2'), BAD_DATA],
    ['too few pairs', payload(4, 2, 'a', '1', 'b'), BAD_DATA],
    ['a count without pairs', payload(4, 2 ** 40), BAD_DATA],
    ['a special count', payload(4, Buffer.from([0xc0, 1]), 'a', '1'), BAD_DATA],
    ['an odd listpack', payload(16, blob(10, 0, 0, 0, 1, 0, 0x81, 97, 2, 0xff)), BAD_DATA],
    ['an empty listpack', payload(16, blob(7, 0, 0, 0, 0, 0, 0xff)), BAD_DATA],
    ['a listpack that is none', payload(16, 'abc'), BAD_DATA],
    ['a ziplist that is none', payload(13, 'abc'), BAD_DATA],
    ['a negative time', payload(24, time(-5), 1, 1, 'a', '1'), BAD_DATA],
    ['a time too late', payload(24, time(2 ** 46), 1, 1, 'a', '1'), BAD_DATA],
    ['a time too late after it', payload(24, time(5), 1, 2 ** 46, 'a', '1'), BAD_DATA],
    ['a time that is 0', payload(24, time(0), 1, 1, 'a', '1'), BAD_DATA],
    ['times without a listpack', payload(25, time(5), 'abc'), BAD_DATA],
  ];
  for (const hotValueMaxBytes of [16_384, 4]) {
    for (const [name, bytes, expected] of rows) {
      const db = createTestDatabase({ hotValueMaxBytes });
      db.nowMs = NOW_MS;
      const reply = db.run('restore', 'h', '0', bytes);
      if (expected === BAD_DATA) {
        t.equal(reply, BAD_DATA, name);
        t.equal(db.run('exists', 'h'), 0);
      } else {
        t.equal(reply, '+OK', name);
        const all = db.run('hgetall', 'h') as string[];
        t.same([...all].sort(), [...(expected as string[])].sort(), name);
      }
      db.audit();
    }
  }
});

test(`payloads damaged by chance, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  const db = createTestDatabase();
  db.nowMs = NOW_MS;
  db.run('hset', 'p', ...PAIRS.slice(0, 4).flat().slice(0, 30));
  db.run('hset', 'x', ...Array.from({ length: 1100 }, (_, i) => `${i}`.padEnd(i % 40, 'z')));
  db.run('hset', 'e', 'a', '1', 'b', '2');
  db.run('hexpire', 'e', '100', 'fields', '1', 'a');
  const good: Buffer[] = ['p', 'x', 'e'].map((key) => {
    const reply = db.reply('dump', key);
    return reply.kind === 'bulk' ? Buffer.from(reply.bytes) : Buffer.alloc(0);
  });
  good.push(payload(13, ZIPLIST), payload(25, time(100), TIMED));
  const counts = { good: 0, bad: 0 };
  for (let i = 0; i < 2500; i++) {
    const bytes = Buffer.from(random.pick(good).subarray(0, -10));
    for (let flips = random.below(4); flips >= 0; flips--) {
      // Mostly near the start, where the lengths are.
      const at = random.below(random.chance(0.7) ? Math.min(40, bytes.length) : bytes.length);
      bytes[at] = random.chance(0.5) ? random.below(256) : bytes[at]! ^ (1 << random.below(8));
    }
    if (bytes[0] === 0) continue;
    const cut = random.chance(0.2) ? random.below(bytes.length) + 1 : bytes.length;
    const writer = new RdbWriter();
    writer.bytes(bytes, 0, cut);
    sealDump(writer, 12);
    const damaged = writer.buffer.subarray(0, writer.position);
    const reply = db.run('restore', 'h', '0', damaged, 'replace');
    if (reply === '+OK') counts.good++;
    else if (reply === BAD_DATA) counts.bad++;
    else t.fail(`${reply}`);
    if (reply === '+OK') db.run('hgetall', 'h');
  }
  db.audit();
  t.ok(counts.good > 0 && counts.bad > 0, JSON.stringify(counts));
});
