// How long the script that a worker executes has been going on, and what that means for others:
// after a few milliseconds nobody waits for it without doing something else, after
// busy-reply-threshold clients are told so, and it may be killed. Asked by the engine about every
// millisecond; a script that ends before costs nothing.

import type { Config } from '@forgekv/config';
import type { ScriptControl, ScriptKind } from '@forgekv/rings';
import { GO_ON, type Interruption, KILLED } from '@forgekv/scripting';
import type { ScriptTask } from './script-task.ts';

/** From then on a script is long: sleeping for its gates would be felt. */
const LONG_MS = 2;
const ROUND_MS = 1;
/** When the server stops, scripts that have changed nothing may go on for so long. */
const STOP_MS = 300;

export interface ScriptClockModules {
  readonly control: ScriptControl;
  readonly config: Config;
  /** Of this worker. */
  readonly index: number;
  /** Does what others wait for while a script goes on; tells clients so once it is busy. */
  readonly serveOthers: (kind: ScriptKind, isBusy: boolean) => void;
  /** A script goes on for long from now on. */
  readonly becameLong: () => void;
}

export class ScriptClock {
  readonly #m: ScriptClockModules;
  #running: ScriptTask | null = null;
  /** 0: nobody has asked yet. */
  #startedAt = 0;
  #nextRoundAt = 0;
  #isLong = false;
  #isBusy = false;
  /** It has called a command that writes. */
  hasWritten = false;

  constructor(modules: ScriptClockModules) {
    this.#m = modules;
  }

  begin(running: ScriptTask): void {
    this.#running = running;
    this.#startedAt = 0;
    this.hasWritten = false;
  }

  end(): void {
    this.#running = null;
    if (!this.#isLong) return;
    this.#isLong = false;
    this.#isBusy = false;
    this.#m.control.ended(this.#m.index);
  }

  /** It is about to call a command that writes; false: it was killed. */
  writes(): boolean {
    if (this.hasWritten) return true;
    if (this.#isBusy && !this.#m.control.becomesDirty(this.#m.index)) return false;
    this.hasWritten = true;
    return true;
  }

  /** Looks at the clock, and at who wants something. */
  tick(): Interruption {
    const now = performance.now();
    if (this.#startedAt === 0) {
      this.#startedAt = now;
      this.#nextRoundAt = now + LONG_MS;
    }
    if (now < this.#nextRoundAt) return GO_ON;
    return this.#round(now);
  }

  #round(now: number): Interruption {
    const { control, config, index, serveOthers, becameLong } = this.#m;
    const running = this.#running!;
    this.#nextRoundAt = now + ROUND_MS;
    if (!this.#isLong) {
      this.#isLong = true;
      becameLong();
      control.becomesLong(index);
    }
    const threshold = config.integer('busy-reply-threshold');
    const elapsed = now - this.#startedAt;
    if (!this.#isBusy && threshold > 0 && elapsed >= threshold) {
      this.#isBusy = true;
      const startedAtMs = Date.now() - elapsed;
      const { kind, name } = running;
      control.becomesBusy(index, kind, this.hasWritten, startedAtMs, name, running.words());
    }
    serveOthers(running.kind, this.#isBusy);
    if (control.isKilled(index)) return KILLED;
    const isTooLate = control.isStopping && !this.hasWritten && elapsed > STOP_MS;
    return isTooLate ? KILLED : GO_ON;
  }
}
