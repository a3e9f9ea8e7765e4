// MSET and MSETNX: several keys in one step, all or none.

import type { CommandContext } from '../context.ts';
import { wrongArity } from '../errors.ts';
import { EVENT_STRING } from '../key-events.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { assignString } from './string-value.ts';

/** MSET key value [key value ...]. */
export function mset(c: CommandContext): Outcome {
  if (c.request.argc % 2 === 0) return c.fail(wrongArity('mset'));
  const found = planPairs(c);
  if (found < 0) return c.refuse(found);
  const stored = storePairs(c);
  if (stored < 0) return c.refuse(stored);
  c.reply.ok();
  return DONE;
}

/** MSETNX key value [key value ...]: nothing at all when one of the keys exists. */
export function msetNx(c: CommandContext): Outcome {
  if (c.request.argc % 2 === 0) return c.fail(wrongArity('msetnx'));
  const found = planPairs(c);
  if (found < 0) return c.refuse(found);
  if (found === 0) {
    const stored = storePairs(c);
    if (stored < 0) return c.refuse(stored);
  }
  c.reply.integer(found === 0 ? 1 : 0);
  return DONE;
}

/** Opens all keys and adds up the room they need; returns how many exist, or NOT_HERE. */
function planPairs(c: CommandContext): number {
  const { request } = c;
  let found = 0;
  c.room.begin();
  for (let i = 1; i < request.argc; i += 2) {
    const entry = c.open(i);
    if (entry < 0) return entry;
    if (entry !== 0) found++;
    if (!c.canStore(entry, request.length(i + 1))) return NOT_HERE;
  }
  return found;
}

/**
 * Stores all pairs; returns 0, or NOT_HERE or FULL. Nothing has changed then, but for this: a key
 * that is named twice, with values of very different length, may need a slot that nobody planned
 * for, and then the last page of the pool is missing. The front runs all of it again elsewhere; a
 * worker answers that memory is full, which leaves the pairs that came before.
 */
function storePairs(c: CommandContext): number {
  const { request } = c;
  if (!c.room.claim()) return c.full();
  let stored = 0;
  for (let i = 1; i < request.argc; i += 2) {
    // Opened again, not remembered: the same key may have come before.
    const entry = c.open(i);
    stored = assignString(c, Math.max(0, entry), i + 1);
    if (stored < 0) break;
    c.table.setExpireAtMs(stored, 0);
    c.changedToArgument(stored, i);
    c.note(EVENT_STRING, 'set', i);
  }
  c.room.end();
  return Math.min(0, stored);
}
