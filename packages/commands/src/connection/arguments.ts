// Reading the arguments that several commands about connections have.

import { parseInt64 } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';

const ERR_CLIENT_NAME = 'ERR Client names cannot contain spaces, newlines or special characters.';

/** Redis: echoes an argument of any length in an error. */
const MAX_SHOWN_CHARS = 128;

/** An argument for an error text, not endless. */
export function shownArg(c: CommandContext, index: number): string {
  const { request } = c;
  const shown = Math.min(request.length(index), MAX_SHOWN_CHARS);
  const start = request.offset(index);
  return request.bytes.toString('latin1', start, start + shown);
}

/** A signed 64-bit integer, or null. */
export function integerArg(c: CommandContext, index: number): bigint | null {
  const { request } = c;
  return parseInt64(request.bytes, request.offset(index), request.length(index));
}

/** True for an argument ON, false for OFF, null for anything else. */
export function switchArg(c: CommandContext, index: number): boolean | null {
  if (c.request.is(index, 'on')) return true;
  return c.request.is(index, 'off') ? false : null;
}

/**
 * True when a text can stand in a line of CLIENT LIST: visible ASCII without blanks. The empty
 * text, which takes a name away, is plain too.
 */
export function isPlain(text: string): boolean {
  return /^[!-~]*$/.test(text);
}

/** The error a connection name is refused with, or null. */
export function clientNameError(name: string): string | null {
  return isPlain(name) ? null : ERR_CLIENT_NAME;
}
