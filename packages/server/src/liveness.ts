// Whether every thread still turns: each counts its turns, idle ones several a second.

import { StatsReader } from '@forgekv/commands';

/** A thread that has not turned for this long is stuck. */
const STUCK_MS = 5000;
const EVERY_MS = 1000;

export class Liveness {
  readonly #stats: StatsReader;
  readonly #turns: number[];
  readonly #movedAtMs: number[];
  #timer: NodeJS.Timeout | undefined;

  constructor(blocks: readonly SharedArrayBuffer[]) {
    this.#stats = new StatsReader(blocks);
    this.#turns = blocks.map(() => -1);
    this.#movedAtMs = blocks.map(() => Date.now());
  }

  start(): void {
    this.#movedAtMs.fill(Date.now());
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Indexes of the counter blocks whose threads have not turned for a while. */
  stuck(nowMs: number = Date.now()): number[] {
    // Until the threads have started, nothing is expected of them.
    if (this.#timer === undefined) return [];
    return this.#movedAtMs.flatMap((atMs, i) => (nowMs - atMs > STUCK_MS ? [i] : []));
  }

  #look(): void {
    for (let i = 0; i < this.#turns.length; i++) {
      const turns = this.#stats.ofThread(i, 'turns');
      if (turns === this.#turns[i]) continue;
      this.#turns[i] = turns;
      this.#movedAtMs[i] = Date.now();
    }
  }
}
