// The section of INFO about what survives: loading, and the write-ahead log under the names Redis
// has for its append-only file. Backups stand
// for its snapshots, checkpoints for the rewriting of its file; there is never a fork.

import type { CommandContext } from '../context.ts';
import type { DurabilityFigures } from '../durability-figures.ts';
import type { SaveFigures } from '../save-figures.ts';
import type { ServerServices } from '../services.ts';
import type { InfoLine } from './info-section.ts';

/** # Persistence. The figures are at most a second old, `loading` is of this moment. */
export function persistenceLines(c: CommandContext, services: ServerServices): InfoLine[] {
  const { facts } = services;
  const { durability, saves } = services.process();
  return [
    ...loadingLines(services.loading, durability, c.nowMs),
    ['current_cow_peak', 0],
    ['current_cow_size', 0],
    ['current_cow_size_age', 0],
    ['current_fork_perc', '0.00'],
    ['current_save_keys_processed', 0],
    ['current_save_keys_total', 0],
    ['rdb_changes_since_last_save', changesSinceStart(services) - saves.savedChanges],
    ['rdb_bgsave_in_progress', saves.savingSinceMs > 0 ? 1 : 0],
    // As in Redis: before the first backup, the start of the server.
    ['rdb_last_save_time', Math.floor((saves.lastSaveAtMs || facts.startedAtMs) / 1000)],
    ['rdb_last_bgsave_status', saves.isLastSaveGood ? 'ok' : 'err'],
    ['rdb_last_bgsave_time_sec', seconds(saves.lastSaveTookMs)],
    ['rdb_current_bgsave_time_sec', secondsSince(saves.savingSinceMs, c.nowMs)],
    ['rdb_saves', saves.saves],
    ['rdb_last_cow_size', 0],
    ['rdb_last_load_keys_expired', 0],
    ['rdb_last_load_keys_loaded', 0],
    ...logLines(durability, saves, c.nowMs),
    ['module_fork_in_progress', 0],
    ['module_fork_last_cow_size', 0],
  ];
}

function loadingLines(isLoading: boolean, figures: DurabilityFigures, nowMs: number): InfoLine[] {
  const { loadingSinceMs, earlierBytes, loadedBytes } = figures;
  // Behind the start: nothing is being loaded, whatever the last sample said.
  const isKnown = isLoading && loadingSinceMs > 0;
  const part = isKnown && earlierBytes > 0 ? loadedBytes / earlierBytes : 0;
  const elapsedSeconds = isKnown ? Math.max(0, nowMs - loadingSinceMs) / 1000 : 0;
  // Not from the first moments: ioredis asks once and then waits for as long as it was told.
  const isTelling = elapsedSeconds >= 1 && part > 0;
  const etaSeconds = isTelling ? Math.ceil((elapsedSeconds * (1 - part)) / part) : 0;
  return [
    ['loading', isLoading ? 1 : 0],
    ['async_loading', 0],
    ['loading_start_time', isKnown ? Math.floor(loadingSinceMs / 1000) : 0],
    ['loading_total_bytes', isKnown ? earlierBytes : 0],
    ['loading_loaded_bytes', isKnown ? loadedBytes : 0],
    ['loading_loaded_perc', (part * 100).toFixed(2)],
    // Redis: 1 while it cannot tell.
    ['loading_eta_seconds', isLoading ? Math.max(1, etaSeconds) : 0],
  ];
}

/** The log of this run and what it builds on: together what a start would have to read. */
function logLines(figures: DurabilityFigures, saves: SaveFigures, nowMs: number): InfoLine[] {
  const { earlierBytes, keptBytes, liveBytes, bufferedBytes } = figures;
  const { isSyncing, delayedSyncs, problem } = figures;
  return [
    ['aof_enabled', 1],
    ['aof_rewrite_in_progress', saves.rewritingSinceMs > 0 ? 1 : 0],
    ['aof_rewrite_scheduled', saves.isRewriteScheduled ? 1 : 0],
    ['aof_last_rewrite_time_sec', seconds(saves.lastRewriteTookMs)],
    ['aof_current_rewrite_time_sec', secondsSince(saves.rewritingSinceMs, nowMs)],
    ['aof_last_bgrewrite_status', saves.isLastRewriteGood ? 'ok' : 'err'],
    ['aof_rewrites', saves.rewrites],
    ['aof_rewrites_consecutive_failures', saves.failedRewrites],
    ['aof_last_write_status', problem === '' ? 'ok' : 'err'],
    ['aof_last_cow_size', 0],
    ['aof_current_size', keptBytes + liveBytes],
    ['aof_base_size', earlierBytes],
    ['aof_pending_rewrite', 0],
    ['aof_buffer_length', bufferedBytes],
    ['aof_pending_bio_fsync', isSyncing ? 1 : 0],
    ['aof_delayed_fsync', delayedSyncs],
  ];
}

/** -1 stays what it is: there has been none. */
function seconds(ms: number): number {
  return ms < 0 ? -1 : Math.floor(ms / 1000);
}

/** Of something that began at `sinceMs`, 0 = it is not going on. */
function secondsSince(sinceMs: number, nowMs: number): number {
  return sinceMs === 0 ? -1 : Math.max(0, seconds(nowMs - sinceMs));
}

/** Not the counter that CONFIG RESETSTAT sets back: unsaved changes stay unsaved. */
function changesSinceStart({ facts, stats }: ServerServices): number {
  let changes = 0;
  const threads = facts.fronts + facts.workers;
  for (let thread = 0; thread < threads; thread++) changes += stats.ofThread(thread, 'changes');
  return changes;
}
