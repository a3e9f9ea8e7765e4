// LPOP, RPOP and LMPOP.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_POSITIVE, ERR_SYNTAX, wrongArity } from '../errors.ts';
import { firstPresent } from '../first-present.ts';
import { EVENT_LIST } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { FoundMembers } from '../set/found-members.ts';
import { PagedReply } from '../sliced-work.ts';
import { readEnd, readInteger } from './index-argument.ts';
import { list } from './list-value.ts';

const ERR_NUM_KEYS = 'ERR numkeys should be greater than 0';
const ERR_COUNT = 'ERR count should be greater than 0';

/** LPOP key [count]. */
export function lPop(c: CommandContext): Outcome {
  return pop(c, true);
}

/** RPOP key [count]. */
export function rPop(c: CommandContext): Outcome {
  return pop(c, false);
}

function pop(c: CommandContext, isLeft: boolean): Outcome {
  const { argc } = c.request;
  if (argc > 3) return c.fail(wrongArity(isLeft ? 'lpop' : 'rpop'));
  const count = argc === 3 ? readInteger(c, 2) : 1;
  if (!(count >= 0)) return c.fail(ERR_NOT_POSITIVE);

  const entry = list.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    if (argc === 3) c.reply.nullArray();
    else c.reply.null();
    return DONE;
  }
  const popped = Math.min(count, list.count);
  if (list.isLong(c, popped)) {
    const work = replyLater(c, isLeft, popped, null);
    const left = remove(c, isLeft, popped);
    if (left !== 0) c.changedAsAsked(left);
    notePopped(c, left, isLeft);
    return c.perform(work, popped);
  }
  if (argc === 3) c.reply.array(popped);
  if (popped === 0) return DONE;
  const left = popReplying(c, isLeft, popped);
  if (left !== 0) c.changedAsAsked(left);
  notePopped(c, left, isLeft);
  return DONE;
}

/** Says what was popped; with nothing left (0), its key is gone. */
export function notePopped(
  c: CommandContext,
  left: number,
  isLeft: boolean,
  key: number = 1,
): void {
  c.noteLeft(EVENT_LIST, isLeft ? 'lpop' : 'rpop', left, key);
}

/** Pops elements that exist, after replying them; returns the entry, 0 when none are left. */
export function popReplying(c: CommandContext, isLeft: boolean, count: number): number {
  list.reply(c.reply, isLeft ? 0 : list.count - 1, count, !isLeft);
  return remove(c, isLeft, count);
}

function remove(c: CommandContext, isLeft: boolean, count: number): number {
  return list.removeRange(c, isLeft ? 0 : list.count - count, count);
}

/**
 * The reply of so many elements that will be popped from a large list, as work for later: of all
 * of them it keeps the list, else copies.
 * @param key is replied, too
 */
function replyLater(
  c: CommandContext,
  isLeft: boolean,
  count: number,
  key: Buffer | null,
): PagedReply {
  const { reply } = c;
  const head = (): void => {
    if (key !== null) {
      reply.array(2);
      reply.bulk(key, 0, key.length);
    }
    reply.array(count);
  };
  const first = isLeft ? 0 : list.count - 1;
  if (count === list.count) return list.paged(reply, head, first, count, !isLeft);
  const popped = new FoundMembers();
  list.visit(first, count, !isLeft, (bytes, offset, length) => popped.add(bytes, offset, length));
  return new PagedReply(null, head, () => (popped.replyPiece(c) ? 0 : 1));
}

/** What an LMPOP or BLMPOP asks for; of the request read last. */
export const asked = { end: 0, isLeft: false, count: 1 };

/**
 * Reads numkeys key [key ...] LEFT | RIGHT [COUNT count], from an argument on.
 * @returns '', and `asked` is set, `end` being where the keys end; or an error reply
 */
export function readPops(c: CommandContext, first: number): string {
  const { request } = c;
  const keys = readInteger(c, first);
  if (!(keys > 0)) return ERR_NUM_KEYS;
  const options = first + 1 + keys;
  const isLeft = options < request.argc ? readEnd(c, options) : null;
  if (isLeft === null) return ERR_SYNTAX;
  let count = 1;
  if (options + 1 < request.argc) {
    // COUNT comes once at most.
    const isCount = request.is(options + 1, 'count') && options + 2 < request.argc;
    if (!isCount) return ERR_SYNTAX;
    count = readInteger(c, options + 2);
    if (!(count > 0)) return ERR_COUNT;
    if (options + 3 < request.argc) return ERR_SYNTAX;
  }
  asked.end = options;
  asked.isLeft = isLeft;
  asked.count = count;
  return '';
}

/** LMPOP numkeys key [key ...] LEFT | RIGHT [COUNT count]. */
export function lMPop(c: CommandContext): Outcome {
  const problem = readPops(c, 1);
  if (problem !== '') return c.fail(problem);
  const key = firstPresent(c, list, 2, asked.end - 1);
  if (key < 0) return c.refuse(key);
  if (key > 0) return popKeyed(c, key, asked.isLeft, Math.min(asked.count, list.count));
  c.reply.nullArray();
  return DONE;
}

/** Pops from the list that was opened last, whose key is at an argument index. */
export function popKeyed(c: CommandContext, key: number, isLeft: boolean, count: number): Outcome {
  const { request, reply } = c;
  if (list.isLong(c, count)) {
    const work = replyLater(c, isLeft, count, request.copy(key));
    endPopped(c, key, remove(c, isLeft, count), isLeft, count);
    return c.perform(work, count);
  }
  reply.array(2);
  reply.bulk(request.bytes, request.offset(key), request.length(key));
  reply.array(count);
  endPopped(c, key, popReplying(c, isLeft, count), isLeft, count);
  return DONE;
}

/** Logs what was popped when something is left. */
function endPopped(
  c: CommandContext,
  key: number,
  left: number,
  isLeft: boolean,
  count: number,
): void {
  notePopped(c, left, isLeft, key);
  if (left === 0) return;
  const log = c.changedAs(left, isLeft ? 'LPOP' : 'RPOP', 1);
  log?.argumentText(String(count));
  log?.endTold(left);
}
