// LPOS.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { readInteger } from './index-argument.ts';
import { list } from './list-value.ts';

const found: number[] = [];
const collect = (index: number): void => {
  found.push(index);
};

const ERR_RANK_ZERO =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
  'or use negative to start from the end of the list';
const ERR_RANK_RANGE =
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807';
const ERR_COUNT = "ERR COUNT can't be negative";
const ERR_MAX_LENGTH = "ERR MAXLEN can't be negative";
/** The only 64-bit integer that cannot be negated. */
const LEAST_INT64 = -(2 ** 63);

/** LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]. */
export function lPos(c: CommandContext): Outcome {
  const options = parseOptions(c);
  if (typeof options === 'string') return c.fail(options);
  const { rank, count, maxLength } = options;

  const entry = list.openToRead(c, 1);
  if (entry < 0) return c.refuse(entry);
  found.length = 0;
  if (entry !== 0) list.positions(c, 2, rank, count ?? 1, maxLength, collect);

  if (count === null) {
    if (found.length === 0) c.reply.null();
    else c.reply.integer(found[0]!);
    return DONE;
  }
  c.reply.array(found.length);
  for (const index of found) c.reply.integer(index);
  found.length = 0;
  return DONE;
}

interface PositionOptions {
  readonly rank: number;
  /** Null: one position, not an array; 0: all. */
  readonly count: number | null;
  /** 0: all. */
  readonly maxLength: number;
}

/** The options, or the text of an error. */
function parseOptions(c: CommandContext): PositionOptions | string {
  const { request } = c;
  let rank = 1;
  let count: number | null = null;
  let maxLength = 0;
  for (let i = 3; i < request.argc; i += 2) {
    if (i + 1 >= request.argc) return ERR_SYNTAX;
    const value = readInteger(c, i + 1);
    if (request.is(i, 'rank')) {
      if (Number.isNaN(value)) return ERR_NOT_INTEGER;
      // As a double the least one is the same as its neighbours.
      if (value === LEAST_INT64 && request.int64(i + 1) === -(2n ** 63n)) return ERR_RANK_RANGE;
      if (value === 0) return ERR_RANK_ZERO;
      rank = value;
    } else if (request.is(i, 'count')) {
      if (!(value >= 0)) return ERR_COUNT;
      count = value;
    } else if (request.is(i, 'maxlen')) {
      if (!(value >= 0)) return ERR_MAX_LENGTH;
      maxLength = value;
    } else {
      return ERR_SYNTAX;
    }
  }
  return { rank, count, maxLength };
}
