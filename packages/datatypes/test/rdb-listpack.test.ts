// Listpacks and ziplists: what is written is read again, bytes of a real Redis are understood, and
// damaged ones end the walk without harm.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  ListpackReader,
  ListpackWriter,
  RdbReader,
  RdbWriter,
  readRdbString,
  ZiplistReader,
} from '../src/index.ts';

const SEED = Number(process.env.FORGEKV_SEED ?? Date.now() & 0x7fffffff);

type Reader = ListpackReader | ZiplistReader;

function written(elements: readonly Buffer[]): Buffer {
  const listpack = new ListpackWriter();
  listpack.begin();
  for (const element of elements) listpack.append(element, 0, element.length);
  const writer = new RdbWriter();
  listpack.write(writer, false);
  const text = readRdbString(new RdbReader(writer.buffer, 0, writer.position), 2 ** 30)!;
  return Buffer.from(text.bytes.subarray(text.offset, text.offset + text.length));
}

/** The entries as latin-1 text, or null when the bytes are damaged. */
function entries(reader: Reader, bytes: Buffer, offset = 0, length = bytes.length) {
  const found: string[] = [];
  reader.open(bytes, offset, length);
  while (reader.next()) {
    found.push(reader.bytes.toString('latin1', reader.offset, reader.offset + reader.length));
  }
  return reader.failed ? null : found;
}

const EDGES = [
  ...[0, 1, 127, 128, -1, 4095, 4096, -4096, -4097, 32767, 32768, -32768, -32769],
  ...[8388607, 8388608, -8388608, -8388609, 2147483647, 2147483648, -2147483648, -2147483649],
  ...[2 ** 53 - 1, -(2 ** 53 - 1), 1e15, -1e15],
];

test('integers at every edge take the form of their size', async (t) => {
  const texts = [...EDGES.map(String), '9223372036854775807', '-9223372036854775808'];
  const listpack = written(texts.map((text) => Buffer.from(text)));
  t.same(entries(new ListpackReader(), listpack), texts);
  const sizes = ['127', '-1', '4096', '32768', '8388608', '2147483648', '9223372036854775807'];
  const bytes = sizes.map((text) => written([Buffer.from(text)]).length - 7);
  t.same(bytes, [2, 3, 4, 5, 6, 10, 10]);
  const numbers = new ListpackWriter();
  numbers.begin();
  for (const value of EDGES) numbers.appendNumber(value);
  t.equal(numbers.bytes, written(EDGES.map((value) => Buffer.from(String(value)))).length);
});

test('strings of every size, and text that is no integer', async (t) => {
  const sizes = [0, 1, 63, 64, 4095, 4096, 16380, 16383, 16384, 70_000, 2_097_151];
  const elements = [
    ...sizes.map((size) => Buffer.alloc(size, size & 255)),
    ...['01', '-0', '+1', ' 1', '1.0', '9223372036854775808', '-9223372036854775809', '-'].map(
      (text) => Buffer.from(text),
    ),
  ];
  const texts = elements.map((element) => element.toString('latin1'));
  t.same(entries(new ListpackReader(), written(elements)), texts);
  t.equal(written([Buffer.alloc(12, 97)]).length, 7 + 14);
  t.same(written([]), Buffer.from([7, 0, 0, 0, 0, 0, 0xff]));
});

test('a walk stays in its range', async (t) => {
  const listpack = written([Buffer.from('a'), Buffer.from('12')]);
  const around = Buffer.concat([Buffer.alloc(5, 7), listpack, Buffer.alloc(9, 3)]);
  t.same(entries(new ListpackReader(), around, 5, listpack.length), ['a', '12']);
  t.equal(entries(new ListpackReader(), around, 5, listpack.length - 1), null);
  t.equal(entries(new ListpackReader(), around, 5, listpack.length + 1), null);
  t.equal(entries(new ListpackReader(), around, 5, 0), null);
});

test('more elements than the head can count', async (t) => {
  const elements = Array.from({ length: 70_000 }, (_, i) => Buffer.from(`${i}`));
  t.equal(entries(new ListpackReader(), written(elements))?.length, 70_000);
});

test('a ziplist', async (t) => {
  const head = (bytes: number[]) => {
    const ziplist = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...bytes, 0xff]);
    ziplist.writeUInt32LE(ziplist.length, 0);
    return ziplist;
  };
  const ziplist = head([
    ...[0, 3, 97, 98, 99],
    ...[5, 0xf1],
    ...[2, 0xfd],
    ...[2, 0xfe, 0x80],
    ...[3, 0xc0, 0xe8, 0x03],
    ...[4, 0xf0, 0xa0, 0x86, 0x01],
    ...[0xfe, 5, 0, 0, 0, 0xd0, 0, 0, 0, 0x80],
    ...[10, 0xe0, 255, 255, 255, 255, 255, 255, 255, 127],
    ...[10, 0x40, 2, 120, 121],
    ...[5, 0x80, 0, 0, 0, 1, 122],
  ]);
  ziplist.writeUInt16LE(10, 8);
  const texts = ['abc', '0', '12', '-128', '1000', '100000', '-2147483648'];
  const all = [...texts, '9223372036854775807', 'xy', 'z'];
  t.same(entries(new ZiplistReader(), ziplist), all);
  ziplist.writeUInt16LE(9, 8);
  t.equal(entries(new ZiplistReader(), ziplist), null);
  ziplist.writeUInt16LE(65535, 8);
  t.same(entries(new ZiplistReader(), ziplist), all);
  ziplist[16] = 4;
  t.equal(entries(new ZiplistReader(), ziplist), null);
});

test(`random elements, and random damage, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  const listpacks = new ListpackReader();
  const ziplists = new ZiplistReader();
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const elements = Array.from({ length: random.below(20) }, () =>
      random.chance(0.5)
        ? Buffer.from(String(Math.round((random.below(2000) - 1000) ** (1 + random.below(4)))))
        : Buffer.alloc(random.below(random.chance(0.1) ? 9000 : 90), random.below(256)),
    );
    const bytes = written(elements);
    const found = entries(listpacks, bytes);
    if (found?.join(',') !== elements.map((one) => one.toString('latin1')).join(',')) {
      t.fail(`round ${round}`);
    }
    for (let changes = 1 + random.below(3); changes > 0; changes--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    if (entries(listpacks, bytes) === null) refused++;
    entries(ziplists, bytes);
  }
  t.ok(refused > 300, `${refused} of 3000 damaged ones refused`);
});
