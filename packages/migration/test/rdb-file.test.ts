// RDB files byte by byte: everything that may be in one, in every version's form; and that nothing
// damaged or cut off is taken for whole.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc64, RdbWriter } from '@forgekv/datatypes';
import { type Test, test } from 'tap';
import { FileWindow } from '../src/file-window.ts';
import { MigrationError } from '../src/migration-error.ts';
import { RdbFile, type RdbItem } from '../src/rdb-file.ts';

const DAY = 86_400;

function fileOf(t: Test): string {
  const made = mkdtempSync(path.join(tmpdir(), 'forgekv-rdb-'));
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  return path.join(made, 'a.rdb');
}

/** Writes a file: header, what `write` writes, end and checksum. */
function rdb(version: string, write: (writer: RdbWriter) => void): Buffer {
  const writer = new RdbWriter();
  writer.bytes(Buffer.from(`REDIS${version}`), 0, 9);
  write(writer);
  writer.byte(0xff);
  writer.uint64(crc64(writer.buffer, 0, writer.position));
  return Buffer.from(writer.buffer.subarray(0, writer.position));
}

function text(writer: RdbWriter, value: string): void {
  writer.length(value.length);
  writer.bytes(Buffer.from(value, 'latin1'), 0, value.length);
}

function read(file: string, bytes: Buffer): RdbItem[] {
  writeFileSync(file, bytes);
  const window = new FileWindow(file);
  try {
    const source = new RdbFile(window);
    const items: RdbItem[] = [];
    for (let item = source.next(); item !== null; item = source.next()) items.push(item);
    return items;
  } finally {
    window.close();
  }
}

/** A module's id: its name of nine letters, and a version. */
function moduleId(name: string): bigint {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  let id = 0n;
  for (const letter of name) id = (id << 6n) | BigInt(letters.indexOf(letter));
  return (id << 10n) | 3n;
}

function moduleValue(writer: RdbWriter, name: string): void {
  const id = moduleId(name);
  writer.length64(Number(id >> 32n), Number(id & 0xffffffffn));
  for (const part of [1, 2]) {
    writer.length(part);
    writer.length(77);
  }
  writer.length(3);
  writer.bytes(Buffer.alloc(4), 0, 4);
  writer.length(4);
  writer.uint64(1n);
  writer.length(5);
  text(writer, 'what a module has');
  writer.length(0);
}

/** Everything there is beside plain values. */
const EVERYTHING = rdb('0012', (writer) => {
  writer.byte(0xfa);
  text(writer, 'redis-ver');
  text(writer, '8.0.0');
  writer.byte(0xf7);
  writer.length64(1, 2);
  writer.length(2);
  writer.length(1);
  writer.length(5);
  text(writer, 'aux');
  writer.length(0);
  writer.byte(0xf5);
  text(writer, '#!lua name=a');
  writer.byte(0xfe);
  writer.length(3);
  writer.byte(0xfb);
  writer.length(5);
  writer.length(1);
  writer.byte(0xf4);
  for (const number of [1, 2, 70_000]) writer.length(number);
  writer.byte(0xfd);
  writer.littleEndian(DAY, 4);
  writer.byte(0xf8);
  writer.length(300);
  writer.byte(0);
  text(writer, 'string');
  text(writer, 'value');
  writer.byte(0xfc);
  writer.uint64(123_456_789_012n);
  writer.byte(0xf9);
  writer.byte(200);
  writer.byte(2);
  text(writer, 'set');
  writer.length(2);
  for (const member of ['a', 'b']) text(writer, member);
  writer.byte(3);
  text(writer, 'old scores');
  writer.length(3);
  for (const score of ['1.5', null, null]) {
    text(writer, `of ${score}`);
    if (score === null) writer.byte(254);
    else text(writer, score);
  }
  writer.byte(7);
  text(writer, 'module');
  moduleValue(writer, 'ReJSON-RL');
  writer.byte(24);
  text(writer, 'fields');
  writer.uint64(5n);
  writer.length(1);
  writer.length(1000);
  text(writer, 'f');
  text(writer, 'v');
  writer.byte(18);
  text(writer, 'list');
  writer.length(1);
  writer.length(1);
  text(writer, 'x'.repeat(70));
});

test('everything that may be in a file', (t) => {
  const items = read(fileOf(t), EVERYTHING);
  const facts = items.map((item) =>
    item.kind === 'function'
      ? `function ${item.code}`
      : `${item.db} ${item.key} ${item.type} ${item.expireAtMs} ${item.idleSeconds} ` +
        `${item.frequency} ${item.payload?.length} ${item.module}`,
  );
  t.same(facts, [
    'function #!lua name=a',
    `3 string 0 ${DAY * 1000} 300 -1 17 `,
    '3 set 2 123456789012 -1 200 16 ',
    '3 old scores 3 0 -1 -1 41 ',
    '3 module 7 0 -1 -1 60 ReJSON-RL',
    '3 fields 24 0 -1 -1 26 ',
    '3 list 18 0 -1 -1 85 ',
  ]);
  const payload = items[1]?.kind === 'key' ? items[1].payload : null;
  t.same(payload?.subarray(0, 9), Buffer.from([0, 5, ...Buffer.from('value'), 12, 0]));
  t.end();
});

test('what is not whole is refused', (t) => {
  const file = fileOf(t);
  for (let end = 0; end < EVERYTHING.length; end++) {
    t.throws(() => read(file, EVERYTHING.subarray(0, end)), MigrationError, `the first ${end}`);
  }
  for (let at = 0; at < EVERYTHING.length; at++) {
    const damaged = Buffer.from(EVERYTHING);
    damaged[at]! ^= 1 << (at % 8);
    t.throws(() => read(file, damaged), MigrationError, `a bit of byte ${at}`);
  }
  t.end();
});

test('versions', (t) => {
  const file = fileOf(t);
  const key = (writer: RdbWriter): void => {
    writer.byte(0);
    text(writer, 'k');
    text(writer, 'v');
  };
  for (const version of ['0001', '0006', '0009', '0010', '0011', '0012']) {
    t.equal(read(file, rdb(version, key)).length, 1, version);
  }
  t.throws(() => read(file, rdb('0013', key)), /RDB version 13 is newer than 12/);
  t.throws(() => read(file, rdb('00x1', key)), /no RDB file/);
  const unchecked = rdb('0009', key);
  unchecked.fill(0, unchecked.length - 8);
  t.equal(read(file, unchecked).length, 1, 'without a checksum');
  t.throws(
    () =>
      read(
        file,
        rdb('0009', (writer) => writer.byte(99)),
      ),
    /a value of type 99/,
  );
  t.end();
});
