// `maxmemory-clients`: how much all connections together may have in memory, in what they have sent
// and in what they have not read. Beyond it the largest are dropped, as Redis does.
//
// Looked at ten times a second, not with every command: in between, one connection cannot have more
// than its own bounds. Every front knows what the others published last. The front that has the
// largest connection of all that may be dropped drops it, and the next as long as its own is the
// largest; then it is another front's turn, at its next look. So the largest go first, wherever
// they are, and none goes for what one has that may not be dropped.

import type { StatsReader, ThreadStats } from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { ClientBounds } from './client-bounds.ts';
import type { Connection } from './connection.ts';

export interface ClientMemoryModules {
  readonly config: Config;
  readonly threadStats: ThreadStats;
  readonly stats: StatsReader;
  /** Of this front, and of its block of counters. */
  readonly index: number;
}

/** Adds up what this front's connections have, and drops the largest when all have too much. */
export function limitClientMemory(
  connections: Map<number, Connection>,
  { config, threadStats, stats, index }: ClientMemoryModules,
  bounds: ClientBounds,
): void {
  let own = 0;
  let largest = 0;
  for (const connection of connections.values()) {
    const bytes = bytesOf(connection);
    own += bytes;
    if (!connection.noEvict) largest = Math.max(largest, bytes);
  }
  // Published are what the others have now and what this one had before.
  const excess = stats.get('clientBytes') - threadStats.clientBytes + own - limitBytes(config);
  threadStats.clientBytes = own;
  threadStats.largestClientBytes = largest;
  const others = stats.most('largestClientBytes', index);
  if (excess <= 0 || largest === 0 || largest < others) return;
  const all = [...connections.values()].filter(({ noEvict }) => !noEvict);
  all.sort((a, b) => bytesOf(b) - bytesOf(a));
  let dropped = 0;
  for (const connection of all) {
    const bytes = bytesOf(connection);
    threadStats.largestClientBytes = bytes;
    if (dropped >= excess || bytes === 0 || bytes < others) break;
    bounds.evict(connection, bytes);
    threadStats.evictedClients++;
    dropped += bytes;
  }
  threadStats.clientBytes -= dropped;
}

function bytesOf(connection: Connection): number {
  const { pending, queue, socket, heldMessageBytes } = connection;
  return pending.length + (queue?.length ?? 0) + socket.writableLength + heldMessageBytes;
}

/** A percentage is one of maxmemory, and without that there is no limit. */
function limitBytes(config: Config): number {
  const { unit, amount } = config.share('maxmemory-clients');
  const bytes = unit === 'bytes' ? amount : Math.floor((config.bytes('maxmemory') * amount) / 100);
  return bytes === 0 ? Infinity : bytes;
}
