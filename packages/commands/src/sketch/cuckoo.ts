// The CF commands.

import {
  addToCuckoo,
  CUCKOO_ADDED,
  CUCKOO_FULL,
  CUCKOO_NO_ROOM,
  type CuckooOptions,
  compactCuckoo,
  countInCuckoo,
  createCuckoo,
  cuckooFacts,
  isInCuckoo,
  MOST_CUCKOO_FILTERS,
  removeFromCuckoo,
} from '@forgekv/datatypes';
import { TYPE_CUCKOO } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { wrongArity } from '../errors.ts';
import { EVENT_MODULE } from '../key-events.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { hashItem, integerAt } from './sketch-arguments.ts';
import { openSketch, sketch, TOO_LARGE } from './sketch-value.ts';

const ERR_NOT_FOUND = 'ERR not found';
const ERR_EXISTS = 'ERR item exists';
const ERR_CREATE = "Couldn't create Cuckoo Filter";
const ERR_UNKNOWN = 'Unknown argument received';
const ERR_CAPACITY = 'Capacity must be at least (BucketSize * 2)';
const ERR_EXPANSIONS = 'Maximum expansions reached';
const ERR_FULL = 'Filter is full';
const ERR_MEMORY = 'Memory allocation failure';
const DEFAULTS: CuckooOptions = {
  ...{ capacity: 1024, bucketSize: 2 },
  ...{ maxIterations: 20, expansion: 1 },
};

/** The options of CF.RESERVE: names, bounds. */
const OPTIONS: readonly [name: string, key: keyof CuckooOptions, least: number, most: number][] = [
  ['maxiterations', 'maxIterations', 1, 65535],
  ['bucketsize', 'bucketSize', 1, 255],
  ['expansion', 'expansion', 0, 32768],
];

/**
 * CF.RESERVE key capacity [BUCKETSIZE bucketsize] [MAXITERATIONS maxiterations]
 * [EXPANSION expansion].
 */
export function cfReserve(c: CommandContext): Outcome {
  const options = reserveOptions(c);
  if (typeof options === 'string') return c.fail(options);
  const entry = sketch.open(c, 1, TYPE_CUCKOO);
  if (entry < 0) return c.refuse(entry);
  if (entry > 0) return c.fail(ERR_EXISTS);
  const made = create(c, options);
  if (made < 0) return c.refuse(made);
  if (made === TOO_LARGE) return c.fail(ERR_CREATE);
  const stored = sketch.store(c);
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, 'cf.reserve');
  c.reply.ok();
  return DONE;
}

function create(c: CommandContext, options: CuckooOptions): number {
  return sketch.create(c, (memory, most) => createCuckoo(memory, options, most));
}

function reserveOptions(c: CommandContext): CuckooOptions | string {
  const { request } = c;
  if (request.argc % 2 === 0) return wrongArity('cf.reserve');
  const capacity = integerAt(c, 2);
  if (Number.isNaN(capacity)) return 'Bad capacity';
  const options = { ...DEFAULTS, capacity };
  for (let i = 3; i < request.argc; i += 2) {
    const option = OPTIONS.find(([name]) => request.is(i, name));
    if (option === undefined) return ERR_UNKNOWN;
    const [name, key, least, most] = option;
    const value = integerAt(c, i + 1);
    if (Number.isNaN(value)) return `Couldn't parse ${name.toUpperCase()}`;
    if (value < least || value > most) {
      const range = `an integer between ${least} and ${most}, inclusive.`;
      return `${name.toUpperCase()}: value must be ${range}`;
    }
    options[key] = value;
  }
  return options.bucketSize * 2 > capacity ? ERR_CAPACITY : options;
}

/** CF.ADD key item. */
export function cfAdd(c: CommandContext): Outcome {
  return insert(c, 2, DEFAULTS, false, false, 'cf.add');
}

/** CF.ADDNX key item. */
export function cfAddNx(c: CommandContext): Outcome {
  return insert(c, 2, DEFAULTS, true, false, 'cf.addnx');
}

/** CF.INSERT key [CAPACITY capacity] [NOCREATE] ITEMS item [item ...]. */
export function cfInsert(c: CommandContext): Outcome {
  return insertMany(c, false, 'cf.insert');
}

/** CF.INSERTNX key [CAPACITY capacity] [NOCREATE] ITEMS item [item ...]. */
export function cfInsertNx(c: CommandContext): Outcome {
  return insertMany(c, true, 'cf.insertnx');
}

function insertMany(c: CommandContext, isUnique: boolean, name: string): Outcome {
  const { request } = c;
  let { capacity } = DEFAULTS;
  let creates = true;
  let at = 2;
  for (; at < request.argc && !request.is(at, 'items'); at++) {
    if (request.is(at, 'nocreate')) {
      creates = false;
    } else if (request.is(at, 'capacity')) {
      if (++at === request.argc) return c.fail(wrongArity(name));
      capacity = integerAt(c, at);
      if (Number.isNaN(capacity)) return c.fail('Bad capacity');
      if (capacity < DEFAULTS.bucketSize * 2) return c.fail(ERR_CAPACITY);
    } else {
      return c.fail(ERR_UNKNOWN);
    }
  }
  if (at + 1 >= request.argc) return c.fail(wrongArity(name));
  const options = creates ? { ...DEFAULTS, capacity } : null;
  return insert(c, at + 1, options, isUnique, true, name);
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
  options: CuckooOptions | null,
  isUnique: boolean,
  isMany: boolean,
  event: string,
): Outcome {
  const entry = sketch.open(c, 1, TYPE_CUCKOO);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) {
    if (options === null) return c.fail(ERR_NOT_FOUND);
    const made = create(c, options);
    if (made < 0) return c.refuse(made);
    if (made === TOO_LARGE) return c.fail(ERR_CREATE);
  } else if (cuckooFacts(sketch.memory).filters >= MOST_CUCKOO_FILTERS) {
    return c.fail(ERR_EXPANSIONS);
  } else if (isMany) {
    // The first of several must not have changed anything when a later one has to go elsewhere.
    sketch.detach(c);
  }
  const added = addAll(c, first, isUnique);
  if (sketch.mustHop(c)) return c.refuse(NOT_HERE);
  if (added > 0 || entry === 0) {
    const stored = sketch.store(c);
    if (stored < 0) return c.refuse(stored);
    c.changedAsAsked(stored);
    c.note(EVENT_MODULE, event);
  }
  replyInserted(c, isUnique, isMany);
  return DONE;
}

/** Returns how many were added; what became of each is in `answers`. */
function addAll(c: CommandContext, first: number, isUnique: boolean): number {
  let added = 0;
  answers.length = 0;
  for (let i = first; i < c.request.argc; i++) {
    hashItem(c, i);
    let answer = addToCuckoo(sketch.memory, isUnique);
    if (answer === CUCKOO_NO_ROOM && sketch.isPacked) {
      sketch.detach(c);
      answer = addToCuckoo(sketch.memory, isUnique);
    }
    answers.push(answer);
    if (answer === CUCKOO_ADDED) added++;
  }
  return added;
}

function replyInserted({ reply }: CommandContext, isUnique: boolean, isMany: boolean): void {
  if (isMany) reply.array(answers.length);
  for (const answer of answers) {
    if (answer === CUCKOO_NO_ROOM) {
      reply.error(ERR_MEMORY);
    } else if (answer !== CUCKOO_FULL) {
      // Of CF.INSERTNX there are three answers, in RESP3 too.
      if (isUnique && isMany) reply.integer(answer);
      else reply.boolean(answer === CUCKOO_ADDED);
    } else if (!isMany) {
      reply.error(ERR_FULL);
    } else if (reply.resp3 && !isUnique) {
      reply.boolean(false);
    } else {
      reply.integer(-1);
    }
  }
}

/** CF.EXISTS key item. */
export function cfExists(c: CommandContext): Outcome {
  return exists(c, false);
}

/** CF.MEXISTS key item [item ...]. */
export function cfMExists(c: CommandContext): Outcome {
  return exists(c, true);
}

function exists(c: CommandContext, isMany: boolean): Outcome {
  const { request, reply } = c;
  const entry = sketch.openSource(c, 1, TYPE_CUCKOO);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (isMany) reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) {
    if (entry > 0) hashItem(c, i);
    reply.boolean(entry > 0 && isInCuckoo(sketch.memory));
  }
  return DONE;
}

/** CF.COUNT key item. */
export function cfCount(c: CommandContext): Outcome {
  const entry = sketch.openSource(c, 1, TYPE_CUCKOO);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (entry > 0) hashItem(c, 2);
  c.reply.integer(entry > 0 ? countInCuckoo(sketch.memory) : 0);
  return DONE;
}

/** CF.DEL key item. */
export function cfDel(c: CommandContext): Outcome {
  const entry = sketch.open(c, 1, TYPE_CUCKOO);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail('Not found');
  // Of several filters the last may go.
  if (cuckooFacts(sketch.memory).filters > 1) sketch.detach(c);
  hashItem(c, 2);
  const isRemoved = removeFromCuckoo(sketch.memory);
  if (isRemoved) {
    const stored = sketch.store(c);
    if (stored < 0) return c.refuse(stored);
    c.changedAsAsked(stored);
    c.note(EVENT_MODULE, 'cf.del');
  }
  c.reply.boolean(isRemoved);
  return DONE;
}

/** CF.COMPACT key. */
export function cfCompact(c: CommandContext): Outcome {
  const entry = sketch.open(c, 1, TYPE_CUCKOO);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail('Cuckoo filter was not found');
  sketch.detach(c);
  compactCuckoo(sketch.memory, true);
  const stored = sketch.store(c);
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, 'cf.compact');
  c.reply.ok();
  return DONE;
}

/** CF.INFO key. */
export function cfInfo(c: CommandContext): Outcome {
  const { reply } = c;
  const memory = openSketch(c, 1, TYPE_CUCKOO);
  if (typeof memory === 'number') return c.refuse(memory);
  c.countRead(memory === null ? 0 : 1);
  if (memory === null) return c.fail(ERR_NOT_FOUND);
  const facts = cuckooFacts(memory);
  const fields: [name: string, value: number][] = [
    ['Size', facts.bytes],
    ['Number of buckets', facts.buckets],
    ['Number of filters', facts.filters],
    ['Number of items inserted', facts.items],
    ['Number of items deleted', facts.deletes],
    ['Bucket size', facts.bucketSize],
    ['Expansion rate', facts.expansion],
    ['Max iterations', facts.maxIterations],
  ];
  reply.map(fields.length);
  for (const [name, value] of fields) {
    reply.simple(name);
    reply.integer(value);
  }
  return DONE;
}
