// Ids as commands are given them, with Redis's rules for what is left out.

import { MOST_ID_TEXT, StreamId } from '@forgekv/datatypes';
import type { ReplyWriter } from '@forgekv/protocol';
import type { CommandContext } from '../context.ts';
import { readInteger } from '../list/index-argument.ts';

export const ERR_STREAM_ID = 'ERR Invalid stream ID specified as stream command argument';
const ERR_START = 'ERR invalid start ID for the interval';
const ERR_END = 'ERR invalid end ID for the interval';
const BRACKET = 40;

const text = Buffer.alloc(MOST_ID_TEXT);

/** Reads an id; without a sequence number it is that with 0. False: it is none. */
export function readId(c: CommandContext, index: number, into: StreamId): boolean {
  return into.parse(c.request.text(index), 0);
}

/** The same where `-` and `+`, the least and the greatest, may be given. */
export function readAnyId(c: CommandContext, index: number, into: StreamId): boolean {
  return readBound(c.request.text(index), into, 0);
}

function readBound(given: string, into: StreamId, missingSeq: 0 | -1): boolean {
  if (given === '-') into.setLeast();
  else if (given === '+') into.setMost();
  else return into.parse(given, missingSeq);
  return true;
}

/** Reads the start of an interval, `(` before it excludes it; returns '' or an error reply. */
export function readStart(c: CommandContext, index: number, into: StreamId): string {
  if (!isExcluded(c, index)) {
    return readBound(c.request.text(index), into, 0) ? '' : ERR_STREAM_ID;
  }
  if (!into.parse(c.request.text(index).slice(1), 0)) return ERR_STREAM_ID;
  return into.increment() ? '' : ERR_START;
}

/** The same for its end: without a sequence number it is that with the greatest. */
export function readEndId(c: CommandContext, index: number, into: StreamId): string {
  if (!isExcluded(c, index)) {
    return readBound(c.request.text(index), into, -1) ? '' : ERR_STREAM_ID;
  }
  if (!into.parse(c.request.text(index).slice(1), -1)) return ERR_STREAM_ID;
  return into.decrement() ? '' : ERR_END;
}

function isExcluded({ request }: CommandContext, index: number): boolean {
  return request.length(index) > 1 && request.bytes[request.offset(index)] === BRACKET;
}

/** Reads the ids at the arguments from an index on; null: one is none. */
export function readIds(c: CommandContext, first: number): StreamId[] | null {
  const ids: StreamId[] = [];
  for (let i = first; i < c.request.argc; i++) {
    const id = new StreamId();
    if (!readId(c, i, id)) return null;
    ids.push(id);
  }
  return ids;
}

/** Replies an id. */
export function replyId(reply: ReplyWriter, id: StreamId): void {
  reply.bulk(text, 0, id.writeText(text, 0));
}

/**
 * Reads a counter; NaN when it is no integer. Redis: they are exact beyond 2^53; here they stop
 * there.
 */
export function readCount(c: CommandContext, index: number): number {
  return Math.min(readInteger(c, index), Number.MAX_SAFE_INTEGER);
}
