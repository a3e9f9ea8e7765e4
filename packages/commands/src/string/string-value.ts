// Reading and replacing a whole string: shared by the string commands.

import { STRING_PLAIN } from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';

/** Writes the value opened last as a bulk string. */
export function replyString(c: CommandContext, entry: number): void {
  const { table } = c;
  if (table.isLarge(entry)) c.reply.bulk(c.valueBytes, c.valueOffset, c.valueLength);
  else c.reply.bulkWords(table.words, table.bytes, c.valueOffset >> 2, c.valueLength);
}

/**
 * Makes the selected key hold the string at an argument index; its expiry stays.
 * @param entry the key's entry of any type, or 0
 * @returns the entry, NOT_HERE or FULL (nothing has changed)
 */
export function assignString(c: CommandContext, entry: number, index: number): number {
  const { request, table } = c;
  const length = request.length(index);
  const stored = c.reserve(entry, TYPE_STRING, length, 0);
  if (stored < 0) return stored;
  if (table.isLarge(stored)) c.valueBytes.set(request.slice(index));
  else table.writeValue(stored, 0, request.bytes, request.view, request.offset(index), length);
  c.setEncoding(stored, STRING_PLAIN);
  return stored;
}
