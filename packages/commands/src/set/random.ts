// SRANDMEMBER: members picked by chance, every choice with the same probability. SPOP is in pop.ts.

import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { overflowsReply, PickWalk, readPickCount } from '../random-picks.ts';
import { PagedReply, SLICE_PAGE } from '../sliced-work.ts';
import { openToRead, replyMembers } from './members.ts';
import { SetValue, type VisitMember } from './set-value.ts';

const set = new SetValue();

/** SRANDMEMBER key [count]. */
export function sRandMember(c: CommandContext): Outcome {
  const { argc } = c.request;
  if (argc > 3) return c.fail(ERR_SYNTAX);
  const given = argc === 3 ? readPickCount(c, 2) : 1n;
  if (typeof given === 'string') return c.fail(given);
  const entry = openToRead(c, set);
  if (entry < 0) return c.refuse(entry);
  const outcome = argc < 3 ? replyOne(c, entry) : replySeveral(c, entry, Number(given));
  set.close();
  return outcome;
}

function replyOne(c: CommandContext, entry: number): Outcome {
  if (entry === 0) c.reply.null();
  else replyPick(c, set);
  return DONE;
}

function replySeveral(c: CommandContext, entry: number, count: number): Outcome {
  if (count < 0 && entry !== 0) return replyPicks(c, -count);
  const wanted = Math.max(0, Math.min(count, set.count));
  const head = (): void => c.reply.array(wanted);
  if (wanted > 0 && wanted === set.count) return replyMembers(c, set, head);
  const write: VisitMember = (bytes, offset, length) => {
    c.reply.bulk(bytes, offset, length);
    return !c.reply.overflowed;
  };
  if (wanted > c.sliceElements) {
    const picks = new PickWalk();
    picks.begin(c.random, set.count, wanted);
    const choose: VisitMember = (bytes, offset, length) =>
      !picks.takes() || write(bytes, offset, length);
    return c.perform(set.paged(head, choose), set.count, 1);
  }
  head();
  if (wanted > 0) set.sample(c, wanted, write);
  return DONE;
}

function replyPick(c: CommandContext, from: SetValue): void {
  from.pick(c);
  const { bytes, offset, length } = from.picked;
  c.reply.bulk(bytes, offset, length);
}

/** So many picks, each among all members. */
function replyPicks(c: CommandContext, count: number): Outcome {
  if (overflowsReply(c, count)) return DONE;
  if (count <= c.sliceElements) {
    c.reply.array(count);
    for (let i = 0; i < count && !c.reply.overflowed; i++) replyPick(c, set);
    return DONE;
  }
  const from = set.taken();
  const head = (): void => c.reply.array(count);
  const work = new PagedReply(from.collection, head, (done) => {
    const end = Math.min(count, done + SLICE_PAGE);
    for (let i = done; i < end && !c.reply.overflowed; i++) replyPick(c, from);
    return end < count ? end : 0;
  });
  return c.perform(work, count, 1);
}
