// LMOVE and RPOPLPUSH: an element from one list to another, or from one end to the other.

import { invariant } from '@forgekv/base';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { EVENT_LIST } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { readEnd } from './index-argument.ts';
import { other as source, list as target } from './list-value.ts';

/** LMOVE source destination LEFT | RIGHT LEFT | RIGHT. */
export function lMove(c: CommandContext): Outcome {
  const fromLeft = readEnd(c, 3);
  const toLeft = readEnd(c, 4);
  return fromLeft === null || toLeft === null
    ? c.fail(ERR_SYNTAX)
    : move(c, fromLeft, toLeft, true);
}

/** RPOPLPUSH source destination. */
export function rPopLPush(c: CommandContext): Outcome {
  return move(c, false, true, true);
}

/**
 * Moves an element from the list at argument 1 to that at argument 2.
 * @param isAsked the request itself may be the effect
 */
export function move(
  c: CommandContext,
  fromLeft: boolean,
  toLeft: boolean,
  isAsked: boolean,
): Outcome {
  const entry = source.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    c.reply.null();
    return DONE;
  }
  source.get(fromLeft ? 0 : source.count - 1);
  if (isSameKey(c)) return moveWithin(c, fromLeft, toLeft, isAsked);

  const targetEntry = target.open(c, 2);
  if (targetEntry < 0) return c.refuse(targetEntry);
  const refusal = c.refusalOf(source.length);
  if (refusal !== '') return c.fail(refusal);
  // Pushed before it is popped: that is the step that can fail. Until then it lies where it was.
  const stored = target.pushFrom(c, toLeft, source);
  if (stored < 0) return c.refuse(stored);
  c.reply.bulk(source.bytes, source.offset, source.length);
  const log = c.changedAs(stored, toLeft ? 'LPUSH' : 'RPUSH', 1);
  log?.argument(source.bytes, source.offset, source.length);
  log?.endTold(stored);
  c.note(EVENT_LIST, toLeft ? 'lpush' : 'rpush', 2);
  popMoved(c, fromLeft);
  return DONE;
}

function popMoved(c: CommandContext, fromLeft: boolean): void {
  const entry = source.open(c, 1);
  invariant(entry > 0, 'a list that was open can be opened again');
  const left = source.removeRange(c, fromLeft ? 0 : source.count - 1, 1);
  c.noteLeft(EVENT_LIST, fromLeft ? 'lpop' : 'rpop', left);
  if (left === 0) return;
  const log = c.changedAs(left, fromLeft ? 'LPOP' : 'RPOP', 0);
  log?.endTold(left);
}

function moveWithin(
  c: CommandContext,
  fromLeft: boolean,
  toLeft: boolean,
  isAsked: boolean,
): Outcome {
  const { reply } = c;
  const resume = reply.position;
  reply.bulk(source.bytes, source.offset, source.length);
  const stored = source.rotate(c, fromLeft, toLeft);
  if (stored < 0) {
    reply.position = resume;
    return c.refuse(stored);
  }
  c.note(EVENT_LIST, toLeft ? 'lpush' : 'rpush');
  c.note(EVENT_LIST, fromLeft ? 'lpop' : 'rpop');
  if (isAsked) {
    c.changedAsAsked(stored);
    return DONE;
  }
  const log = c.changedAs(stored, 'LMOVE', 3);
  log?.argument(c.request.bytes, c.request.offset(2), c.request.length(2));
  log?.argumentWord(fromLeft ? 'LEFT' : 'RIGHT');
  log?.argumentWord(toLeft ? 'LEFT' : 'RIGHT');
  log?.endTold(stored);
  return DONE;
}

function isSameKey({ request }: CommandContext): boolean {
  const { bytes } = request;
  const length = request.length(1);
  if (request.length(2) !== length) return false;
  const one = request.offset(1);
  const other = request.offset(2);
  for (let i = 0; i < length; i++) if (bytes[one + i] !== bytes[other + i]) return false;
  return true;
}
