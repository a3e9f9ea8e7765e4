// APPEND and SETRANGE: strings that are changed in part.

import { STRING_RAW } from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_STRING_SIZE } from '../errors.ts';
import { EVENT_STRING } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { isOtherType, storeString } from './string-value.ts';

const ERR_OFFSET = 'ERR offset is out of range';

/** APPEND key value. */
export function append(c: CommandContext): Outcome {
  const entry = c.open(1);
  if (entry < 0) return c.refuse(entry);
  if (isOtherType(c, entry)) return c.wrongType();
  const added = c.request.length(2);
  if (entry === 0) {
    const stored = storeString(c, 0, 2, 0);
    if (stored < 0) return c.refuse(stored);
    c.note(EVENT_STRING, 'append');
    c.reply.integer(added);
    return DONE;
  }
  const length = c.lengthOf(entry);
  if (length + added > c.maxStringBytes) return c.fail(ERR_STRING_SIZE);
  return writePart(c, entry, length, 2);
}

/** SETRANGE key offset value: a gap is filled with zero bytes. */
export function setRange(c: CommandContext): Outcome {
  const given = c.request.int64(2);
  if (given === null) return c.fail(ERR_NOT_INTEGER);
  if (given < 0n) return c.fail(ERR_OFFSET);
  // Exact wherever it matters: up to the largest string.
  const offset = Number(given);

  const entry = c.open(1);
  if (entry < 0) return c.refuse(entry);
  if (isOtherType(c, entry)) return c.wrongType();
  const written = c.request.length(3);
  if (written === 0) {
    c.reply.integer(entry === 0 ? 0 : c.lengthOf(entry));
    return DONE;
  }
  if (offset + written > c.maxStringBytes) return c.fail(ERR_STRING_SIZE);
  return writePart(c, entry, offset, 3);
}

/** Writes the argument at `index` into the string from `offset` on and replies its new length. */
function writePart(c: CommandContext, entry: number, offset: number, index: number): Outcome {
  const { request } = c;
  const before = entry === 0 ? 0 : c.lengthOf(entry);
  const length = Math.max(before, offset + request.length(index));
  const stored = c.reserve(entry, TYPE_STRING, length, before);
  if (stored < 0) return c.refuse(stored);
  const { valueBytes, valueOffset } = c;
  if (offset > before) valueBytes.fill(0, valueOffset + before, valueOffset + offset);
  valueBytes.set(request.slice(index), valueOffset + offset);
  c.setEncoding(stored, STRING_RAW);
  c.changedAsAsked(stored);
  c.note(EVENT_STRING, index === 2 ? 'append' : 'setrange');
  c.reply.integer(length);
  return DONE;
}
