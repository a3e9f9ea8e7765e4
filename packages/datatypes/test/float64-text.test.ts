// Doubles read from text as strtod reads them, and written with 17 digits or decimals.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { fixedText, parseFloat64, parseFloat64Clamped, preciseText } from '../src/index.ts';

const SEED = Number(process.env.FORGEKV_SEED ?? Date.now() & 0x7fffffff);

function parsed(text: string): number {
  const bytes = Buffer.from(`9${text}9`, 'latin1');
  return parseFloat64(bytes, 1, bytes.length - 2);
}

function clamped(text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  return parseFloat64Clamped(bytes, 0, bytes.length);
}

test('what is a number', async (t) => {
  const rows: [string, number][] = [
    ['0', 0],
    ['-0', -0],
    ['+1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['0.1', 0.1],
    ['-123456789.123456', -123456789.123456],
    ['999999999999999', 999999999999999],
    ['9007199254740993', 9007199254740992],
    ['1e3', 1000],
    ['1E-3', 0.001],
    ['1e308', 1e308],
    ['4.9e-324', 5e-324],
    ['inf', Infinity],
    ['+INF', Infinity],
    ['-Infinity', -Infinity],
    ['0x10', 16],
    ['-0x1.8p1', -3],
    ['0x0', 0],
    ['0x1p-1074', 5e-324],
    ['0x1p1023', 2 ** 1023],
    ['0e-999', 0],
    [`${'0'.repeat(5000)}7`, 7],
  ];
  for (const [text, value] of rows) {
    t.ok(Object.is(parsed(text), value), text.slice(0, 30));
    t.ok(Object.is(clamped(text), value), text.slice(0, 30));
  }
});

test('what is none', async (t) => {
  const texts = ['', ' 1', '1 ', 'nan', '1e', '1e+', '0x', '.', '-', '+', '--1', '1.2.3', '1\0'];
  for (const text of [...texts, '1,5', 'infi', 'e5', '0x1p', '1_0', '0b1', '١']) {
    t.ok(Number.isNaN(parsed(text)), JSON.stringify(text));
    t.ok(Number.isNaN(clamped(text)), JSON.stringify(text));
  }
  t.ok(Number.isNaN(parsed('1'.repeat(70_000))));
});

test('too large and too small', async (t) => {
  for (const text of ['1e309', '-1e999', '1e-400', '-1e-400', '0x1p1024', '0x1p-1080']) {
    t.ok(Number.isNaN(parsed(text)), text);
  }
  t.same(['1e309', '-1e999', '1e-400', '0x1p1024'].map(clamped), [
    Infinity,
    -Infinity,
    0,
    Infinity,
  ]);
});

test(`texts of random numbers, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  let wrong = 0;
  for (let i = 0; i < 20_000; i++) {
    const decimals = random.below(12);
    const value = (random.uint32() - 2 ** 31) / 10 ** random.below(10);
    const text = value.toFixed(decimals);
    if (!Object.is(parsed(text), Number(text))) wrong++;
    if (Number(preciseText(value)) !== value) wrong++;
    if (Math.abs(Number(fixedText(value)) - value) > 1e-16 * Math.abs(value)) wrong++;
  }
  t.equal(wrong, 0);
});

test('17 digits and 17 decimals', async (t) => {
  const precise = [0.1, 1, -2.5, 1e16, 1e17, 123456789012345680, 1e-4, 1e-5, 1e300, 0, -0, 1 / 3];
  t.same([...precise, Infinity, -Infinity].map(preciseText), [
    ...['0.10000000000000001', '1', '-2.5', '10000000000000000', '1e+17'],
    ...['1.2345678901234568e+17', '0.0001', '1.0000000000000001e-05', '1.0000000000000001e+300'],
    ...['0', '-0', '0.33333333333333331', 'inf', '-inf'],
  ]);
  t.same([13.361389338970184, 38.1155563954963, -0.5, 0, -0, 180, 2 ** -18 * 3].map(fixedText), [
    ...['13.36138933897018433', '38.11555639549629859', '-0.5', '0', '0', '180'],
    '0.00001144409179688',
  ]);
});
