// SPOP: members picked by chance are removed, every choice with the same probability. Of long
// replies the change is made at once, and the members are replied in slices.

import type { LargeSet } from '@forgekv/datatypes';
import { TYPE_SET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_POSITIVE, ERR_SYNTAX } from '../errors.ts';
import { EVENT_SET } from '../key-events.ts';
import type { LargeCollection } from '../large-values.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { PagedReply, SLICE_PAGE, type SlicedWork } from '../sliced-work.ts';
import { MemberList } from './member-list.ts';
import { SetBuilder } from './set-builder.ts';
import { SetEdit } from './set-edit.ts';
import { SetValue } from './set-value.ts';

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
    const { collection } = set;
    if (collection !== null && collection.count > c.sliceElements) {
      c.remove(entry);
      c.noteLeft(EVENT_SET, 'spop', 0);
      return c.perform(new PoppedReply(collection, null), collection.count);
    }
    set.each(listPopped);
    c.remove(entry);
    c.noteLeft(EVENT_SET, 'spop', 0);
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
  c.noteLeft(EVENT_SET, 'spop', stored);
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
  const { collection } = set;
  const isLong = collection !== null && set.count - left > c.sliceElements;
  if (!isLong) {
    set.each((bytes, offset, length) => {
      if (!builder.has(bytes, offset, length)) popped.add(bytes, offset, length);
      return true;
    });
  }
  const refusal = c.refusalOf(builder.effectBytes);
  if (refusal !== '') return c.fail(refusal);
  const kept = isLong ? builder.members(c) : null;
  const stored = c.storeNew(entry, builder.value());
  if (stored < 0) return c.refuse(stored);
  c.changed(stored);
  c.note(EVENT_SET, 'spop');
  return isLong ? c.perform(new PoppedReply(collection, kept), collection.count) : replyPopped(c);
}

/** The members of a large set that its key does not hold any more. */
class PoppedReply implements SlicedWork {
  readonly isPreparation = false;
  readonly collections: readonly LargeCollection[];
  readonly #all: SetValue;
  readonly #kept: LargeSet | null;
  readonly #count: number;
  #cursor = -1;

  /** @param kept those that it has kept: they stay what they are until all others are replied */
  constructor(all: LargeSet, kept: LargeSet | null) {
    this.collections = kept === null ? [all] : [all, kept];
    this.#all = new SetValue().openLarge(all);
    this.#kept = kept;
    this.#count = all.count - (kept?.count ?? 0);
  }

  detach(): void {}

  step({ reply }: CommandContext): boolean {
    const kept = this.#kept;
    if (this.#cursor < 0) {
      reply.set(this.#count);
      this.#cursor = 0;
    }
    this.#cursor = this.#all.walk(this.#cursor, (bytes, offset, length) => {
      if (kept?.has(bytes, offset, length) !== true) reply.bulk(bytes, offset, length);
      return true;
    });
    return this.#cursor === 0;
  }
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
