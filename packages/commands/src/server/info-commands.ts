// The sections of INFO about commands and their errors.

import type { CommandContext } from '../context.ts';
import type { ServerServices } from '../services.ts';
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

/** # Errorstats: error replies by their first word. */
export function errorStatLines(_: CommandContext, { stats }: ServerServices): InfoLine[] {
  return stats.errors().map(([code, count]) => [`errorstat_${code}`, `count=${count}`]);
}
