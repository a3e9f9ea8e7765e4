// Backups and checkpoints that clients ask for: one after the other, what is under way, and what
// became of the last ones. How a backup is made is in backup.ts.
//
// Redis: SAVE serves nobody meanwhile. Here everybody goes on, so a second SAVE may come while
// one is made: it gets the next one, together with all others that wait.

import { NO_SAVE_FIGURES, type SaveAnswer, type SaveFigures } from '@forgekv/commands';
import type { BackupReport } from './backup.ts';

const BUSY: SaveAnswer = { isError: true, text: 'ERR Background save already in progress' };
const ANOTHER_CHILD: SaveAnswer = {
  isError: true,
  text:
    "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in " +
    'order to schedule a BGSAVE whenever possible.',
};
const REWRITING: SaveAnswer = {
  isError: true,
  text: 'ERR Background append only file rewriting already in progress',
};
const SAVED: SaveAnswer = { isError: false, text: 'OK' };
const STARTED: SaveAnswer = { isError: false, text: 'Background saving started' };
const SCHEDULED: SaveAnswer = { isError: false, text: 'Background saving scheduled' };
const REWRITE_STARTED: SaveAnswer = {
  isError: false,
  text: 'Background append only file rewriting started',
};
const REWRITE_SCHEDULED: SaveAnswer = {
  isError: false,
  text: 'Background append only file rewriting scheduled',
};

export interface SaveKeeperOwner {
  /** @throws Error */
  backup(goOn: () => void): Promise<BackupReport>;
  /** Takes everything to the stores and lets log segments go; resolves to '' or what went wrong. */
  checkpoint(): Promise<string>;
  /** The figures are others now. */
  changed(): void;
  log(message: string): void;
}

export class SaveKeeper {
  readonly #owner: SaveKeeperOwner;
  #figures: SaveFigures = NO_SAVE_FIGURES;
  /** The end of the queue; never rejects. At most one of each kind is in it beside a SAVE. */
  #tail: Promise<unknown> = Promise.resolve();
  /** The SAVE that waits to begin. */
  #next: Promise<SaveAnswer> | null = null;
  #isSaveScheduled = false;
  #isStopping = false;

  constructor(owner: SaveKeeperOwner) {
    this.#owner = owner;
  }

  get figures(): SaveFigures {
    return this.#figures;
  }

  /** SAVE; resolves when the backup is there. */
  save(): Promise<SaveAnswer> {
    if (this.#figures.savingSinceMs > 0) return Promise.resolve(BUSY);
    this.#next ??= this.#queue(async () => {
      this.#next = null;
      const problem = await this.#backup();
      return problem === '' ? SAVED : { isError: true, text: `ERR saving failed: ${problem}` };
    });
    return this.#next;
  }

  /** BGSAVE [SCHEDULE]. */
  backgroundSave(isScheduled: boolean): SaveAnswer {
    const { savingSinceMs, rewritingSinceMs } = this.#figures;
    if (savingSinceMs > 0) return BUSY;
    if (rewritingSinceMs === 0) {
      this.#saveInBackground(Date.now());
      return STARTED;
    }
    if (!isScheduled) return ANOTHER_CHILD;
    if (!this.#isSaveScheduled) this.#saveInBackground(0);
    this.#isSaveScheduled = true;
    return SCHEDULED;
  }

  /** @param sinceMs when it began, 0 = once it is its turn */
  #saveInBackground(sinceMs: number): void {
    this.#set({ savingSinceMs: sinceMs });
    void this.#queue(async () => {
      this.#isSaveScheduled = false;
      const startedAtMs = Date.now();
      if (sinceMs === 0) this.#set({ savingSinceMs: startedAtMs });
      const problem = await this.#backup();
      this.#set({
        savingSinceMs: 0,
        isLastSaveGood: problem === '',
        lastSaveTookMs: Date.now() - startedAtMs,
      });
    });
  }

  /** BGREWRITEAOF. */
  rewriteLog(): SaveAnswer {
    const { savingSinceMs, rewritingSinceMs, isRewriteScheduled } = this.#figures;
    if (rewritingSinceMs > 0) return REWRITING;
    if (isRewriteScheduled) return REWRITE_SCHEDULED;
    const isBusy = savingSinceMs > 0;
    this.#set(isBusy ? { isRewriteScheduled: true } : { rewritingSinceMs: Date.now() });
    void this.#queue(() => this.#rewrite());
    return isBusy ? REWRITE_SCHEDULED : REWRITE_STARTED;
  }

  async #rewrite(): Promise<void> {
    const startedAtMs = Date.now();
    this.#set({ isRewriteScheduled: false, rewritingSinceMs: startedAtMs });
    const problem = await this.#owner.checkpoint().catch((error: Error) => error.message);
    const { rewrites, failedRewrites } = this.#figures;
    this.#set({
      rewritingSinceMs: 0,
      isLastRewriteGood: problem === '',
      lastRewriteTookMs: Date.now() - startedAtMs,
      rewrites: rewrites + 1,
      failedRewrites: problem === '' ? 0 : failedRewrites + 1,
    });
    if (problem !== '') this.#owner.log(`the checkpoint failed: ${problem}`);
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work);
    this.#tail = turn;
    return turn;
  }

  /** Resolves to '' or what went wrong. */
  async #backup(): Promise<string> {
    const startedAtMs = performance.now();
    try {
      const goOn = (): void => this.#assertGoingOn();
      goOn();
      const { path, changes, logBytes, heldMs } = await this.#owner.backup(goOn);
      const { saves } = this.#figures;
      this.#set({ lastSaveAtMs: Date.now(), savedChanges: changes, saves: saves + 1 });
      const tookMs = performance.now() - startedAtMs;
      this.#owner.log(
        `saved to ${path} in ${tookMs.toFixed(0)} ms, with ${logBytes} bytes of the log; ` +
          `clients were held back for ${heldMs.toFixed(1)} ms`,
      );
      return '';
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#owner.log(`saving failed: ${problem}`);
      return problem;
    }
  }

  #assertGoingOn(): void {
    if (this.#isStopping) throw new Error('the server stops');
  }

  #set(changes: Partial<SaveFigures>): void {
    this.#figures = { ...this.#figures, ...changes };
    this.#owner.changed();
  }

  /** Gives up what is under way and what waits; resolves when nothing is left. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#tail;
  }
}
