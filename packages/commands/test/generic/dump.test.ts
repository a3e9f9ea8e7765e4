// DUMP and RESTORE for strings: forms, options, what is refused, hostile payloads with a right
// checksum, and the same bytes as Redis in both directions.

import { Random } from '@forgekv/base';
import { RdbWriter, sealDump } from '@forgekv/datatypes';
import { test } from 'tap';
import { createTestDatabase } from '../harness.ts';
import { testBesideRedis } from '../support/beside-redis.ts';
import { runTable } from '../support/run-table.ts';

const DATA = '-ERR Bad data format';
const PAYLOAD = '-ERR DUMP payload version or checksum are wrong';
const NOT_INTEGER = '-ERR value is not an integer or out of range';
const SYNTAX = '-ERR syntax error';
/** "bjma". */
const GOOD = '\0\x04bjma\n\x008eZ5sFtz';

/** A payload with a right checksum. */
function sealed(bytes: readonly number[], version = 10): Buffer {
  const writer = new RdbWriter();
  writer.bytes(Uint8Array.from(bytes), 0, bytes.length);
  sealDump(writer, version);
  return Buffer.from(writer.buffer.subarray(0, writer.position));
}

test('DUMP and RESTORE', async (t) => {
  const far = Date.now() + 1_000_000_000_000;
  runTable(t, [
    ['dump a', null],
    ['set a bjma', '+OK'],
    ['dump a', GOOD],
    [['restore', 'b', 0, GOOD], '+OK'],
    ['get b', 'bjma'],
    ['ttl b', -1],
    [['restore', 'b', 0, GOOD], '-BUSYKEY Target key name already exists.'],
    [['restore', 'b', 5000, GOOD, 'replace'], '+OK'],
    ['pttl b', 5000],
    [['restore', 'b', far, GOOD, 'REPLACE', 'ABSTTL'], '+OK'],
    ['pexpiretime b', far],
    [['restore', 'b', 0, GOOD, 'replace', 'absttl'], '+OK'],
    ['pttl b', -1],
    [['restore', 'b', 0, GOOD, 'replace', 'idletime', 77], '+OK'],
    ['object idletime b', 77],
    [['restore', 'b', 0, GOOD, 'freq', 255, 'replace'], '+OK'],
    ['object idletime b', 0],
    [['restore', 'b', 0, sealed([0, 0xc0, 0x85]), 'replace'], '+OK'],
    ['get b', '-123'],
    ['object encoding b', 'int'],
    (db) => db.plant('l', 14, Buffer.from('elements')),
    ['dump l', DATA],
    [['restore', 'l', 0, GOOD, 'replace'], '+OK'],
    ['get l', 'bjma'],
  ]);
});

test('a time that has passed leaves no key', async (t) => {
  runTable(t, [
    [['restore', 'a', 1, GOOD, 'absttl'], '+OK'],
    ['exists a', 0],
    ['set a x', '+OK'],
    [['restore', 'a', 1, GOOD, 'absttl', 'replace'], '+OK'],
    ['exists a', 0],
    // Redis: beyond 64 bits a time wraps around into the past.
    [['restore', 'a', '9223372036854775807', GOOD], '+OK'],
    ['exists a', 0],
  ]);
});

test('RESTORE refuses', async (t) => {
  runTable(t, [
    ['set a x', '+OK'],
    [['restore', 'a', 'x', 'y'], '-BUSYKEY Target key name already exists.'],
    [['restore', 'b', 'x', 'y'], NOT_INTEGER],
    [['restore', 'b', -1, 'y'], '-ERR Invalid TTL value, must be >= 0'],
    [['restore', 'b', 0, ''], PAYLOAD],
    [['restore', 'b', 0, GOOD.slice(0, -1)], PAYLOAD],
    [['restore', 'b', 0, GOOD.replace('b', 'c')], PAYLOAD],
    [['restore', 'b', 0, sealed([0, 1, 97], 13)], PAYLOAD],
    [['restore', 'b', 0, sealed([0, 1, 97], 65535)], PAYLOAD],
    [['restore', 'b', 0, GOOD, 'foo'], SYNTAX],
    [['restore', 'a', 'x', GOOD, 'idletime'], SYNTAX],
    [['restore', 'b', 0, GOOD, 'idletime', 'x'], NOT_INTEGER],
    [['restore', 'b', 0, GOOD, 'idletime', -1], '-ERR Invalid IDLETIME value, must be >= 0'],
    [['restore', 'b', 0, GOOD, 'freq', 256], '-ERR Invalid FREQ value, must be >= 0 and <= 255'],
    [['restore', 'b', 0, GOOD, 'freq', -1], '-ERR Invalid FREQ value, must be >= 0 and <= 255'],
    [['restore', 'b', 0, GOOD, 'freq', 1, 'idletime', 1], SYNTAX],
    ['exists b', 0],
  ]);
});

test('versions up to 12 are accepted', async (t) => {
  const db = createTestDatabase();
  for (let version = 0; version <= 12; version++) {
    t.equal(db.run('restore', 'a', 0, sealed([0, 1, 97], version), 'replace'), '+OK');
  }
});

test('damaged values under a right checksum', async (t) => {
  const damaged = [
    ...[[], [0], [0, 5, 97], [0, 0x40], [0, 0x80, 0, 0], [0, 0x81, 1], [0, 0x82, 1, 97], [0, 0xc0]],
    ...[
      [0, 0xc1, 1],
      [0, 0xc2, 1, 1, 1],
      [0, 0xc4, 0],
      [0, 0xff],
      [0, 0xc3],
      [0, 0xc3, 1],
    ],
    [0, 0x80, 0xff, 0xff, 0xff, 0xff, 97],
    [0, 0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 97],
    [0, 0xc3, 2, 0x81, 0, 0, 0x10, 0, 0, 0, 0, 0, 0xff, 0xff],
    ...[
      [0, 0xc3, 2, 2, 0xa0, 0],
      [0, 0xc3, 2, 9, 0, 97],
      [0, 0xc3, 0xc0, 1],
    ],
    ...[[1, 0], [2, 0], [14, 0], [18, 0], [21, 0], [255]],
  ];
  for (const bytes of damaged) runTable(t, [[['restore', 'a', 0, sealed(bytes)], DATA]]);
});

test('random values under a right checksum do no harm', async (t) => {
  const seed = 12;
  const random = new Random(seed);
  const db = createTestDatabase({ hotValueMaxBytes: 64 });
  const replies = new Map<unknown, number>();
  for (let round = 0; round < 6000; round++) {
    const bytes = Array.from({ length: random.below(40) }, () => random.below(256));
    bytes[0] = 0;
    if (random.chance(0.7))
      bytes[1] = random.pick([0xc3, 0xc3, 0xc1, 0x40, 0x80, bytes.length - 2]);
    if (bytes[1] === 0xc3 && random.chance(0.8)) {
      bytes[2] = Math.max(0, bytes.length - 4);
      bytes[3] = random.below(64);
      if (random.chance(0.5)) bytes[4] = random.below(20);
    }
    const reply = db.run('restore', 'a', 0, sealed(bytes.slice(0, 60)), 'replace');
    replies.set(reply, (replies.get(reply) ?? 0) + 1);
  }
  t.same([...replies.keys()].sort(), ['+OK', DATA].sort(), `seed ${seed}`);
  t.ok(
    [...replies.values()].every((count) => count > 100),
    JSON.stringify([...replies]),
  );
  db.audit();
});

/** Texts with repetitions near and far, runs, and noise. */
function compressible(random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let i = random.below(12); i >= 0; i--) {
    const length = 1 + random.below(random.chance(0.1) ? 9000 : 60);
    const letters = random.pick([1, 2, 4, 26, 256]);
    const fresh = Buffer.from(Uint8Array.from({ length }, () => random.below(letters)));
    parts.push(parts.length > 0 && random.chance(0.5) ? random.pick(parts) : fresh);
  }
  return Buffer.concat(parts);
}

testBesideRedis('the same payloads as Redis, in both directions', async (both, t) => {
  const seed = 31;
  const random = new Random(seed);
  // The forms of short texts and of integers at their edges.
  for (const edge of [0, 2 ** 7, 2 ** 15, 2 ** 31, 2 ** 53 - 1]) {
    for (const value of [edge - 1, edge, edge + 1, -edge - 1, -edge, -edge + 1]) {
      await both.same([
        ['SET', 'n', String(value)],
        ['DUMP', 'n'],
      ]);
    }
  }
  for (const text of ['', '-0', '01', '+1', '9223372036854775807', '-9223372036854775808', '1.5']) {
    await both.same([
      ['SET', 'n', text],
      ['DUMP', 'n'],
    ]);
  }
  for (const bytes of [
    [0, 0],
    [0, 0x40, 0],
    [0, 0xc3, 2, 1, 0, 97],
  ]) {
    await both.same([
      ['RESTORE', 'n', 0, sealed(bytes), 'REPLACE'],
      ['GET', 'n'],
    ]);
  }
  for (let length = 0; length < 80; length++) {
    await both.same([
      ['SET', 'a', 'a'.repeat(length)],
      ['DUMP', 'a'],
    ]);
  }
  // Redis's compressor starts from what its stack holds: now and then it finds a match, checked
  // and right, that it has not seen in this string. Such a payload must still restore the same.
  let different = 0;
  for (let round = 0; round < 600; round++) {
    const value = compressible(random);
    await both.same([['SET', 'a', value]]);
    const theirs = await both.redis.must('DUMP', 'a');
    const ours = both.db.reply('DUMP', 'a');
    if (theirs.kind !== 'bulk' || ours.kind !== 'bulk') throw new Error('no payload');
    if (!theirs.bytes.equals(ours.bytes)) different++;
    if (both.db.run('RESTORE', 'b', 0, theirs.bytes, 'REPLACE') !== '+OK') t.fail('refused');
    await both.redis.must('RESTORE', 'b', 0, ours.bytes, 'REPLACE');
    await both.same([['GET', 'b']]);
  }
  t.ok(different <= 12, `${different} of 600 payloads differ, seed ${seed}`);
  both.report(seed);
});
