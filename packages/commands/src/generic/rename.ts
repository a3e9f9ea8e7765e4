// RENAME, RENAMENX, COPY and MOVE: values that get another key.

import type { CommandContext } from '../context.ts';
import { readDatabase } from '../database-argument.ts';
import { ERR_NO_SUCH_KEY, ERR_SAME_OBJECT, ERR_SYNTAX } from '../errors.ts';
import { EVENT_GENERIC, EVENT_NEW } from '../key-events.ts';
import type { LargeCollection } from '../large-values.ts';
import { DONE, NOT_HERE, type Outcome, SLICED } from '../outcome.ts';
import { MOST_RESTARTS } from '../sliced-work.ts';
import { SlicedTransfer } from './sliced-transfer.ts';
import {
  type SourceValue,
  sourceValue,
  storeCopy,
  storeMoved,
  storePrepared,
} from './value-transfer.ts';

// What became of a transfer beside SLICED; NOT_HERE and FULL are below these.
const TRANSFERRED = 11;
const NO_SOURCE = 12;
const TARGET_EXISTS = 13;
/** The reply says why. */
const FAILED = 14;

/** Where a value comes from and where it goes: argument indexes and databases. */
interface Transfer {
  readonly from: number;
  readonly fromDb: number;
  readonly to: number;
  readonly toDb: number;
  readonly replace: boolean;
  /** The source stays. */
  readonly copy: boolean;
}

/** RENAME key newkey. */
export function rename(c: CommandContext): Outcome {
  if (isSameKey(c)) return renameToItself(c, true);
  const { db } = c;
  const result = transfer(c, { from: 1, fromDb: db, to: 2, toDb: db, replace: true, copy: false });
  if (result === TRANSFERRED) {
    c.reply.ok();
    return DONE;
  }
  return result === NO_SOURCE ? c.fail(ERR_NO_SUCH_KEY) : replyTransferred(c, result);
}

/** RENAMENX key newkey. */
export function renameNx(c: CommandContext): Outcome {
  if (isSameKey(c)) return renameToItself(c, false);
  const { db } = c;
  const result = transfer(c, { from: 1, fromDb: db, to: 2, toDb: db, replace: false, copy: false });
  return result === NO_SOURCE ? c.fail(ERR_NO_SUCH_KEY) : replyTransferred(c, result);
}

/** COPY source destination [DB number] [REPLACE]. */
export function copy(c: CommandContext): Outcome {
  const { request, stats } = c;
  let toDb = c.db;
  let replace = false;
  for (let i = 3; i < request.argc; i++) {
    if (request.is(i, 'replace')) {
      replace = true;
    } else if (request.is(i, 'db') && i + 1 < request.argc) {
      toDb = readDatabase(c, ++i);
      if (toDb < 0) return DONE;
    } else {
      return c.fail(ERR_SYNTAX);
    }
  }
  if (toDb === c.db && isSameKey(c)) return c.fail(ERR_SAME_OBJECT);
  const result = transfer(c, { from: 1, fromDb: c.db, to: 2, toDb, replace, copy: true });
  if (result === NO_SOURCE) c.countRead(0);
  else if (result > 0 && result !== SLICED) stats.hits++;
  return replyTransferred(c, result);
}

/** MOVE key db. */
export function move(c: CommandContext): Outcome {
  const toDb = readDatabase(c, 2);
  if (toDb < 0) return DONE;
  if (toDb === c.db) return c.fail(ERR_SAME_OBJECT);
  const plan = { from: 1, fromDb: c.db, to: 1, toDb, replace: false, copy: false };
  return replyTransferred(c, transfer(c, plan));
}

function isSameKey(c: CommandContext): boolean {
  return c.request.slice(1).equals(c.request.slice(2));
}

function renameToItself(c: CommandContext, replace: boolean): Outcome {
  const entry = c.open(1);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail(ERR_NO_SUCH_KEY);
  if (replace) c.reply.ok();
  else c.reply.integer(0);
  return DONE;
}

function replyTransferred(c: CommandContext, result: number): Outcome {
  if (result < 0) return c.refuse(result);
  if (result === SLICED) return SLICED;
  if (result !== FAILED) c.reply.integer(result === TRANSFERRED ? 1 : 0);
  return DONE;
}

/** The target is stored before the source goes: that is the step that can fail. */
function transfer(c: CommandContext, plan: Transfer): number {
  const opened = c.open(plan.from, plan.fromDb);
  if (opened < 0) return opened;
  if (opened === 0) return NO_SOURCE;
  // It is not changed in place, whoever reads it meanwhile.
  const entry = c.loadSource(opened);
  if (entry < 0) return entry;
  const source = sourceValue(c, entry);
  const target = c.open(plan.to, plan.toDb);
  if (target < 0) return target;
  if (target !== 0 && !plan.replace) return TARGET_EXISTS;
  const { collection } = source;
  if (collection !== null && collection.count > c.sliceElements) {
    return transferLong(c, plan, source, collection);
  }
  const stored = plan.copy ? storeCopy(c, target, source) : storeMoved(c, target, source);
  return stored < 0 ? stored : endTransfer(c, plan, entry, target !== 0);
}

/** @param isReplaced the target was there: Redis removes it before, so that it is new again */
function endTransfer(
  c: CommandContext,
  plan: Transfer,
  entry: number,
  isReplaced: boolean,
): number {
  const { from, fromDb, to, toDb } = plan;
  if (isReplaced) c.note(EVENT_NEW, 'new', to, toDb);
  if (plan.copy) {
    c.note(EVENT_GENERIC, 'copy_to', to, toDb);
    return TRANSFERRED;
  }
  c.select(from, fromDb);
  c.remove(entry);
  const verb = from === to ? 'move' : 'rename';
  c.note(EVENT_GENERIC, `${verb}_from`, from, fromDb);
  c.note(EVENT_GENERIC, `${verb}_to`, to, toDb);
  return TRANSFERRED;
}

/** What takes long is made ahead, unless that was in vain too often. */
function transferLong(
  c: CommandContext,
  plan: Transfer,
  source: SourceValue,
  collection: LargeCollection,
): number {
  // Asked first, so that nothing is made where it cannot be stored.
  if (!c.mayBeLarge) return NOT_HERE;
  const prepared = c.prepared instanceof SlicedTransfer ? c.prepared : null;
  let made = prepared;
  if (prepared?.sources.areCurrent(c) !== true) {
    made = new SlicedTransfer(c, collection, plan.copy);
    made.restarts = prepared === null ? 0 : prepared.restarts + 1;
    const outcome = c.perform(made, made.restarts > MOST_RESTARTS ? 0 : collection.count);
    if (outcome === SLICED) made.sources.note(c, plan.from, 1);
    if (outcome !== DONE) return outcome;
  }
  const refusal = c.refusalOf(made!.payload?.bytes.length ?? 0);
  if (refusal !== '') {
    c.fail(refusal);
    return FAILED;
  }
  const target = c.open(plan.to, plan.toDb);
  if (target < 0) return target;
  const stored = storePrepared(c, target, source, made!);
  return stored < 0 ? stored : endTransfer(c, plan, source.entry, target !== 0);
}
