// TIME: the wall clock in microseconds. The system's clock is read in milliseconds only, so the
// monotonic clock fills in the rest.

import type { CommandContext } from '../context.ts';
import { DONE, type Outcome } from '../outcome.ts';

/**
 * A clock of microseconds whose milliseconds are always those of the wall clock: the distance
 * between the two clocks is corrected whenever their sum would leave the current millisecond, so
 * it follows every change of the system's time.
 */
export class MicroClock {
  readonly #wallMs: () => number;
  readonly #monotonicMs: () => number;
  #distanceMs = 0;

  constructor(wallMs: () => number = Date.now, monotonicMs: () => number = monotonicNow) {
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
  }

  /** Unix microseconds. */
  now(): number {
    const wallMs = this.#wallMs();
    const monotonicMs = this.#monotonicMs();
    const since = monotonicMs + this.#distanceMs - wallMs;
    if (since < 0) this.#distanceMs -= since;
    else if (since >= 1) this.#distanceMs -= since - LAST_MICROSECOND_MS;
    const micros = Math.floor((monotonicMs + this.#distanceMs - wallMs) * 1000);
    return wallMs * 1000 + Math.min(999, Math.max(0, micros));
  }
}

const LAST_MICROSECOND_MS = 0.9995;

/** Close to the wall clock from the start, so that the first reading is exact already. */
function monotonicNow(): number {
  return performance.timeOrigin + performance.now();
}

const clock = new MicroClock();

/** TIME. */
export function time(c: CommandContext): Outcome {
  const micros = clock.now();
  const seconds = Math.floor(micros / 1e6);
  c.reply.array(2);
  c.reply.text(String(seconds));
  c.reply.text(String(micros - seconds * 1e6));
  return DONE;
}
