// What ZADD, ZINCRBY and GEOADD have in common: members get scores, under conditions. The caller
// has read the scores; the conditions are those of ZADD.

import { MAX_ELEMENT_BYTES, SCORE_ADDED, SCORE_CHANGED } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_STRING_SIZE } from '../errors.ts';
import { EVENT_ZSET } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { zset } from './sorted-set-value.ts';

const ERR_NAN = 'ERR resulting score is not a number (NaN)';

/** Room for more scores than this is not kept for the next command. */
const KEEP_SCORES = 1024;

/** What a command wants; one per thread, reused. */
class Additions {
  /** Only members that are new. */
  nx = false;
  /** Only members that are there. */
  xx = false;
  /** Of members that are there, only scores that become greater. */
  gt = false;
  /** Or less. */
  lt = false;
  /** The reply counts members whose score changed, too. */
  countsChanged = false;
  /** The one score is added to that of the member. */
  increments = false;
  /** Argument index of the first member; the others follow in steps of `step`. */
  first = 0;
  step = 2;
  pairs = 0;
  scores: Float64Array = new Float64Array(KEEP_SCORES);

  begin(): void {
    this.nx = false;
    this.xx = false;
    this.gt = false;
    this.lt = false;
    this.countsChanged = false;
    this.increments = false;
  }

  /** Says how many scores there will be. */
  expect(pairs: number): void {
    this.pairs = pairs;
    const { length } = this.scores;
    if (length < pairs || length > Math.max(pairs, KEEP_SCORES)) {
      this.scores = new Float64Array(Math.max(pairs, KEEP_SCORES));
    }
  }
}

export const additions = new Additions();

// What became of one member, besides the answers of `put`.
const SKIPPED = 3;
const NOT_A_NUMBER = 4;

/** Opens the key at argument 1, makes the changes and replies. */
export function addMembers(c: CommandContext): Outcome {
  const { first, step, pairs, scores, increments, xx } = additions;
  for (let i = 0; i < pairs; i++) {
    // Redis: as long as proto-max-bulk-len says, which may be up to 2 GB.
    if (c.request.length(first + i * step) > MAX_ELEMENT_BYTES) return c.fail(ERR_STRING_SIZE);
  }
  const entry = zset.open(c, 1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0 && xx) return reply(c, 0, 0, true);
  if (pairs > 1) {
    const failed = zset.makeRoom(c, first, step, pairs, !xx);
    if (failed < 0) return c.refuse(failed);
  }

  let added = 0;
  let changed = 0;
  let last = SKIPPED;
  for (let i = 0; i < pairs; i++) {
    last = addMember(c, first + i * step, scores[i]!);
    if (last < 0) return c.refuse(last);
    if (last === SCORE_ADDED) added++;
    else if (last === SCORE_CHANGED) changed++;
  }
  const isChanged = added + changed > 0;
  const stored = zset.settle(c, isChanged);
  if (stored < 0) return c.refuse(stored);
  if (isChanged) {
    c.changedAsAsked(stored);
    c.note(EVENT_ZSET, increments ? 'zincr' : 'zadd');
  }

  if (last === NOT_A_NUMBER && increments) return c.fail(ERR_NAN);
  return reply(c, added, changed, last === SKIPPED);
}

/** The score a member was given last. */
let newScore = 0;

/** Returns what `put` does, SKIPPED or NOT_A_NUMBER. */
function addMember(c: CommandContext, index: number, given: number): number {
  const { nx, xx, gt, lt, increments } = additions;
  newScore = given;
  if (nx || xx || gt || lt || increments) {
    if (!zset.findArgument(c, index)) {
      if (xx) return SKIPPED;
    } else {
      if (nx) return SKIPPED;
      const before = zset.score;
      if (increments) newScore += before;
      if (Number.isNaN(newScore)) return NOT_A_NUMBER;
      if ((lt && newScore >= before) || (gt && newScore <= before)) return SKIPPED;
    }
  }
  return zset.put(c, index, newScore);
}

function reply(c: CommandContext, added: number, changed: number, isSkipped: boolean): Outcome {
  const { increments, countsChanged } = additions;
  if (!increments) c.reply.integer(countsChanged ? added + changed : added);
  else if (isSkipped) c.reply.null();
  else c.reply.double(newScore);
  return DONE;
}
