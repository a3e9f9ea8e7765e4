// Which charts there are, and what each shows of the samples.

import { lineStyle } from './chart.js';
import * as format from './format.js';

const OWN = { colour: '--line-main', dash: [] };
const OTHERS = { colour: '--line-main', dash: [4, 3] };

/** Lines of all threads for a field. */
function perThread(samples, field, scale = 1) {
  return samples.threads.map((name, i) => ({
    name,
    ...lineStyle(i),
    // A second without commands has no time per command.
    isSparse: field.endsWith('Time'),
    data: () => samples.column(`${field}:${name}`).map((v) => (v === null ? null : v * scale)),
  }));
}

function line(samples, name, index, field) {
  return { name, ...lineStyle(index), data: () => samples.column(field) };
}

function hundredfold(samples, field) {
  return () => samples.column(field).map((value) => (value === null ? null : value * 100));
}

/** Hits of all reads in percent; unknown where there were none. */
function hitRate(samples) {
  const misses = samples.column('missesPerSecond');
  return samples.column('hitsPerSecond').map((hits, i) => {
    const reads = hits + misses[i];
    return reads > 0 ? (hits / reads) * 100 : null;
  });
}

/** The charts for the threads a server has, in the order they are shown. */
export function chartList(samples) {
  const { count, bytes, bytesPerSecond, percent, microseconds } = format;
  return [
    {
      title: 'Throughput',
      unit: 'commands per second, by thread',
      format: count,
      top: 10,
      series: perThread(samples, 'commands'),
    },
    {
      title: 'Busy',
      unit: 'share of a core, by thread',
      format: percent,
      top: 25,
      series: [
        ...perThread(samples, 'busy', 100),
        { name: 'main', ...OWN, data: hundredfold(samples, 'mainBusy') },
        { name: 'other threads', ...OTHERS, data: hundredfold(samples, 'otherBusy') },
      ],
    },
    {
      title: 'Time per command',
      unit: 'mean of execution, by thread, on a logarithmic scale',
      format: microseconds,
      isWide: true,
      series: perThread(samples, 'meanTime'),
    },
    {
      title: 'Slowest hundredth',
      unit: '99th percentile of execution, on a logarithmic scale',
      format: microseconds,
      isWide: true,
      series: perThread(samples, 'slowTime'),
    },
    {
      title: 'Hops',
      unit: 'runs sent to workers, and what fronts had to wait for, per second',
      format: count,
      top: 10,
      series: [
        line(samples, 'hops', 0, 'hopsPerSecond'),
        line(samples, 'lock misses', 2, 'lockMissesPerSecond'),
        line(samples, 'ring full', 4, 'ringFullPerSecond'),
      ],
    },
    {
      title: 'Hit rate',
      unit: 'reads that found their key',
      format: percent,
      top: 100,
      series: [{ name: 'hits', ...lineStyle(1), isSparse: true, data: () => hitRate(samples) }],
    },
    {
      title: 'Memory',
      unit: 'what the server uses, and what is resident',
      format: bytes,
      bytes: true,
      top: 1024 * 1024,
      series: [
        line(samples, 'hot table', 0, 'hotBytes'),
        line(samples, 'large values', 1, 'largeBytes'),
        line(samples, 'heaps', 2, 'heapBytes'),
        { name: 'resident', ...OWN, data: () => samples.column('residentBytes') },
      ],
    },
    {
      title: 'Keys',
      unit: 'of all databases, those on disk too',
      format: count,
      whole: true,
      top: 10,
      series: [line(samples, 'keys', 3, 'keys')],
    },
    {
      title: 'Write-ahead log',
      unit: 'written per second, and not yet synced',
      format: bytes,
      bytes: true,
      top: 1024,
      series: [
        line(samples, 'written', 0, 'walBytesPerSecond'),
        line(samples, 'not synced', 4, 'unsyncedBytes'),
      ],
    },
    {
      title: 'Flush lag',
      unit: 'changes in the log that the stores do not have yet',
      format: count,
      whole: true,
      top: 10,
      series: [line(samples, 'changes', 3, 'unflushedChanges')],
    },
    {
      title: 'Network',
      unit: 'bytes per second',
      format: bytesPerSecond,
      bytes: true,
      top: 1024,
      series: [
        line(samples, 'received', 0, 'inputBytesPerSecond'),
        line(samples, 'sent', 1, 'outputBytesPerSecond'),
      ],
    },
    {
      title: 'Connections',
      unit: 'open',
      format: count,
      whole: true,
      top: 10,
      series: [line(samples, 'connections', 7, 'connections')],
    },
  ];
}
