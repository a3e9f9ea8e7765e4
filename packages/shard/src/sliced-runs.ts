// Runs whose command takes long and is done in slices, between the other runs of this worker. At
// most one per connection, which waits all the while. A slice takes no lock: what it reads is held
// or its own; see sliced-work.ts of commands.
//
// A reply is handed on slice by slice and counted: one that is larger than a client may ask for
// ends the run, as any other. While the front's ring has no room for a slice, the run is passed
// over. When its client has gone, nobody tells: the run goes on to its end, and the front drops
// what comes of it.

import { performance } from 'node:perf_hooks';
import type { CommandContext, LargeValue, SlicedWork } from '@forgekv/commands';
import { RUN_RESP3 } from '@forgekv/rings';
import type { HeldValues } from './held-values.ts';
import type { ReplySender } from './reply-sender.ts';
import { keepBytes } from './run-bytes.ts';

/** Time for all slices between two rounds of other runs. */
const ROUND_MS = 1;
/** Bytes of a reply that are handed on at once. */
const REPLY_SLICE_BYTES = 64 * 1024;
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
  sentBytes: number;
  tookMs: number;
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
    const held = [...start.work.collections];
    for (const value of held) this.#m.held.hold(value);
    const { front, connection, flags, work, id, sentBytes } = start;
    this.#runs.push({
      ...{ front, connection, flags, work, id, sentBytes, held, tookMs: 0 },
      ...keepBytes(start.rest),
    });
  }

  /** Goes on with the runs for a moment, each in turn; true when there is more to do at once. */
  round(): boolean {
    let now = performance.now();
    const until = this.isSlow ? now : now + ROUND_MS;
    for (let passedOver = 0; passedOver < this.#runs.length; ) {
      const run = this.#runs.shift()!;
      if (!run.front.replies.hasRoom(2 * REPLY_SLICE_BYTES)) {
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

  /** Does a slice of a run and hands its reply on; 'ended': the whole run, by its reply. */
  #slice(run: SlicedRun<F>, until: number): 'more' | 'done' | 'ended' {
    const { context } = this.#m;
    const { reply } = context;
    const { replies } = run.front;
    reply.resp3 = (run.flags & RUN_RESP3) !== 0;
    let isDone = false;
    do isDone = run.work.step(context);
    while (
      !isDone &&
      !reply.overflowed &&
      reply.position < REPLY_SLICE_BYTES &&
      performance.now() < until
    );
    run.sentBytes += reply.position;
    if (reply.overflowed || run.sentBytes > reply.mostBytes) {
      reply.overflowed = false;
      reply.reset();
      replies.tooLarge(run.connection);
      replies.flush();
      return 'ended';
    }
    if (reply.position > 0) {
      replies.reply(run.connection, reply, false);
      replies.flush();
    }
    return isDone ? 'done' : 'more';
  }
}
