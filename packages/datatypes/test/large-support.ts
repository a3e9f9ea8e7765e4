// What the tests of large values share: a hasher and a random source, members of many lengths,
// chi-square. No test by itself.

import { KeyHasher, Random } from '@forgekv/base';
import type { ByteRange, LargeValueOptions } from '../src/index.ts';

/** Options with a secret that follows from the seed. */
export function options(seed: number): LargeValueOptions {
  const random = new Random(seed);
  return { hasher: new KeyHasher(random.uint32(), random.uint32()), random };
}

/** Bytes from a text, one byte per character. */
export function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** The text that `bytes` made. */
export function textOf(range: ByteRange): string {
  return range.bytes.toString('latin1', range.offset, range.offset + range.length);
}

/** A member: short and from few letters, so that they meet again, at times long or very long. */
export function randomMember(random: Random, variety: number): string {
  const number = random.below(variety);
  if (number % 97 === 13) return `${number}`.repeat(200 + (number % 700));
  if (number % 61 === 7) return String.fromCharCode(number & 255, 0, 255, number >> 8);
  return number % 7 === 0 ? `member:${number}:${'x'.repeat(number % 90)}` : `${number}`;
}

/** How far counts are from equal ones: about as many as there are counts, when they are. */
export function chiSquare(counts: Iterable<number>, expected: number): number {
  let sum = 0;
  for (const count of counts) sum += (count - expected) ** 2 / expected;
  return sum;
}

/** The order of latin-1 texts by bytes. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
