// What the memory of the process is used for, measured: for MEMORY STATS, DOCTOR and MALLOC-STATS.
// INFO's section about memory counts in the same way.

import type { SlabUsage } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { ServerServices } from '../services.ts';
import type { ClientFacts } from '../session.ts';
import { hotBytesUsed } from './info-memory.ts';

export interface MemoryFigures {
  /** Pages of the hot table in use, large values and heaps. */
  readonly usedBytes: number;
  readonly peakBytes: number;
  /** `usedBytes` when the server had started. */
  readonly startupBytes: number;
  readonly residentBytes: number;
  readonly hotBytes: number;
  /** Of the hot table, used or not. */
  readonly poolBytes: number;
  readonly slabs: SlabUsage;
  readonly largeBytes: number;
  /** JavaScript heaps of all threads, with buffers. */
  readonly heapBytes: number;
  readonly clientBytes: number;
  readonly clients: number;
  /** Of clients, what the largest one has in buffers. */
  readonly largestClientBytes: number;
  /** What the logs have and the kernel does not. */
  readonly logBytes: number;
  readonly luaBytes: number;
  readonly scripts: number;
  readonly scriptBytes: number;
  readonly functionBytes: number;
  /** Of each database with keys the heads of its entries. */
  readonly databases: readonly { readonly db: number; readonly headBytes: number }[];
  readonly keys: number;
}

/** @param clients of all fronts */
export function memoryFigures(
  c: CommandContext,
  services: ServerServices,
  clients: readonly ClientFacts[],
): MemoryFigures {
  const { heapBytes, largeValueBytes, peakMemoryBytes, startupMemoryBytes } = services.process();
  const { scripts, scriptBytes, libraryBytes } = services.scripts.figures();
  const { table, databases } = c;
  const hotBytes = hotBytesUsed(table);
  const usedBytes = hotBytes + largeValueBytes + heapBytes;
  const buffers = clients.map(({ inputBytes, outputBytes }) => inputBytes + outputBytes);
  const keysOf = Array.from({ length: databases.count }, (_, db) => databases.keys(db));
  return {
    ...{ usedBytes, hotBytes, heapBytes, scripts, scriptBytes },
    peakBytes: Math.max(peakMemoryBytes, usedBytes),
    startupBytes: startupMemoryBytes,
    residentBytes: process.memoryUsage.rss(),
    poolBytes: table.pool.bytes,
    slabs: table.pool.usage(),
    largeBytes: largeValueBytes,
    clientBytes: buffers.reduce((sum, bytes) => sum + bytes, 0),
    clients: clients.length,
    largestClientBytes: Math.max(0, ...buffers),
    logBytes: services.process().durability.bufferedBytes,
    luaBytes: services.stats.get('luaBytes'),
    functionBytes: libraryBytes,
    databases: keysOf
      .map((keys, db) => ({ db, keys, headBytes: databases.headBytes(db) }))
      .filter(({ keys }) => keys > 0),
    keys: keysOf.reduce((sum, keys) => sum + keys, 0),
  };
}
