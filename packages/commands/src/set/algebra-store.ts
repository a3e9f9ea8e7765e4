// SINTERSTORE, SUNIONSTORE and SDIFFSTORE: what several sets make together, under a key, in the
// form that Redis 7.2 gives it.

import type { CommandContext } from '../context.ts';
import { EVENT_GENERIC, EVENT_SET } from '../key-events.ts';
import { AWAITS, DONE, NOT_HERE, type Outcome, SLICED } from '../outcome.ts';
import { MOST_RESTARTS } from '../sliced-work.ts';
import { SetStore } from './set-store.ts';

/** Argument index of the first set. */
const FIRST = 2;

type Combine = 'intersect' | 'unite' | 'subtract';

const EVENTS: Readonly<Record<Combine, string>> = {
  intersect: 'sinterstore',
  unite: 'sunionstore',
  subtract: 'sdiffstore',
};

/** Given away with the work that is put off. */
let work = new SetStore();

/** SINTERSTORE destination key [key ...]. */
export function sinterStore(c: CommandContext): Outcome {
  return combineAndStore(c, 'intersect');
}

/** SUNIONSTORE destination key [key ...]. */
export function sunionStore(c: CommandContext): Outcome {
  return combineAndStore(c, 'unite');
}

/** SDIFFSTORE destination key [key ...]. */
export function sdiffStore(c: CommandContext): Outcome {
  return combineAndStore(c, 'subtract');
}

function combineAndStore(c: CommandContext, combine: Combine): Outcome {
  // Asked first, so that nothing is computed where it cannot be stored.
  const reachable = c.open(1);
  if (reachable < 0) return c.refuse(reachable);
  if (reachable > 0 && !c.canRemove(reachable)) return c.refuse(NOT_HERE);
  const prepared = c.prepared instanceof SetStore ? c.prepared : null;
  if (prepared?.sources.areCurrent(c)) return finish(c, prepared, combine);

  const { group } = work;
  const count = c.request.argc - FIRST;
  const opened = group.open(c, FIRST, count);
  if (opened < 0) return c.refuse(opened);
  work.value = null;
  work[combine](c);
  work.restarts = prepared === null ? 0 : prepared.restarts + 1;
  const outcome = c.perform(work, work.restarts > MOST_RESTARTS ? 0 : group.members);
  if (outcome === AWAITS) return outcome;
  if (outcome !== SLICED) return finish(c, work, combine);
  work.sources.note(c, FIRST, count);
  work = new SetStore();
  return outcome;
}

function finish(c: CommandContext, made: SetStore, combine: Combine): Outcome {
  const { builder, group } = made;
  group.noteMisses(c);
  if (made.value === null) made.count = builder.count;
  const stored = store(c, made, EVENTS[combine]);
  if (typeof stored === 'string') return c.fail(stored);
  if (stored < 0) return c.refuse(stored);
  group.countReads(c, true);
  c.reply.integer(made.count);
  made.value = null;
  return DONE;
}

/**
 * Makes the destination hold what was made, without an expiry; nothing removes the key.
 * @returns 0 or the entry; NOT_HERE or FULL, or an error reply, and then nothing has changed
 */
function store(c: CommandContext, made: SetStore, event: string): number | string {
  // Opened again: it may have been among the sets.
  const entry = c.open(1);
  if (entry < 0) return entry;
  if (made.count === 0) {
    if (entry === 0) return 0;
    c.remove(entry);
    c.note(EVENT_GENERIC, 'del');
    return 0;
  }
  const { builder, payload } = made;
  const isPacked = made.value === null ? builder.isPacked : made.value.collection === null;
  if (!isPacked && !c.mayBeLarge) return NOT_HERE;
  if (payload !== null || made.value === null) {
    const refusal = c.refusalOf(payload?.bytes.length ?? builder.effectBytes);
    if (refusal !== '') return refusal;
  }
  made.value ??= builder.value();
  const stored = c.storeNew(entry, made.value);
  if (stored < 0) return stored;
  c.table.setExpireAtMs(stored, 0);
  if (payload === null) c.changed(stored);
  else c.changedTo(stored, payload.bytes);
  c.note(EVENT_SET, event);
  return stored;
}
