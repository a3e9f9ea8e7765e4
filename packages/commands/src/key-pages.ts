// Keys of a whole database, those among them that only the stores have: how commands that walk
// over keys ask for them. Reading stores takes time, so such a command ends with PAGING, its run
// waits, and it is run again from its beginning when what it began has ended. Workers only.

/** Keys of one shard and database, live at some moment since the page was asked for. */
export interface KeyPage {
  readonly keys: readonly Uint8Array[];
  /** Types of their values. */
  readonly types: readonly number[];
  /** Hash to go on from, SHARD_END at the end: all keys below it were given. */
  readonly next: number;
}

/** What became of the work of a command's earlier run. */
export type Paged<T> = { readonly value: T } | { readonly problem: string };

export interface KeyPages {
  /**
   * Reads about `wanted` keys of a shard, of this worker's or another one's, from a hash on. A key
   * that is there all the while is given, whether it comes and goes between table and store or not.
   * @param nowMs what has expired by then is left out
   * @throws StoreError, and what another worker could not read
   */
  read(
    shard: number,
    db: number,
    position: number,
    wanted: number,
    nowMs: number,
  ): Promise<KeyPage>;
  /** Lets `work` go on beside commands, for the run that is being executed. Then: PAGING. */
  begin(work: () => Promise<unknown>): void;
  /** Drops the work this run has begun: nobody waits for it. */
  forget(): void;
  /** Takes what became of the work this run began, or null: it has begun none. */
  take<T>(): Paged<T> | null;
}

/** The fronts' view, and that of tests without stores: there is nothing to be read. */
export const NO_KEY_PAGES: KeyPages = {
  read: () => {
    throw new Error('there are no stores here');
  },
  begin: () => {
    throw new Error('there are no stores here');
  },
  forget: () => {},
  take: () => null,
};
