// Counting, finding and combining bits a word at a time, against one bit at a time.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { BitString, combineBits, countBits, findBit } from '../src/index.ts';

/** A string somewhere in a memory full of other bits; the memory may end with it. */
function placed(random: Random, bytes: Uint8Array): BitString {
  const offset = 4 * random.below(3);
  const memory = Buffer.from(new ArrayBuffer(offset + bytes.length + random.below(9)));
  for (let i = 0; i < memory.length; i++) memory[i] = random.below(256);
  memory.set(bytes, offset);
  const text = new BitString();
  text.set(memory, new Int32Array(memory.buffer, 0, memory.length >> 2), offset, bytes.length);
  return text;
}

function randomText(random: Random, most: number): Uint8Array {
  const uniform = random.pick([0, 255, -1]);
  const length = 1 + random.below(most);
  const bytes = Uint8Array.from({ length }, () => (uniform < 0 ? random.below(256) : uniform));
  if (random.chance(0.7)) bytes[random.below(length)] = random.below(256);
  return bytes;
}

test('count and find', async (t) => {
  const seed = 23;
  const random = new Random(seed);
  let failures = 0;
  for (let round = 0; round < 8000; round++) {
    const text = placed(random, randomText(random, 40));
    const first = random.below(text.length * 8);
    const last = first + random.below(text.length * 8 - first);
    let count = 0;
    const found = [-1, -1];
    for (let bit = last; bit >= first; bit--) {
      const value = text.bit(bit);
      count += value;
      found[value] = bit;
    }
    if (countBits(text, first, last) !== count) failures++;
    if (findBit(text, 0, first, last) !== found[0]) failures++;
    if (findBit(text, 1, first, last) !== found[1]) failures++;
  }
  t.equal(failures, 0, `seed ${seed}`);
});

test('combine', async (t) => {
  const seed = 24;
  const random = new Random(seed);
  let failures = 0;
  for (let round = 0; round < 4000; round++) {
    const operation = random.pick(['and', 'or', 'xor', 'not'] as const);
    const count = operation === 'not' ? 1 : 1 + random.below(4);
    const sources = Array.from({ length: count }, () => placed(random, randomText(random, 30)));
    const length = Math.max(...sources.map((source) => source.length));
    const target = new Int32Array(8).fill(random.uint32());
    combineBits(operation, sources, target);
    const bytes = new Uint8Array(target.buffer);
    for (let i = 0; i < length; i++) {
      let value = sources[0]!.byte(i);
      for (const source of sources.slice(1)) {
        if (operation === 'and') value &= source.byte(i);
        else if (operation === 'or') value |= source.byte(i);
        else value ^= source.byte(i);
      }
      if (operation === 'not') value = ~value & 255;
      if (bytes[i] !== value) failures++;
    }
  }
  t.equal(failures, 0, `seed ${seed}`);
});

test('a string begins at a word', async (t) => {
  const text = new BitString();
  t.throws(() => text.set(new Uint8Array(8), new Int32Array(2), 3, 1), /begins at a word/);
  t.equal(text.byte(0), 0);
  t.equal(text.bit(1000), 0);
});
