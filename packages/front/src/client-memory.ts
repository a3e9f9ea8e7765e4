// `maxmemory-clients`: how much all connections together may have in memory, in what they have sent
// and in what they have not read. Beyond it the largest are dropped, as Redis does.
//
// Looked at ten times a second, not with every command: in between, one connection cannot have more
// than its own bounds. Every front knows what the others published last, and drops its own largest
// until it has no more than its share of the limit; so all together end below it, and no front
// drops for what only another one has.

import type { StatsReader, ThreadStats } from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import type { ClientBounds } from './client-bounds.ts';
import type { Connection } from './connection.ts';

export interface ClientMemoryModules {
  readonly config: Config;
  readonly threadStats: ThreadStats;
  readonly stats: StatsReader;
}

/** Adds up what this front's connections have, and drops the largest when all have too much. */
export function limitClientMemory(
  connections: Iterable<Connection>,
  { config, threadStats, stats }: ClientMemoryModules,
  bounds: ClientBounds,
): void {
  const all: Connection[] = [];
  let own = 0;
  for (const connection of connections) {
    const bytes = bytesOf(connection);
    if (bytes > 0) all.push(connection);
    own += bytes;
  }
  const before = threadStats.clientBytes;
  threadStats.clientBytes = own;
  const limit = limitBytes(config);
  // Published are what the others have now and what this one had before.
  const total = Math.max(own, stats.get('clientBytes') - before + own);
  if (limit === 0 || total <= limit) return;
  const share = (own / total) * limit;
  all.sort((a, b) => bytesOf(b) - bytesOf(a));
  for (const connection of all) {
    if (own <= share) break;
    if (connection.noEvict) continue;
    const bytes = bytesOf(connection);
    own -= bytes;
    threadStats.evictedClients++;
    bounds.evict(connection, bytes);
  }
  threadStats.clientBytes = own;
}

function bytesOf(connection: Connection): number {
  const { pending, queue, socket, heldMessageBytes } = connection;
  return pending.length + (queue?.length ?? 0) + socket.writableLength + heldMessageBytes;
}

/** 0 = no limit. A percentage is one of maxmemory, and without that there is none. */
function limitBytes(config: Config): number {
  const { unit, amount } = config.share('maxmemory-clients');
  if (unit === 'bytes') return amount;
  return Math.floor((config.bytes('maxmemory') * amount) / 100);
}
