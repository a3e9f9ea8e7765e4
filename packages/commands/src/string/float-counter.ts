// INCRBYFLOAT: decimal numbers in strings.

import {
  addLongDoubles,
  LONG_DOUBLE_ZERO,
  longDoubleText,
  parseLongDouble,
  STRING_TEXT,
} from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_FLOAT } from '../errors.ts';
import { EVENT_STRING } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { isOtherType } from './string-value.ts';

const ERR_NOT_FINITE = 'ERR increment would produce NaN or Infinity';

/** INCRBYFLOAT key increment. */
export function incrByFloat(c: CommandContext): Outcome {
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  if (isOtherType(c, entry)) return c.wrongType();

  const { request } = c;
  const before =
    entry === 0 ? LONG_DOUBLE_ZERO : parseLongDouble(c.valueBytes, c.valueOffset, c.valueLength);
  const increment = parseLongDouble(request.bytes, request.offset(2), request.length(2));
  if (before === null || increment === null) return c.fail(ERR_NOT_FLOAT);
  const sum = addLongDoubles(before, increment);
  if (sum === null) return c.fail(ERR_NOT_FINITE);

  const text = longDoubleText(sum);
  const stored = c.reserve(entry, TYPE_STRING, text.length, 0);
  if (stored < 0) return c.refuse(stored);
  c.valueBytes.write(text, c.valueOffset, 'latin1');
  c.setEncoding(stored, STRING_TEXT);
  c.changed(stored);
  c.note(EVENT_STRING, 'incrbyfloat');
  c.reply.text(text);
  return DONE;
}
