// SPOP and SRANDMEMBER: members picked by chance, every choice with the same probability.

import { TYPE_SET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_POSITIVE, ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { overflowsReply, PickWalk, readPickCount } from '../random-picks.ts';
import { PagedReply, SLICE_PAGE } from '../sliced-work.ts';
import { MemberList } from './member-list.ts';
import { openToRead, replyMembers } from './members.ts';
import { SetBuilder } from './set-builder.ts';
import { SetEdit } from './set-edit.ts';
import type { SetValue, VisitMember } from './set-value.ts';

/**
 * Redis: a large set that loses all but a sixth of its members, or more, is made anew from what is
 * left.
 */
const KEEP_SHARE = 5;
/** Bytes around an argument of an effect, at most. */
const ARGUMENT_FRAME_BYTES = 16;

const set = new SetEdit();
const builder = new SetBuilder();
/** The members that go. */
let popped = new MemberList();

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

/** SPOP key [count]. */
export function spop(c: CommandContext): Outcome {
  const { argc } = c.request;
  if (argc > 3) return c.fail(ERR_SYNTAX);
  const given = argc === 3 ? c.request.int64(2) : 1n;
  if (given === null || given < 0n) return c.fail(ERR_NOT_POSITIVE);
  const entry = c.openCollection(1, TYPE_SET);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    if (argc === 3) c.reply.set(0);
    else c.reply.null();
    return DONE;
  }
  set.open(c, entry);
  const outcome = argc === 3 ? popMany(c, entry, Number(given)) : popOne(c, entry);
  set.close();
  return outcome;
}

function popOne(c: CommandContext, entry: number): Outcome {
  set.pick(c);
  const { bytes, offset, length } = set.picked;
  popped.clear();
  popped.add(bytes, offset, length);
  set.dropPicked();
  endPop(c, entry);
  c.reply.bulk(popped.bytes, 0, length);
  return DONE;
}

function popMany(c: CommandContext, entry: number, count: number): Outcome {
  popped.clear();
  if (count >= set.count) {
    set.each(listPopped);
    c.remove(entry);
    return replyPopped(c);
  }
  if (set.form === 'hashtable' && (set.count - count) * KEEP_SHARE <= count) {
    return keepFew(c, entry, set.count - count);
  }
  if (count > 0) {
    set.sample(c, count, listPopped);
    const refusal = c.refusalOf(popped.totalBytes + popped.count * ARGUMENT_FRAME_BYTES);
    if (refusal !== '') return c.fail(refusal);
    for (let i = 0; i < popped.count; i++) {
      set.drop(c, popped.bytes, popped.offset(i), popped.length(i));
    }
    endPop(c, entry);
  }
  return replyPopped(c);
}

function listPopped(bytes: Buffer, offset: number, length: number): boolean {
  popped.add(bytes, offset, length);
  return true;
}

/** Logs what was popped; what is left decides about the key. */
function endPop(c: CommandContext, entry: number): void {
  const stored = set.settle(c, entry);
  if (stored === 0) return;
  const log = c.changedAs(stored, 'SREM', popped.count);
  if (log === null) return;
  for (let i = 0; i < popped.count; i++) {
    log.argument(popped.bytes, popped.offset(i), popped.length(i));
  }
  log.endTold(stored);
}

/** Makes a large set anew from `left` of its members, in the form Redis 7.2 gives it. */
function keepFew(c: CommandContext, entry: number, left: number): Outcome {
  builder.begin(c, 'listpack');
  set.sample(c, left, (bytes, offset, length) => builder.add(bytes, offset, length));
  set.each((bytes, offset, length) => {
    if (!builder.has(bytes, offset, length)) popped.add(bytes, offset, length);
    return true;
  });
  const refusal = c.refusalOf(builder.effectBytes);
  if (refusal !== '') return c.fail(refusal);
  const stored = c.storeNew(entry, builder.value());
  if (stored < 0) return c.refuse(stored);
  c.changed(stored);
  return replyPopped(c);
}

function replyPopped(c: CommandContext): Outcome {
  const shown = popped;
  const { count } = shown;
  if (count > c.sliceElements) {
    popped = new MemberList();
    const head = (): void => c.reply.set(count);
    const work = new PagedReply(null, head, (cursor) => {
      const end = Math.min(count, cursor + SLICE_PAGE);
      replyRange(c, shown, cursor, end);
      return end < count ? end : 0;
    });
    return c.perform(work, count);
  }
  c.reply.set(count);
  replyRange(c, shown, 0, count);
  return DONE;
}

function replyRange(
  { reply }: CommandContext,
  members: MemberList,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    reply.bulk(members.bytes, members.offset(i), members.length(i));
  }
}
