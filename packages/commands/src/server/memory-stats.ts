// MEMORY STATS, DOCTOR, MALLOC-STATS and PURGE. The figures are those of memory-figures.ts; they
// need every front, since each knows its own clients only.

import type { ReplyWriter } from '@forgekv/protocol';
import type { CommandContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';
import { type MemoryFigures, memoryFigures } from './memory-figures.ts';
import { memoryReport, slabReport } from './memory-report.ts';

/** A whole number, or one with a fraction. */
type Field = readonly [name: string, value: number, isFraction?: true];

/** MEMORY STATS: the fields of Redis 7.0 in its order, and then ours. */
export function memoryStats(c: CommandContext, session: Session, services: ServerServices) {
  return withFigures(c, session, services, writeStats);
}

/** MEMORY DOCTOR: what may be wrong, in words. */
export function memoryDoctor(c: CommandContext, session: Session, services: ServerServices) {
  return withFigures(c, session, services, (reply, figures) =>
    reply.verbatim(memoryReport(figures)),
  );
}

/** MEMORY MALLOC-STATS: what the slab pool has given out. */
export function mallocStats(c: CommandContext, session: Session, services: ServerServices) {
  return withFigures(c, session, services, (reply, figures) => reply.verbatim(slabReport(figures)));
}

/**
 * MEMORY PURGE: collects the garbage of the fronts' heaps at once. Pages of the hot table go back
 * to the pool by themselves, and stay with the process.
 */
export function memoryPurge(_: CommandContext, session: Session, services: ServerServices) {
  return services.later(session, services.collectGarbage(), (reply) => reply.ok());
}

function withFigures(
  c: CommandContext,
  session: Session,
  services: ServerServices,
  write: (reply: ReplyWriter, figures: MemoryFigures) => void,
): Outcome {
  return services.later(session, services.clients({}), (reply, clients) =>
    write(reply, memoryFigures(c, services, clients)),
  );
}

function writeStats(reply: ReplyWriter, figures: MemoryFigures): void {
  const head = allocationFields(figures);
  const rest = [...datasetFields(figures), ...allocatorFields(figures), ...ownFields(figures)];
  reply.map(head.length + figures.databases.length + rest.length);
  writeFields(reply, head);
  for (const { db, headBytes } of figures.databases) {
    reply.text(`db.${db}`);
    reply.map(3);
    // The use of a key and its expiry are in its entry, and so is its slot.
    writeFields(reply, [
      ['overhead.hashtable.main', headBytes],
      ['overhead.hashtable.expires', 0],
      ['overhead.hashtable.slot-to-keys', 0],
    ]);
  }
  writeFields(reply, rest);
}

function writeFields(reply: ReplyWriter, fields: readonly Field[]): void {
  for (const [name, value, isFraction] of fields) {
    reply.text(name);
    if (isFraction) reply.double(value);
    else reply.integer(Math.round(value));
  }
}

function allocationFields(figures: MemoryFigures): Field[] {
  return [
    ['peak.allocated', figures.peakBytes],
    ['total.allocated', figures.usedBytes],
    ['startup.allocated', figures.startupBytes],
    ['replication.backlog', 0],
    ['clients.slaves', 0],
    ['clients.normal', figures.clientBytes],
    ['cluster.links', 0],
    ['aof.buffer', figures.logBytes],
    ['lua.caches', figures.scriptBytes],
    ['functions.caches', figures.functionBytes],
  ];
}

/** As in INFO: pages of the hot table and large values are the dataset, heaps are not. */
function datasetFields({ usedBytes, peakBytes, heapBytes, keys, startupBytes }: MemoryFigures) {
  const dataset = usedBytes - heapBytes;
  const net = Math.max(1, usedBytes - startupBytes);
  const fields: Field[] = [
    ['overhead.total', heapBytes],
    ['keys.count', keys],
    ['keys.bytes-per-key', keys === 0 ? 0 : Math.floor(net / keys)],
    ['dataset.bytes', dataset],
    ['dataset.percentage', Math.min(100, (dataset / net) * 100), true],
    ['peak.percentage', (usedBytes / peakBytes) * 100, true],
  ];
  return fields;
}

/** Allocated are slots in use, large values and heaps; active are pages instead of slots. */
function allocatorFields({ slabs, hotBytes, residentBytes, usedBytes }: MemoryFigures): Field[] {
  const allocated = usedBytes - hotBytes + slabs.bytes;
  return [
    ['allocator.allocated', allocated],
    ['allocator.active', usedBytes],
    ['allocator.resident', residentBytes],
    ['allocator-fragmentation.ratio', ratio(usedBytes, allocated), true],
    ['allocator-fragmentation.bytes', usedBytes - allocated],
    ['allocator-rss.ratio', ratio(residentBytes, usedBytes), true],
    ['allocator-rss.bytes', residentBytes - usedBytes],
    // The process is all there is.
    ['rss-overhead.ratio', 1, true],
    ['rss-overhead.bytes', 0],
    ['fragmentation', ratio(residentBytes, usedBytes), true],
    ['fragmentation.bytes', residentBytes - usedBytes],
  ];
}

function ownFields(figures: MemoryFigures): Field[] {
  return [
    ['forgekv.hot-table.bytes', figures.poolBytes],
    ['forgekv.hot-table.used', figures.hotBytes],
    ['forgekv.large-values', figures.largeBytes],
    ['forgekv.heaps', figures.heapBytes],
    ['forgekv.lua-engines', figures.luaBytes],
  ];
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}
