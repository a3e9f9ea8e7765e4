// Integers as text: what is canonical, the edges of 64 bits, writing.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  fitsInt64,
  integerTextLength,
  parseInt64,
  parseSafeInteger,
  writeInteger,
} from '../src/index.ts';

const MAX = 9223372036854775807n;
const MIN = -9223372036854775808n;

/** The text among other bytes, so that reading too far shows. */
function within(text: string): [Buffer, number, number] {
  return [Buffer.from(`9${text}9`, 'latin1'), 1, text.length];
}

const NO_INTEGERS = ['', '-', '+1', '01', '-0', '-01', ' 1', '1 ', '1.0', '1e3', '0x1', '1\0', 'a'];

test('what is no canonical integer is refused by both readers', async (t) => {
  for (const text of [...NO_INTEGERS, '--1', '1-', '١', '9223372036854775808', `${MIN - 1n}`]) {
    t.ok(Number.isNaN(parseSafeInteger(...within(text))), JSON.stringify(text));
    t.equal(parseInt64(...within(text)), null, JSON.stringify(text));
  }
});

test('all of 64 bits can be read', async (t) => {
  const edges = [0n, 1n, -1n, 9n, 10n, -10n, MAX, MIN, MAX - 1n, MIN + 1n];
  for (let power = 1n; power < MAX; power *= 10n) edges.push(power, -power, power - 1n);
  for (const value of edges) t.equal(parseInt64(...within(`${value}`)), value);
});

test('up to 15 digits are read as a number', async (t) => {
  for (const value of [0, 7, -7, 999999999999999, -999999999999999, 100000000000000]) {
    t.equal(parseSafeInteger(...within(`${value}`)), value);
  }
  t.ok(Number.isNaN(parseSafeInteger(...within('1000000000000000'))), 'parseInt64 knows');
});

test('fitsInt64', async (t) => {
  t.equal(fitsInt64(MAX), true);
  t.equal(fitsInt64(MIN), true);
  t.equal(fitsInt64(MAX + 1n), false);
  t.equal(fitsInt64(MIN - 1n), false);
});

test('safe integers are written as they are read', async (t) => {
  const values = [0, 5, -5, 2147483647, 2147483648, -2147483648, 4294967296];
  values.push(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1);
  for (let power = 1; power <= 1e15; power *= 10) values.push(power, -power, power - 1, 1 - power);
  const random = new Random(3);
  for (let i = 0; i < 5000; i++) {
    const magnitude = Math.floor(
      (random.uint32() * 2097152 + random.below(2097152)) / 2 ** random.below(53),
    );
    values.push(random.below(2) ? magnitude : -magnitude);
  }
  const wrong = values.filter((value) => {
    const length = integerTextLength(value);
    const bytes = Buffer.from('#'.repeat(length + 2));
    writeInteger(bytes, 1, length, value);
    return bytes.toString() !== `#${Object.is(value, -0) ? 0 : value}#`;
  });
  t.same(wrong, []);
});
