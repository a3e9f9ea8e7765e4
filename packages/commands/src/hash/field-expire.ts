// HEXPIRE, HPEXPIRE, HEXPIREAT and HPEXPIREAT: lets fields of a hash expire. A time that has passed
// removes them.

import { parseSafeInteger } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, invalidExpireTime } from '../errors.ts';
import { EX, EXAT, type ExpireUnit, PX, PXAT } from '../expire-time.ts';
import { EVENT_HASH } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { fieldsProblem, replyForEach } from './field-arguments.ts';
import { hash } from './hash-value.ts';

const ERR_NEGATIVE_TIME = 'ERR invalid expire time, must be >= 0';
const ERR_NOT_POSITIVE = 'ERR Parameter `numFields` should be greater than 0';
/** The latest time of a field, in Unix milliseconds: the limit of Redis 7.4. */
const LATEST_MS = 2 ** 46 - 1;
const CONDITION_AT = 3;

// Replies for a field.
const NO_FIELD = -2;
const NOT_MET = 0;
const SET = 1;
const DELETED = 2;

type Condition = 'nx' | 'xx' | 'gt' | 'lt';
const CONDITIONS: readonly Condition[] = ['nx', 'xx', 'gt', 'lt'];

/** Arguments whose fields the command has changed; reused. */
const changed: number[] = [];

/** HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]. */
export function hExpire(c: CommandContext): Outcome {
  return expireFields(c, EX, 'hexpire');
}

/** HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]. */
export function hPExpire(c: CommandContext): Outcome {
  return expireFields(c, PX, 'hpexpire');
}

/** HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]. */
export function hExpireAt(c: CommandContext): Outcome {
  return expireFields(c, EXAT, 'hexpireat');
}

/** HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]. */
export function hPExpireAt(c: CommandContext): Outcome {
  return expireFields(c, PXAT, 'hpexpireat');
}

function expireFields(c: CommandContext, unit: ExpireUnit, command: string): Outcome {
  let entry = hash.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  const expireAtMs = readTime(c, unit, command);
  if (typeof expireAtMs === 'string') return c.fail(expireAtMs);
  const condition = readCondition(c);
  const fieldsAt = condition === null ? CONDITION_AT : CONDITION_AT + 1;
  const problem = fieldsProblem(c, fieldsAt, ERR_NOT_POSITIVE);
  if (problem !== '') return c.fail(problem);

  const first = fieldsAt + 2;
  if (entry === 0) {
    replyForEach(c, first, NO_FIELD);
    return DONE;
  }
  const isPast = expireAtMs <= c.nowMs;
  if (!isPast && isAnyMet(c, first, condition, expireAtMs)) entry = hash.beginTimes(c, entry);
  if (entry < 0) return c.refuse(entry);
  changed.length = 0;
  c.reply.array(c.request.argc - first);
  for (let i = first; i < c.request.argc; i++) {
    const answer = answerFor(c, i, condition, expireAtMs, isPast);
    c.reply.integer(answer);
    if (answer === NO_FIELD || answer === NOT_MET) continue;
    changed.push(i);
    if (isPast) hash.delete(c, i);
    else hash.setTime(c, i, expireAtMs);
  }
  if (changed.length > 0) tell(c, entry, isPast ? 0 : expireAtMs);
  return DONE;
}

/** Reads the time at argument 2 in Unix milliseconds, or returns an error reply. */
function readTime(c: CommandContext, unit: ExpireUnit, command: string): number | string {
  const { request } = c;
  let given = parseSafeInteger(request.bytes, request.offset(2), request.length(2));
  if (Number.isNaN(given)) {
    const exact = request.int64(2);
    if (exact === null) return ERR_NOT_INTEGER;
    // Rounded: too long ago or too late in any case.
    given = Number(exact);
  }
  if (given < 0) return ERR_NEGATIVE_TIME;
  const timeMs = given * (unit.seconds ? 1000 : 1) + (unit.absolute ? 0 : c.nowMs);
  return timeMs > LATEST_MS ? invalidExpireTime(command) : timeMs;
}

/** The condition at its place among the arguments, or null. */
function readCondition({ request }: CommandContext): Condition | null {
  if (request.length(CONDITION_AT) !== 2) return null;
  for (const word of CONDITIONS) if (request.is(CONDITION_AT, word)) return word;
  return null;
}

function isAnyMet(
  c: CommandContext,
  first: number,
  condition: Condition | null,
  expireAtMs: number,
): boolean {
  for (let i = first; i < c.request.argc; i++) {
    if (answerFor(c, i, condition, expireAtMs, false) === SET) return true;
  }
  return false;
}

function answerFor(
  c: CommandContext,
  index: number,
  condition: Condition | null,
  expireAtMs: number,
  isPast: boolean,
): number {
  if (!hash.find(c, index)) return NO_FIELD;
  if (condition !== null && !isMet(condition, hash.expireAtMs, expireAtMs)) return NOT_MET;
  return isPast ? DELETED : SET;
}

/** A field without a time counts as living forever. */
function isMet(condition: Condition, beforeMs: number, afterMs: number): boolean {
  const lives = beforeMs === 0 ? Infinity : beforeMs;
  if (condition === 'nx') return beforeMs === 0;
  if (condition === 'xx') return beforeMs !== 0;
  return condition === 'gt' ? afterMs > lives : afterMs < lives;
}

/**
 * Ends the change of the fields in `changed`. Its effect names them and the absolute time, or their
 * removal, as the clock stands still when effects are replayed.
 * @param expireAtMs 0: they were removed
 */
function tell(c: CommandContext, entry: number, expireAtMs: number): void {
  const { request } = c;
  if (expireAtMs !== 0) hash.noteTimes(c, entry);
  const stored = hash.end(c, entry);
  c.noteLeft(EVENT_HASH, expireAtMs === 0 ? 'hdel' : 'hexpire', stored);
  if (stored === 0) return;
  const count = changed.length;
  const log =
    expireAtMs === 0
      ? c.changedAs(stored, 'HDEL', count)
      : c.changedAs(stored, 'HPEXPIREAT', count + 3);
  if (expireAtMs !== 0) {
    log?.argumentTime(expireAtMs);
    log?.argumentWord('FIELDS');
    log?.argumentText(String(count));
  }
  for (const index of changed)
    log?.argument(request.bytes, request.offset(index), request.length(index));
  log?.endTold(stored);
}
