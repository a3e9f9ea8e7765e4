// Starts a group of servers, fills them, compares them, stops them.

import {
  BenchmarkError,
  type CompareProgress,
  compare,
  formatFigure,
  processRssBytes,
  waitUntilIdle,
} from 'redis-benchmark-wrapper';
import { loadRunner, mixByMemtier } from './load-generator.ts';
import type { BenchOptions } from './options.ts';
import type { GroupReport } from './report.ts';
import { fillKeys } from './resp-probe.ts';
import { keysNeeded, type Scenario } from './scenarios.ts';
import { measureIdle, type RunningServer, type ServerSpec, startServer } from './servers.ts';

const IDLE_WATCH_MS = 3_000;
const QUICK_IDLE_WATCH_MS = 1_000;
const FILL_SETTLE_MS = 10_000;

/** What to compare with what. The first server is the baseline. */
export interface Group {
  readonly title: string;
  readonly specs: readonly ServerSpec[];
  readonly scenarios: readonly Scenario[];
}

/**
 * Runs a group to its end; its servers are stopped whatever happens.
 * @param directory for the servers' data
 * @param say prints a line of progress
 */
export async function runGroup(
  group: Group,
  options: BenchOptions,
  directory: string,
  say: (line: string) => void,
): Promise<GroupReport> {
  const servers: RunningServer[] = [];
  try {
    for (const spec of group.specs) {
      say(`starting ${spec.name}`);
      servers.push(await startServer(spec, directory));
    }
    const niceness = new Set(servers.map((server) => server.niceness));
    if (niceness.size > 1) say(`WARNING: the servers differ in niceness: ${[...niceness]}`);
    const idle = await measureIdle(servers, options.quick ? QUICK_IDLE_WATCH_MS : IDLE_WATCH_MS);
    await fill(servers, group.scenarios, say);
    const filled = new Map(servers.map(({ name, pid }) => [name, processRssBytes(pid)]));
    const comparison = await compare({
      servers,
      scenarios: group.scenarios,
      baseline: servers[0]!.name,
      rounds: options.rounds,
      run: loadRunner(options.pace),
      onProgress: (progress) => say(progressLine(progress)),
    });
    const facts = servers.map((server) => ({
      server,
      idle: idle.get(server.name)!,
      filledRssBytes: filled.get(server.name),
    }));
    return { title: group.title, facts, comparison };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function fill(
  servers: readonly RunningServer[],
  scenarios: readonly Scenario[],
  say: (line: string) => void,
): Promise<void> {
  const { keyspace, valueBytes } = scenarios[0]!;
  for (const server of servers) {
    for (const kind of keysNeeded(scenarios, mixByMemtier())) {
      const startedAtMs = performance.now();
      await fillKeys(server.port, kind, keyspace, valueBytes);
      const seconds = (performance.now() - startedAtMs) / 1000;
      say(`filled ${server.name} with ${keyspace} ${kind} in ${seconds.toFixed(1)} s`);
    }
    await waitUntilIdle(server.pid, { maxMs: FILL_SETTLE_MS });
  }
}

function progressLine({ done, total, scenario, server, round, outcome }: CompareProgress): string {
  const result =
    outcome instanceof BenchmarkError
      ? `failed, ${outcome.code}: ${outcome.message}`
      : `${formatFigure(outcome.opsPerSecond, 0).padStart(11)} ops/s  p99 ${outcome.p99Ms} ms`;
  const phase = round === 0 ? 'warm-up' : `round ${round}`;
  return `${`${done}/${total}`.padStart(9)}  ${scenario}, ${server}, ${phase}: ${result}`;
}
