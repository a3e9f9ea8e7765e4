// Runs that wait for large collections to be read from their stores, here or by other workers, for
// large values to be released by commands that read them in slices, or for their own large
// arguments to be taken in. At most one per connection, which waits all
// the while. What was read for a run stays until the run has gone on: else two values that do not
// fit at once would push each other out for ever.

import type { CollectionLoad } from './collection-loads.ts';
import type { LargeStore } from './large-store.ts';
import type { Awaited } from './peers.ts';
import { keepBytes } from './run-bytes.ts';
import { StagedCommand } from './staged-command.ts';

/** The rest of a run, from the command on that waits. `F` is where it came from. */
export interface AwaitingRun<F> {
  readonly front: F;
  readonly connection: number;
  readonly flags: number;
  readonly bytes: Buffer;
  readonly view: DataView;
  /** What the command waits for, and what it has waited for before. */
  readonly awaited: readonly (Awaited | CollectionLoad)[];
}

export class AwaitingRuns<F> {
  readonly #large: LargeStore;
  #runs: AwaitingRun<F>[] = [];
  /** The run that is executed again. */
  #resumed: AwaitingRun<F> | null = null;

  constructor(large: LargeStore) {
    this.#large = large;
  }

  get length(): number {
    return this.#runs.length;
  }

  /**
   * Keeps the rest of a run (copied) until what its first command needs is there.
   * @param isFirst the run being resumed, if any, has not come any further
   */
  add(
    front: F,
    connection: number,
    flags: number,
    rest: Buffer,
    awaited: readonly Awaited[],
    isFirst: boolean,
  ): void {
    const before = isFirst ? (this.#resumed?.awaited ?? []) : [];
    const run = { front, connection, flags, ...keepBytes(rest), awaited: [...before, ...awaited] };
    for (const one of run.awaited) if (one instanceof StagedCommand) one.bytes = run.bytes;
    this.#runs.push(run);
  }

  /** Executes the runs that can go on; true when there were any. */
  resume(nowMs: number, execute: (run: AwaitingRun<F>) => void): boolean {
    const ready = this.#take(nowMs);
    for (const run of ready) {
      this.#resumed = run;
      execute(run);
      this.#resumed = null;
      for (const one of run.awaited) if (one instanceof StagedCommand) this.#endUnlessKept(one);
    }
    return ready.length > 0;
  }

  /** What was staged for a command is of no use once that was executed, or is not kept here. */
  #endUnlessKept(staged: StagedCommand): void {
    if (!this.#runs.some(({ awaited }) => awaited.includes(staged))) staged.end();
  }

  #take(nowMs: number): AwaitingRun<F>[] {
    if (this.#runs.length === 0) return [];
    const ready: AwaitingRun<F>[] = [];
    const others: AwaitingRun<F>[] = [];
    for (const run of this.#runs) {
      for (const awaited of run.awaited) {
        if ('largeId' in awaited && awaited.largeId >= 0) this.#large.pin(awaited.largeId, nowMs);
      }
      const isReady = run.awaited.every(({ isDone }) => isDone);
      (isReady ? ready : others).push(run);
    }
    this.#runs = others;
    return ready;
  }
}
