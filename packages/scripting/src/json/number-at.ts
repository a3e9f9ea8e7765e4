// The number that a text begins with, as C's strtod finds it.

import { parseFloat64Clamped } from '@forgekv/datatypes';

const SIMPLE_DIGITS = 15;
/** Texts of numbers are looked at up to so many bytes at first. */
const GLANCE_BYTES = 64;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/;
const HEXADECIMAL = /^[+-]?0[xX](?:[\da-fA-F]+\.?[\da-fA-F]*|\.[\da-fA-F]+)(?:[pP][+-]?\d+)?/;
const WORD = /^([+-]?)(?:(infinity|inf)|nan(?:\([\w]*\))?)/i;

/** The value, and the length of its text; 0: there is no number. Overwritten by the next call. */
const found = { value: 0, length: 0 };

/** @returns one object, valid until the next call */
export function numberAt(bytes: Buffer, from: number, end: number): typeof found {
  let at = from;
  const isNegative = bytes[at] === 45;
  if (isNegative) at++;
  let value = 0;
  const digits = at;
  for (let digit = bytes[at]! - 48; digit >>> 0 <= 9 && at < end; digit = bytes[++at]! - 48) {
    value = value * 10 + digit;
  }
  const next = at < end ? bytes[at]! : 0;
  const isPlain = next !== 46 && (next | 32) !== 101 && (next | 32) !== 120;
  if (at > digits && at - digits <= SIMPLE_DIGITS && isPlain) {
    found.value = isNegative ? -value : value;
    found.length = at - from;
    return found;
  }
  return match(bytes, from, end);
}

function match(bytes: Buffer, from: number, end: number): typeof found {
  let glance = GLANCE_BYTES;
  for (;;) {
    const text = bytes.toString('latin1', from, Math.min(end, from + glance));
    const [number] = HEXADECIMAL.exec(text) ?? DECIMAL.exec(text) ?? [];
    // A number that fills all that was looked at may go on.
    if (number?.length === text.length && from + glance < end) {
      glance *= 4;
      continue;
    }
    if (number !== undefined) {
      found.value = /^[+-]?0[xX]/.test(number)
        ? parseFloat64Clamped(bytes, from, number.length)
        : Number(number);
      found.length = number.length;
      return found;
    }
    const word = WORD.exec(text);
    found.length = word === null ? 0 : word[0].length;
    if (word !== null) {
      const size = word[2] === undefined ? NaN : Infinity;
      found.value = word[1] === '-' ? -size : size;
    }
    return found;
  }
}
