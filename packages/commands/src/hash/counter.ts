// HINCRBY and HINCRBYFLOAT: numbers in fields of a hash.

import {
  addLongDoubles,
  ElementBytes,
  fitsInt64,
  integerTextLength,
  LONG_DOUBLE_ZERO,
  longDoubleText,
  MAX_INTEGER_TEXT,
  NOT_FINITE,
  parseInt64,
  parseLongDouble,
  parseSafeInteger,
  writeInteger,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_FLOAT, ERR_NOT_INTEGER, ERR_OVERFLOW } from '../errors.ts';
import { EVENT_HASH } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { hash } from './hash-value.ts';

const ERR_FIELD_NOT_INTEGER = 'ERR hash value is not an integer';
const ERR_FIELD_NOT_FLOAT = 'ERR hash value is not a float';
const ERR_INFINITE_INCREMENT = 'ERR value is NaN or Infinity';
const ERR_NOT_FINITE = 'ERR increment would produce NaN or Infinity';

const digits = Buffer.alloc(MAX_INTEGER_TEXT);
const digitsView = new DataView(digits.buffer, digits.byteOffset, digits.length);
/** The new value, as text. */
const text = new ElementBytes();

/** HINCRBY key field increment. */
export function hIncrBy(c: CommandContext): Outcome {
  const { request } = c;
  const increment = parseSafeInteger(request.bytes, request.offset(3), request.length(3));
  const isSafe = !Number.isNaN(increment);
  if (!isSafe && request.int64(3) === null) return c.fail(ERR_NOT_INTEGER);
  const entry = hash.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  const isFound = hash.find(c, 2);
  const { valueBytes, valueAt, valueLength } = hash;
  const sum = increment + (isFound ? parseSafeInteger(valueBytes, valueAt, valueLength) : 0);
  if (!Number.isSafeInteger(sum)) return addExactly(c, entry, isFound);

  const length = integerTextLength(sum);
  writeInteger(digits, 0, length, sum);
  const stored = store(c, entry, text.set(digits, digitsView, 0, length));
  if (stored < 0) return c.refuse(stored);
  c.note(EVENT_HASH, 'hincrby');
  c.reply.integer(sum);
  return DONE;
}

/** The same where doubles would not do. */
function addExactly(c: CommandContext, entry: number, isFound: boolean): Outcome {
  const { valueBytes, valueAt, valueLength } = hash;
  const before = isFound ? parseInt64(valueBytes, valueAt, valueLength) : 0n;
  if (before === null) return c.fail(ERR_FIELD_NOT_INTEGER);
  const sum = before + c.request.int64(3)!;
  if (!fitsInt64(sum)) return c.fail(ERR_OVERFLOW);
  const stored = store(c, entry, text.setBuffer(Buffer.from(sum.toString(), 'latin1')));
  if (stored < 0) return c.refuse(stored);
  c.note(EVENT_HASH, 'hincrby');
  c.reply.bigInteger(sum);
  return DONE;
}

/** HINCRBYFLOAT key field increment. */
export function hIncrByFloat(c: CommandContext): Outcome {
  const { request } = c;
  const increment = parseLongDouble(request.bytes, request.offset(3), request.length(3));
  if (increment === null) return c.fail(ERR_NOT_FLOAT);
  if (increment === NOT_FINITE) return c.fail(ERR_INFINITE_INCREMENT);
  const entry = hash.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  const before = hash.find(c, 2)
    ? parseLongDouble(hash.valueBytes, hash.valueAt, hash.valueLength)
    : LONG_DOUBLE_ZERO;
  if (before === null) return c.fail(ERR_FIELD_NOT_FLOAT);
  const sum = addLongDoubles(before, increment);
  if (sum === null) return c.fail(ERR_NOT_FINITE);

  const shown = longDoubleText(sum);
  const stored = store(c, entry, text.setBuffer(Buffer.from(shown, 'latin1')));
  if (stored < 0) return c.refuse(stored);
  c.note(EVENT_HASH, 'hincrbyfloat');
  c.reply.text(shown);
  return DONE;
}

/**
 * Sets the field to its new value; its time stays. The effect of both commands is themselves: sums
 * are exact, on every machine the same, and an HSET would take the field's time away.
 * @returns the entry, NOT_HERE or FULL; in these two cases nothing has changed
 */
function store(c: CommandContext, entry: number, value: ElementBytes): number {
  const grown = hash.beginSetOne(c, entry, 2, value.length);
  if (grown < 0) return grown;
  hash.setTo(c, 2, value, true);
  const stored = hash.end(c, grown);
  c.changedAsAsked(stored);
  return stored;
}
