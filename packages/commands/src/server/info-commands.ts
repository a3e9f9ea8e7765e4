// The sections of INFO about commands and their errors.

import type { CommandContext } from '../context.ts';
import type { ServerServices } from '../services.ts';
import { percentileOf } from '../timing/latency-buckets.ts';
import type { InfoLine } from './info-section.ts';

/** # Commandstats: a line for each command that was called or refused. */
export function commandStatLines(_: CommandContext, services: ServerServices): InfoLine[] {
  const { commands, stats } = services;
  const lines: InfoLine[] = [];
  commands.names.forEach((name, id) => {
    const { calls, failed, microseconds, rejected } = stats.command(id);
    if (calls === 0 && rejected === 0) return;
    const perCall = calls === 0 ? 0 : microseconds / calls;
    const times = `usec=${Math.round(microseconds)},usec_per_call=${perCall.toFixed(2)}`;
    const failures = `rejected_calls=${rejected},failed_calls=${failed}`;
    lines.push([`cmdstat_${name}`, `calls=${calls},${times},${failures}`]);
  });
  return lines;
}

/**
 * # Latencystats: the times that so many percent of the calls of a command did not exceed. Redis:
 * two digits are exact; here a time is known to about a sixteenth.
 */
export function latencyStatLines({ config }: CommandContext, services: ServerServices): InfoLine[] {
  if (!config.boolean('latency-tracking')) return [];
  const percentiles = config.list('latency-tracking-info-percentiles');
  const { commands, stats } = services;
  const lines: InfoLine[] = [];
  commands.names.forEach((name, id) => {
    if (stats.command(id).calls === 0) return;
    const times = stats.times(id);
    if (times.every((count) => count === 0)) return;
    const values = percentiles.map((percent) => {
      return `p${percent}=${percentileOf(times, Number(percent)).toFixed(3)}`;
    });
    lines.push([`latency_percentiles_usec_${name}`, values.join(',')]);
  });
  return lines;
}

/** # Errorstats: error replies by their first word. */
export function errorStatLines(_: CommandContext, { stats }: ServerServices): InfoLine[] {
  return stats.errors().map(([code, count]) => [`errorstat_${code}`, `count=${count}`]);
}
