// HDEL.

import type { CommandContext } from '../context.ts';
import { EVENT_HASH } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { hash } from './hash-value.ts';

/** HDEL key field [field ...]: how many there were; the key goes with its last field. */
export function hDel(c: CommandContext): Outcome {
  const entry = hash.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  let removed = 0;
  if (entry !== 0) {
    const { argc } = c.request;
    for (let i = 2; i < argc && hash.count > 0; i++) if (hash.delete(c, i)) removed++;
    if (removed > 0) {
      const left = hash.end(c, entry);
      if (left !== 0) c.changedAsAsked(left);
      c.noteLeft(EVENT_HASH, 'hdel', left);
    }
  }
  c.reply.integer(removed);
  return DONE;
}
