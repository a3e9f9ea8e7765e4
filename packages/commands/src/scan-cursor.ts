// The cursor argument that SCAN, HSCAN, SSCAN and ZSCAN share. What a cursor means is for each
// walk to know.

import type { CommandContext } from './context.ts';

const UINT64_MAX = 18446744073709551615n;

/**
 * Reads a cursor as C's strtoul does, which takes the empty text, a sign and leading zeros.
 * @returns null for what is no 64-bit number; one that no walk returned is as good as the end
 */
export function readCursor(c: CommandContext, index: number): number | null {
  const text = c.request.text(index);
  if (text === '') return 0;
  if (!/^[+-]?\d+$/.test(text)) return null;
  const digits = BigInt(text.replace(/^[+-]/, ''));
  if (digits > UINT64_MAX) return null;
  return Number(text.startsWith('-') ? BigInt.asUintN(64, -digits) : digits);
}
