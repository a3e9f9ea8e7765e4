// SORT and SORT_RO. Nobody changes the elements, or what BY and GET patterns name, meanwhile: with
// such patterns the command runs with every shard locked, else with those of its keys.
//
// Redis: what is sorted ALPHA and not stored is compared as the locale says; here the locale is C.

import { LargeList } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_STRING_SIZE } from '../errors.ts';
import { newList } from '../list/list-packing.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { parseSortOptions, type SortOptions } from './sort-options.ts';
import { sortedIndexes } from './sort-order.ts';
import { counts, HAS_VALUE, type SortPattern } from './sort-pattern.ts';
import { ByteStrings, isSortable, type Source, sourceOf } from './sort-source.ts';

/** More than an element takes beyond its bytes where it is stored and logged. */
const FRAME_BYTES = 16;
const NOTHING = Buffer.alloc(0);
const ERR_OUT_OF_REACH = 'ERR SORT needs the value of a key that is out of reach';

/** SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC|DESC] [ALPHA] [STORE key]. */
export function sort(c: CommandContext): Outcome {
  return sortKey(c, true);
}

/** SORT_RO: the same without STORE. */
export function sortReadOnly(c: CommandContext): Outcome {
  return sortKey(c, false);
}

function sortKey(c: CommandContext, mayStore: boolean): Outcome {
  const options = parseSortOptions(c, mayStore);
  if (typeof options === 'string') return c.fail(options);

  const { reply } = c;
  const resume = reply.position;
  counts.begin();
  const answer = run(c, options);
  if (answer < 0) {
    reply.position = resume;
    // Only who fetches what is missing may try again, where everything else is within reach.
    const isStuck = answer === NOT_HERE && c.transaction !== 0 && c.wanted === null;
    return isStuck ? c.fail(ERR_OUT_OF_REACH) : c.refuse(answer);
  }
  counts.end(c);
  return DONE;
}

/** Returns DONE, or what `open`, a lookup or a store has answered below 0. */
function run(c: CommandContext, options: SortOptions): number {
  let entry = c.open(1);
  if (entry < 0) return entry;
  if (entry === 0) counts.misses++;
  else counts.hits++;
  const elements = new ByteStrings();
  let order: Order = { indexes: null, first: 0, count: 0 };
  if (entry > 0) {
    if (!isSortable(c, entry)) return c.wrongType();
    entry = c.loadValue(entry);
    if (entry < 0) return entry;
    const ordered = bringIntoOrder(c, sourceOf(c, entry), elements, options);
    if (typeof ordered === 'number') return ordered;
    if (typeof ordered === 'string') return c.fail(ordered);
    order = ordered;
  }
  return options.store === 0
    ? replyElements(c, elements, order, options)
    : storeElements(c, elements, order, options);
}

/** Elements by index, `count` from place `first` on. */
interface Order {
  /** Null: as they are. */
  readonly indexes: Uint32Array | null;
  readonly first: number;
  readonly count: number;
}

function bringIntoOrder(
  c: CommandContext,
  source: Source,
  elements: ByteStrings,
  options: SortOptions,
): Order | string | number {
  const first = Math.min(Math.max(options.start, 0), source.count);
  const rest = source.count - first;
  const count = options.count < 0 ? rest : Math.min(options.count, rest);
  const { store, unsorted, descending } = options;
  if (unsorted && (store === 0 || !source.isUnordered)) {
    if (count > 0) source.visit(first, count, descending, elements.push);
    return { indexes: null, first: 0, count };
  }
  source.visit(0, source.count, false, elements.push);
  // What is stored should not depend on the order a set happens to have.
  const stable = unsorted ? { ...options, alpha: true, by: null } : options;
  const indexes = sortedIndexes(c, elements, stable);
  return indexes instanceof Uint32Array ? { indexes, first, count } : indexes;
}

/**
 * Gives what is asked for of each element to `write`, null where there is nothing.
 * @returns DONE, or what a lookup has answered below 0
 */
function forEachOutput(
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

function replyElements(
  c: CommandContext,
  elements: ByteStrings,
  order: Order,
  { gets }: SortOptions,
): number {
  const { reply } = c;
  reply.array(order.count * Math.max(1, gets.length));
  return forEachOutput(c, elements, order, gets, (bytes, offset, length) => {
    if (bytes === null) reply.null();
    else reply.bulk(bytes, offset, length);
  });
}

/** Redis: a stored list has no bound; here it fits into a string, as which it is logged. */
function storeElements(
  c: CommandContext,
  elements: ByteStrings,
  order: Order,
  options: SortOptions,
): number {
  const into = new LargeList();
  let bytes = 0;
  const done = forEachOutput(c, elements, order, options.gets, (value, offset, length) => {
    bytes += length + FRAME_BYTES;
    if (bytes <= c.maxStringBytes) into.pushLast(value ?? NOTHING, offset, length);
  });
  if (done < 0) return done;
  if (bytes > c.maxStringBytes) return c.fail(ERR_STRING_SIZE);
  const refusal = c.refusalOf(bytes);
  if (refusal !== '') return c.fail(refusal);
  const target = c.open(options.store);
  if (target < 0) return target;
  const stored = into.count === 0 ? drop(c, target) : storeList(c, target, into);
  if (stored < 0) return stored;
  c.reply.integer(into.count);
  return DONE;
}

function drop(c: CommandContext, entry: number): number {
  if (entry === 0) return DONE;
  if (!c.canRemove(entry)) return NOT_HERE;
  c.remove(entry);
  return DONE;
}

function storeList(c: CommandContext, entry: number, list: LargeList): number {
  const stored = c.storeNew(entry, newList(c, list));
  if (stored < 0) return stored;
  c.table.setExpireAtMs(stored, 0);
  c.changed(stored);
  return stored;
}
