// Runs that wait for pages of keys: of each, the work it began, what became of it, and the bytes
// of its commands, which are then executed again. At most one per connection, which waits all the
// while; fronts bound how many connections there are.

import type { KeyPage, KeyPages, Paged } from '@forgekv/commands';
import type { StoredKeyPages } from './key-pages.ts';

/** A run as it arrived, or what is left of it. */
export interface PagedRun {
  readonly front: number;
  readonly connection: number;
  readonly flags: number;
  readonly bytes: Buffer;
}

export class PagedRuns implements KeyPages {
  readonly #reader: StoredKeyPages;
  readonly #wake: () => void;
  #begun: (() => Promise<unknown>) | null = null;
  #taken: Paged<unknown> | null = null;
  #waiting = 0;
  readonly #done: { readonly run: PagedRun; readonly outcome: Paged<unknown> }[] = [];

  /** @param wake called when a run may go on */
  constructor(reader: StoredKeyPages, wake: () => void) {
    this.#reader = reader;
    this.#wake = wake;
  }

  read(
    shard: number,
    db: number,
    position: number,
    wanted: number,
    nowMs: number,
  ): Promise<KeyPage> {
    return this.#reader.read({ shard, db, position, wanted, nowMs });
  }

  begin(work: () => Promise<unknown>): void {
    this.#begun = work;
  }

  forget(): void {
    this.#begun = null;
  }

  take<T>(): Paged<T> | null {
    const taken = this.#taken as Paged<T> | null;
    this.#taken = null;
    return taken;
  }

  /** Runs that wait, or may go on. */
  get length(): number {
    return this.#waiting + this.#done.length;
  }

  /** True while there are any. */
  get isBusy(): boolean {
    return this.length > 0;
  }

  /** Keeps a run whose command has just begun some work. */
  park(run: PagedRun): void {
    const work = this.#begun!;
    this.#begun = null;
    this.#waiting++;
    const end = (outcome: Paged<unknown>): void => {
      this.#waiting--;
      this.#done.push({ run, outcome });
      this.#wake();
    };
    work().then(
      (value) => end({ value }),
      (error: unknown) => end({ problem: error instanceof Error ? error.message : `${error}` }),
    );
  }

  /** Executes the runs that may go on; their first command finds what it waited for. */
  release(execute: (run: PagedRun) => void): boolean {
    if (this.#done.length === 0) return false;
    for (const { run, outcome } of this.#done.splice(0)) {
      this.#taken = outcome;
      execute(run);
      this.#taken = null;
    }
    return true;
  }
}
