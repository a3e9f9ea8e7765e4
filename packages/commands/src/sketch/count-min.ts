// The CMS commands.

import {
  addToCountMin,
  countInCountMin,
  countMinFacts,
  countMinSize,
  createCountMin,
  MOST_COUNTED,
  mergeCountMin,
  type SketchMemory,
} from '@forgekv/datatypes';
import { TYPE_COUNT_MIN } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { wrongArity } from '../errors.ts';
import { EVENT_MODULE } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { doubleAt, hashItem, integerAt } from './sketch-arguments.ts';
import { openSketch, sketch, TOO_LARGE } from './sketch-value.ts';

const ERR_MISSING = 'CMS: key does not exist';
const ERR_EXISTS = 'CMS: key already exists';
const ERR_MEMORY = 'CMS: Insufficient memory to create the key';
const MOST_SIDE = 2 ** 32 - 1;

/** CMS.INITBYDIM key width depth. */
export function cmsInitByDim(c: CommandContext): Outcome {
  const width = integerAt(c, 2);
  const depth = integerAt(c, 3);
  let problem = '';
  if (!(width >= 1)) problem = 'CMS: invalid width';
  else if (!(depth >= 1)) problem = 'CMS: invalid depth';
  return init(c, problem, () => [width, depth], 'cms.initbydim');
}

/** CMS.INITBYPROB key error probability. */
export function cmsInitByProb(c: CommandContext): Outcome {
  const error = doubleAt(c, 2);
  const probability = doubleAt(c, 3);
  let problem = '';
  if (!(error > 0 && error < 1)) problem = 'CMS: invalid overestimation value';
  else if (!(probability > 0 && probability < 1)) problem = 'CMS: invalid prob value';
  return init(c, problem, () => countMinSize(error, probability), 'cms.initbyprob');
}

/** @param problem with the arguments; that the key is there comes first */
function init(
  c: CommandContext,
  problem: string,
  size: () => [number, number],
  event: string,
): Outcome {
  const opened = c.open(1);
  if (opened < 0) return c.refuse(opened);
  if (opened > 0) return c.fail(ERR_EXISTS);
  if (problem !== '') return c.fail(problem);
  const [width, depth] = size();
  const entry = sketch.open(c, 1, TYPE_COUNT_MIN);
  if (entry < 0) return c.refuse(entry);
  if (width > MOST_SIDE || depth > MOST_SIDE) return c.fail(ERR_MEMORY);
  const made = sketch.create(c, (memory, most) => createCountMin(memory, width, depth, most));
  if (made < 0) return c.refuse(made);
  if (made === TOO_LARGE) return c.fail(ERR_MEMORY);
  const stored = sketch.store(c);
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, event);
  c.reply.ok();
  return DONE;
}

/** CMS.INCRBY key item increment [item increment ...]. */
export function cmsIncrBy(c: CommandContext): Outcome {
  const { request, reply } = c;
  if (request.argc % 2 === 1) return c.fail(wrongArity('cms.incrby'));
  const entry = sketch.open(c, 1, TYPE_COUNT_MIN);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail(ERR_MISSING);
  for (let i = 3; i < request.argc; i += 2) {
    const increment = integerAt(c, i);
    if (Number.isNaN(increment)) return c.fail('CMS: Cannot parse number');
    if (increment < 0) return c.fail('CMS: Number cannot be negative');
  }
  reply.array((request.argc - 2) / 2);
  for (let i = 2; i < request.argc; i += 2) {
    hashItem(c, i);
    const count = addToCountMin(sketch.memory, integerAt(c, i + 1));
    if (count === MOST_COUNTED) reply.error('CMS: INCRBY overflow');
    else reply.integer(count);
  }
  const stored = sketch.store(c);
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, 'cms.incrby');
  return DONE;
}

/** CMS.QUERY key item [item ...]. */
export function cmsQuery(c: CommandContext): Outcome {
  const { request, reply } = c;
  const entry = sketch.openSource(c, 1, TYPE_COUNT_MIN);
  if (entry < 0) return c.refuse(entry);
  c.countRead(entry);
  if (entry === 0) return c.fail(ERR_MISSING);
  reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) {
    hashItem(c, i);
    reply.integer(countInCountMin(sketch.memory));
  }
  return DONE;
}

interface MergePlan {
  readonly keys: number;
  readonly weights: readonly number[];
}

/** The arguments of CMS.MERGE, or an error. */
function mergePlan(c: CommandContext): MergePlan | string {
  const { request } = c;
  const keys = integerAt(c, 2);
  if (Number.isNaN(keys)) return 'CMS: invalid numkeys';
  if (keys < 1) return 'CMS: Number of keys must be positive';
  const at = 3 + keys;
  const hasWeights = at < request.argc && request.is(at, 'weights');
  if (!hasWeights) {
    if (at !== request.argc) return 'CMS: wrong number of keys';
    return { keys, weights: Array.from({ length: keys }, () => 1) };
  }
  if (request.argc !== at + 1 + keys) return 'CMS: wrong number of keys/weights';
  const weights: number[] = [];
  for (let i = at + 1; i < request.argc; i++) {
    const weight = integerAt(c, i);
    if (Number.isNaN(weight)) return 'CMS: invalid weight value';
    weights.push(weight);
  }
  return { keys, weights };
}

/** CMS.MERGE destination numKeys source [source ...] [WEIGHTS weight [weight ...]]. */
export function cmsMerge(c: CommandContext): Outcome {
  const plan = mergePlan(c);
  if (typeof plan === 'string') return c.fail(plan);
  const target = openSketch(c, 1, TYPE_COUNT_MIN);
  if (typeof target === 'number') return c.refuse(target);
  if (target === null) return c.fail(ERR_MISSING);
  const { width, depth } = countMinFacts(target);
  const sources: SketchMemory[] = [];
  for (let i = 3; i < 3 + plan.keys; i++) {
    const source = openSketch(c, i, TYPE_COUNT_MIN);
    if (typeof source === 'number') return c.refuse(source);
    if (source === null) return c.fail(ERR_MISSING);
    const facts = countMinFacts(source);
    if (facts.width !== width || facts.depth !== depth) {
      return c.fail('CMS: width/depth is not equal');
    }
    sources.push(source);
  }
  const refusal = c.refusalOf(target.length);
  if (refusal !== '') return c.fail(refusal);
  const entry = sketch.open(c, 1, TYPE_COUNT_MIN);
  if (entry < 0) return c.refuse(entry);
  const made = sketch.create(c, (memory, most) => createCountMin(memory, width, depth, most));
  if (made < 0) return c.refuse(made);
  if (made === TOO_LARGE) return c.fail(ERR_MEMORY);
  if (!mergeCountMin(sketch.memory, sources, plan.weights)) return c.fail('CMS: MERGE overflow');
  const stored = sketch.store(c);
  if (stored < 0) return c.refuse(stored);
  c.changed(stored);
  c.note(EVENT_MODULE, 'cms.merge');
  c.reply.ok();
  return DONE;
}

/** CMS.INFO key. */
export function cmsInfo(c: CommandContext): Outcome {
  const { reply } = c;
  const memory = openSketch(c, 1, TYPE_COUNT_MIN);
  if (typeof memory === 'number') return c.refuse(memory);
  c.countRead(memory === null ? 0 : 1);
  if (memory === null) return c.fail(ERR_MISSING);
  const { width, depth, count } = countMinFacts(memory);
  reply.map(3);
  reply.simple('width');
  reply.integer(width);
  reply.simple('depth');
  reply.integer(depth);
  reply.simple('count');
  reply.integer(count);
  return DONE;
}
