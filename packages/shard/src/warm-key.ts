// Brings a key and its value back for another worker, which has the gate of its shard.

import { type CommandContext, FULL, OUT_OF_MEMORY } from '@forgekv/commands';

/**
 * Between commands of this worker, which owns the shard. For a key that does not exist it leaves a
 * mark that says so, since the other one cannot ask the store.
 * @returns '' or an error reply
 */
export function warmKey(context: CommandContext, db: number, key: Buffer): string {
  const { table } = context;
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  const hash = table.hasher.digest(key, view, 0, key.length);
  const shard = table.hasher.digestShard;
  table.locks.lock(shard);
  table.selectHashed(key, view, 0, key.length, db, shard, hash);
  let outcome = context.locate();
  if (outcome === 0 && !table.isComplete) outcome = table.markAbsent() === 0 ? FULL : 0;
  else if (outcome > 0 && table.isCold(outcome)) outcome = context.cold.warm(context, outcome);
  table.locks.unlock(shard);
  if (outcome >= 0) return '';
  return outcome === FULL ? OUT_OF_MEMORY : context.unreadable;
}
