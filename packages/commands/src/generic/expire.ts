// EXPIRE and its relatives, and PERSIST.

import type { CommandContext } from '../context.ts';
import { EX, EXAT, type ExpireUnit, PX, PXAT, readExpireTime } from '../expire-time.ts';
import { EVENT_GENERIC } from '../key-events.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';

const ERR_NX_AND_OTHERS = 'ERR NX and XX, GT or LT options at the same time are not compatible';
const ERR_GT_AND_LT = 'ERR GT and LT options at the same time are not compatible';

/** Redis: quotes an option of any length. */
const MAX_SHOWN_CHARS = 128;

// Conditions, one bit each.
const NX = 1;
const XX = 2;
const GT = 4;
const LT = 8;
const INVALID = -1;

/** EXPIRE key seconds [NX | XX | GT | LT]. */
export function expire(c: CommandContext): Outcome {
  return expireKey(c, EX, 'expire');
}

/** PEXPIRE key milliseconds [NX | XX | GT | LT]. */
export function pExpire(c: CommandContext): Outcome {
  return expireKey(c, PX, 'pexpire');
}

/** EXPIREAT key unix-time-seconds [NX | XX | GT | LT]. */
export function expireAt(c: CommandContext): Outcome {
  return expireKey(c, EXAT, 'expireat');
}

/** PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]. */
export function pExpireAt(c: CommandContext): Outcome {
  return expireKey(c, PXAT, 'pexpireat');
}

/** PERSIST key. */
export function persist(c: CommandContext): Outcome {
  const entry = c.open(1);
  if (entry < 0) return c.refuse(entry);
  const expires = entry !== 0 && c.table.expireAtMs(entry) !== 0;
  if (expires) {
    c.table.setExpireAtMs(entry, 0);
    c.expiryChanged(entry);
    c.note(EVENT_GENERIC, 'persist');
  }
  c.reply.integer(expires ? 1 : 0);
  return DONE;
}

function expireKey(c: CommandContext, unit: ExpireUnit, command: string): Outcome {
  const conditions = c.request.argc > 3 ? parseConditions(c) : 0;
  if (conditions === INVALID) return DONE;
  const expireAtMs = readExpireTime(c, 2, unit, false, command);
  if (Number.isNaN(expireAtMs)) return DONE;

  const entry = c.open(1);
  if (entry < 0) return c.refuse(entry);
  const { table } = c;
  if (entry === 0 || !holds(conditions, table.expireAtMs(entry), expireAtMs)) {
    c.reply.integer(0);
    return DONE;
  }
  if (expireAtMs > c.nowMs) {
    table.setExpireAtMs(entry, expireAtMs);
    c.expiryChanged(entry);
    c.note(EVENT_GENERIC, 'expire');
  } else {
    if (!c.canRemove(entry)) return c.refuse(NOT_HERE);
    c.remove(entry);
    c.note(EVENT_GENERIC, 'del');
  }
  c.reply.integer(1);
  return DONE;
}

/** True when the conditions allow the change; a key without expiry counts as living forever. */
function holds(conditions: number, beforeMs: number, afterMs: number): boolean {
  const lives = beforeMs === 0 ? Infinity : beforeMs;
  if (conditions & NX && beforeMs !== 0) return false;
  if (conditions & XX && beforeMs === 0) return false;
  if (conditions & GT && afterMs <= lives) return false;
  return !(conditions & LT && afterMs >= lives);
}

/** Returns the conditions, or INVALID after writing the error reply. */
function parseConditions(c: CommandContext): number {
  const { request } = c;
  let conditions = 0;
  for (let i = 3; i < request.argc; i++) {
    if (request.is(i, 'nx')) conditions |= NX;
    else if (request.is(i, 'xx')) conditions |= XX;
    else if (request.is(i, 'gt')) conditions |= GT;
    else if (request.is(i, 'lt')) conditions |= LT;
    else {
      c.reply.error(`ERR Unsupported option ${shownOption(request.text(i))}`);
      return INVALID;
    }
  }
  if (conditions & NX && conditions & (XX | GT | LT)) {
    c.reply.error(ERR_NX_AND_OTHERS);
    return INVALID;
  }
  if (conditions & GT && conditions & LT) {
    c.reply.error(ERR_GT_AND_LT);
    return INVALID;
  }
  return conditions;
}

/** An option as Redis quotes it: up to a zero byte, without line ends behind it, not endless. */
function shownOption(text: string): string {
  const end = text.indexOf('\0');
  const shown = end < 0 ? text : text.slice(0, end);
  return shown.replace(/[\r\n]+$/, '').slice(0, MAX_SHOWN_CHARS);
}
