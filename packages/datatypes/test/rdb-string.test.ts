// Strings in the RDB format: every form there and back, lengths of every size, bounds.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  openDump,
  RdbReader,
  RdbWriter,
  readRdbString,
  sealDump,
  writeRdbString,
} from '../src/index.ts';

function written(text: Buffer, compress = true): Buffer {
  const writer = new RdbWriter();
  writeRdbString(writer, text, 0, text.length, compress);
  return Buffer.from(writer.buffer.subarray(0, writer.position));
}

function read(bytes: Buffer, mostBytes = 1e9): Buffer | null {
  const reader = new RdbReader(bytes, 0, bytes.length);
  const text = readRdbString(reader, mostBytes);
  if (text === null || reader.remaining !== 0) return null;
  return text.bytes.subarray(text.offset, text.offset + text.length);
}

test('forms', async (t) => {
  const forms: readonly (readonly [string, string])[] = [
    ['', '00'],
    ['0', 'c000'],
    ['-1', 'c0ff'],
    ['127', 'c07f'],
    ['128', 'c18000'],
    ['-32768', 'c10080'],
    ['32768', 'c200800000'],
    ['-2147483648', 'c200000080'],
    ['2147483648', `0a${Buffer.from('2147483648').toString('hex')}`],
    ['01', '023031'],
    ['a'.repeat(20), `14${'61'.repeat(20)}`],
  ];
  for (const [text, hex] of forms) {
    t.equal(written(Buffer.from(text)).toString('hex'), hex, text);
  }
  t.equal(written(Buffer.from('a'.repeat(21)))[0], 0xc3);
  t.equal(written(Buffer.from('a'.repeat(21)), false)[0], 21);
});

test('there and back again', async (t) => {
  const random = new Random(17);
  for (const length of [0, 1, 63, 64, 100, 16383, 16384, 70_000, 3_000_000]) {
    const noise = Buffer.from(Uint8Array.from({ length }, () => random.below(256)));
    t.ok(read(written(noise))?.equals(noise), `${length} bytes of noise`);
    const run = Buffer.alloc(length, 'ab');
    t.ok(read(written(run))?.equals(run), `${length} bytes of one pattern`);
    t.ok(read(written(run, false))?.equals(run));
  }
  for (const value of [0, 5, -5, 127, -128, 128, 32767, -32769, 2 ** 31 - 1, -(2 ** 31)]) {
    t.equal(read(written(Buffer.from(String(value))))?.toString(), String(value));
  }
});

test('the longest accepted string', async (t) => {
  for (const compress of [true, false]) {
    const bytes = written(Buffer.alloc(1000, 'x'), compress);
    t.equal(read(bytes, 999), null);
    t.equal(read(bytes, 1000)?.length, 1000);
  }
});

test('lengths', async (t) => {
  const writer = new RdbWriter();
  const lengths = [0, 63, 64, 16383, 16384, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
  for (const length of lengths) writer.length(length);
  t.equal(writer.position, 1 + 1 + 2 + 2 + 5 + 5 + 5 + 9 + 9);
  const reader = new RdbReader(writer.buffer, 0, writer.position);
  t.same(
    lengths.map(() => reader.length()),
    lengths,
  );
  t.equal(reader.failed, false);
  t.equal(reader.length(), 0);
  t.equal(reader.failed, true);
});

test('a reader that has failed stays so', async (t) => {
  const reader = new RdbReader(Buffer.from([1, 2, 3]), 0, 3);
  t.equal(reader.take(4), 0);
  t.equal(reader.byte(), 0);
  t.equal(reader.signed(2), 0);
  t.equal(reader.remaining, 0);
  t.equal(reader.failed, true);
});

test('the frame of a payload', async (t) => {
  const writer = new RdbWriter();
  writer.bytes(Buffer.from('\0\x04bjma'), 0, 6);
  sealDump(writer);
  const payload = Buffer.from(writer.buffer.subarray(0, writer.position));
  t.equal(payload.toString('latin1'), '\0\x04bjma\n\x008eZ5sFtz');
  t.equal(openDump(payload, 0, payload.length)?.remaining, 6);
  for (let length = 0; length < payload.length; length++) {
    if (openDump(payload, 0, length) !== null) t.fail(`${length} bytes`);
  }
  let accepted = 0;
  for (let bit = 0; bit < payload.length * 8; bit++) {
    const spoiled = Buffer.from(payload);
    spoiled[bit >> 3] = spoiled[bit >> 3]! ^ (1 << (bit & 7));
    if (openDump(spoiled, 0, spoiled.length) !== null) accepted++;
  }
  t.equal(accepted, 0, 'no spoiled bit is missed');
  writer.reset();
  writer.bytes(new Uint8Array(2_000_000), 0, 2_000_000);
  writer.reset();
  t.ok(writer.buffer.length < 100_000, 'a large buffer is given back');
});
