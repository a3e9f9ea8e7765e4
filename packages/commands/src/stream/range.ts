// XRANGE and XREVRANGE.

import { StreamId } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { readInteger } from '../list/index-argument.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { EntriesReply, EntryRange, NO_HEAD } from './entries-reply.ts';
import { readEndId, readStart } from './id-argument.ts';
import { stream } from './stream-value.ts';

const from = new StreamId();
const to = new StreamId();

/** XRANGE key start end [COUNT count]. */
export function xRange(c: CommandContext): Outcome {
  return range(c, 2, 3, false);
}

/** XREVRANGE key end start [COUNT count]. */
export function xRevRange(c: CommandContext): Outcome {
  return range(c, 3, 2, true);
}

function range(c: CommandContext, startAt: number, endAt: number, isReverse: boolean): Outcome {
  const { request } = c;
  const problem = readStart(c, startAt, from) || readEndId(c, endAt, to);
  if (problem !== '') return c.fail(problem);
  let count = Infinity;
  for (let i = 4; i < request.argc; i += 2) {
    if (!request.is(i, 'count') || i + 1 >= request.argc) return c.fail(ERR_SYNTAX);
    count = readInteger(c, i + 1);
    if (Number.isNaN(count)) return c.fail(ERR_NOT_INTEGER);
    if (count < 0) count = 0;
  }

  const entry = stream.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (entry === 0) {
    c.reply.array(0);
    return DONE;
  }
  if (count === 0) {
    c.reply.nullArray();
    return DONE;
  }
  const { value } = stream;
  const found = from.compare(to) > 0 ? 0 : value.countBetween(from, to, count);
  const entries = new EntryRange(value, from, to, isReverse, found);
  return c.perform(new EntriesReply([{ entries, key: null }], NO_HEAD), found, 1);
}
