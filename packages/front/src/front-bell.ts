// What wakes a front beside its sockets: replies of workers, messages of other fronts, and room in
// a ring for what waits.

import type { Doorbell } from '@forgekv/rings';
import type { FrontChannels } from './front-channels.ts';
import type { HopClient } from './hop-client.ts';
import type { TickOutput } from './tick-output.ts';

const TIMEOUT_MS = 1000;

export interface FrontBellModules {
  readonly doorbell: Doorbell;
  readonly hops: HopClient;
  readonly channels: FrontChannels;
  readonly output: TickOutput;
}

export class FrontBell {
  readonly #m: FrontBellModules;
  readonly #hasWork = (): boolean =>
    this.#m.hops.hasWork() || (!this.#m.output.isWaiting && this.#m.channels.hasWork());
  readonly #woken = (): void => {
    this.#m.doorbell.awake();
    this.arm();
  };

  constructor(modules: FrontBellModules) {
    this.#m = modules;
  }

  /** Takes what there is, then sleeps until there is more. */
  arm(): void {
    const { hops, channels, output, doorbell } = this.#m;
    // Room in a ring is announced by the same bell: what waited is sent at the tick's end.
    const replies = hops.poll();
    const messages = channels.poll();
    const waits = hops.outstanding > 0 || channels.hasWaiting;
    if (replies || messages || waits) output.schedule();
    const asleep = doorbell.sleepAsync(TIMEOUT_MS, this.#hasWork, this.#woken);
    // Not in a loop: replies may come in as fast as they are taken, and sockets have a turn too.
    if (!asleep) setImmediate(() => this.arm());
  }
}
