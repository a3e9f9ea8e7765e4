// LATENCY DOCTOR: what the latency monitor has seen, in words, and what to do about it.

import type { LatencyEvent, LatencySeries } from '@forgekv/rings';

const ADVICE: Readonly<Record<LatencyEvent, string>> = {
  command:
    'Commands take long: SLOWLOG GET shows which ones and how long. Ask for less at once (SCAN ' +
    'instead of KEYS, ranges instead of whole collections), or set slowlog-log-slower-than lower.',
  'fast-command':
    'Commands that need constant time took long: the threads did not get a core. Look for other ' +
    'load on this machine, swapping, and more front and worker threads than cores.',
  'command-batch':
    'A row of short commands took long, none of them by itself: the threads did not get a core, ' +
    'or the garbage of large values was collected.',
  'expire-cycle':
    'Very many keys expire at the same time: spread their times to live by a random part.',
  'eviction-cycle':
    'The dataset is at maxmemory, and keys are evicted for every write: raise maxmemory, or use ' +
    'shorter times to live.',
  'aof-write':
    'Handing the log to the kernel took long: the disk is behind, or shared with other writers.',
  'aof-fsync-always':
    'Writes wait for fdatasync (wal-sync-mode Always), and the disk takes long: use a disk with ' +
    'power-loss protection, or wal-sync-mode EverySecond if a second of writes may be lost.',
  'background-sync':
    'The sync of the logs that happens every second took long. Nobody waits for it, but what a ' +
    'power cut loses is as old as it takes.',
  'checkpoint-batch':
    'The stores take long to write what has changed. Nobody waits for it; when it goes on, the ' +
    'logs grow: look at the disk.',
};

/** @param thresholdMs of `latency-monitor-threshold` */
export function latencyReport(all: readonly LatencySeries[], thresholdMs: number): string {
  if (thresholdMs === 0 && all.length === 0) {
    return (
      'The latency monitor is off. CONFIG SET latency-monitor-threshold <milliseconds> turns it ' +
      'on; choose what is too long for those who wait.\n'
    );
  }
  if (all.length === 0) {
    return `Nothing took ${thresholdMs} ms or longer since the latency monitor was reset.\n`;
  }
  const lines = ['What took too long:', ''];
  for (const [i, series] of all.entries()) lines.push(`${i + 1}. ${summaryOf(series)}`);
  lines.push('', 'What to do:', '');
  for (const { event } of all) lines.push(`- ${event}: ${ADVICE[event as LatencyEvent]}`);
  return `${lines.join('\n')}\n`;
}

function summaryOf({ event, longestMs, samples }: LatencySeries): string {
  const values = samples.map(({ milliseconds }) => milliseconds);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = values.reduce((sum, value) => sum + Math.abs(value - mean), 0) / values.length;
  const spanSeconds = samples.at(-1)!.unixSeconds - samples[0]!.unixSeconds;
  const apart = samples.length > 1 ? (spanSeconds / (samples.length - 1)).toFixed(0) : '';
  const often = apart === '' ? '' : `, one in ${apart} s`;
  const count = `${samples.length} ${samples.length === 1 ? 'spike' : 'spikes'}${often}`;
  const times = `mean ${mean.toFixed(0)} ms, mean deviation ${deviation.toFixed(0)} ms`;
  return `${event}: ${count}; ${times}, longest ever ${longestMs} ms.`;
}
