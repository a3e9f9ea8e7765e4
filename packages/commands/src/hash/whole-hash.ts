// HGETALL, HKEYS and HVALS: all fields at once.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { hash } from './hash-value.ts';

/** HGETALL key. */
export function hGetAll(c: CommandContext): Outcome {
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.reply.map(hash.count);
  hash.each(c, replyPair);
  return DONE;
}

/** HKEYS key. */
export function hKeys(c: CommandContext): Outcome {
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.reply.array(hash.count);
  hash.each(c, replyField);
  return DONE;
}

/** HVALS key. */
export function hVals(c: CommandContext): Outcome {
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.reply.array(hash.count);
  hash.each(c, replyValue);
  return DONE;
}

/** Writes the name of the field `hash` shows. */
export function replyField(c: CommandContext): void {
  c.reply.bulk(hash.fieldBytes, hash.fieldAt, hash.fieldLength);
}

/** Writes its value. */
export function replyValue(c: CommandContext): void {
  c.reply.bulk(hash.valueBytes, hash.valueAt, hash.valueLength);
}

/** Writes both, one after the other. */
export function replyPair(c: CommandContext): void {
  replyField(c);
  replyValue(c);
}
