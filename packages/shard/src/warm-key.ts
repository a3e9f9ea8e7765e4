// Brings a key and its value back for another worker that has the gate of its shard and runs a
// transaction. Called between commands of this one.

import { type CommandContext, FULL } from '@forgekv/commands';
import type { StoredValues } from './stored-values.ts';

/** Brought back without its value. */
const NO_VALUE = -1;

/**
 * Looks a key of this worker's shards up, in the table and the store. For a key that does not exist
 * it leaves a mark that says so, since the other worker cannot ask the store; nobody takes it away
 * while the gate is closed.
 * @returns 0 or above; FULL; UNREADABLE, the context says why
 */
export function warmKey(
  context: CommandContext,
  stored: StoredValues,
  db: number,
  key: Buffer,
  value: boolean,
): number {
  const { table } = context;
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  const hash = table.hasher.digest(key, view, 0, key.length);
  const shard = table.hasher.digestShard;
  table.locks.lock(shard);
  table.selectHashed(key, view, 0, key.length, db, shard, hash);
  let outcome = value ? context.locate() : table.find();
  if (outcome === 0 && !value && !table.isComplete) outcome = stored.fetch(context, NO_VALUE);
  if (outcome === 0 && !table.isComplete) outcome = table.markAbsent() === 0 ? FULL : 0;
  else if (value && outcome > 0 && table.isCold(outcome))
    outcome = context.cold.warm(context, outcome);
  table.locks.unlock(shard);
  return outcome;
}
