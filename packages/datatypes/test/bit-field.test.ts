// Fields of every width at every bit: numbers and bigints against text of zeros and ones, and what
// becomes of values that do not fit.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  fitField,
  fitWideField,
  MAX_NUMBER_BITS,
  type OverflowRule,
  readField,
  readWideField,
  signedField,
  writeField,
  writeWideField,
} from '../src/index.ts';

const BYTES = 24;
const OFFSET = 3;

function bitText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
}

test('read and write', async (t) => {
  const seed = 61;
  const random = new Random(seed);
  let failures = 0;
  const fail = (isWrong: boolean): void => {
    if (isWrong) failures++;
  };
  for (let round = 0; round < 5000; round++) {
    const bits = 1 + random.below(64);
    const first = random.below(BYTES * 8 - bits - OFFSET * 8);
    const memory = Uint8Array.from({ length: BYTES }, () => random.below(256));
    const before = bitText(memory.subarray(OFFSET));
    const field = BigInt(`0b${before.slice(first, first + bits)}`);
    const value = (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
    const length = BYTES - OFFSET;
    if (bits > 32) fail(readWideField(memory, OFFSET, length, first, bits) !== field);
    if (bits <= MAX_NUMBER_BITS) {
      fail(BigInt(readField(memory, OFFSET, length, first, bits)) !== field);
    }
    const wanted = BigInt.asUintN(bits, value);
    if (bits > 32) writeWideField(memory, OFFSET, first, bits, value);
    else writeField(memory, OFFSET, first, bits, Number(wanted));
    const text = wanted.toString(2).padStart(bits, '0');
    const after = before.slice(0, first) + text + before.slice(first + bits);
    fail(bitText(memory.subarray(OFFSET)) !== after);
  }
  t.equal(failures, 0, `seed ${seed}`);
});

test('what lies behind the end is zero', async (t) => {
  const bytes = new Uint8Array(20).fill(255);
  t.equal(readField(bytes, 0, 2, 12, 8), 0xf0);
  t.equal(readField(bytes, 0, 2, 16, 45), 0);
  t.equal(readField(bytes, 0, 0, 2 ** 33, 1), 0);
  t.equal(readWideField(bytes, 0, 5, 8, 64), 0xffffffff00000000n);
});

test('numbers and bigints fit values alike', async (t) => {
  const seed = 62;
  const random = new Random(seed);
  let failures = 0;
  const rules: readonly OverflowRule[] = ['wrap', 'sat', 'fail'];
  for (let round = 0; round < 20_000; round++) {
    const bits = 1 + random.below(MAX_NUMBER_BITS);
    const isSigned = random.chance(0.5);
    const rule = random.pick(rules);
    const size = 2 ** (1 + random.below(50));
    const value = Math.floor((random.uint32() / 2 ** 32 - 0.5) * size);
    const fitted = fitField(value, isSigned, bits, rule);
    const wide = fitWideField(BigInt(value), isSigned, bits, rule);
    const same = wide === null ? Number.isNaN(fitted) : BigInt(fitted) === wide;
    if (!same) failures++;
  }
  t.equal(failures, 0, `seed ${seed}`);
});

test('overflow', async (t) => {
  t.equal(fitField(256, false, 8, 'wrap'), 0);
  t.equal(fitField(-1, false, 8, 'wrap'), 255);
  t.equal(fitField(-1, false, 8, 'sat'), 0);
  t.equal(fitField(128, true, 8, 'wrap'), -128);
  t.equal(fitField(-129, true, 8, 'sat'), -128);
  t.ok(Number.isNaN(fitField(128, true, 8, 'fail')));
  t.equal(fitWideField(2n ** 63n, true, 64, 'wrap'), -(2n ** 63n));
  t.equal(fitWideField(2n ** 64n, true, 64, 'sat'), 2n ** 63n - 1n);
  t.equal(fitWideField(-1n, false, 63, 'sat'), 0n);
  t.equal(fitWideField(-1n, false, 63, 'fail'), null);
  t.equal(signedField(255, 8), -1);
  t.equal(signedField(1, 1), -1);
  t.equal(signedField(127, 8), 127);
});
