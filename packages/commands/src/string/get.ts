// GET and the commands that read strings without changing anything.

import { parseSafeInteger } from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { isOtherType, replyString } from './string-value.ts';

/** GET key. */
export function get(c: CommandContext): Outcome {
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    c.stats.misses++;
    c.reply.null();
    return DONE;
  }
  c.stats.hits++;
  if (c.table.typeOf(entry) !== TYPE_STRING) return c.wrongType();
  replyString(c, entry);
  return DONE;
}

/** MGET key [key ...]: null also for keys of other types. */
export function mget(c: CommandContext): Outcome {
  const { reply, request } = c;
  const resume = reply.position;
  let hits = 0;
  reply.array(request.argc - 1);
  for (let i = 1; i < request.argc; i++) {
    let entry = c.open(i);
    const isString = entry > 0 && c.table.typeOf(entry) === TYPE_STRING;
    if (isString) entry = c.loadValue(entry);
    if (entry < 0) {
      reply.position = resume;
      return c.refuse(entry);
    }
    if (entry > 0) hits++;
    if (isString) replyString(c, entry);
    else reply.null();
  }
  c.stats.hits += hits;
  c.stats.misses += request.argc - 1 - hits;
  return DONE;
}

/** STRLEN key. */
export function strlen(c: CommandContext): Outcome {
  const entry = c.open(1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (isOtherType(c, entry)) return c.wrongType();
  c.reply.integer(entry === 0 ? 0 : c.lengthOf(entry));
  return DONE;
}

/** GETRANGE key start end, and SUBSTR, its old name. */
export function getRange(c: CommandContext): Outcome {
  const start = readOffset(c, 2);
  const end = readOffset(c, 3);
  if (start === null || end === null) return c.fail(ERR_NOT_INTEGER);

  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (isOtherType(c, entry)) return c.wrongType();

  const length = entry === 0 ? 0 : c.valueLength;
  const first = fromStart(start, length);
  const last = Math.min(fromStart(end, length), length - 1);
  // Two negative offsets in the wrong order are empty, even where both mean the first byte.
  if (first > last || (start < 0 && end < 0 && start > end)) c.reply.text('');
  else c.reply.bulk(c.valueBytes, c.valueOffset + first, last - first + 1);
  return DONE;
}

/** A number where that is exact, else a bigint, so that any two of them compare rightly. */
function readOffset(c: CommandContext, index: number): number | bigint | null {
  const { request } = c;
  const safe = parseSafeInteger(request.bytes, request.offset(index), request.length(index));
  return Number.isNaN(safe) ? request.int64(index) : safe;
}

/** Negative offsets count from the end; what lies before the start is the start. */
function fromStart(offset: number | bigint, length: number): number {
  const at = Number(offset);
  return at < 0 ? Math.max(0, at + length) : at;
}
