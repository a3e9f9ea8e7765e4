// The options of SORT and SORT_RO as they are written.

import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, ERR_SYNTAX } from '../errors.ts';
import { readInteger } from '../list/index-argument.ts';
import type { Request } from '../request.ts';
import { SortPattern } from './sort-pattern.ts';

const STAR = 42;

export interface SortOptions {
  readonly descending: boolean;
  /** By bytes, not by numbers. */
  readonly alpha: boolean;
  /** The elements are taken as they come. */
  readonly unsorted: boolean;
  /** What is compared instead of the element; null: the element. */
  readonly by: SortPattern | null;
  /** What is replied instead of the element; empty: the element. */
  readonly gets: readonly SortPattern[];
  /** First element to reply, and how many, below 0: all. */
  readonly start: number;
  readonly count: number;
  /** Argument index of the key to store to, 0: none. */
  readonly store: number;
}

/** True when the keys a request of SORT or SORT_RO reads follow from the elements, too. */
export function readsUnnamedKeys(request: Request): boolean {
  for (let i = 2; i + 1 < request.argc; i++) {
    const takesPattern = request.is(i, 'by') || request.is(i, 'get');
    if (takesPattern && request.slice(i + 1).includes(STAR)) return true;
  }
  return false;
}

/** The options, or the text of an error. */
export function parseSortOptions(c: CommandContext, mayStore: boolean): SortOptions | string {
  const { request } = c;
  const gets: SortPattern[] = [];
  let descending = false;
  let alpha = false;
  let unsorted = false;
  let by: SortPattern | null = null;
  let start = 0;
  let count = -1;
  let store = 0;
  for (let i = 2; i < request.argc; i++) {
    const following = request.argc - i - 1;
    if (request.is(i, 'asc')) {
      descending = false;
    } else if (request.is(i, 'desc')) {
      descending = true;
    } else if (request.is(i, 'alpha')) {
      alpha = true;
    } else if (request.is(i, 'limit') && following >= 2) {
      start = readInteger(c, ++i);
      count = readInteger(c, ++i);
      if (Number.isNaN(start) || Number.isNaN(count)) return ERR_NOT_INTEGER;
    } else if (mayStore && request.is(i, 'store') && following >= 1) {
      store = ++i;
    } else if (request.is(i, 'by') && following >= 1) {
      by = new SortPattern(request.copy(++i));
      // Redis: stays so when another BY follows.
      if (!by.namesKeys) unsorted = true;
    } else if (request.is(i, 'get') && following >= 1) {
      gets.push(new SortPattern(request.copy(++i)));
    } else {
      return ERR_SYNTAX;
    }
  }
  return { descending, alpha, unsorted, by, gets, start, count, store };
}
