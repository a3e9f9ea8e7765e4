// Compares servers under the same loads on a noisy machine: interleaved rounds in rotating order,
// ratios taken within a round, medians over the rounds.
//
//   warm-up  A B C │ round 1  A B C │ round 2  B C A │ round 3  C A B │ ...
//                    ratio B/A of each round ───────────▶ median of the ratios
//
// What slows the machine for a while slows neighbours in one round alike and cancels in the ratio.

import { BenchmarkError, type Endpoint, type LoadResult } from './load.ts';
import { type IdleOptions, processCpuMicros, waitUntilIdle } from './process-cpu.ts';
import { type Spread, spreadOf } from './spread.ts';

export type ComparedServer = Endpoint & {
  readonly name: string;
  /** The process to charge, with all its threads. */
  readonly pid: number;
};

export interface LoadRequest<Scenario> {
  readonly server: ComparedServer;
  readonly scenario: Scenario;
  readonly phase: 'warm-up' | 'measured';
  /** 0 for the warm-up, then 1.. */
  readonly round: number;
  /** What this server did in its last run of this scenario. */
  readonly expectedOpsPerSecond: number | undefined;
}

/** Runs one load to its end. Throws BenchmarkError when there is no result. */
export type LoadRunner<Scenario> = (request: LoadRequest<Scenario>) => Promise<LoadResult>;

export interface CompareOptions<Scenario extends { readonly name: string }> {
  readonly servers: readonly ComparedServer[];
  readonly scenarios: readonly Scenario[];
  /** The name of the server that reads 1.00. */
  readonly baseline: string;
  /** Measured rounds, 1..1000. */
  readonly rounds: number;
  readonly run: LoadRunner<Scenario>;
  readonly onProgress?: (progress: CompareProgress) => void;
  /** How to wait for a server to calm down after a load; `false` for not at all. */
  readonly settle?: IdleOptions | false;
  /** Processor time of a pid in microseconds. Default: from /proc. */
  readonly readCpuMicros?: (pid: number) => number | undefined;
}

export interface CompareProgress {
  /** Loads finished so far and in all, warm-ups included. */
  readonly done: number;
  readonly total: number;
  readonly scenario: string;
  readonly server: string;
  readonly round: number;
  /** The load's result, or what went wrong. */
  readonly outcome: LoadResult | BenchmarkError;
}

/** One server under one scenario, over the rounds that worked; undefined where none did. */
export interface ServerSummary {
  readonly server: string;
  readonly opsPerSecond: Spread | undefined;
  /** Rate over the baseline's rate in the same round. */
  readonly ratio: Spread | undefined;
  /** The server's processor time per operation in microseconds, during the load. */
  readonly cpuMicrosPerOp: Spread | undefined;
  /** Processor time it went on using after the load, per operation of that load. */
  readonly settleMicrosPerOp: Spread | undefined;
  readonly p50Ms: Spread | undefined;
  readonly p99Ms: Spread | undefined;
  readonly maxMs: Spread | undefined;
  /** One message per failed run, repeats left out. */
  readonly failures: readonly string[];
}

export interface ScenarioComparison {
  readonly scenario: string;
  readonly servers: readonly ServerSummary[];
}

export interface Comparison {
  readonly baseline: string;
  readonly rounds: number;
  readonly scenarios: readonly ScenarioComparison[];
}

interface Sample {
  readonly round: number;
  readonly load: LoadResult;
  readonly cpuMicros: number | undefined;
  readonly settleMicros: number | undefined;
}

interface Track {
  readonly server: ComparedServer;
  readonly samples: Sample[];
  readonly failures: Set<string>;
  lastRate: number | undefined;
  broken: boolean;
}

/**
 * Runs every scenario on every server and summarizes.
 * A server whose warm-up fails is skipped for that scenario and reported with the reason.
 * @throws BenchmarkError BAD_SCENARIO for options that make no sense; errors of `run` that are not
 *   BenchmarkErrors pass through
 */
export async function compare<Scenario extends { readonly name: string }>(
  options: CompareOptions<Scenario>,
): Promise<Comparison> {
  checkOptions(options);
  const { servers, scenarios, rounds, baseline } = options;
  const total = scenarios.length * servers.length * (rounds + 1);
  const compared: ScenarioComparison[] = [];
  let done = 0;
  for (const scenario of scenarios) {
    const tracks = servers.map(newTrack);
    for (let round = 0; round <= rounds; round += 1) {
      for (const track of rotated(tracks, Math.max(round - 1, 0))) {
        done += 1;
        if (track.broken) continue;
        const outcome = await runOnce(options, scenario, track, round);
        const place = { scenario: scenario.name, server: track.server.name, round };
        options.onProgress?.({ done, total, ...place, outcome });
      }
    }
    const base = tracks.find((track) => track.server.name === baseline)!;
    compared.push({
      scenario: scenario.name,
      servers: tracks.map((track) => summarize(track, base)),
    });
  }
  return { baseline, rounds, scenarios: compared };
}

async function runOnce<Scenario extends { readonly name: string }>(
  options: CompareOptions<Scenario>,
  scenario: Scenario,
  track: Track,
  round: number,
): Promise<LoadResult | BenchmarkError> {
  const { server } = track;
  const readCpu = options.readCpuMicros ?? processCpuMicros;
  const phase = round === 0 ? 'warm-up' : 'measured';
  const expectedOpsPerSecond = track.lastRate;
  try {
    const before = readCpu(server.pid);
    const load = await options.run({ server, scenario, phase, round, expectedOpsPerSecond });
    const after = readCpu(server.pid);
    const known = before !== undefined && after !== undefined;
    const cpuMicros = known ? after - before : undefined;
    const settleMicros =
      options.settle === false ? undefined : await waitUntilIdle(server.pid, options.settle);
    track.lastRate = load.opsPerSecond;
    if (phase === 'measured') track.samples.push({ round, load, cpuMicros, settleMicros });
    return load;
  } catch (error) {
    if (!(error instanceof BenchmarkError)) throw error;
    track.failures.add(`${error.code}: ${error.message}`);
    track.broken ||= phase === 'warm-up';
    return error;
  }
}

function summarize(track: Track, base: Track): ServerSummary {
  const { samples } = track;
  const baseRates = new Map(base.samples.map(({ round, load }) => [round, load.opsPerSecond]));
  const spread = (pick: (sample: Sample) => number | undefined): Spread | undefined =>
    spreadOf(samples.map(pick).filter((value) => value !== undefined));
  const perOperation = (micros: number | undefined, sample: Sample): number | undefined =>
    micros === undefined ? undefined : micros / sample.load.operations;
  return {
    server: track.server.name,
    opsPerSecond: spread((sample) => sample.load.opsPerSecond),
    ratio: spread(({ round, load }) => {
      const baseRate = baseRates.get(round);
      return baseRate === undefined ? undefined : load.opsPerSecond / baseRate;
    }),
    cpuMicrosPerOp: spread((sample) => perOperation(sample.cpuMicros, sample)),
    settleMicrosPerOp: spread((sample) => perOperation(sample.settleMicros, sample)),
    p50Ms: spread((sample) => sample.load.p50Ms),
    p99Ms: spread((sample) => sample.load.p99Ms),
    maxMs: spread((sample) => sample.load.maxMs),
    failures: [...track.failures],
  };
}

function newTrack(server: ComparedServer): Track {
  return { server, samples: [], failures: new Set(), lastRate: undefined, broken: false };
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

function checkOptions<Scenario extends { readonly name: string }>(
  options: CompareOptions<Scenario>,
): void {
  const names = options.servers.map((server) => server.name);
  const complaint =
    new Set(names).size !== names.length
      ? `two servers with one name: ${names.join(', ')}`
      : !names.includes(options.baseline)
        ? `no server is named ${options.baseline}`
        : !(Number.isInteger(options.rounds) && options.rounds >= 1 && options.rounds <= 1000)
          ? `rounds must be in 1..1000: ${options.rounds}`
          : undefined;
  if (complaint !== undefined) throw new BenchmarkError('BAD_SCENARIO', complaint);
}
