// Doubles as text: the notation of Redis 7.2 and later, and that it reads back.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { doubleText } from '../src/double-text.ts';

// Worked out by hand from the rules of `d2string` and of the fpconv library it calls.
const CASES: readonly (readonly [number, string])[] = [
  [0, '0'],
  [-0, '-0'],
  [1, '1'],
  [-1, '-1'],
  [0.1, '0.1'],
  [-2.5, '-2.5'],
  [1e10, '10000000000'],
  [2 ** 53, '9007199254740992'],
  [2 ** 53 + 2, '9007199254740994'],
  [1e17, '100000000000000000'],
  [2 ** 61, '2305843009213693952'],
  [-(2 ** 62), '-4611686018427387904'],
  [2 ** 63, '9223372036854776000'],
  [-1.2345678901234567e23, '-123456789012345670000000'],
  [1.2345678901234568e24, '1.2345678901234568e+24'],
  [1e19, '1e+19'],
  [-1e20, '-1e+20'],
  [1e21, '1e+21'],
  [1.5e300, '1.5e+300'],
  [1.7976931348623157e308, '1.7976931348623157e+308'],
  [5e-324, '5e-324'],
  [0.001, '0.001'],
  [0.0001, '0.0001'],
  [0.000001, '0.000001'],
  [0.0000001, '1e-7'],
  [0.0015, '0.0015'],
  [0.0000015, '1.5e-6'],
  [0.00001234, '1.234e-5'],
  [0.0012345678, '0.0012345678'],
  [0.00012345678, '1.2345678e-4'],
  [0.30000000000000004, '0.30000000000000004'],
  [1234567.891, '1234567.891'],
  [12345.678901234567, '1.2345678901234567e+4'],
  [Infinity, 'inf'],
  [-Infinity, '-inf'],
  [NaN, 'nan'],
];

test('doubleText', async (t) => {
  for (const [value, text] of CASES) t.equal(doubleText(value), text, String(value));
});

test('every double reads back', async (t) => {
  const random = new Random(5);
  const view = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < 20_000; i++) {
    view.setUint32(0, random.uint32());
    view.setUint32(4, random.uint32());
    const any = view.getFloat64(0);
    const usual = (random.uint32() - 2 ** 31) / 10 ** random.below(20);
    for (const value of [any, usual, usual * 10 ** 15]) {
      const text = doubleText(value);
      if (Number.isFinite(value) && Number(text) !== value) t.fail(`${value} as ${text}`);
      if (text.length > 25) t.fail(`${text} is longer than seventeen digits need`);
    }
  }
});
