// EXISTS, TOUCH, TYPE, DEL and UNLINK: keys as such.

import type { CommandContext } from '../context.ts';
import { EVENT_GENERIC } from '../key-events.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { typeName } from './type-names.ts';

/** EXISTS key [key ...]. */
export function exists(c: CommandContext): Outcome {
  let found = 0;
  for (let i = 1; i < c.request.argc; i++) {
    const entry = c.peek(i);
    if (entry < 0) return c.refuse(entry);
    if (entry > 0) found++;
    else c.noteMiss(i);
  }
  return replyFound(c, found);
}

/** TOUCH key [key ...]. */
export function touch(c: CommandContext): Outcome {
  let found = 0;
  for (let i = 1; i < c.request.argc; i++) {
    const entry = c.open(i);
    if (entry < 0) return c.refuse(entry);
    if (entry > 0) found++;
    else c.noteMiss(i);
  }
  return replyFound(c, found);
}

function replyFound(c: CommandContext, found: number): Outcome {
  c.stats.hits += found;
  c.stats.misses += c.request.argc - 1 - found;
  c.reply.integer(found);
  return DONE;
}

/** TYPE key. */
export function type(c: CommandContext): Outcome {
  const entry = c.peek(1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  c.reply.simple(entry === 0 ? 'none' : typeName(c.table.typeOf(entry)));
  return DONE;
}

/**
 * DEL and UNLINK key [key ...]. Both free the values at once: packed ones are a slot given back,
 * large ones a reference dropped.
 */
export function del(c: CommandContext): Outcome {
  const { argc } = c.request;
  for (let i = 1; i < argc; i++) {
    const entry = c.peek(i);
    if (entry < 0) return c.refuse(entry);
    if (entry > 0 && !c.canRemove(entry)) return c.refuse(NOT_HERE);
  }
  let removed = 0;
  for (let i = 1; i < argc; i++) {
    // A key named twice is gone the second time.
    const entry = c.peek(i);
    if (entry <= 0) continue;
    c.remove(entry);
    c.note(EVENT_GENERIC, 'del', i);
    removed++;
  }
  c.reply.integer(removed);
  return DONE;
}
