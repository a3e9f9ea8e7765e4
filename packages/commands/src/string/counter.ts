// INCR and its relatives: integers in strings.

import {
  fitsInt64,
  integerTextLength,
  parseInt64,
  parseSafeInteger,
  STRING_PLAIN,
  writeInteger,
} from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_OVERFLOW } from '../errors.ts';
import { EVENT_STRING } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';

/** INCR key. */
export function incr(c: CommandContext): Outcome {
  return add(c, 1);
}

/** DECR key. */
export function decr(c: CommandContext): Outcome {
  return add(c, -1);
}

/** INCRBY key increment. */
export function incrBy(c: CommandContext): Outcome {
  const increment = c.request.int64(2);
  return increment === null ? c.fail(ERR_NOT_INTEGER) : addBig(c, increment);
}

/** DECRBY key decrement. */
export function decrBy(c: CommandContext): Outcome {
  const decrement = c.request.int64(2);
  if (decrement === null) return c.fail(ERR_NOT_INTEGER);
  // Redis: the smallest integer has no negation.
  if (!fitsInt64(-decrement)) return c.fail('ERR decrement would overflow');
  return addBig(c, -decrement);
}

function addBig(c: CommandContext, increment: bigint): Outcome {
  const small = Number(increment);
  return Number.isSafeInteger(small) ? add(c, small) : addExactly(c, c.openValue(1), increment);
}

/** Adds a safe integer; turns to exact 64-bit arithmetic where doubles would not do. */
function add(c: CommandContext, increment: number): Outcome {
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  let sum = increment;
  if (entry !== 0) {
    if (c.table.typeOf(entry) !== TYPE_STRING) return c.wrongType();
    sum += parseSafeInteger(c.valueBytes, c.valueOffset, c.valueLength);
    if (!Number.isSafeInteger(sum)) return addExactly(c, entry, BigInt(increment));
  }
  const length = integerTextLength(sum);
  const stored = c.reserve(entry, TYPE_STRING, length, 0);
  if (stored < 0) return c.refuse(stored);
  writeInteger(c.valueBytes, c.valueOffset, length, sum);
  c.setEncoding(stored, STRING_PLAIN);
  c.changedAsAsked(stored);
  c.note(EVENT_STRING, 'incrby');
  c.reply.integer(sum);
  return DONE;
}

function addExactly(c: CommandContext, entry: number, increment: bigint): Outcome {
  if (entry < 0) return c.refuse(entry);
  let before: bigint | null = 0n;
  if (entry !== 0) {
    if (c.table.typeOf(entry) !== TYPE_STRING) return c.wrongType();
    before = parseInt64(c.valueBytes, c.valueOffset, c.valueLength);
    if (before === null) return c.fail(ERR_NOT_INTEGER);
  }
  const sum = before + increment;
  if (!fitsInt64(sum)) return c.fail(ERR_OVERFLOW);
  const text = sum.toString();
  const stored = c.reserve(entry, TYPE_STRING, text.length, 0);
  if (stored < 0) return c.refuse(stored);
  c.valueBytes.write(text, c.valueOffset, 'latin1');
  c.setEncoding(stored, STRING_PLAIN);
  c.changedAsAsked(stored);
  c.note(EVENT_STRING, 'incrby');
  c.reply.bigInteger(sum);
  return DONE;
}
