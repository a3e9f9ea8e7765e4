// GET and the commands that read strings without changing anything.

import { parseSafeInteger } from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER } from '../errors.ts';
import { AWAITS, DONE, type Outcome } from '../outcome.ts';
import { isSliced, NO_STRING, replyLarge, replyParts, type StringPart } from './sliced-strings.ts';
import { isOtherType, replyString } from './string-value.ts';

/** GET key. */
export function get(c: CommandContext): Outcome {
  const entry = c.openValue(1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    c.countRead(0);
    c.reply.null();
    return DONE;
  }
  c.stats.hits++;
  if (c.table.typeOf(entry) !== TYPE_STRING) return c.wrongType();
  return replyString(c, entry, 1);
}

/** MGET key [key ...]: null also for keys of other types. */
export function mget(c: CommandContext): Outcome {
  const { reply, request } = c;
  const resume = reply.position;
  let hits = 0;
  let largeBytes = 0;
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
    else c.noteMiss(i);
    if (isString && c.table.isLarge(entry)) {
      largeBytes += c.valueLength;
      if (isSliced(c, largeBytes)) {
        reply.position = resume;
        c.forgetNotes();
        return mgetInSlices(c);
      }
    }
    if (isString) replyString(c, entry, 0);
    else reply.null();
  }
  c.stats.hits += hits;
  c.stats.misses += request.argc - 1 - hits;
  return DONE;
}

/** The same for large strings: the others are copied. */
function mgetInSlices(c: CommandContext): Outcome {
  const { request } = c;
  const parts: StringPart[] = [];
  const held: Buffer[] = [];
  let hits = 0;
  for (let i = 1; i < request.argc; i++) {
    let entry = c.open(i);
    const isString = entry > 0 && c.table.typeOf(entry) === TYPE_STRING;
    if (isString) entry = c.loadValue(entry);
    if (entry < 0) return c.refuse(entry);
    if (entry > 0) hits++;
    else c.noteMiss(i);
    parts.push(isString ? partOf(c, entry, held) : NO_STRING);
  }
  const outcome = replyParts(c, parts, held, true, 0);
  if (outcome === AWAITS) return outcome;
  c.stats.hits += hits;
  c.stats.misses += request.argc - 1 - hits;
  return outcome;
}

/** The value opened last, held or copied: nobody knows who changes one that is borrowed. */
function partOf(c: CommandContext, entry: number, held: Buffer[]): StringPart {
  const { valueBytes, valueOffset, valueLength } = c;
  if (c.table.isLarge(entry) && c.large.owns(c.table.shard)) {
    held.push(valueBytes);
    return { bytes: valueBytes, offset: valueOffset, length: valueLength };
  }
  const bytes = Buffer.from(valueBytes.subarray(valueOffset, valueOffset + valueLength));
  return { bytes, offset: 0, length: valueLength };
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
  if (first > last || (start < 0 && end < 0 && start > end)) {
    c.reply.text('');
    return DONE;
  }
  const offset = c.valueOffset + first;
  if (c.table.isLarge(entry)) return replyLarge(c, offset, last - first + 1, 1);
  c.reply.bulk(c.valueBytes, offset, last - first + 1);
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
