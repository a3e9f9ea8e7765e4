// Waits until effects are durable, whichever log they are in: what the flusher does before it
// writes to a store. Asks the main thread for the sync, and never blocks its own thread.

import type { WalLogs } from '@forgekv/storage';

const POSITION_UNIT = 8;
const POLL_MS = 1;

export class LogWait {
  readonly #logs: WalLogs;
  readonly #sync: () => Promise<void>;
  readonly #needed: Int32Array;
  readonly #isNeeded: Uint8Array;
  readonly #isOpen: (log: number, position: number) => boolean;

  /**
   * @param isOpen true while the tick of an effect goes on: see EffectLog.isOpen
   * @param sync makes everything durable that was handed over before the call
   */
  constructor(
    logs: WalLogs,
    isOpen: (log: number, position: number) => boolean,
    sync: () => Promise<void>,
  ) {
    this.#logs = logs;
    this.#isOpen = isOpen;
    this.#sync = sync;
    this.#needed = new Int32Array(logs.transfer.logs);
    this.#isNeeded = new Uint8Array(logs.transfer.logs);
  }

  /**
   * Notes an effect.
   * @param log its log, below 0: that of an earlier run
   * @param position where it ends, as entries note it
   */
  needs(log: number, position: number): void {
    if (log < 0) return;
    if (this.#isNeeded[log] === 1 && ((position - this.#needed[log]!) | 0) <= 0) return;
    this.#isNeeded[log] = 1;
    this.#needed[log] = position;
  }

  /** Resolves when everything noted so far is durable. */
  async durable(): Promise<void> {
    let any = false;
    for (let log = 0; log < this.#needed.length; log++) {
      if (this.#isNeeded[log] === 0) continue;
      while (this.#isOpen(log, this.#needed[log]!)) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      this.#logs.handOver(log);
      const synced = Math.ceil(this.#logs.synced(log) / POSITION_UNIT) | 0;
      if (((this.#needed[log]! - synced) | 0) > 0) any = true;
      this.#isNeeded[log] = 0;
    }
    if (any) await this.#sync();
  }
}
