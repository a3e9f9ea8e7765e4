// The part `FIELDS numfields field [field ...]` that commands about the time of fields end with.

import type { CommandContext } from '../context.ts';

const ERR_NO_FIELDS = 'ERR Mandatory argument FIELDS is missing or not at the right position';
const ERR_COUNT_DIFFERS = 'ERR The `numfields` parameter must match the number of arguments';

/**
 * Checks the part that begins at an argument index; the fields begin two further on.
 * @param notPositive the error reply when numfields is no integer above 0
 * @returns '' or an error reply
 */
export function fieldsProblem(c: CommandContext, index: number, notPositive: string): string {
  const { request } = c;
  if (!request.is(index, 'fields')) return ERR_NO_FIELDS;
  const given = index + 1 < request.argc ? request.int64(index + 1) : null;
  if (given === null || given < 1n) return notPositive;
  return given === BigInt(request.argc - index - 2) ? '' : ERR_COUNT_DIFFERS;
}

/** Replies the same integer for each of the fields that begin at an argument index. */
export function replyForEach(c: CommandContext, first: number, answer: number): void {
  const { argc } = c.request;
  c.reply.array(argc - first);
  for (let i = first; i < argc; i++) c.reply.integer(answer);
}
