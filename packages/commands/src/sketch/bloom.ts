// The BF commands.

import {
  addToBloom,
  BLOOM_ADDED,
  BLOOM_FULL,
  BLOOM_NO_ROOM,
  type BloomOptions,
  bloomFacts,
  bloomRoom,
  createBloom,
  isInBloom,
  MOST_BLOOM_EXPANSION,
} from '@forgekv/datatypes';
import { TYPE_BLOOM } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { wrongArity } from '../errors.ts';
import { EVENT_MODULE } from '../key-events.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { doubleAt, hashItem, integerAt } from './sketch-arguments.ts';
import { openSketch, sketch, TOO_LARGE } from './sketch-value.ts';

export const ERR_NOT_FOUND = 'ERR not found';
const ERR_EXISTS = 'ERR item exists';
const ERR_MEMORY = 'ERR Insufficient memory to create filter';
const ERR_UNKNOWN = 'Unknown argument received';
const ERR_FULL = 'ERR non scaling filter is full';
const ERR_PROBLEM = 'ERR problem inserting into filter';
const DEFAULTS: BloomOptions = { errorRate: 0.01, capacity: 100, expansion: 2, scales: true };

/** BF.RESERVE key error_rate capacity [EXPANSION expansion] [NONSCALING]. */
export function bfReserve(c: CommandContext): Outcome {
  const options = reserveOptions(c);
  if (typeof options === 'string') return c.fail(options);
  const entry = sketch.open(c, 1, TYPE_BLOOM);
  if (entry < 0) return c.refuse(entry);
  if (entry > 0) return c.fail(ERR_EXISTS);
  const made = create(c, options);
  if (made < 0) return c.refuse(made);
  if (made === TOO_LARGE) return c.fail(ERR_MEMORY);
  const stored = sketch.store(c);
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, 'bf.reserve');
  c.reply.ok();
  return DONE;
}

function create(c: CommandContext, options: BloomOptions): number {
  return sketch.create(c, (memory, most) => createBloom(memory, options, most));
}

/** The options of BF.RESERVE, or an error. */
function reserveOptions(c: CommandContext): BloomOptions | string {
  const { request } = c;
  if (request.argc > 7) return wrongArity('bf.reserve');
  const errorRate = doubleAt(c, 2);
  if (Number.isNaN(errorRate)) return 'ERR bad error rate';
  if (errorRate <= 0 || errorRate >= 1) return 'ERR (0 < error rate range < 1) ';
  const capacity = integerAt(c, 3);
  if (Number.isNaN(capacity)) return 'ERR bad capacity';
  if (capacity <= 0) return 'ERR (capacity should be larger than 0)';
  let { expansion } = DEFAULTS;
  let scales = true;
  let isExpanding = false;
  for (let i = 4; i < request.argc; i++) {
    if (request.is(i, 'nonscaling')) {
      scales = false;
    } else if (request.is(i, 'expansion')) {
      if (++i === request.argc) return 'ERR no expansion';
      isExpanding = true;
      expansion = integerAt(c, i);
    } else {
      return ERR_UNKNOWN;
    }
  }
  if (isExpanding && !scales) return 'Nonscaling filters cannot expand';
  if (Number.isNaN(expansion) || expansion > MOST_BLOOM_EXPANSION) return 'ERR bad expansion';
  if (expansion < 1) return 'ERR expansion should be greater or equal to 1';
  return { errorRate, capacity, expansion, scales };
}

/** BF.ADD key item. */
export function bfAdd(c: CommandContext): Outcome {
  return insert(c, 2, DEFAULTS, false, 'bf.add');
}

/** BF.MADD key item [item ...]. */
export function bfMAdd(c: CommandContext): Outcome {
  return insert(c, 2, DEFAULTS, true, 'bf.madd');
}

/**
 * BF.INSERT key [CAPACITY capacity] [ERROR error] [EXPANSION expansion] [NOCREATE] [NONSCALING]
 * ITEMS item [item ...].
 */
export function bfInsert(c: CommandContext): Outcome {
  const { request } = c;
  let { errorRate, capacity, expansion, scales } = DEFAULTS;
  let creates = true;
  let at = 2;
  for (; at < request.argc && !request.is(at, 'items'); at++) {
    if (request.is(at, 'nocreate')) {
      creates = false;
    } else if (request.is(at, 'nonscaling')) {
      scales = false;
    } else if (at + 1 === request.argc) {
      return c.fail(isOption(c, at) ? wrongArity('bf.insert') : ERR_UNKNOWN);
    } else if (request.is(at, 'error')) {
      errorRate = doubleAt(c, ++at);
      if (Number.isNaN(errorRate)) return c.fail('Bad error rate');
    } else if (request.is(at, 'capacity')) {
      capacity = integerAt(c, ++at);
      if (Number.isNaN(capacity)) return c.fail('Bad capacity');
    } else if (request.is(at, 'expansion')) {
      expansion = integerAt(c, ++at);
      if (Number.isNaN(expansion)) return c.fail('Bad expansion');
    } else {
      return c.fail(ERR_UNKNOWN);
    }
  }
  if (at + 1 >= request.argc) return c.fail(wrongArity('bf.insert'));
  if (!(errorRate > 0 && errorRate < 1) || capacity < 1) return c.fail('Bad argument received');
  if (expansion < 1 || expansion > MOST_BLOOM_EXPANSION) return c.fail('Bad argument received');
  const options = creates ? { errorRate, capacity, expansion, scales } : null;
  return insert(c, at + 1, options, true, 'bf.insert');
}

function isOption({ request }: CommandContext, index: number): boolean {
  return ['error', 'capacity', 'expansion'].some((word) => request.is(index, word));
}

const answers: number[] = [];

/**
 * Adds the items from an argument on.
 * @param options for a filter that is not there, null: none is made
 * @param isMany the reply is an array
 */
function insert(
  c: CommandContext,
  first: number,
  options: BloomOptions | null,
  isMany: boolean,
  event: string,
): Outcome {
  const { reply } = c;
  const entry = sketch.open(c, 1, TYPE_BLOOM);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    if (options === null) return c.fail(ERR_NOT_FOUND);
    const made = create(c, options);
    if (made < 0) return c.refuse(made);
    if (made === TOO_LARGE) return c.fail(ERR_MEMORY);
  } else if (sketch.isPacked && bloomRoom(sketch.memory) < c.request.argc - first) {
    sketch.detach(c);
  }
  const added = addAll(c, first);
  if (sketch.mustHop(c)) return c.refuse(NOT_HERE);
  if (added > 0 || entry === 0) {
    const stored = sketch.store(c);
    if (stored < 0) return c.refuse(stored);
    c.changedAsAsked(stored);
    c.note(EVENT_MODULE, event);
  }
  if (isMany) reply.array(answers.length);
  for (const answer of answers) {
    if (answer === BLOOM_FULL) reply.error(ERR_FULL);
    else if (answer === BLOOM_NO_ROOM) reply.error(ERR_PROBLEM);
    else reply.boolean(answer === BLOOM_ADDED);
  }
  return DONE;
}

/** Returns how many were new; what became of each is in `answers`, up to the first that is full. */
function addAll(c: CommandContext, first: number): number {
  let added = 0;
  answers.length = 0;
  for (let i = first; i < c.request.argc; i++) {
    hashItem(c, i);
    const answer = addToBloom(sketch.memory);
    answers.push(answer);
    if (answer === BLOOM_ADDED) added++;
    if (answer === BLOOM_FULL) break;
  }
  return added;
}

/** BF.EXISTS key item. */
export function bfExists(c: CommandContext): Outcome {
  return exists(c, false);
}

/** BF.MEXISTS key item [item ...]. */
export function bfMExists(c: CommandContext): Outcome {
  return exists(c, true);
}

function exists(c: CommandContext, isMany: boolean): Outcome {
  const { request, reply } = c;
  const entry = sketch.openSource(c, 1, TYPE_BLOOM);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (isMany) reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) {
    if (entry > 0) hashItem(c, i);
    reply.boolean(entry > 0 && isInBloom(sketch.memory));
  }
  return DONE;
}

/** BF.CARD key. */
export function bfCard(c: CommandContext): Outcome {
  const memory = openSketch(c, 1, TYPE_BLOOM);
  if (typeof memory === 'number') return c.refuse(memory);
  c.countRead(memory === null ? 0 : 1);
  c.reply.integer(memory === null ? 0 : bloomFacts(memory).items);
  return DONE;
}

/** BF.INFO key [CAPACITY | SIZE | FILTERS | ITEMS | EXPANSION]. */
export function bfInfo(c: CommandContext): Outcome {
  const { request, reply } = c;
  if (request.argc > 3) return c.fail(wrongArity('bf.info'));
  const memory = openSketch(c, 1, TYPE_BLOOM);
  if (typeof memory === 'number') return c.refuse(memory);
  c.countRead(memory === null ? 0 : 1);
  if (memory === null) return c.fail(ERR_NOT_FOUND);
  const facts = bloomFacts(memory);
  const fields: [word: string, name: string, value: number | null][] = [
    ['capacity', 'Capacity', facts.capacity],
    ['size', 'Size', facts.bytes],
    ['filters', 'Number of filters', facts.layers],
    ['items', 'Number of items inserted', facts.items],
    ['expansion', 'Expansion rate', facts.expansion],
  ];
  const isOne = request.argc === 3;
  const wanted = isOne ? fields.filter(([word]) => request.is(2, word)) : fields;
  if (wanted.length === 0) return c.fail('Invalid information value');
  // Of one field, RESP2 gives the value without its name.
  if (isOne && !reply.resp3) reply.array(1);
  else reply.map(wanted.length);
  for (const [, name, value] of wanted) {
    if (!isOne || reply.resp3) reply.simple(name);
    if (value === null) reply.null();
    else reply.integer(value);
  }
  return DONE;
}
