// The section of INFO about memory.
//
// Redis counts what its allocator gave out. Here memory is three things: pages of the hot table
// in use, large values, and the heaps of the threads, which hold code and buffers. Their sum is
// used_memory; the first two are the dataset. Beside it stands what the process has resident,
// which the empty pages of the hot table do not belong to until they are used for the first time.
//
// maxmemory is about none of these: it caps all keys and values wherever they are, on disk too.
// forgekv_dataset_bytes says how much that is.

import { totalmem } from 'node:os';
import { type HotTable, PAGE_BYTES } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { ServerServices } from '../services.ts';
import { humanBytes, type InfoLine, percent } from './info-section.ts';

/** Bytes of the pages that hold entries or parts of the index, of all shards together. */
export function hotBytesUsed(table: HotTable): number {
  return (table.arena.pageCount - table.pool.freePages) * PAGE_BYTES;
}

/** # Memory */
export function memoryLines(c: CommandContext, services: ServerServices): InfoLine[] {
  const { config } = c;
  const { heapBytes, largeValueBytes, peakMemoryBytes } = services.process();
  const dataset = hotBytesUsed(c.table) + largeValueBytes;
  const used = dataset + heapBytes;
  const peak = Math.max(peakMemoryBytes, used);
  const resident = process.memoryUsage.rss();
  const maxMemory = config.bytes('maxmemory');
  const datasetBytes = c.table.cap.bytes();
  return [
    ...sized('used_memory', used),
    ...sized('used_memory_rss', resident),
    ...sized('used_memory_peak', peak),
    ['used_memory_peak_perc', percent(used, peak)],
    ['used_memory_overhead', heapBytes],
    ['used_memory_dataset', dataset],
    ['used_memory_dataset_perc', percent(dataset, used)],
    ...sized('total_system_memory', totalmem()),
    ...scriptLines(services),
    ...sized('maxmemory', maxMemory),
    ['maxmemory_policy', config.word('maxmemory-policy')],
    ['forgekv_dataset_bytes', datasetBytes],
    ['mem_fragmentation_ratio', (used > 0 ? resident / used : 0).toFixed(2)],
    ['mem_fragmentation_bytes', resident - used],
    // What is left of used_memory is compared with maxmemory, as people expect it.
    ['mem_not_counted_for_evict', Math.max(0, used - datasetBytes)],
    // No replicas, cluster links and log buffers yet, and nothing is moved to save memory.
    ['mem_replication_backlog', 0],
    ['mem_total_replication_buffers', 0],
    ['mem_clients_slaves', 0],
    ['mem_clients_normal', services.stats.get('clientBytes')],
    ['mem_cluster_links', 0],
    ['mem_aof_buffer', 0],
    ['mem_allocator', 'slab'],
    ['active_defrag_running', 0],
  ];
}

/** One engine per worker executes both scripts and functions. */
function scriptLines({ stats, scripts }: ServerServices): InfoLine[] {
  const engineBytes = stats.get('luaBytes');
  const figures = scripts.figures();
  return [
    ...sized('used_memory_lua', engineBytes),
    ['used_memory_vm_eval', engineBytes],
    ['used_memory_scripts_eval', figures.scriptBytes],
    ['number_of_cached_scripts', figures.scripts],
    ['number_of_functions', figures.functions],
    ['number_of_libraries', figures.libraries],
    ['used_memory_vm_functions', 0],
    ...sized('used_memory_vm_total', engineBytes),
    ['used_memory_functions', figures.libraryBytes],
    ...sized('used_memory_scripts', figures.scriptBytes + figures.libraryBytes),
  ];
}

/** A size twice: in bytes, and for people. */
function sized(name: string, bytes: number): InfoLine[] {
  return [
    [name, bytes],
    [`${name}_human`, humanBytes(bytes)],
  ];
}
