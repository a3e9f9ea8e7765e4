// SET and its older relatives.

import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_STRING_SIZE, ERR_SYNTAX } from '../errors.ts';
import { EX, EXAT, type ExpireUnit, PX, PXAT, readExpireTime } from '../expire-time.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { assignString, replyString } from './string-value.ts';

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
      if (expireAtMs !== expireAtMs) return DONE;
    }
  }
  if (c.request.length(2) > c.maxStringBytes) return c.fail(ERR_STRING_SIZE);

  const entry = options & GET ? c.openValue(1) : c.open(1);
  if (entry < 0) return c.refuse(entry);
  const { reply, table } = c;
  const resume = reply.position;
  if (options & GET) {
    if (entry !== 0 && table.typeOf(entry) !== TYPE_STRING) return c.wrongType();
    if (entry === 0) reply.null();
    else replyString(c, entry);
  }
  if ((options & NX && entry !== 0) || (options & XX && entry === 0)) {
    if (!(options & GET)) reply.null();
    return DONE;
  }
  const stored = assignString(c, entry, 2);
  if (stored < 0) {
    reply.position = resume;
    return c.refuse(stored);
  }
  if (!(options & KEEP_TTL)) table.setExpireAtMs(stored, expireAtMs);
  c.changed(stored);
  if (!(options & GET)) reply.ok();
  return DONE;
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

/** Returns the unit an option names, or null. */
export function expireUnit(c: CommandContext, index: number): ExpireUnit | null {
  if (c.request.is(index, 'ex')) return EX;
  if (c.request.is(index, 'px')) return PX;
  if (c.request.is(index, 'exat')) return EXAT;
  return c.request.is(index, 'pxat') ? PXAT : null;
}
