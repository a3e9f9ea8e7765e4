// Combining strings bit by bit, a word at a time. Strings of different length are as if the
// shorter ones had zeros behind them.

import type { BitString } from './bit-string.ts';

export type BitOperation = 'and' | 'or' | 'xor' | 'not';

/**
 * Combines strings.
 * @param sources at least one; exactly one for `not`
 * @param target gets the outcome from word 0 on; room for the longest source, rounded up to words.
 *   Bits behind the longest source's end have no meaning.
 */
export function combineBits(
  operation: BitOperation,
  sources: readonly BitString[],
  target: Int32Array,
): void {
  let mostWords = 0;
  for (const { length } of sources) mostWords = Math.max(mostWords, Math.ceil(length / 4));
  let isFirst = true;
  for (const source of sources) {
    if (isFirst) assign(source, target, mostWords);
    else if (operation === 'and') and(source, target, mostWords);
    else if (operation === 'or') or(source, target);
    else xor(source, target);
    isFirst = false;
  }
  if (operation !== 'not') return;
  for (let i = 0; i < mostWords; i++) target[i] = ~target[i]!;
}

function assign(source: BitString, target: Int32Array, mostWords: number): void {
  const { words, length } = source;
  const from = source.offset / 4;
  const whole = length >>> 2;
  target.set(words.subarray(from, from + whole));
  target.fill(0, whole, mostWords);
  if (whole * 4 < length) target[whole] = lastWord(source);
}

function and(source: BitString, target: Int32Array, mostWords: number): void {
  const { words, length } = source;
  const from = source.offset / 4;
  const whole = length >>> 2;
  for (let i = 0; i < whole; i++) target[i] = target[i]! & words[from + i]!;
  if (whole === mostWords) return;
  const last = target[whole]! & lastWord(source);
  target.fill(0, whole, mostWords);
  target[whole] = last;
}

function or(source: BitString, target: Int32Array): void {
  const { words, length } = source;
  const from = source.offset / 4;
  const whole = length >>> 2;
  for (let i = 0; i < whole; i++) target[i] = target[i]! | words[from + i]!;
  if (whole * 4 < length) target[whole] = target[whole]! | lastWord(source);
}

function xor(source: BitString, target: Int32Array): void {
  const { words, length } = source;
  const from = source.offset / 4;
  const whole = length >>> 2;
  for (let i = 0; i < whole; i++) target[i] = target[i]! ^ words[from + i]!;
  if (whole * 4 < length) target[whole] = target[whole]! ^ lastWord(source);
}

/** The bytes behind the last whole word, and zeros. */
function lastWord(source: BitString): number {
  const start = source.length & ~3;
  return source.byte(start) | (source.byte(start + 1) << 8) | (source.byte(start + 2) << 16);
}
