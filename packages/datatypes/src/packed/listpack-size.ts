// How many bytes an element would take in a listpack of Redis, which is what its thresholds for
// lists are about. Nothing here is stored that way. Source: Redis's specification of listpack.

import { parseSafeInteger } from '../integer-text.ts';
import { Int64 } from './int64.ts';

/** Bytes of a listpack with nothing in it. */
export const EMPTY_LISTPACK_BYTES = 7;
/** Integers are recognised in text of up to so many bytes. */
const MOST_INTEGER_TEXT = 20;

const scratch = new Int64();

/** Returns the bytes an element takes in a listpack, its length behind it included. */
export function listpackEntryBytes(bytes: Uint8Array, offset: number, length: number): number {
  const entry = integerBytes(bytes, offset, length) || stringBytes(length);
  if (entry <= 127) return entry + 1;
  return entry < 16383 ? entry + 2 : entry + 3;
}

function stringBytes(length: number): number {
  if (length < 64) return length + 1;
  return length < 4096 ? length + 2 : length + 5;
}

/** Bytes of the integer the text stands for, 0 when it stands for none. */
function integerBytes(bytes: Uint8Array, offset: number, length: number): number {
  if (length === 0 || length > MOST_INTEGER_TEXT) return 0;
  const value = parseSafeInteger(bytes, offset, length);
  if (Number.isNaN(value)) return length > 15 && scratch.parse(bytes, offset, length) ? 9 : 0;
  if (value >= 0 && value <= 127) return 1;
  if (value >= -4096 && value < 4096) return 2;
  if (value >= -32768 && value < 32768) return 3;
  if (value >= -8388608 && value < 8388608) return 4;
  return value >= -2147483648 && value < 2147483648 ? 5 : 9;
}
