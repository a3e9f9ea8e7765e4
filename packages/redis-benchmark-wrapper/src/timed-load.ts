// Loads measured in seconds. The tools count requests, so a short pilot finds how many fill the
// time; later runs reuse the rate of the one before.

import { BenchmarkError, type LoadResult, requireInteger } from './load.ts';

const PILOT_REQUESTS = 1_000;
const PILOT_SECONDS = 0.1;
const MAX_REQUESTS = 1_000_000_000;

export interface TimedLoadOptions {
  /** Wanted length of the run in seconds, above 0, at most a day. */
  readonly seconds: number;
  /** The rate of an earlier run of the same load. Without it a pilot is run first. */
  readonly expectedOpsPerSecond?: number | undefined;
  /** Fewest requests of any run, such as connections times pipeline. Default 1000. */
  readonly minRequests?: number;
}

/** Runs a load for about so many seconds. `run` starts it with a number of requests. */
export async function timedLoad(
  run: (requests: number) => Promise<LoadResult>,
  options: TimedLoadOptions,
): Promise<LoadResult> {
  requireInteger('milliseconds', Math.round(options.seconds * 1000), 1, 86_400_000);
  const minRequests = options.minRequests ?? PILOT_REQUESTS;
  const rate = options.expectedOpsPerSecond ?? (await pilotRate(run, minRequests));
  const wanted = Math.round(rate * options.seconds);
  return run(Math.min(Math.max(wanted, minRequests), MAX_REQUESTS));
}

// A run of a few milliseconds measures the start of the tool, so grow until it takes a while.
async function pilotRate(
  run: (requests: number) => Promise<LoadResult>,
  minRequests: number,
): Promise<number> {
  for (let requests = Math.max(PILOT_REQUESTS, minRequests); ; requests *= 8) {
    const rate = await rateOrTooShort(run, requests);
    if (rate !== undefined && requests / rate >= PILOT_SECONDS) return rate;
    if (requests * 8 > MAX_REQUESTS) {
      throw new BenchmarkError('TOO_SHORT', `${requests} requests take no time`);
    }
  }
}

async function rateOrTooShort(
  run: (requests: number) => Promise<LoadResult>,
  requests: number,
): Promise<number | undefined> {
  try {
    return (await run(requests)).opsPerSecond;
  } catch (error) {
    if (error instanceof BenchmarkError && error.code === 'TOO_SHORT') return undefined;
    throw error;
  }
}
