// What is known of backups and of checkpoints that somebody asked for, for LASTSAVE, INFO and
// metrics. Told by the main thread whenever something changes.

export interface SaveFigures {
  /** Unix time of the last backup that was made, 0 = none since the start. */
  readonly lastSaveAtMs: number;
  /** Changes there had been since the start when it was made. */
  readonly savedChanges: number;
  /** Backups made since the start. */
  readonly saves: number;
  /** Unix time at which the one in the background began, 0 = none is made. */
  readonly savingSinceMs: number;
  /** The last one in the background: whether it was made, and how long it took, -1 = none yet. */
  readonly isLastSaveGood: boolean;
  readonly lastSaveTookMs: number;
  /** The same of checkpoints: BGREWRITEAOF. */
  readonly rewritingSinceMs: number;
  readonly isRewriteScheduled: boolean;
  readonly isLastRewriteGood: boolean;
  readonly lastRewriteTookMs: number;
  readonly rewrites: number;
  /** Those in a row that failed. */
  readonly failedRewrites: number;
}

/** Before the first of either. */
export const NO_SAVE_FIGURES: SaveFigures = {
  ...{ lastSaveAtMs: 0, savedChanges: 0, saves: 0, savingSinceMs: 0 },
  ...{ isLastSaveGood: true, lastSaveTookMs: -1 },
  ...{ rewritingSinceMs: 0, isRewriteScheduled: false, isLastRewriteGood: true },
  ...{ lastRewriteTookMs: -1, rewrites: 0, failedRewrites: 0 },
};

/** What the main thread answers to SAVE, BGSAVE and BGREWRITEAOF. */
export interface SaveAnswer {
  readonly isError: boolean;
  /** A status, or the text of an error with its code. */
  readonly text: string;
}
