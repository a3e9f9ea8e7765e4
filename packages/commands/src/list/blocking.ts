// BLPOP, BRPOP, BLMOVE, BRPOPLPUSH and BLMPOP: pops that wait for an element. Their effects are
// told as those of commands that do not wait: which key it was is not for replay to find out.

import { TYPE_LIST } from '@forgekv/keyspace';
import { readTimeout } from '../block-timeout.ts';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { firstPresent, waitForAny } from '../first-present.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { readEnd } from './index-argument.ts';
import { list } from './list-value.ts';
import { move } from './move.ts';
import { asked, notePopped, popKeyed, popReplying, readPops } from './pop.ts';

/** BLPOP key [key ...] timeout. */
export function bLPop(c: CommandContext): Outcome {
  return popFirst(c, true);
}

/** BRPOP key [key ...] timeout. */
export function bRPop(c: CommandContext): Outcome {
  return popFirst(c, false);
}

function popFirst(c: CommandContext, isLeft: boolean): Outcome {
  const last = c.request.argc - 2;
  const timeoutMs = readTimeout(c, last + 1);
  if (typeof timeoutMs === 'string') return c.fail(timeoutMs);
  const key = firstPresent(c, list, 1, last);
  if (key < 0) return c.refuse(key);
  return key > 0 ? popOne(c, key, isLeft) : waitForAny(c, TYPE_LIST, 1, last, timeoutMs);
}

/** Pops from the list that was opened last, whose key is at an argument index. */
function popOne(c: CommandContext, key: number, isLeft: boolean): Outcome {
  const { request, reply } = c;
  reply.array(2);
  reply.bulk(request.bytes, request.offset(key), request.length(key));
  const left = popReplying(c, isLeft, 1);
  if (left !== 0) c.changedAs(left, isLeft ? 'LPOP' : 'RPOP', 0)?.endTold(left);
  notePopped(c, left, isLeft, key);
  return DONE;
}

/** Serves a BLPOP that waited for the key at an argument index. */
export function serveLPop(c: CommandContext, key: number): Outcome {
  const entry = list.open(c, key);
  return entry > 0 ? popOne(c, key, true) : c.refuse(entry || NOT_HERE);
}

/** The same for BRPOP. */
export function serveRPop(c: CommandContext, key: number): Outcome {
  const entry = list.open(c, key);
  return entry > 0 ? popOne(c, key, false) : c.refuse(entry || NOT_HERE);
}

/** BLMPOP timeout numkeys key [key ...] LEFT | RIGHT [COUNT count]. */
export function bLMPop(c: CommandContext): Outcome {
  const problem = readPops(c, 2);
  if (problem !== '') return c.fail(problem);
  const timeoutMs = readTimeout(c, 1);
  if (typeof timeoutMs === 'string') return c.fail(timeoutMs);
  const last = asked.end - 1;
  const key = firstPresent(c, list, 3, last);
  if (key < 0) return c.refuse(key);
  if (key === 0) return waitForAny(c, TYPE_LIST, 3, last, timeoutMs);
  return popKeyed(c, key, asked.isLeft, Math.min(asked.count, list.count));
}

/** Serves a BLMPOP. */
export function serveMPop(c: CommandContext, key: number): Outcome {
  readPops(c, 2);
  const entry = list.open(c, key);
  if (entry <= 0) return c.refuse(entry || NOT_HERE);
  return popKeyed(c, key, asked.isLeft, Math.min(asked.count, list.count));
}

/** BLMOVE source destination LEFT | RIGHT LEFT | RIGHT timeout. */
export function bLMove(c: CommandContext): Outcome {
  const fromLeft = readEnd(c, 3);
  const toLeft = readEnd(c, 4);
  if (fromLeft === null || toLeft === null) return c.fail(ERR_SYNTAX);
  return waitToMove(c, fromLeft, toLeft, 5);
}

/** BRPOPLPUSH source destination timeout. */
export function bRPopLPush(c: CommandContext): Outcome {
  return waitToMove(c, false, true, 3);
}

function waitToMove(
  c: CommandContext,
  fromLeft: boolean,
  toLeft: boolean,
  timeout: number,
): Outcome {
  const timeoutMs = readTimeout(c, timeout);
  if (typeof timeoutMs === 'string') return c.fail(timeoutMs);
  const entry = list.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry > 0) return move(c, fromLeft, toLeft, false);
  const wait = { first: 1, last: 1, type: TYPE_LIST, target: 2, timeoutMs };
  const outcome = c.blocking.begin(wait);
  if (outcome === DONE) c.reply.null();
  return outcome;
}

/** Serves a BLMOVE. */
export function serveMove(c: CommandContext): Outcome {
  return move(c, readEnd(c, 3) === true, readEnd(c, 4) === true, false);
}

/** Serves a BRPOPLPUSH. */
export function serveRPopLPush(c: CommandContext): Outcome {
  return move(c, false, true, false);
}
