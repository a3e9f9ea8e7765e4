// ZRANDMEMBER: members by chance.

import type { CommandContext } from '../context.ts';
import { ERR_OUT_OF_RANGE, ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { MOST_PAIRS, PickWalk, readPickCount } from '../random-picks.ts';
import { MemberReply } from './reply-members.ts';
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
  if (entry === 0) reply.array(0);
  else if (count < 0n) pickEach(c, -Number(count), withScores);
  else pickDistinct(c, Math.min(Number(count), zset.count), withScores);
  return DONE;
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
