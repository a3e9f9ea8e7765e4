// ZREM and the removal of ranges.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER } from '../errors.ts';
import { EVENT_ZSET } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { readRank } from './range-options.ts';
import {
  ERR_LEX_RANGE,
  ERR_SCORE_RANGE,
  readLexRange,
  readScoreRange,
  scoreRange,
} from './score-range.ts';
import { zset } from './sorted-set-value.ts';

/** ZREM key member [member ...]. */
export function zrem(c: CommandContext): Outcome {
  const entry = zset.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  const { argc } = c.request;
  let removed = 0;
  for (let i = 2; i < argc && zset.count > 0; i++) if (zset.remove(c, i)) removed++;
  return finish(c, removed, 'zrem');
}

/** ZREMRANGEBYRANK key start stop. */
export function zremRangeByRank(c: CommandContext): Outcome {
  const start = readRank(c, 2);
  const end = readRank(c, 3);
  if (Number.isNaN(start) || Number.isNaN(end)) return c.fail(ERR_NOT_INTEGER);
  const entry = zset.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  zset.matchRanks(start, end);
  return removeMatched(c, 'zremrangebyrank');
}

/** ZREMRANGEBYSCORE key min max. */
export function zremRangeByScore(c: CommandContext): Outcome {
  if (!readScoreRange(c, 2, 3)) return c.fail(ERR_SCORE_RANGE);
  const entry = zset.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  zset.matchScores(scoreRange);
  return removeMatched(c, 'zremrangebyscore');
}

/** ZREMRANGEBYLEX key min max. */
export function zremRangeByLex(c: CommandContext): Outcome {
  const lex = readLexRange(c, 2, 3);
  if (lex === null) return c.fail(ERR_LEX_RANGE);
  const entry = zset.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  zset.matchLex(lex, false);
  return removeMatched(c, 'zremrangebylex');
}

function removeMatched(c: CommandContext, event: string): Outcome {
  zset.removeRanks(zset.first, zset.matched);
  return finish(c, zset.matched, event);
}

function finish(c: CommandContext, removed: number, event: string): Outcome {
  if (removed > 0) {
    const stored = zset.settle(c, true);
    if (stored > 0) c.changedAsAsked(stored);
    c.noteLeft(EVENT_ZSET, event, stored);
  }
  c.reply.integer(removed);
  return DONE;
}
