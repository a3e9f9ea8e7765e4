// The order SORT brings elements into: by numbers or by bytes, of the elements themselves or of
// what a pattern finds for them.

import { parseFloat64 } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import type { SortOptions } from './sort-options.ts';
import { HAS_VALUE } from './sort-pattern.ts';
import { ByteStrings } from './sort-source.ts';

/** Of an element for which the pattern finds nothing. */
const NO_WEIGHT = -1;

/** Compares two elements by their indexes. */
export type Compare = (a: number, b: number) => number;

export const ERR_NO_NUMBERS = "ERR One or more scores can't be converted into double";

/** The elements in order, as indexes; else the text of an error, or what a lookup has answered. */
export function sortedIndexes(
  c: CommandContext,
  elements: ByteStrings,
  options: SortOptions,
): Uint32Array | string | number {
  const order = Uint32Array.from({ length: elements.count }, (_, index) => index);
  const compare = options.alpha ? byBytes(c, elements, options) : byNumbers(c, elements, options);
  if (typeof compare !== 'function') return compare;
  return order.sort(options.descending ? (a, b) => -compare(a, b) : compare);
}

function byNumbers(
  c: CommandContext,
  elements: ByteStrings,
  { by }: SortOptions,
): Compare | string | number {
  const { bytes, begins, count } = elements;
  // What is not found counts as 0.
  const numbers = new Float64Array(count);
  let areNumbers = true;
  for (let i = 0; i < count; i++) {
    if (by === null) {
      numbers[i] = readNumber(bytes, begins[i]!, elements.length(i));
    } else {
      const found = by.lookUp(c, bytes, begins[i]!, elements.length(i));
      if (found < 0) return found;
      if (found === HAS_VALUE) {
        numbers[i] = readNumber(by.value.bytes, by.value.offset, by.value.length);
      }
    }
    if (Number.isNaN(numbers[i]!)) areNumbers = false;
  }
  return areNumbers ? comparerOfNumbers(elements, numbers) : ERR_NO_NUMBERS;
}

/** Compares elements by their numbers, then by their bytes. */
export function comparerOfNumbers(elements: ByteStrings, numbers: Float64Array): Compare {
  return (a, b) => {
    const x = numbers[a]!;
    const y = numbers[b]!;
    if (x !== y) return x < y ? -1 : 1;
    return elements.compare(a, b);
  };
}

/** Redis: what is not stored is compared as C's strcoll does, so up to a zero byte. */
function comparerOf(strings: ByteStrings, { store }: SortOptions): Compare {
  return store === 0 ? strings.comparerOfTexts() : (a, b) => strings.compare(a, b);
}

function byBytes(c: CommandContext, elements: ByteStrings, options: SortOptions): Compare | number {
  const { by } = options;
  if (by === null) return comparerOf(elements, options);
  const weights = new ByteStrings();
  const weightOf = new Int32Array(elements.count).fill(NO_WEIGHT);
  for (let i = 0; i < elements.count; i++) {
    const found = by.lookUp(c, elements.bytes, elements.begins[i]!, elements.length(i));
    if (found < 0) return found;
    if (found !== HAS_VALUE) continue;
    weightOf[i] = weights.count;
    weights.push(by.value.bytes, by.value.offset, by.value.length);
  }
  const compare = comparerOf(weights, options);
  return (a, b) => {
    const x = weightOf[a]!;
    const y = weightOf[b]!;
    if (x === NO_WEIGHT || y === NO_WEIGHT) return x === y ? 0 : x === NO_WEIGHT ? -1 : 1;
    return compare(x, y);
  };
}

/**
 * Reads a number as C's strtod does with text that ends at a zero byte: blanks in front, and
 * nothing at all, which is 0. NaN: it is none, or out of range.
 */
export function readNumber(bytes: Buffer, offset: number, length: number): number {
  if (length === 0) return 0;
  const number = parseFloat64(bytes, offset, length);
  if (!Number.isNaN(number)) return number;
  const zero = bytes.subarray(offset, offset + length).indexOf(0);
  if (zero === 0) return 0;
  const end = zero < 0 ? offset + length : offset + zero;
  let at = offset;
  while (at < end && isBlank(bytes[at]!)) at++;
  return parseFloat64(bytes, at, end - at);
}

function isBlank(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
