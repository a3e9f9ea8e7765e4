// SET and its older relatives.

import { type CommandContext, NOTED } from '../context.ts';
import { ERR_STRING_SIZE, ERR_SYNTAX } from '../errors.ts';
import { EX, type ExpireUnit, expireUnit, PX, readExpireTime } from '../expire-time.ts';
import { EVENT_GENERIC, EVENT_STRING } from '../key-events.ts';
import { AWAITS, DONE, type Outcome } from '../outcome.ts';
import { assignString, isOtherType, replyStringOrNull, storeString } from './string-value.ts';

// Options of SET, one bit each.
const NX = 1;
const XX = 2;
const GET = 4;
const KEEP_TTL = 8;
const EXPIRES = 16;

/** SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]. */
export function set(c: CommandContext): Outcome {
  let options = 0;
  let expireAtMs = 0;
  if (c.request.argc > 3) {
    const unit = parseSetOptions(c);
    if (unit === null) return c.fail(ERR_SYNTAX);
    options = setOptions;
    if (options & EXPIRES) {
      expireAtMs = readExpireTime(c, expireIndex, unit, true, 'set');
      if (Number.isNaN(expireAtMs)) return DONE;
    }
  }
  if (c.request.length(2) > c.maxStringBytes) return c.fail(ERR_STRING_SIZE);
  if (options & GET) return setAndGet(c, options, expireAtMs);

  const entry = c.open(1);
  if (entry < 0) return c.refuse(entry);
  if (isKept(options, entry)) {
    c.reply.null();
    return DONE;
  }
  const stored = assignString(c, entry, 2);
  if (stored < 0) return c.refuse(stored);
  if (!(options & KEEP_TTL)) c.table.setExpireAtMs(stored, expireAtMs);
  if (c.request.argc === 3) c.changedAsAsked(stored, true);
  else c.changed(stored);
  noteSet(c, options);
  c.reply.ok();
  return DONE;
}

/** GETSET key value. */
export function getSet(c: CommandContext): Outcome {
  return setAndGet(c, 0, 0);
}

/** SETNX key value. */
export function setNx(c: CommandContext): Outcome {
  const entry = c.open(1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    const stored = storeString(c, 0, 2, 0);
    if (stored < 0) return c.refuse(stored);
    noteSet(c, 0);
  }
  c.reply.integer(entry === 0 ? 1 : 0);
  return DONE;
}

/** SETEX key seconds value. */
export function setEx(c: CommandContext): Outcome {
  return setExpiring(c, EX, 'setex');
}

/** PSETEX key milliseconds value. */
export function pSetEx(c: CommandContext): Outcome {
  return setExpiring(c, PX, 'psetex');
}

function setExpiring(c: CommandContext, unit: ExpireUnit, command: string): Outcome {
  const expireAtMs = readExpireTime(c, 2, unit, true, command);
  if (Number.isNaN(expireAtMs)) return DONE;
  const entry = c.open(1);
  if (entry < 0) return c.refuse(entry);
  const stored = storeString(c, entry, 3, expireAtMs);
  if (stored < 0) return c.refuse(stored);
  noteSet(c, EXPIRES);
  c.reply.ok();
  return DONE;
}

/** SET with GET: the reply is the old value, whether or not the new one is stored. */
function setAndGet(c: CommandContext, options: number, expireAtMs: number): Outcome {
  const { reply } = c;
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  if (isOtherType(c, entry)) {
    c.countRead(entry);
    return c.wrongType();
  }
  const resume = reply.position;
  const outcome = replyStringOrNull(c, entry, 0);
  if (outcome === AWAITS) return outcome;
  if (entry === 0) c.noteMiss();
  if (!isKept(options, entry)) {
    const stored = assignString(c, entry, 2);
    if (stored < 0) {
      reply.position = resume;
      c.sliced = null;
      return c.refuse(stored);
    }
    if (!(options & KEEP_TTL)) c.table.setExpireAtMs(stored, expireAtMs);
    c.changed(stored);
    noteSet(c, options);
  }
  c.countRead(entry, NOTED);
  return outcome;
}

function noteSet(c: CommandContext, options: number): void {
  c.note(EVENT_STRING, 'set');
  if (options & EXPIRES) c.note(EVENT_GENERIC, 'expire');
}

/** True when NX or XX keeps the key as it is. */
function isKept(options: number, entry: number): boolean {
  if (options & NX) return entry !== 0;
  return (options & XX) !== 0 && entry === 0;
}

// What parseSetOptions found, beside its result.
let setOptions = 0;
let expireIndex = 0;

/** Returns the unit of the expiry (any, when there is none), or null: syntax error. */
function parseSetOptions(c: CommandContext): ExpireUnit | null {
  const { request } = c;
  let options = 0;
  let unit: ExpireUnit = EX;
  expireIndex = 0;
  for (let i = 3; i < request.argc; i++) {
    if (request.is(i, 'nx') && !(options & XX)) {
      options |= NX;
    } else if (request.is(i, 'xx') && !(options & NX)) {
      options |= XX;
    } else if (request.is(i, 'get')) {
      options |= GET;
    } else if (request.is(i, 'keepttl') && !(options & EXPIRES)) {
      options |= KEEP_TTL;
    } else {
      const named = expireUnit(c, i);
      const again = options & EXPIRES && named !== unit;
      if (named === null || again || options & KEEP_TTL || i + 1 >= request.argc) return null;
      options |= EXPIRES;
      unit = named;
      expireIndex = ++i;
    }
  }
  setOptions = options;
  return unit;
}
