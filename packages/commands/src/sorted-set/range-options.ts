// The arguments of ZRANGE and its relatives, and the members they match: which ranks, in which
// direction. What is done with them is not known here.

import { type LexRange, parseSafeInteger } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import {
  ERR_LEX_RANGE,
  ERR_SCORE_RANGE,
  readLexRange,
  readScoreRange,
  scoreRange,
} from './score-range.ts';
import type { SortedSetReading } from './sorted-set-reading.ts';

const ERR_LIMIT =
  'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX';
const ERR_SCORES_OF_LEX = 'ERR syntax error, WITHSCORES not supported in combination with BYLEX';

export type RangeKind = 'any' | 'rank' | 'score' | 'lex';

/** One per thread, reused. */
class RangeOptions {
  kind: RangeKind = 'any';
  downwards = false;
  withScores = false;
  // Where the matches begin, as `walk` wants it, and how many there are.
  from = 0;
  wanted = 0;
  #offset = 0;
  #limit = -1;
  #start = 0;
  #end = 0;
  #lex: LexRange = { min: 'lowest', max: 'lowest' };

  /**
   * Reads `min max` at an argument index and the options behind them.
   * @param kind 'any': the options say it
   * @param downwards null: the options say it
   * @param mayShowScores WITHSCORES is an option
   * @returns '' or an error
   */
  read(
    c: CommandContext,
    index: number,
    kind: RangeKind,
    downwards: boolean | null,
    mayShowScores: boolean,
  ): string {
    this.kind = kind;
    this.downwards = downwards === true;
    this.withScores = false;
    this.#offset = 0;
    this.#limit = -1;
    for (let i = index + 2; i < c.request.argc; i++) {
      const taken = this.#readOption(c, i, kind, downwards === null, mayShowScores);
      if (taken < 0) return taken === NOT_INTEGER ? ERR_NOT_INTEGER : ERR_SYNTAX;
      i += taken;
    }
    if (this.kind === 'any') this.kind = 'rank';
    if (this.#limit !== -1 && this.kind === 'rank') return ERR_LIMIT;
    if (this.withScores && this.kind === 'lex') return ERR_SCORES_OF_LEX;
    return this.#readRange(c, index);
  }

  /** Returns how many arguments an option has, or one of the numbers below 0. */
  #readOption(
    c: CommandContext,
    index: number,
    kind: RangeKind,
    mayReverse: boolean,
    mayShowScores: boolean,
  ): number {
    const { request } = c;
    if (mayShowScores && request.is(index, 'withscores')) {
      this.withScores = true;
    } else if (request.is(index, 'limit') && index + 2 < request.argc) {
      const offset = request.int64(index + 1);
      const limit = request.int64(index + 2);
      if (offset === null || limit === null) return NOT_INTEGER;
      this.#offset = Number(offset);
      this.#limit = Number(limit);
      return 2;
    } else if (mayReverse && !this.downwards && request.is(index, 'rev')) {
      this.downwards = true;
    } else if (kind === 'any' && this.kind === 'any' && request.is(index, 'bylex')) {
      this.kind = 'lex';
    } else if (kind === 'any' && this.kind === 'any' && request.is(index, 'byscore')) {
      this.kind = 'score';
    } else {
      return UNKNOWN;
    }
    return 0;
  }

  #readRange(c: CommandContext, index: number): string {
    if (this.kind === 'rank') {
      this.#start = readRank(c, index);
      this.#end = readRank(c, index + 1);
      const areRanks = !Number.isNaN(this.#start) && !Number.isNaN(this.#end);
      return areRanks ? '' : ERR_NOT_INTEGER;
    }
    const minIndex = this.downwards ? index + 1 : index;
    const maxIndex = this.downwards ? index : index + 1;
    if (this.kind === 'score') return readScoreRange(c, minIndex, maxIndex) ? '' : ERR_SCORE_RANGE;
    const lex = readLexRange(c, minIndex, maxIndex);
    if (lex === null) return ERR_LEX_RANGE;
    this.#lex = lex;
    return '';
  }

  /** Finds what matches in a sorted set that is open: sets `from` and `wanted`. */
  match(zset: SortedSetReading): void {
    const { kind, downwards } = this;
    if (kind === 'rank') zset.matchRanks(this.#start, this.#end);
    else if (kind === 'score') zset.matchScores(scoreRange);
    else zset.matchLex(this.#lex, downwards);
    const { first, matched } = zset;
    if (kind === 'rank') {
      this.wanted = matched;
      this.from = downwards ? zset.count - 1 - first : first;
      return;
    }
    // Redis: an offset below 0 skips everything, a limit below 0 is none.
    const skipped = this.#offset < 0 ? matched : Math.min(this.#offset, matched);
    const left = matched - skipped;
    this.wanted = this.#limit < 0 ? left : Math.min(left, this.#limit);
    this.from = downwards ? first + matched - 1 - skipped : first + skipped;
  }
}

/** A rank, rounded where it is far beyond every sorted set; NaN: no integer. */
export function readRank({ request }: CommandContext, index: number): number {
  const safe = parseSafeInteger(request.bytes, request.offset(index), request.length(index));
  return Number.isNaN(safe) ? Number(request.int64(index) ?? NaN) : safe;
}

const UNKNOWN = -1;
const NOT_INTEGER = -2;

export const range = new RangeOptions();
