// The end of every command that keeps its result under a key: the sorted set `made` replaces what
// the key at argument 1 (or another) held, without an expiry; when it is empty the key is removed.

import type { CommandContext } from '../context.ts';
import { EVENT_GENERIC, EVENT_ZSET } from '../key-events.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import type { SlicedPayload } from '../sliced-payload.ts';
import { type NewSortedSet, made as sharedMade } from './new-sorted-set.ts';

/**
 * Opens the destination, so that nothing is computed where it cannot be stored.
 * @returns 0, or what `open` answers below 0
 */
export function isDestinationHere(c: CommandContext, index: number = 1): number {
  const entry = c.open(index);
  if (entry < 0) return entry;
  return entry > 0 && !c.canRemove(entry) ? NOT_HERE : 0;
}

/**
 * Stores what was made under the key at an argument index and replies with the number of its
 * members. After FULL it is still there.
 * @param event what the store is called when events are told
 * @param payload of a large one, where it was made already
 */
export function storeMade(
  c: CommandContext,
  event: string,
  index: number = 1,
  made: NewSortedSet = sharedMade,
  payload: SlicedPayload | null = null,
): Outcome {
  // Opened again: it may have been among the sources.
  const entry = c.open(index);
  if (entry < 0) return c.refuse(entry);
  const { count } = made;
  if (count === 0) {
    if (entry !== 0) {
      c.remove(entry);
      c.note(EVENT_GENERIC, 'del', index);
    }
    c.reply.integer(0);
    return DONE;
  }
  if (made.isLarge) {
    if (!c.mayBeLarge) return c.refuse(NOT_HERE);
    const refusal = c.refusalOf(payload?.bytes.length ?? made.effectBytes);
    if (refusal !== '') return c.fail(refusal);
  }
  const stored = c.storeNew(entry, made.finish());
  if (stored < 0) return c.refuse(stored);
  made.clear();
  c.table.setExpireAtMs(stored, 0);
  if (payload === null) c.changed(stored);
  else c.changedTo(stored, payload.bytes);
  c.note(EVENT_ZSET, event, index);
  c.reply.integer(count);
  return DONE;
}
