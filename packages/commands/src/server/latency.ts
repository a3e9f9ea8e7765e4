// LATENCY: what the latency monitor has seen, and how long the calls of each command took.

import { visibleIdOf } from '@forgekv/catalog';
import type { LatencySeries } from '@forgekv/rings';
import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';
import type { ServerServices } from '../services.ts';
import type { Session } from '../session.ts';
import { cumulativeCounts } from '../timing/latency-buckets.ts';
import { latencyGraph } from './latency-graph.ts';
import { latencyReport } from './latency-report.ts';

/** LATENCY LATEST: of each event its name, the last time and length of it, and the longest ever. */
export function latencyLatest(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const all = services.diagnostics.latency.all();
  c.reply.array(all.length);
  for (const { event, longestMs, samples } of all) {
    const { unixSeconds, milliseconds } = samples.at(-1)!;
    c.reply.array(4);
    c.reply.text(event);
    for (const number of [unixSeconds, milliseconds, longestMs]) c.reply.integer(number);
  }
  return DONE;
}

/** LATENCY HISTORY event: its samples, oldest first; none of one that nobody has heard of. */
export function latencyHistory(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const samples = eventOf(c, services)?.samples ?? [];
  c.reply.array(samples.length);
  for (const { unixSeconds, milliseconds } of samples) {
    c.reply.array(2);
    c.reply.integer(unixSeconds);
    c.reply.integer(milliseconds);
  }
  return DONE;
}

/** LATENCY GRAPH event */
export function latencyGraphOf(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const series = eventOf(c, services);
  if (series === null) {
    return c.fail(`ERR No samples available for event '${c.request.text(2)}'`);
  }
  c.reply.verbatim(latencyGraph(series, Math.floor(Date.now() / 1000)));
  return DONE;
}

/** LATENCY RESET [event ...]: how many were forgotten. */
export function latencyReset(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const { request } = c;
  const { latency } = services.diagnostics;
  const names = Array.from({ length: request.argc - 2 }, (_unused, i) => request.text(i + 2));
  const wanted = names.length > 0 ? names : latency.all().map(({ event }) => event);
  c.reply.integer(wanted.filter((event) => latency.reset(event)).length);
  return DONE;
}

/** LATENCY DOCTOR: a report for people. */
export function latencyDoctor(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const thresholdMs = c.config.integer('latency-monitor-threshold');
  c.reply.verbatim(latencyReport(services.diagnostics.latency.all(), thresholdMs));
  return DONE;
}

/** LATENCY HISTOGRAM [command ...]: of those that were called; a container means all it has. */
export function latencyHistogram(c: CommandContext, _: Session, services: ServerServices): Outcome {
  const { reply } = c;
  const { commands, stats } = services;
  const shown = wantedCommands(c, services)
    .map((id) => ({ name: commands.names[id]!, times: stats.times(id) }))
    .filter(({ times }) => times.some((count) => count > 0));
  reply.map(shown.length);
  for (const { name, times } of shown) {
    const steps = cumulativeCounts(times);
    reply.text(name);
    reply.map(2);
    reply.text('calls');
    reply.integer(steps.at(-1)![1]);
    reply.text('histogram_usec');
    reply.map(steps.length);
    for (const [microseconds, calls] of steps) {
      reply.integer(microseconds);
      reply.integer(calls);
    }
  }
  return DONE;
}

function wantedCommands({ request }: CommandContext, { commands }: ServerServices): number[] {
  if (request.argc === 2) return [...commands.names.keys()];
  const wanted = new Set<number>();
  for (let i = 2; i < request.argc; i++) {
    const id = visibleIdOf(commands, request.text(i));
    if (id < 0) continue;
    wanted.add(id);
    for (const sub of commands.subcommandIds(id)) wanted.add(sub);
  }
  return [...wanted];
}

function eventOf({ request }: CommandContext, services: ServerServices): LatencySeries | null {
  return services.diagnostics.latency.series(request.text(2));
}
