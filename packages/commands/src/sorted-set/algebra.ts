// Unions, intersections and differences of sorted sets and sets: as replies, stored, or counted.

import type { CommandContext } from '../context.ts';
import { AWAITS, DONE, type Outcome, SLICED } from '../outcome.ts';
import { MOST_RESTARTS } from '../sliced-work.ts';
import { type AlgebraGrammar, options } from './algebra-options.ts';
import {
  CountedCombination,
  type Operation,
  ShownCombination,
  StoredCombination,
} from './combination.ts';
import { isDestinationHere, storeMade } from './store-made.ts';

// Each is given away with the work that is put off.
let shownWork = new ShownCombination();
let storedWork = new StoredCombination();
let countedWork = new CountedCombination();

function shown(name: string, hasWeights: boolean): AlgebraGrammar {
  return { name, at: 1, hasWeights, hasScores: true, hasLimit: false };
}

function stored(name: string, hasWeights: boolean): AlgebraGrammar {
  return { name, at: 2, hasWeights, hasScores: false, hasLimit: false };
}

const ZUNION = shown('zunion', true);
const ZINTER = shown('zinter', true);
const ZDIFF = shown('zdiff', false);
const ZUNIONSTORE = stored('zunionstore', true);
const ZINTERSTORE = stored('zinterstore', true);
const ZDIFFSTORE = stored('zdiffstore', false);
const ZINTERCARD: AlgebraGrammar = {
  ...{ name: 'zintercard', at: 1 },
  ...{ hasWeights: false, hasScores: false, hasLimit: true },
};

/** ZUNION numkeys key [key ...] [WEIGHTS w [w ...]] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]. */
export function zunion(c: CommandContext): Outcome {
  return show(c, ZUNION, 'unite');
}

/** ZINTER numkeys key [key ...] [WEIGHTS w [w ...]] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]. */
export function zinter(c: CommandContext): Outcome {
  return show(c, ZINTER, 'intersect');
}

/** ZDIFF numkeys key [key ...] [WITHSCORES]. */
export function zdiff(c: CommandContext): Outcome {
  return show(c, ZDIFF, 'subtract');
}

/** ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS w [w ...]] [AGGREGATE SUM|MIN|MAX]. */
export function zunionStore(c: CommandContext): Outcome {
  return store(c, ZUNIONSTORE, 'unite');
}

/** ZINTERSTORE destination numkeys key [key ...] [WEIGHTS w [w ...]] [AGGREGATE SUM|MIN|MAX]. */
export function zinterStore(c: CommandContext): Outcome {
  return store(c, ZINTERSTORE, 'intersect');
}

/** ZDIFFSTORE destination numkeys key [key ...]. */
export function zdiffStore(c: CommandContext): Outcome {
  return store(c, ZDIFFSTORE, 'subtract');
}

/** ZINTERCARD numkeys key [key ...] [LIMIT limit]. */
export function zinterCard(c: CommandContext): Outcome {
  const outcome = prepare(c, ZINTERCARD);
  if (outcome !== null) return outcome;
  countedWork.begin(c);
  const performed = c.perform(countedWork, countedWork.members);
  if (performed === SLICED) countedWork = new CountedCombination();
  if (performed !== AWAITS) options.countReads(c);
  return performed;
}

function show(c: CommandContext, grammar: AlgebraGrammar, operation: Operation): Outcome {
  const outcome = prepare(c, grammar);
  if (outcome !== null) return outcome;
  shownWork.begin(c, operation);
  const performed = c.perform(shownWork, shownWork.members);
  if (performed === SLICED) shownWork = new ShownCombination();
  if (performed !== AWAITS) options.countReads(c);
  return performed;
}

function store(c: CommandContext, grammar: AlgebraGrammar, operation: Operation): Outcome {
  const wrong = options.readNumKeys(c, grammar);
  if (wrong !== '') return c.fail(wrong);
  const destination = isDestinationHere(c);
  if (destination < 0) return c.refuse(destination);
  const prepared = c.prepared instanceof StoredCombination ? c.prepared : null;
  if (prepared?.sources.areCurrent(c)) return finish(c, prepared, grammar.name);
  const outcome = prepare(c, grammar);
  if (outcome !== null) return outcome;
  const work = storedWork;
  work.begin(c, operation);
  work.hits = options.hits;
  work.missing = options.missing;
  work.restarts = prepared === null ? 0 : prepared.restarts + 1;
  const performed = c.perform(work, work.restarts > MOST_RESTARTS ? 0 : work.members);
  if (performed === AWAITS) return performed;
  if (performed !== SLICED) return finish(c, work, grammar.name);
  work.sources.note(c, grammar.at + 1, work.hits + work.missing.length);
  storedWork = new StoredCombination();
  return performed;
}

function finish(c: CommandContext, work: StoredCombination, event: string): Outcome {
  const { made, payload, hits, missing } = work;
  for (const index of missing) c.noteMiss(index);
  const outcome = storeMade(c, event, 1, made, payload);
  if (outcome === DONE) {
    c.stats.hits += hits;
    c.stats.misses += missing.length;
  }
  return outcome;
}

/** Reads all arguments and opens the keys; returns what ends the command, or null. */
function prepare(c: CommandContext, grammar: AlgebraGrammar): Outcome | null {
  const wrongCount = options.readNumKeys(c, grammar);
  if (wrongCount !== '') return c.fail(wrongCount);
  const opened = options.openKeys(c, grammar);
  if (opened < 0) return c.refuse(opened);
  const wrong = options.readOptions(c, grammar);
  if (wrong === '') return null;
  options.countReads(c);
  return c.fail(wrong);
}
