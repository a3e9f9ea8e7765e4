// The expected texts were recorded from redis-server 7.0.15 on x86-64.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  addLongDoubles,
  LONG_DOUBLE_ZERO,
  type LongDouble,
  longDoubleText,
  NOT_FINITE,
  parseLongDouble,
} from '../src/index.ts';

/** The text among other bytes, so that reading too far shows. */
function parse(text: string): LongDouble | null {
  return parseLongDouble(Buffer.from(`1${text}1`, 'latin1'), 1, text.length);
}

/** The sum's text; null: not finite; undefined: one of the two is refused. */
function sum(a: string, b: string): string | null | undefined {
  const [left, right] = [parse(a), parse(b)];
  if (left === null || right === null) return undefined;
  const total = addLongDoubles(left, right);
  return total === null ? null : longDoubleText(total);
}

test('sums as Redis shows them', async (t) => {
  const rows: [string, string, string][] = [
    ['10.5', '0.1', '10.6'],
    ['5.6', '5.0e3', '5005.60000000000000009'],
    ['17179869184', '1.1', '17179869185.09999999962747097'],
    ['0.1', '0.2', '0.3'],
    ['3.0', '1.1', '4.1'],
    ['1e20', '1', '100000000000000000000'],
    ['9223372036854775807', '1', '9223372036854775808'],
    ['18446744073709551615', '1', '18446744073709551616'],
    ['18446744073709551616', '1', '18446744073709551616'],
    ['1', '1e-17', '1.00000000000000001'],
    ['1', '1e-18', '1'],
    ['1', '5e-18', '1'],
    ['0', '-1e-18', '0'],
    ['-0', '0', '0'],
    ['0', '4.9e-18', '0'],
    ['0', '5e-18', '0'],
    ['0', '5.1e-18', '0.00000000000000001'],
    ['1e60', '0', '999999999999999999999373423426722168652130621984886772203520'],
    ['0x10', '0x.8p1', '17'],
    ['0xA.8', '-0X1P-1', '10'],
    ['.5', '5.', '5.5'],
    ['+1', '-1', '0'],
    ['123456789.987654321', '-0.000000001', '123456789.98765432000072906'],
    ['-1.5', '0.25', '-1.25'],
    ['0.30000000000000000001', '0', '0.3'],
    ['2.5e-5', '1E+2', '100.000025'],
    ['1e4931', '-1e4931', '0'],
    ['99999999999999999', '0.99', '99999999999999999.9921875'],
    ['0.000030517578125', '0', '0.000030517578125'],
    ['100', '-99.99999999999999999', '0.00000000000000001'],
    ['3.14159265358979323846', '2.71828182845904523536', '5.85987448204883847'],
  ];
  for (const [a, b, text] of rows) t.equal(sum(a, b), text, `${a} + ${b}`);
});

test('what strtold does not read to the end, or Redis refuses', async (t) => {
  const bad = ['', ' ', ' 1', '1 ', '1\n', '\t1', '.', '-', '+', '+-1', '--1', 'e5', '.e5', '1e'];
  bad.push('1e+', '1e5.5', '1.2.3', '0x', '0x.', '0x.p1', '0x1p', '0xg', '1f', '1L', 'abc', '1\0');
  bad.push('nan', '-nan', 'nan(1)', 'infi', 'infinit', 'in', '1,5', '1_000', '0b1', '\0', '١');
  bad.push('1e4933', '1e99999999999999999999', '1e-5000', '-1e-99999999999999999999');
  bad.push('0x1p16384', '0x1p-16447', '0x1p99999999999999999999', `1${'0'.repeat(5119)}`);
  for (const text of bad) t.equal(parse(text), null, JSON.stringify(text.slice(0, 30)));
});

test('what it does read', async (t) => {
  const zeros = ['0', '-0', '+0', '0.', '.0', '0e99999999999999999999', '0x0p99999999999999999999'];
  for (const text of [...zeros, '0e-99999999999999999999', '0.000e5', `0.${'0'.repeat(5000)}`]) {
    t.same(parse(text), LONG_DOUBLE_ZERO, text.slice(0, 30));
  }
  for (const text of ['inf', '-inf', '+INF', 'Infinity', '-iNfInItY']) {
    t.equal(parse(text), NOT_FINITE, text);
  }
  t.same(parse('0x1p-16445'), { significand: 1n, exponent: -16445 }, 'the smallest');
  t.same(parse('1.9e-4951'), { significand: 1n, exponent: -16445 }, 'rounded up to it');
  t.equal(parse('1.8e-4951'), null, 'rounded down to zero');
  t.same(parse('0x.ffffffffffffffffp16384')?.exponent, 16320, 'the largest');
  t.equal(parse('0x.ffffffffffffffff8p16384'), null, 'rounded beyond it');
});

test('rounding: to nearest, ties to even', async (t) => {
  const significand = (text: string) => parse(text)?.significand;
  // 2^64 + 1 is half way between two long doubles, 2^64 + 3 too.
  t.equal(significand('18446744073709551617'), 1n << 63n);
  t.equal(significand('18446744073709551619'), (1n << 63n) + 2n);
  t.equal(significand('18446744073709551617.00000000000000000000000001'), (1n << 63n) + 1n);
  t.equal(significand('18446744073709551615'), (1n << 64n) - 1n);
  t.equal(parse('18446744073709551615.5')?.exponent, 1, 'carried into a 65th bit');
  t.equal(significand('-18446744073709551619'), -(1n << 63n) - 2n);
});

test('not finite', async (t) => {
  t.equal(sum('inf', '1'), null);
  t.equal(sum('inf', '-inf'), null);
  t.equal(sum('1', '-Infinity'), null);
  t.equal(sum('1e4932', '9e4931'), null);
  t.equal(sum('-1e4932', '-9e4931'), null);
});

test('64-bit integers are exact', async (t) => {
  const random = new Random(17);
  let wrong = 0;
  for (let i = 0; i < 2000; i++) {
    const word = () => (BigInt(random.uint32()) << 31n) + BigInt(random.uint32() >>> 1);
    const [a, b] = [word() >> BigInt(random.below(60)), -(word() >> BigInt(random.below(60)))];
    if (sum(`${a}`, `${b}`) !== `${a + b}`) wrong++;
  }
  t.equal(wrong, 0);
});

test('the text of a value reads as the same value, where 17 decimals are enough', async (t) => {
  const random = new Random(18);
  let wrong = 0;
  for (let i = 0; i < 2000; i++) {
    const text = `${random.uint32()}${random.uint32()}.${random.below(1000)}`;
    // The same value, not the same fields: those of a whole number may have fewer bits.
    if (sum(longDoubleText(parse(text)!), `-${text}`) !== '0') wrong++;
  }
  t.equal(wrong, 0);
});

test('a text that claims much costs little', async (t) => {
  const digits = '7'.repeat(5100);
  const started = process.hrtime.bigint();
  for (const text of [`${digits}e-4900`, `.${digits}e4900`, `0x.${'f'.repeat(5000)}p9`, digits]) {
    for (let i = 0; i < 20; i++) sum(text, '0.1');
  }
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  t.ok(ms < 2000, `${ms} ms for 80 sums`);
});
