// ZRANDMEMBER: members by chance.

import type { CommandContext } from '../context.ts';
import { ERR_OUT_OF_RANGE, ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { MOST_PAIRS, PickWalk, readPickCount } from '../random-picks.ts';
import { MemberReply } from './reply-members.ts';
import type { VisitMember } from './sorted-set-reading.ts';
import { zset } from './sorted-set-value.ts';

const members = new MemberReply();
const picks = new PickWalk();

/** ZRANDMEMBER key [count [WITHSCORES]]. */
export function zrandMember(c: CommandContext): Outcome {
  const { request, reply } = c;
  if (request.argc > 2) return pickSeveral(c);
  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    reply.null();
    return DONE;
  }
  zset.pick(c.random);
  reply.bulk(zset.memberSource, zset.memberAt, zset.memberBytes);
  return DONE;
}

function pickSeveral(c: CommandContext): Outcome {
  const { request, reply } = c;
  const count = readPickCount(c, 2);
  if (typeof count === 'string') return c.fail(count);
  const withScores = request.argc === 4 && request.is(3, 'withscores');
  if (request.argc > 3 && !withScores) return c.fail(ERR_SYNTAX);
  if (withScores && (count < -MOST_PAIRS || count > MOST_PAIRS)) return c.fail(ERR_OUT_OF_RANGE);

  const entry = zset.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    reply.array(0);
    return DONE;
  }
  const wanted = count < 0n ? -Number(count) : Math.min(Number(count), zset.count);
  if (zset.isLong(c, wanted)) return pickLater(c, count < 0n, wanted, withScores);
  if (count < 0n) pickEach(c, wanted, withScores);
  else pickDistinct(c, wanted, withScores);
  return DONE;
}

/** Many picks of many members, in slices. */
function pickLater(
  c: CommandContext,
  isEach: boolean,
  wanted: number,
  withScores: boolean,
): Outcome {
  const later = new MemberReply();
  const head = (): void => later.begin(c, wanted, withScores);
  if (isEach) return c.perform(zset.pagedPicks(c, head, wanted, later.visit), wanted, 1);
  const { count } = zset;
  const walk = new PickWalk();
  walk.begin(c.random, count, wanted);
  const choose: VisitMember = (bytes, offset, length, score) => {
    if (walk.takes()) later.visit(bytes, offset, length, score);
  };
  return c.perform(zset.paged(head, 0, count, false, choose), count, 1);
}

/** So many picks, each among all members: as many as the reply may have bytes for. */
function pickEach(c: CommandContext, count: number, withScores: boolean): void {
  members.begin(c, count, withScores);
  for (let left = count; left > 0 && !c.reply.overflowed; left--) {
    zset.pick(c.random);
    members.visit(zset.memberSource, zset.memberAt, zset.memberBytes, zset.score);
  }
}

function pickDistinct(c: CommandContext, count: number, withScores: boolean): void {
  members.begin(c, count, withScores);
  if (zset.isLarge && count < zset.count) {
    zset.sample(count, members.visit);
    return;
  }
  picks.begin(c.random, zset.count, count);
  zset.walk(0, zset.count, false, (bytes, offset, length, score) => {
    if (picks.takes()) members.visit(bytes, offset, length, score);
  });
}
