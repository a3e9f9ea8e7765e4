// What XADD and XTRIM are told of trimming, and what comes before the id of XADD.

import { StreamId, type TrimRule } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { readInteger } from '../list/index-argument.ts';
import { ERR_STREAM_ID, readId } from './id-argument.ts';

const ERR_BOTH = 'ERR syntax error, MAXLEN and MINID options at the same time are not compatible';
const ERR_MAXLEN = 'ERR The MAXLEN argument must be >= 0.';
const ERR_LIMIT = 'ERR The LIMIT argument must be >= 0.';
const ERR_LIMIT_ALONE =
  'ERR syntax error, LIMIT cannot be used without specifying a trimming strategy';
const ERR_NO_STRATEGY = 'ERR syntax error, XTRIM called without a trimming strategy';
const ERR_LIMIT_EXACT = 'ERR syntax error, LIMIT cannot be used without the special ~ option';
const STAR = 42;
/** Redis: a rough trim looks at so many nodes at most. */
const ROUGH_NODES = 100;
const MOST_LIMIT = 1_000_000;
const USUAL_LIMIT = 10_000;

/** What was read last. */
class TrimOptions {
  isXAdd = false;
  makesNone = false;
  /** The argument that is the id. */
  idAt = 0;
  /** `*` */
  isIdGenerated = false;
  /** `ms-*` has none. */
  hasSequence = true;
  readonly id = new StreamId();
  keep: number | StreamId | null = null;
  isRough = false;
  limit = 0;
  readonly #minId = new StreamId();

  /** Null: there is no such. */
  get rule(): TrimRule | null {
    const { keep, isRough, limit } = this;
    return keep === null ? null : { keep, isRough, limit };
  }

  /**
   * Reads the arguments of XADD up to the id, or all of XTRIM.
   * @returns '' or an error reply
   */
  read(c: CommandContext, isXAdd: boolean): string {
    this.isXAdd = isXAdd;
    this.makesNone = false;
    this.idAt = 0;
    this.isIdGenerated = false;
    this.hasSequence = true;
    this.keep = null;
    this.isRough = false;
    this.limit = -1;
    const problem = this.#readAll(c);
    return problem === '' ? this.#settle(c) : problem;
  }

  #readAll(c: CommandContext): string {
    const { request } = c;
    for (let i = 2; i < request.argc; i++) {
      const hasMore = i + 1 < request.argc;
      if (this.isXAdd && request.length(i) === 1 && request.bytes[request.offset(i)] === STAR) {
        this.idAt = i;
        this.isIdGenerated = true;
        return '';
      }
      const isLength = request.is(i, 'maxlen');
      if (hasMore && (isLength || request.is(i, 'minid'))) {
        if (this.keep !== null) return ERR_BOTH;
        if (i + 2 < request.argc) {
          this.isRough = request.is(i + 1, '~');
          if (this.isRough || request.is(i + 1, '=')) i++;
        } else {
          this.isRough = false;
        }
        const problem = this.#readKept(c, ++i, isLength);
        if (problem !== '') return problem;
      } else if (hasMore && request.is(i, 'limit')) {
        this.limit = readInteger(c, ++i);
        if (Number.isNaN(this.limit)) return ERR_NOT_INTEGER;
        if (this.limit < 0) return ERR_LIMIT;
      } else if (!this.isXAdd) {
        return ERR_SYNTAX;
      } else if (request.is(i, 'nomkstream')) {
        this.makesNone = true;
      } else {
        this.idAt = i;
        return this.#readId(c, i) ? '' : ERR_STREAM_ID;
      }
    }
    return '';
  }

  #readKept(c: CommandContext, index: number, isLength: boolean): string {
    if (isLength) {
      const keep = readInteger(c, index);
      if (Number.isNaN(keep)) return ERR_NOT_INTEGER;
      if (keep < 0) return ERR_MAXLEN;
      this.keep = keep;
      return '';
    }
    if (!readId(c, index, this.#minId)) return ERR_STREAM_ID;
    this.keep = this.#minId;
    return '';
  }

  #readId(c: CommandContext, index: number): boolean {
    const text = c.request.text(index);
    const end = text.indexOf('-');
    if (end < 0 || text.slice(end + 1) !== '*' || text.length > 127) {
      return this.id.parse(text, 0);
    }
    this.hasSequence = false;
    return this.id.parse(text.slice(0, end), 0);
  }

  #settle(c: CommandContext): string {
    const isGiven = this.limit >= 0;
    if (this.limit > 0 && this.keep === null) return ERR_LIMIT_ALONE;
    if (!this.isXAdd && this.keep === null) return ERR_NO_STRATEGY;
    if (isGiven && !this.isRough) return ERR_LIMIT_EXACT;
    if (!isGiven) this.limit = this.isRough ? usualLimit(c.limits.streamNode.entries) : 0;
    return '';
  }
}

function usualLimit(nodeEntries: number): number {
  const limit = ROUGH_NODES * nodeEntries;
  return limit <= 0 ? USUAL_LIMIT : Math.min(limit, MOST_LIMIT);
}

export const trimOptions = new TrimOptions();
