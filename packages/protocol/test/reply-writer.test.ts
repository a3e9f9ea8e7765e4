// Replies byte for byte, in both protocols; growth of the buffer; values out of shared memory.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { ReplyWriter } from '../src/reply-writer.ts';

type Write = (writer: ReplyWriter) => void;

function written(write: Write, resp3: boolean, bytes?: number): string {
  const writer = new ReplyWriter(bytes);
  writer.resp3 = resp3;
  write(writer);
  return writer.buffer.toString('latin1', 0, writer.position);
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const big =
  (value: bigint): Write =>
  (w) =>
    w.bigInteger(value);

const REPLIES: readonly (readonly [string, Write, string, string?])[] = [
  ['ok', (w) => w.ok(), '+OK\r\n'],
  ['simple', (w) => w.simple('PONG'), '+PONG\r\n'],
  ['simple, empty', (w) => w.simple(''), '+\r\n'],
  ['simple, latin-1', (w) => w.simple('\xe9'), '+\xe9\r\n'],
  ['error', (w) => w.error('ERR syntax error'), '-ERR syntax error\r\n'],
  ['error of two lines', (w) => w.error('ERR a\r\nb\nc'), '-ERR a  b c\r\n'],
  ['boolean true', (w) => w.boolean(true), ':1\r\n', '#t\r\n'],
  ['boolean false', (w) => w.boolean(false), ':0\r\n', '#f\r\n'],
  ['null', (w) => w.null(), '$-1\r\n', '_\r\n'],
  ['null array', (w) => w.nullArray(), '*-1\r\n', '_\r\n'],
  ['array', (w) => w.array(3), '*3\r\n'],
  ['array, empty', (w) => w.array(0), '*0\r\n'],
  ['map', (w) => w.map(2), '*4\r\n', '%2\r\n'],
  ['set', (w) => w.set(2), '*2\r\n', '~2\r\n'],
  ['push', (w) => w.push(3), '*3\r\n', '>3\r\n'],
  ['text', (w) => w.text('abc'), bulk('abc')],
  ['text, empty', (w) => w.text(''), bulk('')],
  ['text, 23', (w) => w.text('\xff'.repeat(23)), bulk('\xff'.repeat(23))],
  ['text, 24', (w) => w.text('\xff'.repeat(24)), bulk('\xff'.repeat(24))],
  ['utf8', (w) => w.utf8('h\u00e9\u{1f600}'), bulk('h\xc3\xa9\xf0\x9f\x98\x80')],
  ['verbatim', (w) => w.verbatim('a\nb'), bulk('a\nb'), '=7\r\ntxt:a\nb\r\n'],
  ['verbatim, utf8', (w) => w.verbatim('\u00e9'), bulk('\xc3\xa9'), '=6\r\ntxt:\xc3\xa9\r\n'],
  ['verbatim, empty', (w) => w.verbatim(''), bulk(''), '=4\r\ntxt:\r\n'],
  ['bulk', (w) => w.bulk(Buffer.from('xabcx'), 1, 3), bulk('abc')],
  ['bulk, empty', (w) => w.bulk(Buffer.alloc(0), 0, 0), bulk('')],
  ['bulk, binary', (w) => w.bulk(Buffer.from([0, 13, 10, 255]), 0, 4), bulk('\0\r\n\xff')],
  ['encoded', (w) => w.encoded(Buffer.from('x:5\r\nx'), 1, 4), ':5\r\n'],
  ['encoded, nothing', (w) => w.encoded(Buffer.alloc(0), 0, 0), ''],
  ...[
    0,
    1,
    9,
    10,
    11,
    99,
    100,
    12345,
    2147483646,
    2147483647,
    2147483648,
    4294967296,
    2 ** 53,
    -1,
    -9,
    -10,
    -2147483648,
    -(2 ** 53),
  ].map((n) => [`integer ${n}`, (w: ReplyWriter) => w.integer(n), `:${n}\r\n`] as const),
  ['integer -0', (w) => w.integer(-0), ':0\r\n'],
  ['big 2^63-1', big(2n ** 63n - 1n), ':9223372036854775807\r\n'],
  ['big -2^63', big(-(2n ** 63n)), ':-9223372036854775808\r\n'],
  ['double', (w) => w.double(1.5), bulk('1.5'), ',1.5\r\n'],
  ['double, whole', (w) => w.double(3), bulk('3'), ',3\r\n'],
  ['double, infinite', (w) => w.double(-Infinity), bulk('-inf'), ',-inf\r\n'],
  ['double, nan', (w) => w.double(NaN), bulk('nan'), ',nan\r\n'],
];

test('every reply in RESP2 and RESP3', async (t) => {
  for (const [name, write, resp2, resp3 = resp2] of REPLIES) {
    t.equal(written(write, false), resp2, `${name}, RESP2`);
    t.equal(written(write, true), resp3, `${name}, RESP3`);
  }
});

test('every reply into a buffer that is too small, at every place', async (t) => {
  for (const [name, write, resp2, resp3 = resp2] of REPLIES) {
    for (const [isResp3, expected] of [
      [false, resp2],
      [true, resp3],
    ] as const) {
      for (let before = 0; before <= 40; before++) {
        const both: Write = (w) => {
          w.encoded(Buffer.alloc(before, '.'), 0, before);
          write(w);
          w.ok();
        };
        const bytes = written(both, isResp3, 40);
        const wanted = `${'.'.repeat(before)}${expected}+OK\r\n`;
        if (bytes !== wanted) t.equal(bytes, wanted, `${name} behind ${before} bytes`);
      }
    }
  }
});

test('errors are counted', async (t) => {
  const writer = new ReplyWriter();
  writer.error('ERR one');
  writer.error('WRONGTYPE two\nlines');
  t.equal(writer.errorCount, 2);
  t.equal(writer.lastError, 'WRONGTYPE two\nlines');
  writer.reset();
  t.equal(writer.errorCount, 2, 'its owner clears it');
  t.equal(writer.position, 0);
});

test('bulks of every size around the copy limits', async (t) => {
  const random = new Random(1);
  const sizes = [...Array.from({ length: 200 }, (_, i) => i), 4095, 65536, 1_000_003];
  const source = Buffer.from(Array.from({ length: 4096 }, () => random.below(256)));
  for (const size of sizes) {
    const bytes = Buffer.alloc(size + 3, source);
    const out = written((w) => w.bulk(bytes, 3, size), false);
    const wanted = `$${size}\r\n${bytes.toString('latin1', 3)}\r\n`;
    if (out !== wanted) t.fail(`size ${size}`);
  }
  t.pass(`${sizes.length} sizes`);
});

test('bulkWords: shared memory, every length, garbage behind the value', async (t) => {
  const words = new Int32Array(new SharedArrayBuffer(1 << 20));
  const bytes = Buffer.from(words.buffer);
  const random = new Random(2);
  for (let i = 0; i < words.length; i++) words[i] = random.uint32() | 0;
  const lengths = [...Array.from({ length: 260 }, (_, i) => i), 1021, 32_001, 1_000_001];
  for (const length of lengths) {
    for (const word of [0, 1, 7]) {
      const out = written(
        (w) => {
          w.bulkWords(words, bytes, word, length);
          w.ok();
        },
        false,
        64,
      );
      const value = bytes.toString('latin1', word * 4, word * 4 + length);
      const wanted = `$${length}\r\n${value}\r\n+OK\r\n`;
      if (out !== wanted) t.fail(`length ${length} at word ${word}`);
    }
  }
  t.pass(`${lengths.length} lengths`);
});

test('a buffer that grew for a large reply is given back', async (t) => {
  const writer = new ReplyWriter();
  const usual = writer.buffer.length;
  writer.bulk(Buffer.alloc(1024 * 1024), 0, 1024 * 1024);
  const grown = writer.buffer.length;
  t.ok(grown > usual);
  writer.reset();
  t.equal(writer.buffer.length, grown, 'kept: this may happen again');
  writer.bulk(Buffer.alloc(8 * 1024 * 1024), 0, 8 * 1024 * 1024);
  writer.reset();
  t.equal(writer.buffer.length, usual, 'given back');
  writer.bulk(Buffer.from('abc'), 0, 3);
  writer.integer(12345);
  t.equal(writer.buffer.toString('latin1', 0, writer.position), '$3\r\nabc\r\n:12345\r\n');
});

test('too many bytes for one client are dropped, those of the others stay', async (t) => {
  const writer = new ReplyWriter(64);
  writer.mostBytes = 1000;
  const others = 'x'.repeat(500);
  writer.text(others);
  const floor = writer.position;
  writer.floor = floor;
  for (let i = 0; i < 9; i++) writer.text('y'.repeat(90));
  t.equal(writer.overflowed, false);
  t.equal(writer.position, floor + 9 * 97);
  for (let i = 0; i < 30; i++) writer.text('z'.repeat(90));
  t.equal(writer.overflowed, true);
  t.ok(writer.position <= floor + 1200, `${writer.position} bytes`);
  t.equal(writer.buffer.toString('latin1', 0, floor), bulk(others));
  writer.position = floor;
  writer.overflowed = false;
  writer.bulk(Buffer.alloc(5000), 0, 5000);
  t.equal(writer.overflowed, true, 'a single reply');
  writer.reset();
  t.equal(writer.floor, 0);
});

test('a million small replies: growth is by doubling', async (t) => {
  const writer = new ReplyWriter(64);
  let buffers = 0;
  let last = writer.buffer;
  for (let i = 0; i < 1_000_000; i++) {
    writer.integer(i);
    if (writer.buffer !== last) buffers++;
    last = writer.buffer;
  }
  t.ok(buffers <= 18, `${buffers} buffers`);
  t.equal(writer.buffer.toString('latin1', writer.position - 9, writer.position), ':999999\r\n');
});
