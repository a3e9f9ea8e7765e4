// How long one thread's commands took lately: since they were looked at before. Reads the thread's
// counters in shared memory; of commands that were not called nothing but one number.

import { COMMANDS_AT, PER_COMMAND, TIMES_AT } from '../stats.ts';
import { WAIT_FIELDS } from '../thread-waits.ts';
import { LATENCY_BUCKETS, percentileOf } from './latency-buckets.ts';

export class RecentTimes {
  readonly #slots: Float64Array;
  readonly #commands: number;
  /** Per command the microseconds of all its calls, and its counts by bucket once it was called. */
  readonly #microseconds: Float64Array;
  readonly #counts: (Float64Array | undefined)[];
  readonly #recent: number[] = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  /** Of the calls since the look before: their mean, NaN = there were none. */
  meanMicroseconds = Number.NaN;

  /** @param memory the thread's block of counters */
  constructor(memory: SharedArrayBuffer) {
    this.#slots = new Float64Array(memory);
    const slots = this.#slots.length - COMMANDS_AT - WAIT_FIELDS.length;
    this.#commands = slots / PER_COMMAND;
    this.#microseconds = new Float64Array(this.#commands);
    this.#counts = Array.from({ length: this.#commands });
  }

  /** Looks at what came since the last time. */
  look(): void {
    this.#recent.fill(0);
    let microseconds = 0;
    for (let id = 0; id < this.#commands; id++) {
      const total = this.#slots[COMMANDS_AT + id * PER_COMMAND + 1]!;
      const before = this.#microseconds[id]!;
      if (total === before) continue;
      microseconds += total - before;
      this.#microseconds[id] = total;
      this.#addCounts(id);
    }
    const calls = this.#recent.reduce((sum, count) => sum + count, 0);
    this.meanMicroseconds = calls > 0 ? microseconds / calls : Number.NaN;
  }

  /** The microseconds that so many percent of these calls did not exceed; NaN: there were none. */
  percentile(percent: number): number {
    return Number.isNaN(this.meanMicroseconds) ? Number.NaN : percentileOf(this.#recent, percent);
  }

  #addCounts(id: number): void {
    const at = COMMANDS_AT + id * PER_COMMAND + TIMES_AT;
    this.#counts[id] ??= new Float64Array(LATENCY_BUCKETS);
    const counts = this.#counts[id];
    for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
      const count = this.#slots[at + bucket]!;
      this.#recent[bucket] = this.#recent[bucket]! + count - counts[bucket]!;
      counts[bucket] = count;
    }
  }
}
