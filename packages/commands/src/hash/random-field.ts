// HRANDFIELD.

import type { CommandContext } from '../context.ts';
import { ERR_OUT_OF_RANGE, ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { MOST_PAIRS, PickWalk, readPickCount } from '../random-picks.ts';
import type { VisitField } from './hash-fields.ts';
import { hash } from './hash-value.ts';
import { replyField, replyPair } from './whole-hash.ts';

/** HRANDFIELD key [count [WITHVALUES]]; a count below 0 may name a field more than once. */
export function hRandField(c: CommandContext): Outcome {
  const { request } = c;
  if (request.argc > 2) return pickCount(c);
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    c.reply.null();
  } else {
    hash.pick(c);
    replyField(c);
  }
  return DONE;
}

function pickCount(c: CommandContext): Outcome {
  const { request } = c;
  const count = readPickCount(c, 2);
  if (typeof count === 'string') return c.fail(count);
  const withValues = request.argc === 4 && request.is(3, 'withvalues');
  if (request.argc > 3 && !withValues) return c.fail(ERR_SYNTAX);
  if (withValues && (count > MOST_PAIRS || count < -MOST_PAIRS)) return c.fail(ERR_OUT_OF_RANGE);

  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  // As a double: nobody can read so many replies that it would matter.
  return replyPicks(c, Number(count), withValues);
}

function replyPicks(c: CommandContext, count: number, withValues: boolean): Outcome {
  const isRepeated = count < 0;
  const picks = isRepeated && hash.count > 0 ? -count : Math.min(Math.abs(count), hash.count);
  const isNested = withValues && c.reply.resp3;
  const elements = withValues && !isNested ? 2 * picks : picks;
  const visit: VisitField = isNested ? replyNested : withValues ? replyPair : replyField;
  if (hash.isLong(c, picks)) return replyLater(c, picks, isRepeated, elements, visit);
  c.reply.array(elements);
  if (isRepeated) hash.pickMany(c, picks, visit);
  else hash.sample(c, picks, visit);
  return DONE;
}

/** The same in slices. */
function replyLater(
  c: CommandContext,
  picks: number,
  isRepeated: boolean,
  elements: number,
  visit: VisitField,
): Outcome {
  const head = (): void => c.reply.array(elements);
  if (isRepeated) return c.perform(hash.pagedPicks(c, picks, head, visit), picks, 1);
  const { count } = hash;
  const walk = new PickWalk();
  walk.begin(c.random, count, picks);
  const choose: VisitField = () => {
    if (walk.takes()) visit(c);
  };
  return c.perform(hash.paged(c, head, choose), count, 1);
}

function replyNested(c: CommandContext): void {
  c.reply.array(2);
  replyPair(c);
}
