// What a front says of itself ten times a second, beyond the counters that commands change.

import type { ThreadStats } from '@forgekv/commands';
import { type Connection, READY } from './connection.ts';
import type { HopClient } from './hop-client.ts';
import type { PausedReplies } from './paused-replies.ts';

export function sampleFront(
  stats: ThreadStats,
  clients: Iterable<Connection>,
  hops: HopClient,
  paused: PausedReplies,
): void {
  let connections = 0;
  let transactions = 0;
  let watching = 0;
  let keys = 0;
  for (const { state, isQueueing, watched } of clients) {
    if (state !== READY) connections++;
    if (isQueueing || watched.length > 0) transactions++;
    if (watched.length > 0) watching++;
    keys += watched.length;
  }
  stats.watchingClients = watching;
  stats.watchedKeys = keys;
  const pausedReplies = paused.size;
  stats.waits.tell({ connections, transactions, hops: hops.outstanding, pausedReplies });
}

/** Used heap and external memory of this thread. */
export function heapBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
