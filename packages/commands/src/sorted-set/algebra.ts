// Unions, intersections and differences of sorted sets and sets: as replies, stored, or counted.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { AlgebraInput } from './algebra-input.ts';
import { type AlgebraGrammar, options } from './algebra-options.ts';
import { made } from './new-sorted-set.ts';
import { MemberReply } from './reply-members.ts';
import { isDestinationHere, storeMade } from './store-made.ts';

const members = new MemberReply();

type Combine = (c: CommandContext) => void;

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
  return show(c, ZUNION, unite);
}

/** ZINTER numkeys key [key ...] [WEIGHTS w [w ...]] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]. */
export function zinter(c: CommandContext): Outcome {
  return show(c, ZINTER, intersect);
}

/** ZDIFF numkeys key [key ...] [WITHSCORES]. */
export function zdiff(c: CommandContext): Outcome {
  return show(c, ZDIFF, subtract);
}

/** ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS w [w ...]] [AGGREGATE SUM|MIN|MAX]. */
export function zunionStore(c: CommandContext): Outcome {
  return store(c, ZUNIONSTORE, unite);
}

/** ZINTERSTORE destination numkeys key [key ...] [WEIGHTS w [w ...]] [AGGREGATE SUM|MIN|MAX]. */
export function zinterStore(c: CommandContext): Outcome {
  return store(c, ZINTERSTORE, intersect);
}

/** ZDIFFSTORE destination numkeys key [key ...]. */
export function zdiffStore(c: CommandContext): Outcome {
  return store(c, ZDIFFSTORE, subtract);
}

/** ZINTERCARD numkeys key [key ...] [LIMIT limit]. */
export function zinterCard(c: CommandContext): Outcome {
  const outcome = prepare(c, ZINTERCARD);
  if (outcome !== null) return outcome;
  const [smallest, ...others] = bySize();
  let found = 0;
  smallest!.each((bytes, offset, length) => {
    if (others.every((input) => input.find(c, bytes, offset, length))) found++;
    return options.limit === 0 || found < options.limit;
  });
  options.countReads(c);
  c.reply.integer(found);
  return DONE;
}

function show(c: CommandContext, grammar: AlgebraGrammar, combine: Combine): Outcome {
  const outcome = prepare(c, grammar);
  if (outcome !== null) return outcome;
  made.begin(c);
  combine(c);
  options.countReads(c);
  members.begin(c, made.count, options.withScores);
  made.walk(0, made.count, false, members.visit);
  made.clear();
  return DONE;
}

function store(c: CommandContext, grammar: AlgebraGrammar, combine: Combine): Outcome {
  const wrong = options.readNumKeys(c, grammar);
  if (wrong !== '') return c.fail(wrong);
  const destination = isDestinationHere(c);
  if (destination < 0) return c.refuse(destination);
  const outcome = prepare(c, grammar);
  if (outcome !== null) return outcome;
  made.begin(c);
  combine(c);
  const stored = storeMade(c);
  if (stored === DONE) options.countReads(c);
  return stored;
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

/** The inputs, the smallest first: an order that shows in sums that are rounded. */
function bySize(): AlgebraInput[] {
  return options.inputs.toSorted((a, b) => a.count - b.count);
}

/** Combines two scores. Redis: what infinities of both signs come to is 0. */
function aggregate(score: number, other: number): number {
  if (options.aggregate === 'sum') {
    const sum = score + other;
    return Number.isNaN(sum) ? 0 : sum;
  }
  // The other may be no number: then it is neither.
  const isTaken = options.aggregate === 'min' ? other < score : other > score;
  return isTaken ? other : score;
}

/** A weighted score; infinity times 0 is 0. */
function weighted(score: number, weight: number): number {
  const product = score * weight;
  return Number.isNaN(product) ? 0 : product;
}

function unite(_c: CommandContext): void {
  for (const input of bySize()) {
    input.each((bytes, offset, length, score) => {
      const value = weighted(score, input.weight);
      const isThere = made.find(bytes, offset, length);
      made.put(bytes, offset, length, isThere ? aggregate(made.score, value) : value);
      return true;
    });
  }
}

function intersect(c: CommandContext): void {
  const [smallest, ...others] = bySize();
  smallest!.each((bytes, offset, length, score) => {
    let total = weighted(score, smallest!.weight);
    for (const input of others) {
      if (!input.find(c, bytes, offset, length)) return true;
      total = aggregate(total, input.score * input.weight);
    }
    made.put(bytes, offset, length, total);
    return true;
  });
}

function subtract(c: CommandContext): void {
  const [first, ...others] = options.inputs;
  first!.each((bytes, offset, length, score) => {
    if (!others.some((input) => input.find(c, bytes, offset, length))) {
      made.put(bytes, offset, length, score);
    }
    return true;
  });
}
