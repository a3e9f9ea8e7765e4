// SORT and SORT_RO. Nobody changes the elements, or what BY and GET patterns name, meanwhile: with
// such patterns the command runs with every shard locked, in one go, else with those of its keys.
// Then a large collection is sorted in slices; see sliced-sort.ts.
//
// Redis: what is sorted ALPHA and not stored is compared as the locale says; here the locale is C.

import { LargeList } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_STRING_SIZE } from '../errors.ts';
import { EVENT_GENERIC, EVENT_LIST } from '../key-events.ts';
import type { LargeCollection } from '../large-values.ts';
import { newList } from '../list/list-packing.ts';
import { DONE, NOT_HERE, type Outcome, SLICED } from '../outcome.ts';
import type { SlicedPayload } from '../sliced-payload.ts';
import { MOST_RESTARTS } from '../sliced-work.ts';
import { FRAME_BYTES, needsNoKeys, SortReply, SortStore, sortedElements } from './sliced-sort.ts';
import { parseSortOptions, type SortOptions } from './sort-options.ts';
import { sortedIndexes } from './sort-order.ts';
import { forEachOutput, isAsItComes, type Order, orderOf, placesOf } from './sort-output.ts';
import { counts } from './sort-pattern.ts';
import { ByteStrings, isSortable, type Source, sourceOf } from './sort-source.ts';

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
  return answer === SLICED ? SLICED : DONE;
}

/** Returns DONE, SLICED, or what `open`, a lookup or a store has answered below 0. */
function run(c: CommandContext, options: SortOptions): number {
  const prepared = c.prepared instanceof SortStore ? c.prepared : null;
  if (prepared?.sources.areCurrent(c)) return storePrepared(c, prepared, options);
  let entry = c.open(1);
  if (entry < 0) return entry;
  if (entry === 0) {
    counts.misses++;
    c.noteMiss();
  } else {
    counts.hits++;
  }
  const elements = new ByteStrings();
  let order: Order = { indexes: null, first: 0, count: 0 };
  if (entry > 0) {
    if (!isSortable(c, entry)) return c.wrongType();
    entry = c.loadSource(entry);
    if (entry < 0) return entry;
    const { collection } = c;
    if (collection !== null && needsNoKeys(options)) {
      const wanted = sortedElements(options, collection);
      const restarts = prepared === null ? 0 : prepared.restarts + 1;
      if (wanted > c.sliceElements) return runSliced(c, options, collection, wanted, restarts);
    }
    const ordered = bringIntoOrder(c, sourceOf(c, entry), elements, options);
    if (typeof ordered === 'number') return ordered;
    if (typeof ordered === 'string') return c.fail(ordered);
    order = ordered;
  }
  return options.store === 0
    ? replyElements(c, elements, order, options)
    : storeElements(c, elements, order, options);
}

function runSliced(
  c: CommandContext,
  options: SortOptions,
  collection: LargeCollection,
  wanted: number,
  restarts: number,
): number {
  if (options.store === 0) return c.perform(new SortReply(options, collection), wanted);
  // Asked first, so that nothing is computed where it cannot be stored.
  const target = c.open(options.store);
  if (target < 0) return target;
  if (target > 0 && !c.canRemove(target)) return NOT_HERE;
  const work = new SortStore(options, collection);
  work.restarts = restarts;
  const outcome = c.perform(work, restarts > MOST_RESTARTS ? 0 : wanted);
  if (outcome < 0) return outcome;
  if (outcome !== SLICED) return storeMade(c, work, options);
  work.sources.note(c, 1, 1);
  // The command comes again and counts then.
  counts.begin();
  return outcome;
}

function bringIntoOrder(
  c: CommandContext,
  source: Source,
  elements: ByteStrings,
  options: SortOptions,
): Order | string | number {
  const { first, count } = placesOf(options, source.count);
  if (isAsItComes(options, source.isUnordered)) {
    if (count > 0) source.visit(first, count, options.descending, elements.push);
    return { indexes: null, first: 0, count };
  }
  source.visit(0, source.count, false, elements.push);
  const indexes = sortedIndexes(c, elements, orderOf(options));
  return indexes instanceof Uint32Array ? { indexes, first, count } : indexes;
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
  const list = new LargeList();
  let bytes = 0;
  const done = forEachOutput(c, elements, order, options.gets, (value, offset, length) => {
    bytes += length + FRAME_BYTES;
    if (bytes <= c.maxStringBytes) list.pushLast(value ?? NOTHING, offset, length);
  });
  if (done < 0) return done;
  return storeMade(c, { error: '', list, bytes, payload: null }, options);
}

function storePrepared(c: CommandContext, prepared: SortStore, options: SortOptions): number {
  counts.hits++;
  return storeMade(c, prepared, options);
}

/** The list to be stored, or why there is none; its payload where it was made already. */
type Made = Pick<SortStore, 'error' | 'list' | 'bytes' | 'payload'>;

function storeMade(c: CommandContext, made: Made, options: SortOptions): number {
  const { error, list, bytes, payload } = made;
  if (error !== '') return c.fail(error);
  if (bytes > c.maxStringBytes) return c.fail(ERR_STRING_SIZE);
  const refusal = c.refusalOf(payload === null ? bytes : payload.bytes.length);
  if (refusal !== '') return c.fail(refusal);
  const target = c.open(options.store);
  if (target < 0) return target;
  const stored = list.count === 0 ? drop(c, target) : storeList(c, target, list, payload);
  if (stored < 0) return stored;
  if (list.count > 0) c.note(EVENT_LIST, 'sortstore', options.store);
  else if (target !== 0) c.note(EVENT_GENERIC, 'del', options.store);
  c.reply.integer(list.count);
  return DONE;
}

function drop(c: CommandContext, entry: number): number {
  if (entry === 0) return DONE;
  if (!c.canRemove(entry)) return NOT_HERE;
  c.remove(entry);
  return DONE;
}

function storeList(
  c: CommandContext,
  entry: number,
  list: LargeList,
  payload: SlicedPayload | null,
): number {
  const stored = c.storeNew(entry, newList(c, list));
  if (stored < 0) return stored;
  c.table.setExpireAtMs(stored, 0);
  if (payload === null) c.changed(stored);
  else c.changedTo(stored, payload.bytes);
  return stored;
}
