// The checkpoint of the function libraries: their file, written by the worker that owns the shard
// their changes are logged under, in its pass over that shard. What the checkpoint of the shard
// covers needs no log any more; so the file is there before it.
//
// Why it has all changes up to the LSN the pass covers: LSNs are taken by who has the right to
// change libraries, and he hands the result to all before he gives the right back. The pass knows
// its LSN when it comes here; so whoever took a lower one has the right still, and is waited for,
// or has handed over what it led to.

import { setTimeout as pause } from 'node:timers/promises';
import type { LibraryState, LibraryStore } from '@forgekv/rings';
import type { FunctionFacts } from '@forgekv/storage';
import type { LibraryReplay } from './library-replay.ts';
import type { LogWait } from './log-wait.ts';

const RIGHT_POLL_MS = 1;

export class LibraryCheckpoint {
  readonly #store: LibraryStore;
  readonly #persist: (facts: FunctionFacts) => void;
  readonly #thread: number;
  #replay: LibraryReplay | null;
  /** LSN of what the file has. */
  #writtenLsn: number;

  /**
   * @param store has what the file has
   * @param persist replaces the file; throws what the file system throws
   * @param thread from 1
   * @param replay what is being replayed meanwhile
   */
  constructor(
    store: LibraryStore,
    persist: (facts: FunctionFacts) => void,
    thread: number,
    replay: LibraryReplay | null = null,
  ) {
    this.#store = store;
    this.#persist = persist;
    this.#thread = thread;
    this.#replay = replay;
    this.#writtenLsn = store.lsn;
  }

  /** All logs are replayed; the libraries are those of all threads from now on. */
  replayed(): void {
    this.#replay?.publish();
    this.#replay = null;
  }

  /**
   * Takes what the file has to be replaced with, null: it need not be.
   * @param wait is told of the effect that has to be durable before it is
   */
  async take(wait: LogWait): Promise<LibraryState | null> {
    this.#replay?.publish();
    const store = this.#store;
    while (!store.tryBegin(this.#thread)) await pause(RIGHT_POLL_MS);
    // No await while it is held: this worker may want the right itself, and would wait in its turn.
    const state = store.lsn === this.#writtenLsn ? null : store.read();
    store.end();
    if (state !== null) wait.needs(state.log, state.position);
    return state;
  }

  /** Replaces the file; what `take` asked for is durable. @throws what `persist` throws */
  write(state: LibraryState | null): void {
    if (state === null) return;
    this.#persist(state);
    this.#writtenLsn = state.lsn;
  }
}
