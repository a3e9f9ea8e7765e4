// HGET and the commands that look at single fields of a hash without changing anything.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { hash } from './hash-value.ts';

/** HGET key field. */
export function hGet(c: CommandContext): Outcome {
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  replyValue(c, 2);
  return DONE;
}

/** HMGET key field [field ...]. */
export function hMGet(c: CommandContext): Outcome {
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  const { argc } = c.request;
  c.reply.array(argc - 2);
  for (let i = 2; i < argc; i++) replyValue(c, i);
  return DONE;
}

function replyValue(c: CommandContext, index: number): void {
  if (hash.find(c, index)) c.reply.bulk(hash.valueBytes, hash.valueAt, hash.valueLength);
  else c.reply.null();
}

/** HEXISTS key field. */
export function hExists(c: CommandContext): Outcome {
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.reply.integer(hash.find(c, 2) ? 1 : 0);
  return DONE;
}

/** HLEN key. Redis: counts expired fields that it has not removed yet. */
export function hLen(c: CommandContext): Outcome {
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.reply.integer(hash.count);
  return DONE;
}

/** HSTRLEN key field. */
export function hStrLen(c: CommandContext): Outcome {
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.reply.integer(hash.find(c, 2) ? hash.valueLength : 0);
  return DONE;
}
