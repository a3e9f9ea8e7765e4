// ZCARD, ZSCORE, ZMSCORE, ZRANK and ZREVRANK: what is known of members.

import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX, wrongArity } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { zset } from './sorted-set-value.ts';

/** ZCARD key. */
export function zcard(c: CommandContext): Outcome {
  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  c.reply.integer(zset.count);
  return DONE;
}

/** ZSCORE key member. */
export function zscore(c: CommandContext): Outcome {
  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  replyScore(c, 2);
  return DONE;
}

/** ZMSCORE key member [member ...]. */
export function zmscore(c: CommandContext): Outcome {
  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  const { argc } = c.request;
  c.reply.array(argc - 2);
  for (let i = 2; i < argc; i++) replyScore(c, i);
  return DONE;
}

function replyScore(c: CommandContext, index: number): void {
  if (zset.findArgument(c, index)) c.reply.double(zset.score);
  else c.reply.null();
}

/** ZRANK key member [WITHSCORE]. */
export function zrank(c: CommandContext): Outcome {
  return rank(c, 'zrank', false);
}

/** ZREVRANK key member [WITHSCORE]. */
export function zrevRank(c: CommandContext): Outcome {
  return rank(c, 'zrevrank', true);
}

function rank(c: CommandContext, name: string, downwards: boolean): Outcome {
  const { request, reply } = c;
  if (request.argc > 4) return c.fail(wrongArity(name));
  const withScore = request.argc === 4;
  if (withScore && !request.is(3, 'withscore')) return c.fail(ERR_SYNTAX);

  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  const found = zset.rankArgument(c, 2, downwards);
  if (found < 0) {
    if (withScore) reply.nullArray();
    else reply.null();
    return DONE;
  }
  if (withScore) reply.array(2);
  reply.integer(found);
  if (withScore) reply.double(zset.score);
  return DONE;
}
