// Times the commands of a batch. Reading the clock costs 40 ns, a GET in place half a microsecond:
// so of commands that cannot take long (constant time, few bytes) up to SHARED of them in a row
// share the time they took together. Every other command is timed by itself, and so is one that
// is alone in its batch. While `slowlog-log-slower-than` is below a millisecond all are.
//
// Redis: times every command by itself.

import { performance } from 'node:perf_hooks';
import { FLAG_ADMIN, FLAG_BLOCKING, FLAG_FAST, FLAG_MODULE } from '@forgekv/catalog';
import { type CommandRegistry, PLACE_FRONT, PLACE_KEYED } from '../registry.ts';
import type { Request } from '../request.ts';
import type { ThreadStats } from '../stats.ts';
import type { SlowWatch } from './slow-watch.ts';

/** Commands that share one reading of the clock. */
const SHARED = 32;
/** Of quick commands that scripts call this part is timed. */
const SAMPLED_ONE_IN = 16;
/** Of a request that cannot take long. */
const QUICK_ARGS = 16;
const QUICK_BYTES = 4096;

export class CommandTimer {
  readonly #stats: ThreadStats;
  readonly #watch: SlowWatch;
  /** 1 by command id: it takes constant time. */
  readonly #quick: Uint8Array;
  readonly #shared = new Int32Array(SHARED);
  /** Commands that share the time since `#markedMs`, of them those to be counted. */
  #sharing = 0;
  #counted = 0;
  #markedMs = 0;
  #isQuick = false;
  #isExact = false;
  #unsampled = 0;
  /** Time of the command that comes next, from when it was executed in part. */
  #owedUs = 0;
  /** What the command took for which `ended` answered true. */
  microseconds = 0;

  constructor({ table, places }: CommandRegistry, stats: ThreadStats, watch: SlowWatch) {
    this.#stats = stats;
    this.#watch = watch;
    this.#quick = Uint8Array.from(table.specs, ({ complexity }, id) => {
      const flags = table.flagBits[id]!;
      if ((flags & (FLAG_MODULE | FLAG_ADMIN | FLAG_BLOCKING)) !== 0) return 0;
      if (places[id] !== PLACE_KEYED && places[id] !== PLACE_FRONT) return 0;
      return (flags & FLAG_FAST) !== 0 || complexity.startsWith('O(1)') ? 1 : 0;
    });
  }

  /** A batch of so many commands begins. */
  begin(count: number): void {
    this.#isExact = count === 1 || this.#watch.isExact;
    this.#sharing = 0;
    this.#counted = 0;
    this.#markedMs = performance.now();
  }

  /** The command in the request is about to be executed. */
  starts(id: number, request: Request): void {
    const isQuick = !this.#isExact && this.#owedUs === 0 && this.#mayShare(id, request);
    this.#isQuick = isQuick;
    if (!isQuick && this.#sharing > 0) this.end();
  }

  /** It was executed. True: it took long, `microseconds` says how long. */
  ended(id: number): boolean {
    if (this.#isQuick) {
      this.#shared[this.#counted++] = id;
      if (++this.#sharing === SHARED) this.end();
      return false;
    }
    const us = this.lap();
    this.#stats.took(id, us);
    this.microseconds = us;
    return us >= this.#watch.leastUs;
  }

  /**
   * For commands that come one by one, from a script: begins to time the one in the request.
   * @returns how many calls it stands for, to be told `endedOf`; 0: it is not timed
   */
  startsOne(id: number, request: Request): number {
    const isSampled = !this.#watch.isExact && this.#mayShare(id, request);
    this.#unsampled = (this.#unsampled + 1) & (SAMPLED_ONE_IN - 1);
    if (isSampled && this.#unsampled !== 0) return 0;
    this.#markedMs = performance.now();
    return isSampled ? SAMPLED_ONE_IN : 1;
  }

  /** It was executed. True: it took long, `microseconds` says how long. */
  endedOf(id: number, calls: number): boolean {
    const us = this.lap();
    this.#stats.took(id, us, calls);
    this.microseconds = us;
    return us >= this.#watch.leastUs;
  }

  #mayShare(id: number, { argc, start, end }: Request): boolean {
    return this.#quick[id] === 1 && argc <= QUICK_ARGS && end - start <= QUICK_BYTES;
  }

  /** It was not executed: queued, refused, or it waits. */
  passed(): void {
    if (this.#isExact) this.lap();
    else if (++this.#sharing === SHARED) this.end();
  }

  /** Ends the batch, or what shares a reading of the clock in it. */
  end(): void {
    if (this.#sharing === 0) return;
    const nowMs = performance.now();
    const us = (nowMs - this.#markedMs) * 1000;
    this.#markedMs = nowMs;
    if (us >= this.#watch.leastUs) this.#watch.stalled(us);
    this.#stats.tookEach(this.#shared, this.#counted, us / this.#sharing);
    this.#sharing = 0;
    this.#counted = 0;
  }

  /** The time since the clock was read last, in microseconds, and what is owed. */
  lap(): number {
    const nowMs = performance.now();
    const us = (nowMs - this.#markedMs) * 1000 + this.#owedUs;
    this.#markedMs = nowMs;
    this.#owedUs = 0;
    return us;
  }

  /** The next command has taken so long before it is executed. */
  owe(microseconds: number): void {
    this.#owedUs = microseconds;
  }
}
