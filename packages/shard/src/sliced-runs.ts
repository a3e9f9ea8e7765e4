// Runs whose command takes long and is done in slices, between the other runs of this worker. At
// most one per connection, which waits all the while. A slice takes no lock: what it reads is held
// or its own; see sliced-work.ts of commands.
//
// A reply is handed on slice by slice and counted: one that is larger than a client may ask for
// ends the run, as any other. While the front's ring has no room for a slice, the run is passed
// over. After each WINDOW_BYTES it pauses until the front says that the client has read them; but
// who waits for a value that is read here does not wait for a client: then the rest goes to the
// front as fast as that takes it. When its client has gone, no more of the reply is made; the rest
// of the run, and what is prepared to be stored, goes on as any other command that was sent.

import { performance } from 'node:perf_hooks';
import type { CommandContext, LargeValue, SlicedWork } from '@forgekv/commands';
import { GO_AWAY, GO_TO_END, RUN_RESP3 } from '@forgekv/rings';
import type { HeldValues } from './held-values.ts';
import type { ReplySender } from './reply-sender.ts';
import { keepBytes } from './run-bytes.ts';

/** Time for all slices between two rounds of other runs. */
const ROUND_MS = 1;
/** Bytes of a reply that are handed on at once. */
const REPLY_SLICE_BYTES = 64 * 1024;
/** Bytes of a reply that leave before its client has read them. */
const WINDOW_BYTES = 1024 * 1024;
/** The same for tests that cut finely. */
const SLOW_WINDOW_BYTES = 8 * 1024;
/** The default of `debug-slice-elements`. */
const SLICE_ELEMENTS = 4096;

/** What the worker tells about a run that begins. `F` is where it came from. */
export interface SlicedStart<F> {
  readonly front: F;
  readonly connection: number;
  readonly flags: number;
  /** From the command on that is executed again, or behind the one that only replies; is copied. */
  readonly rest: Buffer;
  readonly work: SlicedWork;
  /** Of its command. */
  readonly id: number;
  /** Bytes of replies that the run has sent. */
  readonly sentBytes: number;
  /** What the command took so far. */
  readonly tookMs: number;
  /** The command as the slow log shows it; null: not at all. */
  readonly sealed: Buffer | null;
}

export interface SlicedRun<F> {
  readonly front: F;
  readonly connection: number;
  readonly flags: number;
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly work: SlicedWork;
  readonly id: number;
  /** Noted at the start: the work lets go of them as it goes on. */
  readonly held: readonly LargeValue[];
  readonly sealed: Buffer | null;
  sentBytes: number;
  tookMs: number;
  /** Bytes sent since the last pause. */
  windowBytes: number;
  isPaused: boolean;
  /** Nobody reads the reply. */
  isLeft: boolean;
}

interface Front {
  readonly replies: ReplySender;
}

export interface SlicedRunsModules<F> {
  readonly context: CommandContext;
  readonly held: HeldValues;
  /** The work is done and nothing is held any more; the rest of the run goes on. */
  readonly ended: (run: SlicedRun<F>) => void;
}

export class SlicedRuns<F extends Front> {
  readonly #m: SlicedRunsModules<F>;
  #runs: SlicedRun<F>[] = [];
  /** For tests: every round does as little as there is. */
  isSlow = false;

  constructor(modules: SlicedRunsModules<F>) {
    this.#m = modules;
  }

  /** Cuts commands on more elements from now on; below the default it is for tests. */
  cutAbove(elements: number): void {
    this.#m.context.sliceElements = elements;
    this.isSlow = elements < SLICE_ELEMENTS;
  }

  get length(): number {
    return this.#runs.length;
  }

  /** Keeps a run whose command has answered SLICED; the locks were released a moment ago. */
  add(start: SlicedStart<F>): void {
    const kept = keepBytes(start.rest);
    const held = [...start.work.collections];
    for (const value of held) this.#m.held.hold(value);
    const { front, connection, flags, work, id, sentBytes, tookMs, sealed } = start;
    work.keep?.(kept.bytes);
    this.#runs.push({
      ...{ front, connection, flags, work, id, sentBytes, held, isLeft: false },
      ...{ tookMs, sealed, windowBytes: 0, isPaused: false, ...kept },
    });
  }

  /** The client of a connection has gone. */
  leave(front: F, connection: number): void {
    for (const run of this.#runs) {
      if (run.front === front && run.connection === connection) run.isLeft = true;
    }
  }

  /** Goes on with the runs for a moment, each in turn; true when there is more to do at once. */
  round(): boolean {
    let now = performance.now();
    const until = this.isSlow ? now : now + ROUND_MS;
    for (let passedOver = 0; passedOver < this.#runs.length; ) {
      const run = this.#runs.shift()!;
      if (!this.#mayGoOn(run) || !run.front.replies.hasRoom(2 * REPLY_SLICE_BYTES)) {
        this.#runs.push(run);
        passedOver++;
        continue;
      }
      const began = now;
      const answer = this.#slice(run, until);
      now = performance.now();
      run.tookMs += now - began;
      if (answer === 'more') this.#runs.push(run);
      else for (const value of run.held) this.#m.held.release(value);
      if (answer === 'done') this.#m.ended(run);
      if (now >= until) return this.#runs.length > 0;
      passedOver = 0;
    }
    return false;
  }

  #mayGoOn(run: SlicedRun<F>): boolean {
    return !run.isPaused || run.isLeft || run.held.some((value) => this.#m.held.isAwaited(value));
  }

  /**
   * The front says how to go on with the reply of a connection.
   * @param how a GO_ constant
   */
  goOn(front: F, connection: number, how: number): void {
    for (const run of this.#runs) {
      if (run.connection !== connection || run.front !== front) continue;
      run.isPaused = false;
      if (how === GO_TO_END) run.windowBytes = Number.NEGATIVE_INFINITY;
      if (how === GO_AWAY) run.isLeft = true;
    }
  }

  /** Does a slice of a run and hands its reply on; 'ended': the whole run, by its reply. */
  #slice(run: SlicedRun<F>, until: number): 'more' | 'done' | 'ended' {
    if (run.isLeft && !run.work.isPreparation) return 'done';
    const { context } = this.#m;
    const { reply } = context;
    const { replies } = run.front;
    reply.resp3 = (run.flags & RUN_RESP3) !== 0;
    const errors = reply.errorCount;
    let isDone = false;
    do isDone = run.work.step(context);
    while (
      !isDone &&
      !reply.overflowed &&
      reply.position < REPLY_SLICE_BYTES &&
      performance.now() < until
    );
    if (reply.errorCount !== errors) context.stats.failed(run.id, reply.lastError);
    run.sentBytes += reply.position;
    run.windowBytes += reply.position;
    if (reply.overflowed || run.sentBytes > reply.mostBytes) {
      reply.overflowed = false;
      reply.reset();
      replies.tooLarge(run.connection);
      replies.flush();
      return 'ended';
    }
    if (reply.position > 0) {
      const window = this.isSlow ? SLOW_WINDOW_BYTES : WINDOW_BYTES;
      if (!isDone && !run.isPaused && run.windowBytes >= window) {
        run.isPaused = true;
        run.windowBytes = 0;
        replies.pause(run.connection, reply);
      } else {
        replies.reply(run.connection, reply, false);
      }
      replies.flush();
    }
    return isDone ? 'done' : 'more';
  }
}
