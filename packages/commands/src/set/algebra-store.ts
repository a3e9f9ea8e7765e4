// SINTERSTORE, SUNIONSTORE and SDIFFSTORE: what several sets make together, under a key, in the
// form that Redis 7.2 gives it.

import type { CommandContext } from '../context.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { SetBuilder } from './set-builder.ts';
import { SetGroup } from './set-group.ts';

const group = new SetGroup();
const builder = new SetBuilder();

/** Makes `builder` the set to be stored, from the sets of `group`. */
type Combine = (c: CommandContext) => void;

/** SINTERSTORE destination key [key ...]. */
export function sinterStore(c: CommandContext): Outcome {
  return combineAndStore(c, intersect);
}

/** SUNIONSTORE destination key [key ...]. */
export function sunionStore(c: CommandContext): Outcome {
  return combineAndStore(c, unite);
}

/** SDIFFSTORE destination key [key ...]. */
export function sdiffStore(c: CommandContext): Outcome {
  return combineAndStore(c, subtract);
}

/** The result begins in the form of the smallest set, and is one of integers where it can be. */
function intersect(c: CommandContext): void {
  builder.begin(c, 'intset');
  if (group.misses > 0) return;
  builder.form = group.smallest.form;
  group.inCommon(c, addMember);
  builder.preferIntset();
}

function unite(c: CommandContext): void {
  builder.begin(c, 'intset');
  group.all(addMember);
}

/** Redis: removes the others' members from a copy of the first set when that is less work. */
function subtract(c: CommandContext): void {
  builder.begin(c, 'intset');
  const [first, ...others] = group.sets;
  let members = 0;
  let present = 0;
  for (const { count } of group.sets) {
    members += count;
    if (count > 0) present++;
  }
  if (Math.floor((first!.count * present) / 2) <= members) {
    group.onlyInFirst(c, addMember);
    return;
  }
  first!.each(addMember);
  for (const set of others) {
    set.each((bytes, offset, length) => {
      builder.remove(bytes, offset, length);
      return builder.count > 0;
    });
  }
}

function addMember(bytes: Buffer, offset: number, length: number): boolean {
  builder.add(bytes, offset, length);
  return true;
}

function combineAndStore(c: CommandContext, combine: Combine): Outcome {
  // Asked first, so that nothing is computed where it cannot be stored.
  const reachable = c.open(1);
  if (reachable < 0) return c.refuse(reachable);
  if (reachable > 0 && !c.canRemove(reachable)) return c.refuse(NOT_HERE);
  const opened = group.open(c, 2, c.request.argc - 2);
  if (opened < 0) return c.refuse(opened);
  combine(c);
  const { count } = builder;
  const stored = store(c);
  builder.clear();
  if (typeof stored === 'string') return c.fail(stored);
  if (stored < 0) return c.refuse(stored);
  group.countReads(c);
  group.close();
  c.reply.integer(count);
  return DONE;
}

/**
 * Makes the destination hold what is in `builder`, without an expiry; nothing removes the key.
 * @returns 0 or the entry; NOT_HERE or FULL, or an error reply, and then nothing has changed
 */
function store(c: CommandContext): number | string {
  // Opened again: it may have been among the sets.
  const entry = c.open(1);
  if (entry < 0) return entry;
  if (builder.count === 0) {
    if (entry !== 0) c.remove(entry);
    return 0;
  }
  if (!builder.isPacked && !c.mayBeLarge) return NOT_HERE;
  const refusal = c.refusalOf(builder.effectBytes);
  if (refusal !== '') return refusal;
  const stored = c.storeNew(entry, builder.value());
  if (stored < 0) return stored;
  c.table.setExpireAtMs(stored, 0);
  c.changed(stored);
  return stored;
}
