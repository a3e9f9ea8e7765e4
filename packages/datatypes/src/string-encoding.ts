// Which encoding OBJECT ENCODING reports for a string.

import { MAX_INTEGER_TEXT, parseInt64, parseSafeInteger } from './integer-text.ts';

/** Decided by the bytes alone when somebody asks: int, embstr or raw. */
export const STRING_PLAIN = 0;
/** Made by APPEND, SETRANGE or a bit command: raw whatever the bytes are. */
export const STRING_RAW = 1;
/** Made by INCRBYFLOAT: never int. */
export const STRING_TEXT = 2;

/** Longest string that Redis embeds in its object header. */
const EMBEDDED_BYTES = 44;

/** Returns `int`, `embstr` or `raw`. */
export function stringEncoding(
  encoding: number,
  bytes: Buffer,
  offset: number,
  length: number,
): 'int' | 'embstr' | 'raw' {
  if (encoding === STRING_RAW) return 'raw';
  if (encoding === STRING_PLAIN && length <= MAX_INTEGER_TEXT) {
    const safe = parseSafeInteger(bytes, offset, length);
    if (!Number.isNaN(safe) || parseInt64(bytes, offset, length) !== null) return 'int';
  }
  return length <= EMBEDDED_BYTES ? 'embstr' : 'raw';
}
