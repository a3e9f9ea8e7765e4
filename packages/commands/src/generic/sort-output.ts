// What SORT gives of elements in order: they themselves, or what GET patterns find for them.

import type { CommandContext } from '../context.ts';
import { DONE, NOT_HERE } from '../outcome.ts';
import type { SortOptions } from './sort-options.ts';
import { HAS_VALUE, type SortPattern } from './sort-pattern.ts';
import type { ByteStrings } from './sort-source.ts';

/** Elements by index, `count` from place `first` on. */
export interface Order {
  /** Null: as they are. */
  readonly indexes: Uint32Array | null;
  readonly first: number;
  readonly count: number;
}

/** Which of `all` elements in order are asked for. */
export function placesOf(options: SortOptions, all: number): { first: number; count: number } {
  const first = Math.min(Math.max(options.start, 0), all);
  const rest = all - first;
  return { first, count: options.count < 0 ? rest : Math.min(options.count, rest) };
}

/** True when elements are taken as they come. */
export function isAsItComes({ unsorted, store }: SortOptions, isUnordered: boolean): boolean {
  return unsorted && (store === 0 || !isUnordered);
}

/** By what the elements are sorted: what is stored should not depend on the order of a set. */
export function orderOf(options: SortOptions): SortOptions {
  return options.unsorted ? { ...options, alpha: true, by: null } : options;
}

/**
 * Gives what is asked for of each element to `write`, null where there is nothing.
 * @returns DONE, or what a lookup has answered below 0
 */
export function forEachOutput(
  c: CommandContext,
  elements: ByteStrings,
  { indexes, first, count }: Order,
  gets: readonly SortPattern[],
  write: (bytes: Buffer | null, offset: number, length: number) => void,
): number {
  const { bytes, begins } = elements;
  for (let place = first; place < first + count; place++) {
    const index = indexes === null ? place : indexes[place]!;
    const begin = begins[index]!;
    const length = elements.length(index);
    if (gets.length === 0) write(bytes, begin, length);
    for (const pattern of gets) {
      const found = pattern.lookUp(c, bytes, begin, length);
      if (found < 0) return found;
      const { value } = pattern;
      if (found === HAS_VALUE) write(value.bytes, value.offset, value.length);
      else write(null, 0, 0);
    }
  }
  return isAnyWanted(c) ? NOT_HERE : DONE;
}

/** True when something was out of reach: what was found without it means nothing. */
function isAnyWanted({ wanted }: CommandContext): boolean {
  return wanted !== null && wanted.length > 0;
}
