// SINTER, SINTERCARD, SUNION and SDIFF: what several sets make together, as a reply. Storing it is
// in algebra-store.ts.

import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { type Outcome, SLICED } from '../outcome.ts';
import { performOnSets, SetCount, SetReply } from './set-reply.ts';

const ERR_NUMKEYS = 'ERR numkeys should be greater than 0';
const ERR_TOO_MANY_KEYS = "ERR Number of keys can't be greater than number of args";
const ERR_LIMIT = "ERR LIMIT can't be negative";

// Each is given away with the work that is put off.
let found = new SetReply();
let counted = new SetCount();

/** SINTER key [key ...]. */
export function sinter(c: CommandContext): Outcome {
  const { group } = found;
  const opened = group.open(c, 1, c.request.argc - 1);
  if (opened < 0) return c.refuse(opened);
  found.begin(c, false);
  group.inCommon(c, found.list);
  return replyFound(c);
}

/** SDIFF key [key ...]. */
export function sdiff(c: CommandContext): Outcome {
  const { group } = found;
  const opened = group.open(c, 1, c.request.argc - 1);
  if (opened < 0) return c.refuse(opened);
  found.begin(c, false);
  group.onlyInFirst(c, found.list);
  return replyFound(c);
}

/** SUNION key [key ...]. */
export function sunion(c: CommandContext): Outcome {
  const { group } = found;
  const opened = group.open(c, 1, c.request.argc - 1);
  if (opened < 0) return c.refuse(opened);
  const isOnce = group.sets.length - group.misses > 1;
  found.begin(c, isOnce);
  group.all(isOnce ? found.listOnce : found.list);
  return replyFound(c);
}

function replyFound(c: CommandContext): Outcome {
  const outcome = performOnSets(c, found);
  if (outcome === SLICED) found = new SetReply();
  return outcome;
}

/** SINTERCARD numkeys key [key ...] [LIMIT limit]. */
export function sinterCard(c: CommandContext): Outcome {
  const { request } = c;
  const keys = request.int64(1);
  if (keys === null || keys < 1n) return c.fail(ERR_NUMKEYS);
  if (keys > request.argc - 2) return c.fail(ERR_TOO_MANY_KEYS);
  let limit = 0n;
  for (let i = 2 + Number(keys); i < request.argc; i++) {
    if (!request.is(i, 'limit') || i + 1 >= request.argc) return c.fail(ERR_SYNTAX);
    const given = request.int64(++i);
    if (given === null || given < 0n) return c.fail(ERR_LIMIT);
    limit = given;
  }
  const opened = counted.group.open(c, 2, Number(keys));
  if (opened < 0) return c.refuse(opened);
  counted.begin(c, limit === 0n ? Infinity : Number(limit));
  const outcome = performOnSets(c, counted);
  if (outcome === SLICED) counted = new SetCount();
  return outcome;
}
