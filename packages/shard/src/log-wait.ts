// Waits until effects are durable, whichever log they are in, and with them all that they build on
// in other logs: what the flusher does before it writes to a store. Else recovery could end a log
// before an effect that a store has, and leave out the rest of its group (causal-ends.ts). Asks the
// main thread for the sync, and never blocks its own thread.

import { type LogDependencies, POSITION_UNIT, toUnits } from '@forgekv/commands';
import type { WalLogs } from '@forgekv/storage';

const POLL_MS = 1;

/** How far logs have come, and what they build on: see LogDependencies. */
export type LogStates = Pick<LogDependencies, 'isOpen' | 'needOf'>;

export class LogWait {
  readonly #logs: WalLogs;
  readonly #sync: () => Promise<void>;
  readonly #needed: Int32Array;
  readonly #isNeeded: Uint8Array;
  /** Up to which bytes logs, and what they build on, are known to be durable. */
  readonly #safe: Float64Array;
  readonly #states: LogStates;

  /** @param sync makes everything durable that was handed over before the call */
  constructor(logs: WalLogs, states: LogStates, sync: () => Promise<void>) {
    this.#logs = logs;
    this.#states = states;
    this.#sync = sync;
    this.#needed = new Int32Array(logs.transfer.logs);
    this.#isNeeded = new Uint8Array(logs.transfer.logs);
    this.#safe = new Float64Array(logs.transfer.logs);
  }

  /**
   * Notes an effect.
   * @param log its log, below 0: that of an earlier run
   * @param position where it ends, as entries note it
   */
  needs(log: number, position: number): void {
    if (log >= 0) this.#note(log, position);
  }

  /** Returns false when it is noted already. */
  #note(log: number, position: number): boolean {
    if (this.#isNeeded[log] === 1 && ((position - this.#needed[log]!) | 0) <= 0) return false;
    this.#isNeeded[log] = 1;
    this.#needed[log] = position;
    return true;
  }

  /** Resolves when everything noted so far is durable. */
  async durable(): Promise<void> {
    if (!this.#all.every((log) => this.#whole(log) <= this.#safe[log]!)) {
      do await this.#sealed();
      while (this.#gather());
      const logs = this.#all;
      for (const log of logs) this.#logs.handOver(log);
      // None is ahead of what was handed over, but those of long ago.
      const wholes = logs.map((log) => Math.min(this.#whole(log), this.#logs.handed(log)));
      const isSynced = logs.every((log, i) => wholes[i]! <= this.#logs.synced(log));
      if (!isSynced) await this.#sync();
      for (const [i, log] of logs.entries()) {
        this.#safe[log] = Math.max(this.#safe[log]!, wholes[i]!);
      }
    }
    this.#isNeeded.fill(0);
  }

  async #sealed(): Promise<void> {
    for (const log of this.#all) {
      while (this.#states.isOpen(log, this.#needed[log]!)) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    }
  }

  /** The whole of what is needed of a log, in bytes: positions are not far from where it is. */
  #whole(log: number): number {
    const handed = this.#logs.handed(log);
    const ahead = (this.#needed[log]! - toUnits(handed)) | 0;
    return (Math.ceil(handed / POSITION_UNIT) + ahead) * POSITION_UNIT;
  }

  /** The logs that are needed. */
  get #all(): number[] {
    return [...this.#needed.keys()].filter((log) => this.#isNeeded[log] === 1);
  }

  /** Adds what the logs build on; false: there is nothing more. */
  #gather(): boolean {
    let isMore = false;
    for (const from of this.#all) {
      for (const log of this.#needed.keys()) {
        if (log !== from && this.#note(log, this.#states.needOf(from, log))) isMore = true;
      }
    }
    return isMore;
  }
}
