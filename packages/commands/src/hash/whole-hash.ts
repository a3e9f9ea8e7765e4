// HGETALL, HKEYS and HVALS: all fields at once.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { VisitField } from './hash-fields.ts';
import { hash } from './hash-value.ts';

/** HGETALL key. */
export function hGetAll(c: CommandContext): Outcome {
  return replyAll(c, replyPair);
}

/** HKEYS key. */
export function hKeys(c: CommandContext): Outcome {
  return replyAll(c, replyField);
}

/** HVALS key. */
export function hVals(c: CommandContext): Outcome {
  return replyAll(c, replyValue);
}

function replyAll(c: CommandContext, visit: VisitField): Outcome {
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  const { count } = hash;
  if (hash.isLong(c, count)) {
    const head = (): void => replyHead(c, count, visit);
    return c.perform(hash.paged(c, head, visit), count, 1);
  }
  replyHead(c, count, visit);
  hash.each(c, visit);
  return DONE;
}

function replyHead(c: CommandContext, count: number, visit: VisitField): void {
  if (visit === replyPair) c.reply.map(count);
  else c.reply.array(count);
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
