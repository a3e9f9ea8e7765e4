// Hands a log over, to the kernel or in the mode Always to the disk, and says when that takes long.

import type { LatencyLog } from '@forgekv/rings';
import type { WalLogs } from '@forgekv/storage';

export class LogHandOver {
  readonly #logs: WalLogs;
  /** Handed over means synced. */
  syncs = false;
  /** Told when the disk is slow. */
  latency: LatencyLog | null = null;

  constructor(logs: WalLogs) {
    this.#logs = logs;
  }

  /** False: the log cannot be written. */
  run(log: number): boolean {
    const { latency } = this;
    if (latency?.isOn) return this.#timed(log, latency);
    return this.#logs.handOver(log) && (!this.syncs || this.#logs.sync(log));
  }

  #timed(log: number, latency: LatencyLog): boolean {
    const beganMs = performance.now();
    const isHanded = this.#logs.handOver(log);
    const handedMs = performance.now();
    latency.took('aof-write', (handedMs - beganMs) * 1000);
    if (!isHanded || !this.syncs) return isHanded;
    const isSynced = this.#logs.sync(log);
    latency.took('aof-fsync-always', (performance.now() - handedMs) * 1000);
    return isSynced;
  }
}
