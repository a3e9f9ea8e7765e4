// The rounds in which a worker removes what has expired or was flushed, in slices. Decides when;
// what is removed and how is the sweeper's.

import type { DueHashes, EffectLog } from '@forgekv/commands';
import type { Sweeper } from '@forgekv/keyspace';
import type { LatencyLog, ProcessControl } from '@forgekv/rings';
import type { ShardModules } from './shard-modules.ts';

const EXPIRE_EVERY_MS = 100;
/** Share of each period that expiring may take. */
const EXPIRE_BUDGET_MS = 25;
const RECLAIM_SLICE_MS = 2;

export class ExpiryRounds {
  readonly #sweeper: Sweeper;
  readonly #dueHashes: DueHashes;
  readonly #log: EffectLog;
  readonly #control: ProcessControl;
  readonly #latency: LatencyLog;
  #nextMs = 0;

  constructor(
    sweeper: Sweeper,
    dueHashes: DueHashes,
    { log, control, diagnostics }: Pick<ShardModules, 'log' | 'control' | 'diagnostics'>,
  ) {
    this.#sweeper = sweeper;
    this.#dueHashes = dueHashes;
    this.#log = log;
    this.#control = control;
    this.#latency = diagnostics.latency;
  }

  /** When the next round begins, in Unix milliseconds. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** Removes what has expired, when it is time; true then. */
  expire(nowMs: number): boolean {
    if (nowMs < this.#nextMs) return false;
    this.#nextMs = nowMs + EXPIRE_EVERY_MS;
    // Removals are logged: what expires while no log can be written stays.
    const control = this.#control;
    if (this.#log.refusal === '' && control.expires && !control.isPaused) {
      const beganMs = performance.now();
      this.#sweeper.expire(nowMs, nowMs + EXPIRE_BUDGET_MS);
      this.#dueHashes.remove(nowMs);
      this.#latency.took('expire-cycle', (performance.now() - beganMs) * 1000);
    }
    return true;
  }

  /** Removes some of what was flushed; true while there is more. */
  reclaim(nowMs: number): boolean {
    return this.#sweeper.hasStale && !this.#sweeper.reclaim(nowMs + RECLAIM_SLICE_MS);
  }
}
