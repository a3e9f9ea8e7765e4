// The section of INFO that Redis does not have: threads, the hot table, and how often a command
// could not run where it arrived.

import { SHARD_COUNT } from '@forgekv/base';
import { PAGE_BYTES } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { DurabilityFigures } from '../durability-figures.ts';
import type { ServerServices } from '../services.ts';
import { hotBytesUsed } from './info-memory.ts';
import { type InfoLine, percent } from './info-section.ts';

/** # Forgekv. The lines of single threads count from the start, RESETSTAT or not. */
export function forgekvLines(c: CommandContext, services: ServerServices): InfoLine[] {
  const { facts, stats } = services;
  const { heapBytes, largeValueBytes } = services.process();
  const poolBytes = c.table.arena.pageCount * PAGE_BYTES;
  const used = hotBytesUsed(c.table);
  const lines: InfoLine[] = [
    ['front_threads', facts.fronts],
    ['shard_threads', facts.workers],
    ['hot_table_bytes', poolBytes],
    ['hot_table_used_bytes', used],
    ['hot_table_used_perc', percent(used, poolBytes)],
    // Falls while keys are brought back after a start.
    ['stored_only_keys', c.databases.away],
    ['large_value_bytes', largeValueBytes],
    ['heap_bytes', heapBytes],
    // Falls to 0 behind blocked_clients: else something was not forgotten.
    ['key_waiters', c.table.awaited.waiters],
    ['hops', stats.get('hops')],
    ['lock_misses', stats.get('lockMisses')],
    ['ring_full', stats.get('ringFull')],
    ...waitLines(c, services),
    ...logLines(services.process().durability),
  ];
  for (let i = 0; i < facts.fronts; i++) lines.push([`front${i}`, frontText(services, i)]);
  for (let i = 0; i < facts.workers; i++) {
    lines.push([`worker${i}`, workerText(services, facts.fronts + i)]);
  }
  return lines;
}

/** What is held, and who waits, at most a second ago: 0 in a server that nobody uses. */
function waitLines({ table }: CommandContext, { stats }: ServerServices): InfoLine[] {
  let locked = 0;
  let gated = 0;
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    if (table.locks.isTaken(shard)) locked++;
    if (table.gateOf(shard) !== 0) gated++;
  }
  return [
    ['locked_shards', locked],
    ['gated_shards', gated],
    ['waiting_connections', stats.waiting('connections')],
    ['open_transactions', stats.waiting('transactions')],
    ['hops_in_flight', stats.waiting('hops')],
    ['paused_replies', stats.waiting('pausedReplies')],
    ['waiting_runs', stats.waiting('runs')],
    ['sliced_runs', stats.waiting('slicedRuns')],
    ['held_values', stats.waiting('heldValues')],
    ['borrowed_values', stats.waiting('borrowedValues')],
  ];
}

/** The write-ahead log of this run, and what recovery made of those of earlier ones. */
function logLines(figures: DurabilityFigures): InfoLine[] {
  return [
    ['forgekv_wal_segments', figures.segments],
    ['forgekv_wal_bytes', figures.writtenBytes],
    ['forgekv_wal_writes', figures.writes],
    ['forgekv_wal_syncs', figures.syncs],
    ['forgekv_wal_unsynced_bytes', figures.unsyncedBytes],
    ['forgekv_wal_sync_age_ms', figures.syncAgeMs],
    ['forgekv_wal_error', figures.problem],
    ['forgekv_recovered_effects', figures.recoveredEffects],
    ['forgekv_recovery_holes', figures.recoveryHoles],
  ];
}

function frontText({ stats }: ServerServices, block: number): string {
  const connections = stats.ofThread(block, 'currentConnections');
  const commands = stats.ofThread(block, 'commands');
  const hops = stats.ofThread(block, 'hops');
  const lockMisses = stats.ofThread(block, 'lockMisses');
  const turns = stats.ofThread(block, 'turns');
  const work = `connections=${connections},commands=${commands},turns=${turns}`;
  return `${work},hops=${hops},lock_misses=${lockMisses}`;
}

function workerText({ stats }: ServerServices, block: number): string {
  const commands = stats.ofThread(block, 'commands');
  return `commands=${commands},turns=${stats.ofThread(block, 'turns')}`;
}
