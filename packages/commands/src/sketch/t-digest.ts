// The TDIGEST commands that make and change digests. What is asked of them is in
// t-digest-queries.ts.

import {
  addToDigest,
  createDigest,
  digestFacts,
  mergeDigests,
  resetDigest,
  type SketchMemory,
} from '@forgekv/datatypes';
import { TYPE_T_DIGEST } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { wrongArity } from '../errors.ts';
import { EVENT_MODULE } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { doubleAt, integerAt } from './sketch-arguments.ts';
import { openSketch, sketch, TOO_LARGE } from './sketch-value.ts';

export const ERR_NO_DIGEST = 'ERR T-Digest: key does not exist';
const ERR_EXISTS = 'ERR T-Digest: key already exists';
const ERR_KEYWORD = 'ERR T-Digest: wrong keyword';
const ERR_MEMORY = 'ERR T-Digest: allocation failed';
const ERR_COMPRESSION = 'ERR T-Digest: error parsing compression parameter';
const ERR_NO_COMPRESSION = 'ERR T-Digest: compression parameter needs to be a positive integer';
const DEFAULT_COMPRESSION = 100;
const MOST_COMPRESSION = 2 ** 32 - 1;

/** TDIGEST.CREATE key [COMPRESSION compression]. */
export function tDigestCreate(c: CommandContext): Outcome {
  const { request } = c;
  if (request.argc !== 2 && request.argc !== 4) return c.fail(wrongArity('tdigest.create'));
  const entry = sketch.open(c, 1, TYPE_T_DIGEST);
  if (entry < 0) return c.refuse(entry);
  if (entry > 0) return c.fail(ERR_EXISTS);
  let compression = DEFAULT_COMPRESSION;
  if (request.argc === 4) {
    if (!request.is(2, 'compression')) return c.fail(ERR_KEYWORD);
    compression = integerAt(c, 3);
    const problem = compressionProblem(compression);
    if (problem !== '') return c.fail(problem);
  }
  const made = create(c, compression);
  if (made < 0) return c.refuse(made);
  if (made === TOO_LARGE) return c.fail(ERR_MEMORY);
  const stored = sketch.store(c);
  if (stored < 0) return c.refuse(stored);
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, 'tdigest.create');
  c.reply.ok();
  return DONE;
}

function compressionProblem(compression: number): string {
  if (Number.isNaN(compression)) return ERR_COMPRESSION;
  return compression <= 0 ? ERR_NO_COMPRESSION : '';
}

function create(c: CommandContext, compression: number): number {
  if (compression > MOST_COMPRESSION) return TOO_LARGE;
  return sketch.create(c, (memory, most) => createDigest(memory, compression, most));
}

/** TDIGEST.ADD key value [value ...]. */
export function tDigestAdd(c: CommandContext): Outcome {
  const { request } = c;
  const entry = sketch.open(c, 1, TYPE_T_DIGEST);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail(ERR_NO_DIGEST);
  for (let i = 2; i < request.argc; i++) {
    const value = doubleAt(c, i);
    if (Number.isNaN(value)) return c.fail('ERR T-Digest: error parsing val parameter');
    if (!Number.isFinite(value)) {
      return c.fail('ERR T-Digest: val parameter needs to be a finite number');
    }
  }
  for (let i = 2; i < request.argc; i++) addToDigest(sketch.memory, doubleAt(c, i));
  return finish(c, 'tdigest.add');
}

/** TDIGEST.RESET key. */
export function tDigestReset(c: CommandContext): Outcome {
  const entry = sketch.open(c, 1, TYPE_T_DIGEST);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail(ERR_NO_DIGEST);
  resetDigest(sketch.memory);
  return finish(c, 'tdigest.reset');
}

/** Ends a change in place. */
function finish(c: CommandContext, event: string): Outcome {
  c.changedAsAsked(sketch.store(c));
  c.note(EVENT_MODULE, event);
  c.reply.ok();
  return DONE;
}

interface MergePlan {
  readonly keys: number;
  /** 0: not given. */
  readonly compression: number;
  readonly overrides: boolean;
}

/** The arguments of TDIGEST.MERGE, or an error. */
function mergePlan(c: CommandContext): MergePlan | string {
  const { request } = c;
  const keys = integerAt(c, 2);
  if (Number.isNaN(keys)) return 'ERR T-Digest: error parsing numkeys';
  if (keys <= 0) return 'ERR T-Digest: numkeys needs to be a positive integer';
  if (keys > request.argc - 3) return wrongArity('tdigest.merge');
  let compression = 0;
  let overrides = false;
  for (let i = 3 + keys; i < request.argc; i++) {
    if (request.is(i, 'override')) {
      overrides = true;
    } else if (request.is(i, 'compression')) {
      if (++i === request.argc) return wrongArity('tdigest.merge');
      compression = integerAt(c, i);
      const problem = compressionProblem(compression);
      if (problem !== '') return problem;
    } else {
      return ERR_KEYWORD;
    }
  }
  return { keys, compression, overrides };
}

/**
 * TDIGEST.MERGE destination-key numkeys source-key [source-key ...] [COMPRESSION compression]
 * [OVERRIDE]: without a compression it is that of the destination, or the greatest of the sources.
 */
export function tDigestMerge(c: CommandContext): Outcome {
  // Redis: looks at the destination before. Here it is locked only once the keys are known.
  const plan = mergePlan(c);
  if (typeof plan === 'string') return c.fail(plan);
  const target = openSketch(c, 1, TYPE_T_DIGEST);
  if (typeof target === 'number') return c.refuse(target);
  const keeps = target !== null && !plan.overrides;
  const sources: SketchMemory[] = keeps ? [target] : [];
  let greatest = 0;
  for (let i = 3; i < 3 + plan.keys; i++) {
    const source = openSketch(c, i, TYPE_T_DIGEST);
    if (typeof source === 'number') return c.refuse(source);
    if (source === null) return c.fail(ERR_NO_DIGEST);
    greatest = Math.max(greatest, digestFacts(source).compression);
    sources.push(source);
  }
  const own = keeps ? digestFacts(target).compression : greatest;
  const entry = sketch.open(c, 1, TYPE_T_DIGEST);
  if (entry < 0) return c.refuse(entry);
  const made = create(c, plan.compression || own);
  if (made < 0) return c.refuse(made);
  if (made === TOO_LARGE) {
    return c.fail('ERR T-Digest: allocation of destination digest failed');
  }
  const refusal = c.refusalOf(sketch.memory.length);
  if (refusal !== '') return c.fail(refusal);
  mergeDigests(sketch.memory, sources);
  const stored = sketch.store(c);
  if (stored < 0) return c.refuse(stored);
  c.changed(stored);
  c.note(EVENT_MODULE, 'tdigest.merge');
  c.reply.ok();
  return DONE;
}
