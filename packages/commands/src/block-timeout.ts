// The timeout of commands that wait: seconds, as text, with a fraction.

import {
  addLongDoubles,
  LONG_DOUBLE_ZERO,
  longDoubleText,
  parseLongDouble,
} from '@forgekv/datatypes';
import type { CommandContext } from './context.ts';

const ERR_NOT_FLOAT = 'ERR timeout is not a float or out of range';
const ERR_NEGATIVE = 'ERR timeout is negative';
const ERR_RANGE = 'ERR timeout is out of range';
const MOST_MS = 2 ** 63;
const ZERO = 48;
/** Products of decimal fractions are off by less. */
const ROUNDING_MS = 1e-6;

/**
 * Reads a timeout.
 * @returns milliseconds, rounded up, 0 = for ever; or an error reply. Redis: what exceeds 64 bits
 *   is called negative by 7.0, out of range by later ones.
 */
export function readTimeout(c: CommandContext, index: number): number | string {
  const { request } = c;
  const digit = request.bytes[request.offset(index)]! - ZERO;
  if (request.length(index) === 1 && digit >= 0 && digit <= 9) return digit * 1000;
  const given = parseLongDouble(request.bytes, request.offset(index), request.length(index));
  if (given === null) return ERR_NOT_FLOAT;
  const isInfinite = addLongDoubles(given, LONG_DOUBLE_ZERO) === null;
  if (isInfinite) return request.text(index).includes('-') ? ERR_NEGATIVE : ERR_RANGE;
  const seconds = Number(longDoubleText(given));
  const ms = Math.ceil(seconds * 1000 - ROUNDING_MS);
  if (ms < 0) return ERR_NEGATIVE;
  return ms >= MOST_MS - c.nowMs ? ERR_RANGE : ms;
}
