// LCS: what two strings have in common.

import { type CommonRun, isLcsTooLarge, lcsLength, lcsRuns } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { isOtherType } from './string-value.ts';

const ERR_NOT_STRINGS = 'ERR The specified keys must contain string values';
const ERR_LEN_AND_IDX = 'ERR If you want both the length and indexes, please just use IDX.';
const ERR_TOO_LARGE = 'ERR Insufficient memory, failed allocating transient memory for LCS';
/** Products of the two lengths above this are left to a worker: some milliseconds of work. */
const MOST_CELLS_ON_FRONT = 2 ** 24;
const NOTHING = Buffer.alloc(0);

/** LCS key1 key2 [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]. */
export function lcs(c: CommandContext): Outcome {
  const first = c.openValue(1);
  if (first < 0) return c.refuse(first);
  const isWorker = c.large.reaches(c.table.shard);
  const a = first === 0 ? NOTHING : openedValue(c);
  const second = c.openValue(2);
  if (second < 0) return c.refuse(second);
  const b = second === 0 ? NOTHING : openedValue(c);
  if (!isWorker && a.length * b.length > MOST_CELLS_ON_FRONT) return c.refuse(NOT_HERE);

  c.countRead(first);
  c.countRead(second, 2);
  if (isOtherType(c, first) || isOtherType(c, second)) return c.fail(ERR_NOT_STRINGS);
  const options = parseOptions(c);
  if (typeof options === 'string') return c.fail(options);
  // Redis: gives up where four bytes per cell are more than it can allocate.
  if (isLcsTooLarge(a, b)) return c.fail(ERR_TOO_LARGE);
  reply(c, a, b, options);
  return DONE;
}

function openedValue(c: CommandContext): Buffer {
  return c.valueBytes.subarray(c.valueOffset, c.valueOffset + c.valueLength);
}

interface LcsOptions {
  readonly len: boolean;
  readonly idx: boolean;
  readonly withMatchLen: boolean;
  readonly minMatchLen: number;
}

/** The options, or the text of an error. */
function parseOptions(c: CommandContext): LcsOptions | string {
  const { request } = c;
  let len = false;
  let idx = false;
  let withMatchLen = false;
  let minMatchLen = 0;
  for (let i = 3; i < request.argc; i++) {
    if (request.is(i, 'idx')) {
      idx = true;
    } else if (request.is(i, 'len')) {
      len = true;
    } else if (request.is(i, 'withmatchlen')) {
      withMatchLen = true;
    } else if (request.is(i, 'minmatchlen') && i + 1 < request.argc) {
      const given = request.int64(++i);
      if (given === null) return ERR_NOT_INTEGER;
      minMatchLen = Number(given);
    } else {
      return ERR_SYNTAX;
    }
  }
  if (len && idx) return ERR_LEN_AND_IDX;
  return { len, idx, withMatchLen, minMatchLen };
}

function reply(c: CommandContext, a: Buffer, b: Buffer, options: LcsOptions): void {
  if (options.len) {
    c.reply.integer(lcsLength(a, b));
    return;
  }
  const runs = lcsRuns(a, b);
  if (options.idx) {
    replyRuns(c, runs, options);
  } else {
    const text = Buffer.concat(runs.map((run) => a.subarray(run.a, run.a + run.length)).reverse());
    c.reply.bulk(text, 0, text.length);
  }
}

function replyRuns(c: CommandContext, runs: readonly CommonRun[], options: LcsOptions): void {
  const shown = runs.filter((run) => run.length >= options.minMatchLen);
  const { reply } = c;
  reply.map(2);
  reply.text('matches');
  reply.array(shown.length);
  for (const { a, b, length } of shown) {
    reply.array(options.withMatchLen ? 3 : 2);
    for (const start of [a, b]) {
      reply.array(2);
      reply.integer(start);
      reply.integer(start + length - 1);
    }
    if (options.withMatchLen) reply.integer(length);
  }
  reply.text('len');
  reply.integer(runs.reduce((sum, run) => sum + run.length, 0));
}
