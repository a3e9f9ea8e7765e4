// When a sorted set is packed and when it is large: the thresholds of Redis 7.2, the bytes a packed
// value may have, what a front leaves to the worker; payloads of all encodings, and what is logged.

import { Random } from '@forgekv/base';
import { ListpackWriter, RdbWriter, sealDump } from '@forgekv/datatypes';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { LoggedDatabase, replayInto } from '../support/logged-database.ts';
import { split } from '../support/run-table.ts';

function limited(maxEntries: number, maxValueBytes: number, hotValueMaxBytes = 16384) {
  const db = createTestDatabase({ hotValueMaxBytes });
  for (const { limits } of [db.front, db.worker]) limits.sortedSet = { maxEntries, maxValueBytes };
  return db;
}

const SEED = Number(process.env.FORGEKV_SEED ?? Date.now() & 0x7fffffff);
/** Version and checksum behind a payload. */
const FRAME_BYTES = 10;

const encoding = (db: TestDatabase, key = 'z') => db.run('object', 'encoding', key);

test('one member more than the threshold', async (t) => {
  const db = limited(3, 64);
  db.run('zadd', 'z', '1', 'a', '2', 'b', '3', 'c');
  t.equal(encoding(db), 'listpack');
  t.equal(db.hops, 0);
  db.run('zadd', 'z', '5', 'a', '6', 'b');
  t.equal(db.hops, 0, 'members that are there change in place');
  db.run('zadd', 'z', '4', 'd');
  t.equal(encoding(db), 'skiplist');
  t.equal(db.hops, 1);
  db.run('zrem', 'z', 'd', 'c', 'b');
  t.equal(encoding(db), 'skiplist', 'it never comes back');
  db.run('zrem', 'z', 'a');
  t.equal(db.run('exists', 'z'), 0);
  t.equal(db.largeCount, 0);
  db.audit();
});

test('a member longer than the threshold', async (t) => {
  const db = limited(128, 5);
  db.run('zadd', 'z', '1', 'abcde');
  t.equal(encoding(db), 'listpack');
  db.run('zadd', 'z', 'xx', '1', 'abcdef');
  t.equal(encoding(db), 'listpack');
  db.run('zadd', 'z', '1', 'abcdef');
  t.equal(encoding(db), 'skiplist');
  db.run('zadd', 'y', '1', 'abcdef');
  t.equal(encoding(db, 'y'), 'skiplist');
  db.audit();
});

test('several members at once', async (t) => {
  const db = limited(4, 64);
  db.run('zadd', 'z', '1', 'a', '1', 'b', '1', 'a', '1', 'b');
  t.equal(encoding(db), 'listpack');
  // Six would be too many if they were new.
  t.equal(db.run('zadd', 'z', '2', 'a', '2', 'b', '2', 'c', '2', 'd'), 2);
  t.equal(encoding(db), 'listpack');
  // Redis 7.2: so many arguments make it large, whatever they are.
  t.equal(db.run('zadd', 'z', '3', 'a', '3', 'a', '3', 'a', '3', 'a', '3', 'a'), 0);
  t.equal(encoding(db), 'skiplist');
  t.same(db.run('zrange', 'z', '0', '-1'), ['b', 'c', 'd', 'a']);
  db.audit();
});

test('more bytes than a packed value may have', async (t) => {
  const db = limited(128, 64, 100);
  for (let i = 0; i < 20; i++) db.run('zadd', 'z', String(i), `member ${i}`);
  t.equal(encoding(db), 'skiplist');
  t.equal(db.run('zcard', 'z'), 20);
  t.equal(db.run('zunionstore', 'y', '1', 'z'), 20);
  t.equal(encoding(db, 'y'), 'skiplist');
  t.equal(db.run('zrangestore', 'y', 'z', '0', '1'), 2);
  t.equal(encoding(db, 'y'), 'listpack');
  t.equal(db.largeCount, 1);
  db.audit();
});

test('what is stored is packed when it may be', async (t) => {
  const db = limited(3, 5);
  db.run('zadd', 'a', '1', 'a', '2', 'b', '3', 'c');
  db.run('zadd', 'b', '1', 'd');
  const stored = (...args: string[]) => {
    db.run(...args);
    return encoding(db, args[1]);
  };
  t.equal(stored('zunionstore', 't', '2', 'a', 'b'), 'skiplist');
  t.equal(stored('zdiffstore', 't', '2', 't', 'b'), 'listpack');
  t.equal(stored('zadd', 'b', '1', 'abcdef'), 'skiplist');
  t.equal(stored('zrangestore', 't', 'b', '0', '0'), 'skiplist');
  t.equal(stored('zrangestore', 't', 'b', '1', '1'), 'listpack');
  db.audit();
});

/** Members and scores as an older Redis wrote them. */
function payload(type: number, write: (writer: RdbWriter) => void): Buffer {
  const writer = new RdbWriter();
  writer.byte(type);
  write(writer);
  sealDump(writer);
  return Buffer.from(writer.buffer.subarray(0, writer.position));
}

function string(writer: RdbWriter, text: string | Buffer): void {
  const bytes = Buffer.from(text);
  writer.length(bytes.length);
  writer.bytes(bytes, 0, bytes.length);
}

function listpackOf(...entries: string[]): (writer: RdbWriter) => void {
  return (writer) => {
    const listpack = new ListpackWriter();
    listpack.begin();
    for (const entry of entries) listpack.append(Buffer.from(entry), 0, entry.length);
    listpack.write(writer, false);
  };
}

const ZIPLIST = Buffer.from([
  ...[22, 0, 0, 0, 18, 0, 0, 0, 4, 0],
  ...[0, 1, 97, 3, 0xf3, 2, 1, 98, 3, 0xf2, 255],
]);
ZIPLIST.writeUInt32LE(ZIPLIST.length, 0);

test('payloads of every encoding', async (t) => {
  const texts = payload(3, (writer) => {
    writer.length(4);
    string(writer, 'a');
    writer.byte(3);
    writer.bytes(Buffer.from('1.5'), 0, 3);
    for (const [member, special] of [
      ['b', 254],
      ['c', 255],
    ] as const) {
      string(writer, member);
      writer.byte(special);
    }
    string(writer, 'd');
    writer.byte(1);
    writer.bytes(Buffer.from('7'), 0, 1);
  });
  const doubles = payload(5, (writer) => {
    writer.length(2);
    for (const [member, score] of [
      ['b', 2],
      ['a', 0.1],
    ] as const) {
      string(writer, member);
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(score);
      writer.bytes(bytes, 0, 8);
    }
  });
  const rows: [Buffer, string[]][] = [
    [texts, ['c', '-inf', 'a', '1.5', 'd', '7', 'b', 'inf']],
    [doubles, ['a', '0.1', 'b', '2']],
    [payload(12, (writer) => string(writer, ZIPLIST)), ['b', '1', 'a', '2']],
    [payload(17, listpackOf('b', '2', '7', '1.5', 'c', 'inf')), ['7', '1.5', 'b', '2', 'c', 'inf']],
  ];
  for (const hotValueMaxBytes of [16384, 4]) {
    for (const [bytes, members] of rows) {
      const db = createTestDatabase({ hotValueMaxBytes });
      t.equal(db.run('restore', 'z', '0', bytes), '+OK');
      t.same(db.run('zrange', 'z', '0', '-1', 'withscores'), members);
      db.audit();
    }
  }
  const db = limited(128, 5);
  db.run('restore', 'z', '0', payload(17, listpackOf('a member', '1')));
  t.equal(encoding(db), 'listpack', 'its form counts, not the length of its members');
});

test('payloads that are none', async (t) => {
  const double = (score: number) => (writer: RdbWriter) => {
    writer.length(1);
    string(writer, 'a');
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(score);
    writer.bytes(bytes, 0, 8);
  };
  const bad: Buffer[] = [
    payload(17, listpackOf()),
    payload(17, listpackOf('a')),
    payload(17, listpackOf('a', 'x')),
    payload(17, listpackOf('a', 'nan')),
    payload(17, listpackOf('a', '1', 'a', '2')),
    payload(17, (writer) => string(writer, 'no listpack')),
    payload(12, (writer) => string(writer, 'no ziplist')),
    payload(5, double(Number.NaN)),
    payload(5, (writer) => writer.length(0)),
    payload(5, (writer) => writer.length(2 ** 40)),
    payload(5, (writer) => {
      writer.length(2);
      double(1)(writer);
    }),
    payload(3, (writer) => {
      writer.length(1);
      string(writer, 'a');
      writer.byte(253);
    }),
  ];
  const db = createTestDatabase();
  for (const bytes of bad) t.equal(db.run('restore', 'z', '0', bytes), '-ERR Bad data format');
  db.audit();
});

test(`damaged payloads with a good checksum, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  const db = createTestDatabase();
  const pairs = Array.from({ length: 20 }, (_, i) => [String(i * 300), `member ${i * 999}`]).flat();
  db.run('zadd', 'small', ...pairs);
  db.run('zadd', 'large', ...pairs, '0', 'x'.repeat(70));
  const found = ['small', 'large'].map((key) => {
    const dumped = db.reply('dump', key);
    return dumped.kind === 'bulk' ? dumped.bytes : Buffer.alloc(0);
  });
  let refused = 0;
  for (let round = 0; round < 2000; round++) {
    const whole = random.pick(found);
    const bytes = Buffer.from(whole.subarray(0, whole.length - FRAME_BYTES));
    for (let changes = 1 + random.below(3); changes > 0; changes--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    const writer = new RdbWriter();
    writer.bytes(bytes, 0, bytes.length - random.below(2));
    sealDump(writer);
    const damaged = Buffer.from(writer.buffer.subarray(0, writer.position));
    if (db.run('restore', `z${round % 5}`, '0', damaged, 'REPLACE') !== '+OK') refused++;
    if (round % 100 === 0) db.audit();
  }
  t.ok(refused > 500, `${refused} of 2000 refused`);
  db.audit();
});

test('COPY and RENAME of both forms, and DUMP back again', async (t) => {
  for (const hotValueMaxBytes of [16384, 64]) {
    const db = createTestDatabase({ hotValueMaxBytes });
    const pairs = Array.from({ length: 100 }, (_, i) => [String(i / 8), `member ${i}`]).flat();
    db.run('zadd', 'z', ...pairs);
    const all = db.run('zrange', 'z', '0', '-1', 'withscores');
    db.run('copy', 'z', 'y');
    db.run('rename', 'z', 'x');
    const dumped = db.reply('dump', 'x');
    db.run('restore', 'w', '0', dumped.kind === 'bulk' ? dumped.bytes : '');
    for (const key of ['x', 'y', 'w']) {
      t.same(db.run('zrange', key, '0', '-1', 'withscores'), all);
      t.equal(encoding(db, key), hotValueMaxBytes === 64 ? 'skiplist' : 'listpack');
    }
    db.audit();
  }
});

/** Command, then its effects, with a = {x 1, y 2, z 3} and b = {y 5}. */
const EFFECTS: readonly (readonly [string, ...string[]])[] = [
  ['zrange a 0 -1'],
  ['zunion 2 a b'],
  ['zadd a 1 x'],
  ['zadd a nx 4 x'],
  ['zadd none xx 4 x'],
  ['zrem a none'],
  ['zremrangebyscore a 7 8'],
  ['zpopmin none'],
  ['zadd a 4 x', 'zadd a 4 x'],
  ['zadd a ch gt 4 x 0 y', 'zadd a ch gt 4 x 0 y'],
  ['zincrby a 1.5 x', 'zincrby a 1.5 x'],
  ['zrem a x y', 'zrem a x y'],
  ['zrem a x y z', '!DEL a'],
  ['zpopmin a', 'zpopmin a'],
  ['zpopmax a 3', '!DEL a'],
  ['zmpop 2 none a max count 2', 'ZPOPMAX a 2'],
  ['zmpop 1 b min', '!DEL b'],
  ['zremrangebyrank a 0 0', 'zremrangebyrank a 0 0'],
  ['zunionstore c 2 a b', '!RESTORE c 0 (41 bytes) REPLACE ABSTTL'],
  ['zinterstore a 2 a none', '!DEL a'],
  ['zrangestore c a 0 0', '!RESTORE c 0 24'],
  ['geoadd g 1 2 p', 'geoadd g 1 2 p'],
];

test('what is logged', async (t) => {
  for (const [command, ...expected] of EFFECTS) {
    const logged = new LoggedDatabase(t);
    const { db } = logged;
    db.run('zadd', 'a', '1', 'x', '2', 'y', '3', 'z');
    db.run('zadd', 'b', '5', 'y');
    const effects = logged.effectsOf(...split(command));
    const isStored = expected[0]?.startsWith('!RESTORE') ?? false;
    if (isStored) t.match(effects, [/^!RESTORE c 0 /], command);
    else t.same(effects, expected, command);
    const copy = createTestDatabase();
    replayInto(copy, logged.all());
    copy.db = 0;
    for (const key of ['a', 'b', 'c', 'g']) {
      const read = ['zrange', key, '0', '-1', 'withscores'] as const;
      t.same(copy.run(...read), db.run(...read), `${command}: ${key}`);
    }
  }
});

test('many members at once', async (t) => {
  const db = createTestDatabase({ poolBytes: 32 * 1024 * 1024 });
  const pairs = Array.from({ length: 20_000 }, (_, i) => [String(i % 977), `member ${i}`]).flat();
  t.equal(db.run('zadd', 'z', ...pairs), 20_000);
  t.equal(db.run('zcount', 'z', '0', '488'), 10_240);
  t.equal(db.run('zunionstore', 'y', '2', 'z', 'z'), 20_000);
  t.equal(db.run('zremrangebyrank', 'y', '100', '-1'), 19_900);
  t.equal(db.run('copy', 'z', 'x'), 1);
  t.equal(db.run('zintercard', '2', 'z', 'x'), 20_000);
  t.equal((db.run('zpopmax', 'z', '20000') as string[]).length, 40_000);
  db.audit();
});
