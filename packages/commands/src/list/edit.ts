// LSET, LINSERT, LREM and LTRIM: changes in the middle of a list.

import type { CommandContext } from '../context.ts';
import { ERR_NO_SUCH_KEY, ERR_NOT_INTEGER, ERR_STRING_SIZE, ERR_SYNTAX } from '../errors.ts';
import { EVENT_LIST } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { fromStart, readInteger } from './index-argument.ts';
import { list } from './list-value.ts';
import { isElementTooLong } from './push.ts';

const ERR_INDEX = 'ERR index out of range';

/**
 * LSET key index element. Redis: an element that would take a listpack apart does so even when the
 * index is out of range; here nothing has changed then.
 */
export function lSet(c: CommandContext): Outcome {
  const entry = list.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail(ERR_NO_SUCH_KEY);
  const given = readInteger(c, 2);
  if (Number.isNaN(given)) return c.fail(ERR_NOT_INTEGER);
  const index = fromStart(given, list.count);
  if (index < 0 || index >= list.count) return c.fail(ERR_INDEX);
  if (isElementTooLong(c, 3)) return c.fail(ERR_STRING_SIZE);
  const stored = list.set(c, index, 3);
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_LIST, 'lset');
  c.reply.ok();
  return DONE;
}

/** LINSERT key BEFORE | AFTER pivot element. Redis: the same holds as for LSET. */
export function lInsert(c: CommandContext): Outcome {
  const isBefore = c.request.is(2, 'before');
  if (!isBefore && !c.request.is(2, 'after')) return c.fail(ERR_SYNTAX);

  const entry = list.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  const index = entry === 0 ? -1 : list.find(c, 3);
  if (index < 0) {
    c.reply.integer(entry === 0 ? 0 : -1);
    return DONE;
  }
  if (isElementTooLong(c, 4)) return c.fail(ERR_STRING_SIZE);
  const stored = list.insert(c, index, isBefore, 4);
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_LIST, 'linsert');
  c.reply.integer(list.count);
  return DONE;
}

/** LREM key count element. */
export function lRem(c: CommandContext): Outcome {
  const wanted = readInteger(c, 2);
  if (Number.isNaN(wanted)) return c.fail(ERR_NOT_INTEGER);

  const entry = list.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    c.reply.integer(0);
    return DONE;
  }
  const left = list.removeEqual(c, 3, wanted);
  if (left !== 0 && list.removed > 0) c.changedAsAsked(left);
  if (list.removed > 0) c.noteLeft(EVENT_LIST, 'lrem', left);
  c.reply.integer(list.removed);
  return DONE;
}

/** LTRIM key start stop. */
export function lTrim(c: CommandContext): Outcome {
  const start = readInteger(c, 2);
  const stop = readInteger(c, 3);
  if (Number.isNaN(start) || Number.isNaN(stop)) return c.fail(ERR_NOT_INTEGER);

  const entry = list.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.reply.ok();
  if (entry === 0) return DONE;
  const { count } = list;
  const first = Math.max(0, fromStart(start, count));
  const last = Math.min(fromStart(stop, count), count - 1);
  const kept = Math.max(0, last - first + 1);
  if (kept === count) {
    c.note(EVENT_LIST, 'ltrim');
    return DONE;
  }
  const left = list.trim(c, first, kept);
  if (left !== 0) c.changedAsAsked(left);
  c.noteLeft(EVENT_LIST, 'ltrim', left);
  return DONE;
}
