// Expiry arguments: EX, PX, EXAT, PXAT and the like, turned into absolute milliseconds.

import type { CommandContext } from './context.ts';
import { ERR_NOT_INTEGER, invalidExpireTime } from './errors.ts';

const INT64_MAX = 9223372036854775807n;

/** The unit and origin of an expiry argument. */
export interface ExpireUnit {
  readonly seconds: boolean;
  readonly absolute: boolean;
}

export const EX: ExpireUnit = { seconds: true, absolute: false };
export const PX: ExpireUnit = { seconds: false, absolute: false };
export const EXAT: ExpireUnit = { seconds: true, absolute: true };
export const PXAT: ExpireUnit = { seconds: false, absolute: true };

/** Returns the unit an option of SET or GETEX names, or null. */
export function expireUnit(c: CommandContext, index: number): ExpireUnit | null {
  if (c.request.is(index, 'ex')) return EX;
  if (c.request.is(index, 'px')) return PX;
  if (c.request.is(index, 'exat')) return EXAT;
  return c.request.is(index, 'pxat') ? PXAT : null;
}

/**
 * Reads an expiry at an argument index. Writes the error reply itself.
 * @param positive true: 0 and below are refused (SET, GETEX); false: they mean the past (EXPIRE)
 * @param command name for the error text, lower case
 * @returns Unix milliseconds (times beyond 2^53 are rounded to a double), or NaN
 */
export function readExpireTime(
  c: CommandContext,
  index: number,
  unit: ExpireUnit,
  positive: boolean,
  command: string,
): number {
  const given = c.request.int64(index);
  if (given === null) {
    c.reply.error(ERR_NOT_INTEGER);
    return NaN;
  }
  const limit = INT64_MAX / 1000n;
  let timeMs = given;
  let valid = !positive || given > 0n;
  if (unit.seconds) {
    if (given > limit || given < -limit) valid = false;
    timeMs = given * 1000n;
  }
  if (!unit.absolute) {
    timeMs += BigInt(c.nowMs);
    if (timeMs > INT64_MAX) valid = false;
  }
  if (!valid) {
    c.reply.error(invalidExpireTime(command));
    return NaN;
  }
  return Number(timeMs);
}
