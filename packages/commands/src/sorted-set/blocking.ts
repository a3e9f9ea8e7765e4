// BZPOPMIN, BZPOPMAX and BZMPOP: pops that wait for a member. Their effects are told as those of
// commands that do not wait.

import { TYPE_ZSET } from '@forgekv/keyspace';
import { readTimeout } from '../block-timeout.ts';
import type { CommandContext } from '../context.ts';
import { firstPresent, waitForAny } from '../first-present.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { asked, notePopped, popFrom, readPops } from './pop.ts';
import { zset } from './sorted-set-value.ts';

/** BZPOPMIN key [key ...] timeout. */
export function bzpopMin(c: CommandContext): Outcome {
  return popFirst(c, false);
}

/** BZPOPMAX key [key ...] timeout. */
export function bzpopMax(c: CommandContext): Outcome {
  return popFirst(c, true);
}

function popFirst(c: CommandContext, fromMax: boolean): Outcome {
  const last = c.request.argc - 2;
  const timeoutMs = readTimeout(c, last + 1);
  if (typeof timeoutMs === 'string') return c.fail(timeoutMs);
  const key = firstPresent(c, zset, 1, last);
  if (key < 0) return c.refuse(key);
  return key > 0 ? popOne(c, key, fromMax) : waitForAny(c, TYPE_ZSET, 1, last, timeoutMs);
}

/** Pops from the sorted set that is open, whose key is at an argument index. */
function popOne(c: CommandContext, key: number, fromMax: boolean): Outcome {
  const { request, reply } = c;
  reply.array(3);
  reply.bulk(request.bytes, request.offset(key), request.length(key));
  zset.removeRanks(fromMax ? zset.count - 1 : 0, 1, fromMax, (bytes, offset, length, score) => {
    reply.bulk(bytes, offset, length);
    reply.double(score);
  });
  const stored = zset.settle(c, true);
  if (stored > 0) c.changedAs(stored, fromMax ? 'ZPOPMAX' : 'ZPOPMIN', 0)?.endTold(stored);
  notePopped(c, key, stored, fromMax);
  return DONE;
}

/** Serves a BZPOPMIN that waited for the key at an argument index. */
export function servePopMin(c: CommandContext, key: number): Outcome {
  const entry = zset.open(c, key);
  return entry > 0 ? popOne(c, key, false) : c.refuse(entry || NOT_HERE);
}

/** The same for BZPOPMAX. */
export function servePopMax(c: CommandContext, key: number): Outcome {
  const entry = zset.open(c, key);
  return entry > 0 ? popOne(c, key, true) : c.refuse(entry || NOT_HERE);
}

/** BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count]. */
export function bzmpop(c: CommandContext): Outcome {
  const problem = readPops(c, 2);
  if (problem !== '') return c.fail(problem);
  const timeoutMs = readTimeout(c, 1);
  if (typeof timeoutMs === 'string') return c.fail(timeoutMs);
  const last = asked.end - 1;
  const key = firstPresent(c, zset, 3, last);
  if (key < 0) return c.refuse(key);
  if (key === 0) return waitForAny(c, TYPE_ZSET, 3, last, timeoutMs);
  return popFrom(c, key, Math.min(asked.count, zset.count), asked.fromMax);
}

/** Serves a BZMPOP. */
export function serveMPop(c: CommandContext, key: number): Outcome {
  readPops(c, 2);
  const entry = zset.open(c, key);
  if (entry <= 0) return c.refuse(entry || NOT_HERE);
  return popFrom(c, key, Math.min(asked.count, zset.count), asked.fromMax);
}
