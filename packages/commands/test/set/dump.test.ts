// Sets as DUMP writes and RESTORE reads them: there and back, payloads of a real Redis in both
// directions, payloads of Redis 7.2, and damaged ones.

import { Random } from '@forgekv/base';
import { ListpackWriter, RdbWriter, sealDump } from '@forgekv/datatypes';
import { RespClient, skipWithoutRedis, startRedis } from '@forgekv/testkit';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { setLimits, sorted } from './set-table.ts';

const BAD = '-ERR Bad data format';

/** Sets of all forms, with members of many kinds. */
const SETS: readonly (readonly string[])[] = [
  ['1'],
  ['-32768', '32767', '0'],
  ['-32769', '100000', '5'],
  ['9223372036854775807', '-9223372036854775808', '12'],
  Array.from({ length: 512 }, (_, i) => `${i * 77}`),
  Array.from({ length: 600 }, (_, i) => `${i}`),
  [''],
  ['a', '1', '-1', '70000', '12345678901234567890'],
  Array.from({ length: 128 }, (_, i) => `member number ${i}`),
  ['x'.repeat(64), 'y'.repeat(30)],
  ['x'.repeat(65), 'a'],
  Array.from({ length: 1000 }, (_, i) => `member ${i} ${'z'.repeat(i % 90)}`),
  ['\0\x01\xff', '\xfe\xfd', 'x'.repeat(20_000)],
];

function payloadOf(db: TestDatabase, key: string): Buffer {
  const reply = db.reply('dump', key);
  return reply.kind === 'bulk' ? Buffer.from(reply.bytes) : Buffer.alloc(0);
}

const raw = (members: readonly string[]) => members.map((member) => Buffer.from(member, 'latin1'));

test('there and back', async (t) => {
  for (const hotValueMaxBytes of [16384, 64]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    for (const [index, members] of SETS.entries()) {
      db.run('del', 's', 'copy', 'restored');
      t.equal(db.run('sadd', 's', ...raw(members)), members.length);
      t.equal(db.run('restore', 'restored', '0', payloadOf(db, 's')), '+OK', `set ${index}`);
      t.equal(db.run('copy', 's', 'copy'), 1);
      for (const key of ['restored', 'copy']) {
        t.same(sorted(db.run('smembers', key)), [...members].sort());
        t.equal(db.run('object', 'encoding', key), db.run('object', 'encoding', 's'));
      }
      db.audit();
    }
  }
});

test('payloads of a real Redis, in both directions', { skip: skipWithoutRedis() }, async (t) => {
  const server = await startRedis();
  t.teardown(() => server.stop());
  const redis = await RespClient.connect({ port: server.port });
  t.teardown(() => redis.close());
  const db = createTestDatabase();
  for (const [index, members] of SETS.entries()) {
    await redis.must('DEL', 's');
    db.run('del', 's', 'from');
    await redis.must('SADD', 's', ...raw(members));
    db.run('sadd', 's', ...raw(members));
    const theirs = await redis.must('DUMP', 's');
    if (theirs.kind !== 'bulk') throw new Error('no payload');
    const own = payloadOf(db, 's');
    if (db.run('object', 'encoding', 's') === 'intset') t.same(own, theirs.bytes, 'byte for byte');
    t.equal(db.run('restore', 'from', '0', Buffer.from(theirs.bytes)), '+OK');
    t.same(sorted(db.run('smembers', 'from')), [...members].sort(), `set ${index}`);
    await redis.must('RESTORE', 's', '0', own, 'REPLACE');
    const back = await redis.must('SISMEMBER', 's', raw(members)[0]!);
    t.match(back, { kind: 'integer', value: 1n });
    t.match(await redis.must('SCARD', 's'), { kind: 'integer', value: BigInt(members.length) });
  }
  db.audit();
});

function listpackPayload(members: readonly string[]): Buffer {
  const writer = new RdbWriter();
  const listpack = new ListpackWriter();
  writer.byte(20);
  listpack.begin();
  for (const member of raw(members)) listpack.append(member, 0, member.length);
  listpack.write(writer, true);
  sealDump(writer, 11);
  return Buffer.from(writer.buffer.subarray(0, writer.position));
}

test('listpacks, as Redis 7.2 writes them', async (t) => {
  const db = createTestDatabase();
  const restore = (members: readonly string[]) => {
    db.run('del', 's');
    return db.run('restore', 's', '0', listpackPayload(members));
  };
  t.equal(restore(['a', '1', 'b']), '+OK');
  t.same(sorted(db.run('smembers', 's')), ['1', 'a', 'b']);
  t.equal(db.run('object', 'encoding', 's'), 'listpack');
  t.equal(restore(['1', '2']), '+OK');
  t.equal(db.run('object', 'encoding', 's'), 'listpack', 'the form stays, as in Redis');
  t.equal(restore(['x'.repeat(100)]), '+OK');
  t.equal(db.run('object', 'encoding', 's'), 'listpack', 'whatever its members are');
  t.equal(restore(Array.from({ length: 129 }, (_, i) => `${i}`)), '+OK');
  t.equal(db.run('object', 'encoding', 's'), 'hashtable');
  t.equal(restore([]), BAD);
  t.equal(restore(['a', 'b', 'a']), BAD);
  setLimits(db, { maxIntsetEntries: 4, maxEntries: 2, maxValueBytes: 64 });
  t.equal(restore(['a', 'b', 'c']), '+OK');
  t.equal(db.run('object', 'encoding', 's'), 'hashtable');
  db.audit();
});

/** A payload with a right checksum around any bytes. */
function sealed(bytes: readonly number[]): Buffer {
  const writer = new RdbWriter();
  for (const byte of bytes) writer.byte(byte);
  sealDump(writer);
  return Buffer.from(writer.buffer.subarray(0, writer.position));
}

test('damaged payloads', async (t) => {
  const db = createTestDatabase();
  const blobs: readonly (readonly number[])[] = [
    // Strings: none, fewer than said, the same twice, far more than there can be.
    [2, 0],
    [2, 2, 1, 97],
    [2, 2, 1, 97, 1, 97],
    [2, 0x81, 255, 255, 255, 255, 255, 255, 255, 255, 1, 97],
    [2, 0xc0, 1],
    [2, 1, 0x80, 255, 255, 255, 255, 97],
    // Intsets: empty, cut off, of a strange width, unordered, the same twice, a wrong count.
    [11, 8, 2, 0, 0, 0, 0, 0, 0, 0],
    [11, 3, 2, 0, 0],
    [11, 10, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0],
    [11, 12, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0],
    [11, 12, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 1, 0],
    [11, 12, 2, 0, 0, 0, 255, 255, 255, 255, 1, 0, 2, 0],
    // Listpacks: cut off, with an end that is none.
    [20, 7, 7, 0, 0, 0, 0, 0, 255],
    [20, 8, 8, 0, 0, 0, 1, 0, 5, 255],
    [20, 3, 1, 2, 3],
  ];
  for (const blob of blobs) t.equal(db.run('restore', 's', '0', sealed(blob)), BAD, blob.join(' '));

  const seed = 8101;
  const random = new Random(seed);
  let accepted = 0;
  const originals = [...SETS.slice(0, 4), ...SETS.slice(7, 11)].flatMap((members) => {
    db.run('del', 's');
    db.run('sadd', 's', ...raw(members));
    return [payloadOf(db, 's'), listpackPayload(members)];
  });
  for (let i = 0; i < 2000; i++) {
    const payload = random.pick(originals);
    const bytes = [...payload.subarray(0, payload.length - 10)];
    for (let flips = 1 + random.below(3); flips > 0; flips--) {
      bytes[1 + random.below(bytes.length - 1)] = random.below(256);
    }
    if (random.chance(0.2)) bytes.length = 1 + random.below(bytes.length);
    const reply = db.run('restore', 's', '0', sealed(bytes), 'replace');
    if (reply === '+OK') {
      accepted++;
      const members = db.run('smembers', 's') as string[];
      if (members.length !== db.run('scard', 's')) t.fail(`seed ${seed}, payload ${i}`);
      if (new Set(members).size !== members.length) t.fail(`seed ${seed}, payload ${i}: repeated`);
    } else if (reply !== BAD) {
      t.fail(`seed ${seed}, payload ${i}: ${reply}`);
    }
  }
  db.audit();
  t.ok(accepted > 100 && accepted < 1800, `${accepted} of 2000 were still sets, seed ${seed}`);
});
