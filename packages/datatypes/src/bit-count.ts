// Counting bits and finding the first one, a word at a time. Ranges are checked by the caller.

import type { BitString } from './bit-string.ts';

/**
 * Returns how many bits are set from `firstBit` to `lastBit`, both included.
 * 0 <= firstBit <= lastBit < 8 * length.
 */
export function countBits(text: BitString, firstBit: number, lastBit: number): number {
  const first = Math.floor(firstBit / 8);
  const last = Math.floor(lastBit / 8);
  const before = text.byte(first) & ~(0xff >> (firstBit % 8));
  const behind = text.byte(last) & (0xff >> ((lastBit % 8) + 1));
  return countBytes(text, first, last + 1) - ones(before) - ones(behind);
}

function countBytes(text: BitString, from: number, to: number): number {
  const { words, bytes, offset } = text;
  let count = 0;
  let at = offset + from;
  const end = offset + to;
  while (at < end && (at & 3) !== 0) count += ones(bytes[at++]!);
  const endWord = Math.floor(end / 4);
  for (let word = Math.ceil(at / 4); word < endWord; word++) count += ones(words[word]!);
  // Behind the words, if there were any.
  for (at = Math.max(at, endWord * 4); at < end; at++) count += ones(bytes[at]!);
  return count;
}

/** Returns the number of bits set in a word. */
function ones(word: number): number {
  let count = word - ((word >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * Returns the position of the first bit of the given value from `firstBit` to `lastBit`, both
 * included, or -1. 0 <= firstBit <= lastBit < 8 * length.
 * @param bit 0 or 1
 */
export function findBit(text: BitString, bit: number, firstBit: number, lastBit: number): number {
  const { bytes, offset } = text;
  // Everything is turned so that a set bit is what is looked for.
  const turn = bit === 1 ? 0 : 0xff;
  const first = Math.floor(firstBit / 8);
  const last = Math.floor(lastBit / 8);
  let index = first;
  let found = (bytes[offset + first]! ^ turn) & (0xff >> (firstBit % 8));
  if (found === 0) {
    index = skipUniform(text, first + 1, last, turn);
    if (index > last) return -1;
    found = bytes[offset + index]! ^ turn;
  }
  const position = index * 8 + Math.clz32(found) - 24;
  return position <= lastBit ? position : -1;
}

/** Returns the index of the first byte from `from` to `last` that is not `uniform`. */
function skipUniform(text: BitString, from: number, last: number, uniform: number): number {
  const { words, bytes, offset } = text;
  let at = offset + from;
  const end = offset + last + 1;
  while (at < end && (at & 3) !== 0 && bytes[at] === uniform) at++;
  if ((at & 3) === 0) {
    const uniformWord = uniform === 0 ? 0 : -1;
    const endWord = Math.floor(end / 4);
    let word = at / 4;
    while (word < endWord && words[word] === uniformWord) word++;
    at = Math.max(at, word * 4);
  }
  while (at < end && bytes[at] === uniform) at++;
  return at - offset;
}
