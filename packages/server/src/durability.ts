// How safe the data is, as INFO, metrics and probes tell it: put together from what the log keeper
// and the recovery count. Decides nothing.

import type { DurabilityFigures } from '@forgekv/commands';
import type { Recovery } from '@forgekv/shard';
import { counter, gauge, type Metric } from './http/metric.ts';
import type { LogFigures } from './log-keeper.ts';

/**
 * Puts the figures together.
 * @param recovery of all workers together; each of them reads all logs
 * @param loadingSinceMs Unix time at which loading began, 0 once it has ended
 */
export function durabilityFigures(
  log: LogFigures,
  recovery: Recovery,
  workers: number,
  loadingSinceMs: number,
): DurabilityFigures {
  return {
    loadingSinceMs,
    earlierBytes: Math.round(recovery.bytesTotal / workers),
    loadedBytes: Math.round(recovery.bytesDone / workers),
    recoveredEffects: recovery.applied,
    recoveryHoles: recovery.holes,
    keptBytes: log.hasEarlier ? Math.round(recovery.bytesTotal / workers) : 0,
    liveBytes: log.liveBytes,
    writtenBytes: log.bytes,
    writes: log.writes,
    syncs: log.syncs,
    segments: log.segments,
    bufferedBytes: log.bufferedBytes,
    unsyncedBytes: log.unsyncedBytes,
    syncAgeMs: log.syncAgeMs,
    delayedSyncs: log.delayedSyncs,
    isSyncing: log.isSyncing,
    problem: log.problem,
  };
}

/** Returns why a probe must not send traffic, '' = it may. */
export function whyNotReady(serves: boolean, figures: DurabilityFigures): string {
  const { loadingSinceMs, earlierBytes, loadedBytes, problem } = figures;
  if (loadingSinceMs > 0) {
    const percent = earlierBytes === 0 ? 0 : (loadedBytes / earlierBytes) * 100;
    return `loading: ${percent.toFixed(0)} %`;
  }
  if (!serves) return 'not ready';
  return problem === '' ? '' : `writes are refused: ${problem}`;
}

/** Metrics of the log that INFO has no field of redis_exporter for. */
export function durabilityMetrics(figures: DurabilityFigures): Metric[] {
  const { unsyncedBytes, syncAgeMs } = figures;
  return [
    counter('forgekv_wal_bytes_total', 'Bytes logged', figures.writtenBytes),
    counter('forgekv_wal_writes_total', 'Writes of the log', figures.writes),
    counter('forgekv_wal_syncs_total', 'Syncs of the log', figures.syncs),
    gauge('forgekv_wal_segments', 'Segments of the log', figures.segments),
    gauge('forgekv_wal_unsynced_bytes', 'Bytes logged but not synced', unsyncedBytes),
    gauge('forgekv_wal_sync_age_seconds', 'Age of the oldest of them', syncAgeMs / 1000),
    gauge('forgekv_recovered_effects', 'Changes recovered at start', figures.recoveredEffects),
    gauge('forgekv_recovery_holes', 'Changes not recovered', figures.recoveryHoles),
  ];
}
