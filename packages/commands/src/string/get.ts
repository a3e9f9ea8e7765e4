// GET and the commands that read a string without changing it.

import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { replyString } from './string-value.ts';

/** GET key. */
export function get(c: CommandContext): Outcome {
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    c.stats.misses++;
    c.reply.null();
    return DONE;
  }
  c.stats.hits++;
  if (c.table.typeOf(entry) !== TYPE_STRING) return c.wrongType();
  replyString(c, entry);
  return DONE;
}
