// LZF: there and back again, the limits of the format, hostile input. That the bytes are those of
// Redis is tested with DUMP, in the commands package.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { lzfCompress, lzfDecompress, lzfMostBytes } from '../src/index.ts';

const GUARD = 0xa5;

/** Compresses into a buffer with guards around; returns the bytes, or null. */
function compress(input: Uint8Array, most: number): Buffer | null {
  const output = Buffer.alloc(most + 10, GUARD);
  const length = lzfCompress(input, 0, input.length, output, 5, most);
  for (let i = 0; i < 5; i++) {
    if (output[i] !== GUARD || output[most + 5 + i] !== GUARD) throw new Error('beyond its range');
  }
  if (length > most) throw new Error('more than allowed');
  return length === 0 ? null : Buffer.from(output.subarray(5, 5 + length));
}

function decompress(input: Uint8Array, length: number): Buffer | null {
  const output = Buffer.alloc(length + 10, GUARD);
  const isWhole = lzfDecompress(input, 0, input.length, output, 5, length);
  for (let i = 0; i < 5; i++) {
    if (output[i] !== GUARD || output[length + 5 + i] !== GUARD) {
      throw new Error('beyond its range');
    }
  }
  return isWhole ? output.subarray(5, 5 + length) : null;
}

function text(random: Random): Uint8Array {
  const letters = random.pick([1, 2, 3, 10, 256]);
  const length = random.below(random.chance(0.1) ? 20_000 : 400);
  const bytes = Uint8Array.from({ length }, () => random.below(letters));
  if (length > 10 && random.chance(0.5)) bytes.copyWithin(length >> 1, 0, length >> 2);
  return bytes;
}

test('there and back again', async (t) => {
  const seed = 3;
  const random = new Random(seed);
  let failures = 0;
  let refused = 0;
  for (let round = 0; round < 2000; round++) {
    const input = text(random);
    // At most one byte more for each 32, and one for the first.
    const compressed = compress(input, input.length + (input.length >> 5) + 4);
    if (compressed === null) refused++;
    else if (!decompress(compressed, input.length)?.equals(input)) failures++;
    else if (input.length > lzfMostBytes(compressed.length)) failures++;
    const tight = compress(input, random.below(input.length + 1));
    if (tight !== null && !decompress(tight, input.length)?.equals(input)) failures++;
  }
  t.equal(failures, 0, `seed ${seed}`);
  t.ok(refused < 40, `${refused} empty texts`);
});

test('runs of every length', async (t) => {
  let failures = 0;
  for (let length = 1; length < 1200; length++) {
    const input = Buffer.alloc(length, 'a');
    const compressed = compress(input, length + 40);
    if (compressed === null || !decompress(compressed, length)?.equals(input)) failures++;
  }
  t.equal(failures, 0);
  t.equal(compress(Buffer.alloc(0), 10), null);
  t.equal(compress(Buffer.from('abc'), 0), null);
});

test('hostile input never leaves its range', async (t) => {
  const seed = 8;
  const random = new Random(seed);
  let whole = 0;
  for (let round = 0; round < 30_000; round++) {
    const control = random.chance(0.5) ? 40 : 256;
    const input = Uint8Array.from({ length: random.below(24) }, () => random.below(control));
    if (decompress(input, random.below(80)) !== null) whole++;
  }
  t.ok(whole > 0, `seed ${seed}: ${whole} were whole`);
  t.equal(decompress(Uint8Array.from([0xa0, 0]), 7), null, 'a copy from before the beginning');
  t.equal(decompress(Uint8Array.from([0, 97, 0xe0]), 10), null, 'a copy without its length');
  t.equal(decompress(Uint8Array.from([0, 97, 0xa0]), 8), null, 'a copy without its distance');
  t.equal(decompress(Uint8Array.from([5, 97]), 6), null, 'fewer literals than announced');
  t.equal(decompress(Uint8Array.from([0, 97]), 2), null, 'shorter than announced');
});
