// SETBIT and GETBIT.

import { parseSafeInteger } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { EVENT_STRING } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { isOtherType } from '../string/string-value.ts';
import { becomeRaw, ERR_BIT_OFFSET, growString, readBitOffset } from './bit-access.ts';

const ERR_BIT = 'ERR bit is not an integer or out of range';

/** SETBIT key offset value: a gap is filled with zero bits. */
export function setBit(c: CommandContext): Outcome {
  const { request } = c;
  const position = readBitOffset(c, 2, 0);
  if (position < 0) return c.fail(ERR_BIT_OFFSET);
  const bit = parseSafeInteger(request.bytes, request.offset(3), request.length(3));
  if (bit !== 0 && bit !== 1) return c.fail(ERR_BIT);

  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  if (isOtherType(c, entry)) return c.wrongType();
  const index = Math.floor(position / 8);
  const shift = 7 - (position % 8);
  let old = 0;
  if (entry !== 0 && index < c.valueLength) {
    old = (c.valueBytes[c.valueOffset + index]! >> shift) & 1;
  }
  if (old !== bit || entry === 0 || index >= c.valueLength) {
    const stored = growString(c, entry, index + 1);
    if (stored < 0) return c.refuse(stored);
    const at = c.valueOffset + index;
    c.valueBytes[at] = (c.valueBytes[at]! & ~(1 << shift)) | (bit << shift);
    c.changedAsAsked(stored);
    c.note(EVENT_STRING, 'setbit');
  } else {
    becomeRaw(c, entry);
  }
  c.reply.integer(old);
  return DONE;
}

/** GETBIT key offset. */
export function getBit(c: CommandContext): Outcome {
  const position = readBitOffset(c, 2, 0);
  if (position < 0) return c.fail(ERR_BIT_OFFSET);
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (isOtherType(c, entry)) return c.wrongType();
  const index = Math.floor(position / 8);
  const isThere = entry !== 0 && index < c.valueLength;
  const byte = isThere ? c.valueBytes[c.valueOffset + index]! : 0;
  c.reply.integer((byte >> (7 - (position % 8))) & 1);
  return DONE;
}
