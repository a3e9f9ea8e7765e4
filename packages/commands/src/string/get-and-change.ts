// GETDEL and GETEX: read a string and do something to its key in the same step.

import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { type ExpireUnit, expireUnit, readExpireTime } from '../expire-time.ts';
import { EVENT_GENERIC } from '../key-events.ts';
import { AWAITS, DONE, type Outcome } from '../outcome.ts';
import { isOtherType, replyString } from './string-value.ts';

/** GETDEL key. */
export function getDel(c: CommandContext): Outcome {
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (isOtherType(c, entry)) return c.wrongType();
  if (entry === 0) {
    c.reply.null();
    return DONE;
  }
  const outcome = replyString(c, entry, 1);
  if (outcome === AWAITS) return outcome;
  c.remove(entry);
  c.note(EVENT_GENERIC, 'del');
  return outcome;
}

/** GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]. */
export function getEx(c: CommandContext): Outcome {
  const options = parseOptions(c);
  if (options === null) return c.fail(ERR_SYNTAX);

  const { table } = c;
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (isOtherType(c, entry)) return c.wrongType();
  if (entry === 0) {
    c.reply.null();
    return DONE;
  }
  const { unit } = options;
  const before = table.expireAtMs(entry);
  let expireAtMs = options.persist ? 0 : before;
  if (unit !== null) {
    expireAtMs = readExpireTime(c, options.index, unit, true, 'getex');
    if (Number.isNaN(expireAtMs)) return DONE;
  }
  const outcome = replyString(c, entry, 1);
  if (outcome === AWAITS) return outcome;
  if (unit?.absolute && expireAtMs <= c.nowMs) {
    c.remove(entry);
    c.note(EVENT_GENERIC, 'del');
  } else if (unit !== null || expireAtMs !== before) {
    table.setExpireAtMs(entry, expireAtMs);
    c.expiryChanged(entry);
    c.note(EVENT_GENERIC, unit === null ? 'persist' : 'expire');
  }
  return outcome;
}

interface GetExOptions {
  readonly persist: boolean;
  readonly unit: ExpireUnit | null;
  /** Argument index of the time, where there is a unit. */
  readonly index: number;
}

const NO_OPTIONS: GetExOptions = { persist: false, unit: null, index: 0 };

/** Null: syntax error. The same option may come again, the last one counts. */
function parseOptions(c: CommandContext): GetExOptions | null {
  const { request } = c;
  if (request.argc === 2) return NO_OPTIONS;
  let persist = false;
  let unit: ExpireUnit | null = null;
  let index = 0;
  for (let i = 2; i < request.argc; i++) {
    if (request.is(i, 'persist') && unit === null) {
      persist = true;
      continue;
    }
    const named = expireUnit(c, i);
    const again = unit !== null && unit !== named;
    if (named === null || again || persist || i + 1 >= request.argc) return null;
    unit = named;
    index = ++i;
  }
  return { persist, unit, index };
}
