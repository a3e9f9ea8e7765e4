// Ranges of scores and of members as arguments: `1.5`, `(1.5`, `-inf`, `[a`, `(a`, `-`, `+`.

import {
  type LexBound,
  type LexRange,
  parseFloat64Clamped,
  type ScoreRange,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';

export const ERR_SCORE_RANGE = 'ERR min or max is not a float';
export const ERR_LEX_RANGE = 'ERR min or max not valid string range item';

const OPEN = 40;
const CLOSED = 91;
const MINUS = 45;
const PLUS = 43;
/** What C takes for blanks before a number. */
const TAB = 9;
const RETURN = 13;
const BLANK = 32;

class ScoreBounds implements ScoreRange {
  min = 0;
  minExclusive = false;
  max = 0;
  maxExclusive = false;
}

/** The range `readScoreRange` read last. */
export const scoreRange: ScoreRange = new ScoreBounds();
const bounds = scoreRange as ScoreBounds;

/** Reads two bounds at argument indexes into `scoreRange`; false: they are not. */
export function readScoreRange(c: CommandContext, minIndex: number, maxIndex: number): boolean {
  bounds.min = readBound(c, minIndex);
  bounds.minExclusive = isOpen(c, minIndex);
  bounds.max = readBound(c, maxIndex);
  bounds.maxExclusive = isOpen(c, maxIndex);
  return !Number.isNaN(bounds.min) && !Number.isNaN(bounds.max);
}

function isOpen({ request }: CommandContext, index: number): boolean {
  return request.length(index) > 0 && request.bytes[request.offset(index)] === OPEN;
}

/** A bound or NaN. As C reads it: up to a zero byte, blanks before it, and nothing is 0. */
function readBound(c: CommandContext, index: number): number {
  const { request } = c;
  const { bytes } = request;
  let at = request.offset(index);
  let end = at + request.length(index);
  if (isOpen(c, index)) at++;
  for (let i = at; i < end; i++) if (bytes[i] === 0) end = i;
  if (at === end) return 0;
  while (at < end && isBlank(bytes[at]!)) at++;
  return parseFloat64Clamped(bytes, at, end - at);
}

function isBlank(byte: number): boolean {
  return byte === BLANK || (byte >= TAB && byte <= RETURN);
}

/** Reads two bounds of members; null: they are not. Their bytes are the request's. */
export function readLexRange(
  c: CommandContext,
  minIndex: number,
  maxIndex: number,
): LexRange | null {
  const min = readLexBound(c, minIndex);
  const max = readLexBound(c, maxIndex);
  return min === null || max === null ? null : { min, max };
}

function readLexBound({ request }: CommandContext, index: number): LexBound | null {
  const text = request.slice(index);
  const kind = text[0];
  if (kind === OPEN || kind === CLOSED) {
    return { member: text.subarray(1), exclusive: kind === OPEN };
  }
  // A zero byte ends a text in C.
  if (text.length > 1 && text[1] !== 0) return null;
  if (kind === MINUS) return 'lowest';
  return kind === PLUS ? 'highest' : null;
}
