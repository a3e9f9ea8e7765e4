// SCARD, SISMEMBER, SMISMEMBER and SMEMBERS.

import { TYPE_SET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { DONE, OTHER_TYPE, type Outcome } from '../outcome.ts';
import { SetValue, type VisitMember } from './set-value.ts';

const set = new SetValue();

/** Opens the set of a reading command in `set`; returns its entry, or what refuses the command. */
export function openToRead(c: CommandContext, value: SetValue): number {
  const entry = c.openCollection(1, TYPE_SET);
  if (entry >= 0 || entry === OTHER_TYPE) c.countRead(entry);
  if (entry >= 0) value.open(c, entry);
  return entry;
}

/** SCARD key. */
export function scard(c: CommandContext): Outcome {
  const entry = openToRead(c, set);
  if (entry < 0) return c.refuse(entry);
  c.reply.integer(set.count);
  return DONE;
}

/** SISMEMBER key member. */
export function sIsMember(c: CommandContext): Outcome {
  const entry = openToRead(c, set);
  if (entry < 0) return c.refuse(entry);
  c.reply.integer(entry !== 0 && isMember(c, 2) ? 1 : 0);
  return DONE;
}

/** SMISMEMBER key member [member ...]: 1 or 0 for each. */
export function sMIsMember(c: CommandContext): Outcome {
  const entry = openToRead(c, set);
  if (entry < 0) return c.refuse(entry);
  const { argc } = c.request;
  c.reply.array(argc - 2);
  for (let i = 2; i < argc; i++) c.reply.integer(entry !== 0 && isMember(c, i) ? 1 : 0);
  return DONE;
}

function isMember(c: CommandContext, index: number): boolean {
  const { request } = c;
  return set.has(c, request.bytes, request.offset(index), request.length(index));
}

/** SMEMBERS key. */
export function sMembers(c: CommandContext): Outcome {
  const entry = openToRead(c, set);
  if (entry < 0) return c.refuse(entry);
  const { count } = set;
  const outcome = replyMembers(c, set, () => c.reply.set(count));
  set.close();
  return outcome;
}

/** Replies all members of an open set, whose read was counted; `head` comes before them. */
export function replyMembers(c: CommandContext, value: SetValue, head: () => void): Outcome {
  const { reply } = c;
  const write: VisitMember = (bytes, offset, length) => {
    reply.bulk(bytes, offset, length);
    return !reply.overflowed;
  };
  if (value.count > c.sliceElements) return c.perform(value.paged(head, write), value.count, 1);
  head();
  value.each(write);
  return DONE;
}
