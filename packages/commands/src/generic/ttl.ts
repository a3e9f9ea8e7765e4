// TTL, PTTL, EXPIRETIME and PEXPIRETIME: when a key expires.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';

const NO_KEY = -2;
const NO_EXPIRY = -1;
const INT64_MAX = 9223372036854775807n;

/** TTL key. */
export function ttl(c: CommandContext): Outcome {
  return replyTime(c, c.nowMs, true);
}

/** PTTL key. */
export function pTtl(c: CommandContext): Outcome {
  return replyTime(c, c.nowMs, false);
}

/** EXPIRETIME key. */
export function expireTime(c: CommandContext): Outcome {
  return replyTime(c, 0, true);
}

/** PEXPIRETIME key. */
export function pExpireTime(c: CommandContext): Outcome {
  return replyTime(c, 0, false);
}

/** Replies the time from `originMs` to the expiry; seconds are rounded to the nearest. */
function replyTime(c: CommandContext, originMs: number, inSeconds: boolean): Outcome {
  const entry = c.peek(1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  const { reply } = c;
  if (entry === 0) {
    reply.integer(NO_KEY);
    return DONE;
  }
  const expireAtMs = c.table.expireAtMs(entry);
  if (expireAtMs === 0) {
    reply.integer(NO_EXPIRY);
    return DONE;
  }
  if (expireAtMs <= Number.MAX_SAFE_INTEGER - 500) {
    const timeMs = expireAtMs - originMs;
    reply.integer(inSeconds ? Math.floor((timeMs + 500) / 1000) : timeMs);
  } else {
    const timeMs = farTime(expireAtMs) - BigInt(originMs);
    reply.bigInteger(inSeconds ? (timeMs + 500n) / 1000n : timeMs);
  }
  return DONE;
}

/**
 * The integer for a time beyond 2^53 ms, the year 287396. Redis: keeps these to the millisecond;
 * here they are rounded to a double, and shown as whole seconds where that reads as the same one.
 */
function farTime(timeMs: number): bigint {
  const exact = BigInt(timeMs);
  const seconds = ((exact + 500n) / 1000n) * 1000n;
  const shown = Number(seconds) === timeMs ? seconds : exact;
  return shown > INT64_MAX ? INT64_MAX : shown;
}
