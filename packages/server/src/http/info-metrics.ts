// What INFO says, under the names redis_exporter gives it: dashboards and alerts made for that
// exporter work without it. A figure is the one that INFO shows, so both always agree.

import type { InfoLine } from '@forgekv/commands';
import { INFO_COUNTERS, INFO_GAUGES, type InfoNames } from './info-names.ts';
import type { Labels, Metric, Sample } from './metric.ts';

/** Facts that are text: labels of `redis_instance_info`. */
const INSTANCE_LABELS = [
  ...['role', 'redis_version', 'forgekv_version', 'redis_build_id', 'redis_mode', 'os'],
  ...['maxmemory_policy', 'tcp_port', 'run_id', 'process_id', 'master_replid'],
];
const MICROSECONDS = 1e6;
const MILLISECONDS = 1e3;

/** Returns the metrics of all lines of INFO that have a name. */
export function infoMetrics(lines: readonly InfoLine[]): Metric[] {
  const values = new Map(lines);
  return [
    instance(values),
    ...named(values, INFO_GAUGES, 'gauge'),
    ...named(values, INFO_COUNTERS, 'counter'),
    ...commandMetrics(lines),
    latencyMetric(lines),
    ...errorMetrics(lines),
    ...databaseMetrics(lines),
  ];
}

function instance(values: ReadonlyMap<string, string | number>): Metric {
  const labels = INSTANCE_LABELS.flatMap((name): [string, string][] => {
    const value = values.get(name);
    return value === undefined ? [] : [[name, String(value)]];
  });
  return {
    ...{ name: 'redis_instance_info', help: 'Facts about the server, as labels', type: 'gauge' },
    samples: [{ labels: Object.fromEntries(labels), value: 1 }],
  };
}

function named(
  values: ReadonlyMap<string, string | number>,
  names: InfoNames,
  type: Metric['type'],
): Metric[] {
  return names.flatMap(([field, name, help]): Metric[] => {
    const value = numberOf(values.get(field));
    if (value === null) return [];
    return [{ name, help, type, samples: [{ labels: {}, value }] }];
  });
}

/** Status fields say `ok` or `err`. */
function numberOf(value: string | number | undefined): number | null {
  if (value === undefined || value === '') return null;
  if (value === 'ok') return 1;
  if (value === 'err') return 0;
  const number = Number(value);
  return Number.isNaN(number) ? null : number;
}

/** `calls=1,usec=2` as numbers by name. */
function partsOf(value: string | number): Map<string, number> {
  const pairs = String(value).split(',');
  return new Map(
    pairs.map((pair) => {
      const [name = '', text = ''] = pair.split('=');
      return [name, Number(text)];
    }),
  );
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: Metric['type'];
  readonly part: string;
  readonly scale?: number;
}

/** One metric per family, each with a sample for every line with the prefix. */
function families(
  lines: readonly InfoLine[],
  pattern: RegExp,
  label: string,
  wanted: readonly Family[],
): Metric[] {
  const found: [labels: Labels, parts: Map<string, number>][] = [];
  for (const [field, value] of lines) {
    const name = pattern.exec(field)?.[1];
    if (name !== undefined) found.push([{ [label]: name }, partsOf(value)]);
  }
  return wanted.map(({ part, scale = 1, ...metric }) => ({
    ...metric,
    samples: found.map(
      ([labels, parts]): Sample => ({ labels, value: (parts.get(part) ?? 0) * scale }),
    ),
  }));
}

function commandMetrics(lines: readonly InfoLine[]): Metric[] {
  const counted = (name: string, help: string, part: string, scale = 1): Family => {
    return { name: `redis_commands_${name}`, help, type: 'counter', part, scale };
  };
  return families(lines, /^cmdstat_(.+)$/, 'cmd', [
    counted('total', 'Calls per command', 'calls'),
    counted('duration_seconds_total', 'Time spent per command', 'usec', 1 / MICROSECONDS),
    counted('rejected_calls_total', 'Calls refused before they ran', 'rejected_calls'),
    counted('failed_calls_total', 'Calls that ran and answered an error', 'failed_calls'),
  ]);
}

/** `latency_percentiles_usec_get:p50=1.003,p99=2.007`: a sample for each percentile. */
function latencyMetric(lines: readonly InfoLine[]): Metric {
  const samples: Sample[] = [];
  for (const [field, value] of lines) {
    const cmd = /^latency_percentiles_usec_(.+)$/.exec(field)?.[1];
    if (cmd === undefined) continue;
    for (const [name, microseconds] of partsOf(value)) {
      samples.push({ labels: { cmd, quantile: name.slice(1) }, value: microseconds });
    }
  }
  const help = 'Times that so many percent of the calls of a command did not exceed';
  return { name: 'redis_latency_percentiles_usec', help, type: 'gauge', samples };
}

function errorMetrics(lines: readonly InfoLine[]): Metric[] {
  const help = 'Error replies by their first word';
  const errors: Family = { name: 'redis_errors_total', help, type: 'counter', part: 'count' };
  return families(lines, /^errorstat_(.+)$/, 'err', [errors]);
}

function databaseMetrics(lines: readonly InfoLine[]): Metric[] {
  const keys = { name: 'redis_db_keys', help: 'Keys per database', part: 'keys' };
  const expiring = { name: 'redis_db_keys_expiring', help: 'Those of them that expire' };
  const ttl = { name: 'redis_db_avg_ttl_seconds', help: 'How long those live, an estimate' };
  return families(lines, /^(db\d+)$/, 'db', [
    { ...keys, type: 'gauge' },
    { ...expiring, part: 'expires', type: 'gauge' },
    { ...ttl, part: 'avg_ttl', type: 'gauge', scale: 1 / MILLISECONDS },
  ]);
}
