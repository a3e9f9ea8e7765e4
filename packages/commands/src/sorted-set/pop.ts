// ZPOPMIN, ZPOPMAX and ZMPOP.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_POSITIVE, ERR_SYNTAX } from '../errors.ts';
import { firstPresent } from '../first-present.ts';
import { EVENT_ZSET } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { PoppedMembers } from './popped-members.ts';
import { MemberReply } from './reply-members.ts';
import { zset } from './sorted-set-value.ts';

const ERR_NUMKEYS = 'ERR numkeys should be greater than 0';
const ERR_COUNT = 'ERR count should be greater than 0';

const members = new MemberReply();

/** ZPOPMIN key [count]. */
export function zpopMin(c: CommandContext): Outcome {
  return popOne(c, false);
}

/** ZPOPMAX key [count]. */
export function zpopMax(c: CommandContext): Outcome {
  return popOne(c, true);
}

function popOne(c: CommandContext, fromMax: boolean): Outcome {
  const { request, reply } = c;
  if (request.argc > 3) return c.fail(ERR_SYNTAX);
  const hasCount = request.argc === 3;
  const given = hasCount ? request.int64(2) : 1n;
  if (given === null || given < 0n) return c.fail(ERR_NOT_POSITIVE);

  const entry = zset.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  const count = Math.min(Number(given), zset.count);
  if (count === 0) {
    reply.array(0);
    return DONE;
  }
  const inPairs = reply.resp3 && hasCount;
  if (zset.isLong(c, count)) {
    const popped = new PoppedMembers(c, count, inPairs, null);
    const stored = popLater(c, count, fromMax, popped);
    if (stored > 0) c.changedAsAsked(stored);
    notePopped(c, 1, stored, fromMax);
    return c.perform(popped.reply, count);
  }
  members.begin(c, count, true, inPairs);
  popMembers(count, fromMax);
  const stored = zset.settle(c, true);
  if (stored > 0) c.changedAsAsked(stored);
  notePopped(c, 1, stored, fromMax);
  return DONE;
}

/** Says what was popped; with nothing left (0), its key is gone. */
export function notePopped(
  c: CommandContext,
  index: number,
  stored: number,
  fromMax: boolean,
): void {
  c.noteLeft(EVENT_ZSET, fromMax ? 'zpopmax' : 'zpopmin', stored, index);
}

/** Pops members of a large one that are replied later; returns the entry, 0: none are left. */
function popLater(
  c: CommandContext,
  count: number,
  fromMax: boolean,
  popped: PoppedMembers,
): number {
  if (count === zset.count) {
    popped.takeAll(zset, fromMax);
    return zset.removeAll(c);
  }
  zset.removeRanks(fromMax ? zset.count - count : 0, count, fromMax, popped.add);
  return zset.settle(c, true);
}

function popMembers(count: number, fromMax: boolean): void {
  zset.removeRanks(fromMax ? zset.count - count : 0, count, fromMax, members.visit);
}

/** What a ZMPOP or BZMPOP asks for; of the request read last. */
export const asked = { end: 0, fromMax: false, count: 1 };

/**
 * Reads numkeys key [key ...] MIN | MAX [COUNT count], from an argument on.
 * @returns '', and `asked` is set, `end` being where the keys end; or an error reply
 */
export function readPops(c: CommandContext, first: number): string {
  const { request } = c;
  const numKeys = request.int64(first);
  if (numKeys === null || numKeys < 1n) return ERR_NUMKEYS;
  // Where MIN or MAX stands.
  const where = first + 1 + Number(numKeys);
  if (where >= request.argc) return ERR_SYNTAX;
  const fromMax = request.is(where, 'max');
  if (!fromMax && !request.is(where, 'min')) return ERR_SYNTAX;
  let count = 1n;
  if (request.argc > where + 1) {
    if (!request.is(where + 1, 'count') || request.argc < where + 3) return ERR_SYNTAX;
    const given = request.int64(where + 2);
    if (given === null || given < 1n) return ERR_COUNT;
    if (request.argc > where + 3) return ERR_SYNTAX;
    count = given;
  }
  asked.end = where;
  asked.fromMax = fromMax;
  asked.count = Number(count);
  return '';
}

/** ZMPOP numkeys key [key ...] MIN|MAX [COUNT count]. */
export function zmpop(c: CommandContext): Outcome {
  const problem = readPops(c, 1);
  if (problem !== '') return c.fail(problem);
  const key = firstPresent(c, zset, 2, asked.end - 1);
  if (key < 0) return c.refuse(key);
  if (key > 0) return popFrom(c, key, Math.min(asked.count, zset.count), asked.fromMax);
  c.reply.nullArray();
  return DONE;
}

/** Pops from the sorted set that is open, whose key is at an argument index. */
export function popFrom(
  c: CommandContext,
  index: number,
  count: number,
  fromMax: boolean,
): Outcome {
  const { request, reply } = c;
  if (zset.isLong(c, count)) {
    const popped = new PoppedMembers(c, count, true, request.copy(index));
    endPopped(c, index, popLater(c, count, fromMax, popped), count, fromMax);
    return c.perform(popped.reply, count);
  }
  reply.array(2);
  reply.bulk(request.bytes, request.offset(index), request.length(index));
  members.begin(c, count, true, true);
  popMembers(count, fromMax);
  endPopped(c, index, zset.settle(c, true), count, fromMax);
  return DONE;
}

function endPopped(
  c: CommandContext,
  index: number,
  stored: number,
  count: number,
  fromMax: boolean,
): void {
  notePopped(c, index, stored, fromMax);
  if (stored <= 0) return;
  const log = c.changedAs(stored, fromMax ? 'ZPOPMAX' : 'ZPOPMIN', 1);
  log?.argumentText(String(count));
  log?.endTold(stored);
}
