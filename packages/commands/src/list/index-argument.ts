// Positions and counts as the commands of lists are given them. It knows no lists.

import { parseSafeInteger } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';

/**
 * Returns an argument as a number: exact where a list can be so long, rounded beyond; NaN when it
 * is no 64-bit integer.
 */
export function readInteger(c: CommandContext, argument: number): number {
  const { request } = c;
  const { bytes } = request;
  const safe = parseSafeInteger(bytes, request.offset(argument), request.length(argument));
  if (!Number.isNaN(safe)) return safe;
  const value = request.int64(argument);
  return value === null ? Number.NaN : Number(value);
}

/** Returns an index as one from the start; negative ones count from the end. */
export function fromStart(index: number, count: number): number {
  return index < 0 ? index + count : index;
}

/** True for LEFT, false for RIGHT, null for anything else. */
export function readEnd(c: CommandContext, argument: number): boolean | null {
  if (c.request.is(argument, 'left')) return true;
  return c.request.is(argument, 'right') ? false : null;
}
