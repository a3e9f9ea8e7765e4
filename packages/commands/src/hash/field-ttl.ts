// HTTL, HPTTL, HEXPIRETIME and HPEXPIRETIME: when fields expire; and HPERSIST.

import type { CommandContext } from '../context.ts';
import { EVENT_HASH } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { fieldsProblem, replyForEach } from './field-arguments.ts';
import { hash } from './hash-value.ts';

const ERR_NOT_POSITIVE = 'ERR Number of fields must be a positive integer';
/** Where FIELDS stands, and the fields. */
const FIELDS_AT = 2;
const FIRST_FIELD = FIELDS_AT + 2;

const NO_FIELD = -2;
const NO_EXPIRY = -1;
const PERSISTS = 1;

/** HTTL key FIELDS numfields field [field ...]. */
export function hTtl(c: CommandContext): Outcome {
  return replyTimes(c, c.nowMs, true);
}

/** HPTTL key FIELDS numfields field [field ...]. */
export function hPTtl(c: CommandContext): Outcome {
  return replyTimes(c, c.nowMs, false);
}

/** HEXPIRETIME key FIELDS numfields field [field ...]. */
export function hExpireTime(c: CommandContext): Outcome {
  return replyTimes(c, 0, true);
}

/** HPEXPIRETIME key FIELDS numfields field [field ...]. */
export function hPExpireTime(c: CommandContext): Outcome {
  return replyTimes(c, 0, false);
}

/** Replies the times from `originMs` to the expiry; seconds are rounded up. */
function replyTimes(c: CommandContext, originMs: number, inSeconds: boolean): Outcome {
  const entry = hash.openRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  const problem = fieldsProblem(c, FIELDS_AT, ERR_NOT_POSITIVE);
  if (problem !== '') return c.fail(problem);
  const { reply, request } = c;
  reply.array(request.argc - FIRST_FIELD);
  for (let i = FIRST_FIELD; i < request.argc; i++) {
    if (!hash.find(c, i)) {
      reply.integer(NO_FIELD);
    } else if (hash.expireAtMs === 0) {
      reply.integer(NO_EXPIRY);
    } else {
      const timeMs = hash.expireAtMs - originMs;
      reply.integer(inSeconds ? Math.ceil(timeMs / 1000) : timeMs);
    }
  }
  return DONE;
}

/** HPERSIST key FIELDS numfields field [field ...]. */
export function hPersist(c: CommandContext): Outcome {
  const entry = hash.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  const problem = fieldsProblem(c, FIELDS_AT, ERR_NOT_POSITIVE);
  if (problem !== '') return c.fail(problem);
  if (entry === 0) {
    replyForEach(c, FIRST_FIELD, NO_FIELD);
    return DONE;
  }
  const { reply, request } = c;
  let isChanged = false;
  reply.array(request.argc - FIRST_FIELD);
  for (let i = FIRST_FIELD; i < request.argc; i++) {
    if (!hash.find(c, i)) {
      reply.integer(NO_FIELD);
    } else if (hash.expireAtMs === 0) {
      reply.integer(NO_EXPIRY);
    } else {
      hash.setTime(c, i, 0);
      isChanged = true;
      reply.integer(PERSISTS);
    }
  }
  if (isChanged) {
    hash.noteTimes(c, entry);
    c.changedAsAsked(hash.end(c, entry));
    c.note(EVENT_HASH, 'hpersist');
  }
  return DONE;
}
