// BITCOUNT and BITPOS: what is in a range of bits.

import { BitString, countBits, findBit, parseSafeInteger } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { isOtherType } from '../string/string-value.ts';
import { pointTo } from './bit-access.ts';

const ERR_BIT_VALUE = 'ERR The bit argument must be 1 or 0.';

const text = new BitString();

/** BITCOUNT key [start end [BYTE | BIT]]. */
export function bitCount(c: CommandContext): Outcome {
  const { argc } = c.request;
  const wrong = argc === 3 || argc > 5 ? ERR_SYNTAX : readRange(c, 2, true);
  if (wrong !== null) return c.fail(wrong);

  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (isOtherType(c, entry)) return c.wrongType();
  pointTo(c, entry, text);
  const isReversed = rangeStart < 0 && rangeEnd < 0 && rangeStart > rangeEnd;
  const isFound = entry !== 0 && !isReversed && placeRange(text.length);
  c.reply.integer(isFound ? countBits(text, firstBit, lastBit) : 0);
  return DONE;
}

/** BITPOS key bit [start [end [BYTE | BIT]]]. */
export function bitPos(c: CommandContext): Outcome {
  const { request } = c;
  const given = parseSafeInteger(request.bytes, request.offset(2), request.length(2));
  if (Number.isNaN(given) && request.int64(2) === null) return c.fail(ERR_NOT_INTEGER);
  if (given !== 0 && given !== 1) return c.fail(ERR_BIT_VALUE);
  const wrong = request.argc > 6 ? ERR_SYNTAX : readRange(c, 3, false);
  if (wrong !== null) return c.fail(wrong);

  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (isOtherType(c, entry)) return c.wrongType();
  pointTo(c, entry, text);
  c.reply.integer(entry === 0 ? -given : position(given, request.argc >= 5));
  return DONE;
}

/** @param isBounded the range has an end: behind it there is nothing, otherwise zeros */
function position(bit: number, isBounded: boolean): number {
  if (!placeRange(text.length)) return -1;
  const found = findBit(text, bit, firstBit, lastBit);
  return found >= 0 || bit === 1 || isBounded ? found : lastBit + 1;
}

// The range of the command as it is written, and as first and last bit of a string.
let rangeStart = 0;
let rangeEnd = 0;
let inBits = false;
let firstBit = 0;
let lastBit = 0;

/**
 * Reads `[start [end [BYTE | BIT]]]` from argument `index` on.
 * @param endFirst Redis: BITCOUNT looks at the end before the unit, BITPOS after it
 * @returns null, or the text of an error
 */
function readRange(c: CommandContext, index: number, endFirst: boolean): string | null {
  const { request } = c;
  rangeStart = 0;
  rangeEnd = -1;
  inBits = false;
  if (index < request.argc) rangeStart = readEdge(c, index);
  if (Number.isNaN(rangeStart)) return ERR_NOT_INTEGER;
  if (index + 1 < request.argc) rangeEnd = readEdge(c, index + 1);
  const isEndWrong = Number.isNaN(rangeEnd);
  if (isEndWrong && endFirst) return ERR_NOT_INTEGER;
  if (index + 2 < request.argc) {
    inBits = request.is(index + 2, 'bit');
    if (!inBits && !request.is(index + 2, 'byte')) return ERR_SYNTAX;
  }
  return isEndWrong ? ERR_NOT_INTEGER : null;
}

/** An edge, rounded where it is far beyond every string; NaN: no integer. */
function readEdge(c: CommandContext, index: number): number {
  const { request } = c;
  const safe = parseSafeInteger(request.bytes, request.offset(index), request.length(index));
  return Number.isNaN(safe) ? Number(request.int64(index) ?? NaN) : safe;
}

/** Sets firstBit and lastBit for a string of so many bytes; false: the range is empty. */
function placeRange(bytes: number): boolean {
  const units = inBits ? bytes * 8 : bytes;
  const unit = inBits ? 1 : 8;
  // What lies before the beginning is the beginning, also for the end of the range.
  const first = Math.max(0, rangeStart < 0 ? rangeStart + units : rangeStart);
  const last = Math.min(units - 1, Math.max(0, rangeEnd < 0 ? rangeEnd + units : rangeEnd));
  firstBit = first * unit;
  lastBit = last * unit + unit - 1;
  return first <= last;
}
