// Reading and replacing a whole string: shared by the string commands.

import { STRING_PLAIN } from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { replyLarge } from './sliced-strings.ts';

/** True for an entry of another type; 0, no entry, is none. */
export function isOtherType(c: CommandContext, entry: number): boolean {
  return entry !== 0 && c.table.typeOf(entry) !== TYPE_STRING;
}

/**
 * Replies the value opened last as a bulk string.
 * @param counted reads that were counted already
 * @returns DONE, SLICED, or AWAITS: nothing was done, the command runs again
 */
export function replyString(c: CommandContext, entry: number, counted: number): Outcome {
  const { table } = c;
  if (table.isLarge(entry)) return replyLarge(c, c.valueOffset, c.valueLength, counted);
  c.reply.bulkWords(table.words, table.bytes, c.valueOffset >> 2, c.valueLength);
  return DONE;
}

/** The same for an entry that may be 0: null. */
export function replyStringOrNull(c: CommandContext, entry: number, counted: number): Outcome {
  if (entry !== 0) return replyString(c, entry, counted);
  c.reply.null();
  return DONE;
}

/**
 * Makes the selected key hold the string at an argument index; its expiry stays.
 * @param entry the key's entry of any type, or 0
 * @returns the entry, NOT_HERE or FULL (nothing has changed)
 */
export function assignString(c: CommandContext, entry: number, index: number): number {
  const { request, table } = c;
  const length = request.length(index);
  if (c.staged.length > 0) {
    const offset = request.offset(index);
    const value = c.staged.find((one) => one.offset === offset)?.value ?? null;
    if (value !== null && length > c.hotValueMaxBytes) return adoptString(c, entry, value);
  }
  const stored = c.reserve(entry, TYPE_STRING, length, 0);
  if (stored < 0) return stored;
  if (table.isLarge(stored)) c.valueBytes.set(request.slice(index));
  else table.writeValue(stored, 0, request.bytes, request.view, request.offset(index), length);
  c.setEncoding(stored, STRING_PLAIN);
  return stored;
}

function adoptString(c: CommandContext, entry: number, value: Buffer): number {
  const stored = c.adoptLarge(entry, TYPE_STRING, value, value.length);
  if (stored > 0) c.setEncoding(stored, STRING_PLAIN);
  return stored;
}

/**
 * The whole of a plain write: assigns, sets the expiry (0 = none) and notes the change.
 * @returns the entry, NOT_HERE or FULL (nothing has changed)
 */
export function storeString(
  c: CommandContext,
  entry: number,
  index: number,
  expireAtMs: number,
): number {
  const stored = assignString(c, entry, index);
  if (stored < 0) return stored;
  c.table.setExpireAtMs(stored, expireAtMs);
  c.changed(stored);
  return stored;
}
