// ZRANGE, its older forms, and ZRANGESTORE; ZCOUNT and ZLEXCOUNT.

import type { CommandContext } from '../context.ts';
import { AWAITS, DONE, OTHER_TYPE, type Outcome, SLICED } from '../outcome.ts';
import { MOST_RESTARTS } from '../sliced-work.ts';
import { RangeCopy } from './range-copy.ts';
import { type RangeKind, range } from './range-options.ts';
import { MemberReply } from './reply-members.ts';
import {
  ERR_LEX_RANGE,
  ERR_SCORE_RANGE,
  readLexRange,
  readScoreRange,
  scoreRange,
} from './score-range.ts';
import { zset } from './sorted-set-value.ts';
import { isDestinationHere, storeMade } from './store-made.ts';

const members = new MemberReply();
/** Given away with the work that is put off. */
let copying = new RangeCopy();
/** Argument index of what ZRANGESTORE reads. */
const SOURCE = 2;

/** ZRANGE key start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]. */
export function zrange(c: CommandContext): Outcome {
  return replyRange(c, 'any', null);
}

/** ZREVRANGE key start stop [WITHSCORES]. */
export function zrevRange(c: CommandContext): Outcome {
  return replyRange(c, 'rank', true);
}

/** ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]. */
export function zrangeByScore(c: CommandContext): Outcome {
  return replyRange(c, 'score', false);
}

/** ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]. */
export function zrevRangeByScore(c: CommandContext): Outcome {
  return replyRange(c, 'score', true);
}

/** ZRANGEBYLEX key min max [LIMIT offset count]. */
export function zrangeByLex(c: CommandContext): Outcome {
  return replyRange(c, 'lex', false);
}

/** ZREVRANGEBYLEX key max min [LIMIT offset count]. */
export function zrevRangeByLex(c: CommandContext): Outcome {
  return replyRange(c, 'lex', true);
}

function replyRange(c: CommandContext, kind: RangeKind, downwards: boolean | null): Outcome {
  const wrong = range.read(c, 2, kind, downwards, true);
  if (wrong !== '') return c.fail(wrong);
  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  range.match(zset);
  const { from, wanted, withScores } = range;
  if (zset.isLong(c, wanted)) {
    const later = new MemberReply();
    const head = (): void => later.begin(c, wanted, withScores);
    const work = zset.paged(head, from, wanted, range.downwards, later.visit);
    return c.perform(work, wanted, 1);
  }
  members.begin(c, wanted, withScores);
  zset.walk(from, wanted, range.downwards, members.visit);
  return DONE;
}

/** ZRANGESTORE dst src min max [BYSCORE|BYLEX] [REV] [LIMIT offset count]. */
export function zrangeStore(c: CommandContext): Outcome {
  const wrong = range.read(c, 3, 'any', null, false);
  if (wrong !== '') return c.fail(wrong);
  const destination = isDestinationHere(c);
  if (destination < 0) return c.refuse(destination);
  const prepared = c.prepared instanceof RangeCopy ? c.prepared : null;
  if (prepared?.sources.areCurrent(c)) return finish(c, prepared);
  const entry = zset.openSource(c, SOURCE);
  if (entry === OTHER_TYPE) c.stats.hits++;
  if (entry < 0) return c.refuse(entry);
  range.match(zset);
  const work = copying;
  work.begin(c, zset, range.from, range.wanted, range.downwards);
  work.restarts = prepared === null ? 0 : prepared.restarts + 1;
  const outcome = c.perform(work, work.restarts > MOST_RESTARTS ? 0 : range.wanted);
  if (outcome === AWAITS) return outcome;
  if (outcome !== SLICED) return finish(c, work);
  work.sources.note(c, SOURCE, 1);
  copying = new RangeCopy();
  return outcome;
}

function finish(c: CommandContext, { made, payload }: RangeCopy): Outcome {
  const isThere = c.peek(SOURCE) > 0;
  if (!isThere) c.noteMiss(SOURCE);
  const outcome = storeMade(c, 'zrangestore', 1, made, payload);
  if (outcome !== DONE) return outcome;
  if (isThere) c.stats.hits++;
  else c.stats.misses++;
  return outcome;
}

/** ZCOUNT key min max. */
export function zcount(c: CommandContext): Outcome {
  if (!readScoreRange(c, 2, 3)) return c.fail(ERR_SCORE_RANGE);
  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  zset.matchScores(scoreRange);
  c.reply.integer(zset.matched);
  return DONE;
}

/** ZLEXCOUNT key min max. */
export function zlexCount(c: CommandContext): Outcome {
  const lex = readLexRange(c, 2, 3);
  if (lex === null) return c.fail(ERR_LEX_RANGE);
  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  zset.matchLex(lex, false);
  c.reply.integer(zset.matched);
  return DONE;
}
