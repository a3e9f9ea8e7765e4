// LLEN, LINDEX and LRANGE.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { fromStart, readInteger } from './index-argument.ts';
import { list } from './list-value.ts';

/** LLEN key. */
export function lLen(c: CommandContext): Outcome {
  const entry = list.openToRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.reply.integer(list.count);
  return DONE;
}

/** LINDEX key index. Redis: the index is looked at only when there is a list. */
export function lIndex(c: CommandContext): Outcome {
  const entry = list.openToRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  const index = entry === 0 ? 0 : readInteger(c, 2);
  if (Number.isNaN(index)) return c.fail(ERR_NOT_INTEGER);
  if (list.get(fromStart(index, list.count))) c.reply.bulk(list.bytes, list.offset, list.length);
  else c.reply.null();
  return DONE;
}

/** LRANGE key start stop. */
export function lRange(c: CommandContext): Outcome {
  const start = readInteger(c, 2);
  const stop = readInteger(c, 3);
  if (Number.isNaN(start) || Number.isNaN(stop)) return c.fail(ERR_NOT_INTEGER);

  const entry = list.openToRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  const { count } = list;
  const first = Math.max(0, fromStart(start, count));
  const last = Math.min(fromStart(stop, count), count - 1);
  const wanted = Math.max(0, last - first + 1);
  if (list.isLong(c, wanted)) {
    const head = (): void => c.reply.array(wanted);
    return c.perform(list.paged(c.reply, head, first, wanted, false), wanted, 1);
  }
  c.reply.array(wanted);
  if (wanted > 0) list.reply(c.reply, first, wanted, false);
  return DONE;
}
