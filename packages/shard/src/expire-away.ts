// Removes a key that has expired in its store and has no entry: as if somebody had asked for it.

import type { CommandContext } from '@forgekv/commands';
import type { ExpiredKey } from '@forgekv/storage';
import type { StoredValues } from './stored-values.ts';

/** Brought back without its value: a tombstone of it takes no more room than that. */
const NO_VALUE = -1;

/**
 * Removes a key that its store says has expired, between commands.
 * @returns false when its entry is in the table already, where the sweeper finds it, or when it has
 *   to wait: commands are paused, its shard is gated, there is no room, the log or the store is in
 *   trouble
 */
export function expireAway(
  context: CommandContext,
  stored: StoredValues,
  shard: number,
  { namespace, key }: ExpiredKey,
  nowMs: number,
): boolean {
  const { table, databases, log } = context;
  if (context.isPaused() || (log !== null && log.refusal !== '')) return false;
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  const hash = table.hasher.digest(key, view, 0, key.length);
  table.locks.lock(shard);
  // Under the lock: SWAPDB gives a namespace another number.
  const db = databases.ofNamespace(namespace);
  if (db < 0) {
    table.locks.unlock(shard);
    return false;
  }
  table.selectHashed(key, view, 0, key.length, db, shard, hash);
  const isAway = !context.isGated(shard) && !table.isComplete && table.find() === 0;
  // The record is read again: it may be another one by now.
  if (isAway && stored.fetch(context, NO_VALUE) > 0) {
    context.nowMs = nowMs;
    context.peekSelected();
    context.publishNotes();
    context.log?.endGroup();
  }
  table.locks.unlock(shard);
  return isAway;
}
