// Lists as payloads: what they contain, the older forms, damage, COPY of large ones. Real Redis
// reads and writes them in beside-redis.test.ts.

import { Random } from '@forgekv/base';
import { RdbWriter, sealDump, writeRdbString } from '@forgekv/datatypes';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { RandomLists } from './random-lists.ts';

const BAD_DATA = '-ERR Bad data format';

function payload(write: (writer: RdbWriter) => void): Buffer {
  const writer = new RdbWriter();
  write(writer);
  sealDump(writer);
  return Buffer.from(writer.buffer.subarray(0, writer.position));
}

function text(writer: RdbWriter, bytes: Buffer | string): void {
  const buffer = Buffer.from(bytes as string);
  writeRdbString(writer, buffer, 0, buffer.length, false);
}

/** A listpack of short strings, or with a wrong count. */
function listpack(elements: readonly string[], count = elements.length): Buffer {
  const entries = elements.map((element) =>
    Buffer.concat([
      Buffer.of(0x80 | element.length),
      Buffer.from(element),
      Buffer.of(element.length + 1),
    ]),
  );
  const body = Buffer.concat(entries);
  const head = Buffer.alloc(6);
  head.writeUInt32LE(body.length + 7, 0);
  head.writeUInt16LE(count, 4);
  return Buffer.concat([head, body, Buffer.of(0xff)]);
}

/** A ziplist of short strings. */
function ziplist(elements: readonly string[]): Buffer {
  let before = 0;
  const entries = elements.map((element) => {
    const entry = Buffer.concat([Buffer.of(before, element.length), Buffer.from(element)]);
    before = entry.length;
    return entry;
  });
  const body = Buffer.concat(entries);
  const head = Buffer.alloc(10);
  head.writeUInt32LE(body.length + 11, 0);
  head.writeUInt32LE(10 + body.length - before, 4);
  head.writeUInt16LE(elements.length, 8);
  return Buffer.concat([head, body, Buffer.of(0xff)]);
}

function restored(payload: Buffer, db: TestDatabase = createTestDatabase()): unknown {
  const reply = db.run('restore', 'l', '0', payload);
  const result = reply === '+OK' ? db.run('lrange', 'l', '0', '-1') : reply;
  db.audit();
  return result;
}

const nodes = (type: number, count: number, rest: (writer: RdbWriter) => void): Buffer =>
  payload((writer) => {
    writer.byte(type);
    writer.length(count);
    rest(writer);
  });

test('every form there has been', async (t) => {
  const plain = nodes(1, 3, (writer) => {
    for (const element of ['a', '12', 'x'.repeat(100)]) text(writer, element);
  });
  t.strictSame(restored(plain), ['a', '12', 'x'.repeat(100)]);
  const ziplists = payload((writer) => {
    writer.byte(10);
    text(writer, ziplist(['a', 'bc']));
  });
  t.strictSame(restored(ziplists), ['a', 'bc']);
  const quicklist = nodes(14, 2, (writer) => {
    text(writer, ziplist(['a', 'bc']));
    text(writer, ziplist(['d']));
  });
  t.strictSame(restored(quicklist), ['a', 'bc', 'd']);
  const quicklist2 = nodes(18, 3, (writer) => {
    writer.length(2);
    text(writer, listpack(['a', 'bc']));
    writer.length(1);
    text(writer, 'a plain one');
    writer.length(2);
    text(writer, listpack(['d']));
  });
  t.strictSame(restored(quicklist2), ['a', 'bc', 'a plain one', 'd']);
});

test('empty and damaged ones', async (t) => {
  const node = (container: number, bytes: Buffer | string) =>
    nodes(18, 1, (writer) => {
      writer.length(container);
      text(writer, bytes);
    });
  const bad: readonly Buffer[] = [
    nodes(1, 0, () => {}),
    nodes(18, 0, () => {}),
    nodes(1, 2, (writer) => text(writer, 'a')),
    nodes(1, 2 ** 31, (writer) => text(writer, 'a')),
    nodes(1, 2 ** 52, (writer) => text(writer, 'a')),
    nodes(18, 2 ** 52, () => {}),
    payload((writer) => {
      writer.byte(1);
      writer.byte(0xc0);
      writer.byte(1);
    }),
    node(0, listpack(['a'])),
    node(3, listpack(['a'])),
    node(2, ''),
    node(2, listpack([])),
    node(2, listpack(['a'], 2)),
    node(2, listpack(['a']).subarray(1)),
    node(2, 'x'.repeat(20)),
    nodes(14, 1, (writer) => text(writer, listpack(['a']))),
    payload((writer) => writer.byte(18)),
  ];
  for (const [index, one] of bad.entries()) t.equal(restored(one), BAD_DATA, `${index}`);
});

test('flipped bits and cut ends are refused or make some list', async (t) => {
  const seed = 331;
  const random = new Random(seed);
  const lists = new RandomLists(random, 300);
  const db = createTestDatabase();
  let accepted = 0;
  for (let i = 0; i < 4000; i++) {
    if (i % 50 === 0) {
      db.run('del', 'k');
      db.run('rpush', 'k', ...Array.from({ length: 1 + random.below(40) }, () => lists.element()));
    }
    const dumped = Buffer.from(db.run('dump', 'k') as string, 'latin1');
    let value = Buffer.from(dumped.subarray(0, dumped.length - 10));
    if (random.chance(0.3)) value = value.subarray(0, random.below(value.length));
    for (let flips = random.below(4); flips >= 0 && value.length > 0; flips--) {
      value[random.below(value.length)]! ^= 1 << random.below(8);
    }
    if (value[0] !== 18) continue;
    const reply = db.run(
      'restore',
      'l',
      '0',
      payload((writer) => writer.bytes(value, 0, value.length)),
      'replace',
    );
    if (reply === '+OK') accepted++;
    else if (reply !== BAD_DATA) return t.fail(`${reply}`);
    db.run('lrange', 'l', '0', '-1');
  }
  t.ok(accepted > 0, `${accepted} accepted, seed ${seed}`);
  db.audit();
});

test('large lists there and back, and copied', async (t) => {
  const random = new Random(332);
  const lists = new RandomLists(random, 9000);
  for (const count of [1000, 20_000]) {
    const db = createTestDatabase();
    for (let left = count; left > 0; left -= 1000) {
      db.run('rpush', 'l', ...Array.from({ length: 1000 }, () => lists.element()));
    }
    t.equal(db.run('object', 'encoding', 'l'), 'quicklist');
    const all = JSON.stringify(db.run('lrange', 'l', '0', '-1'));
    const dumped = Buffer.from(db.run('dump', 'l') as string, 'latin1');
    t.equal(db.run('restore', 'back', '0', dumped), '+OK');
    t.equal(JSON.stringify(db.run('lrange', 'back', '0', '-1')), all, `${count} elements back`);
    t.equal(db.run('copy', 'l', 'copy'), 1);
    db.run('lpop', 'l');
    t.equal(JSON.stringify(db.run('lrange', 'copy', '0', '-1')), all, `${count} elements copied`);
    t.equal(db.run('llen', 'l'), count - 1);
    db.audit();
  }
});
