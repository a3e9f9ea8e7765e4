// The only way to write to an engine: one batch at a time, and after any error never again with
// the same handle. Knows batches and handles, not what is in them.
//
//   open ──error──▶ fenced ──back off, close, open, write what is retained, sync──▶ open
//
// What is retained: every batch since the last synced one, the failed one last. An engine that
// failed may lose all it has not synced, though it acknowledged it; so all of that is written
// again, in order, before anything else. A sync is forced when much is retained, which bounds
// the memory. Batches are puts and deletes only, so writing one twice does no harm.

import { invariant } from '@forgekv/base';
import { FlushBatch } from './flush-batch.ts';
import type { StoreEngine, StoreWrite } from './store-engine.ts';
import { StoreError, toStoreError } from './store-errors.ts';

export interface WriterOptions {
  /** Unsynced bytes after which a batch is synced though nobody asked. Default 16 MB. */
  readonly retainBytes?: number;
  /** Attempts to reopen before a commit is rejected. Default 20, about 30 seconds. */
  readonly retryLimit?: number;
  /** The first back-off, doubled with each attempt. Default 10. */
  readonly firstRetryMs?: number;
  /** The longest back-off. Default 2000. */
  readonly maxRetryMs?: number;
}

export type WriterState = 'closed' | 'open' | 'fenced';

/** For INFO and metrics. */
export interface WriterCounters {
  commits: number;
  syncs: number;
  bytes: number;
  /** Errors that fenced the store. */
  fences: number;
  /** Attempts to open it again, and those that succeeded. */
  attempts: number;
  reopenings: number;
}

export class FencedWriter {
  readonly #engine: StoreEngine;
  readonly #retainBytes: number;
  readonly #retryLimit: number;
  readonly #firstRetryMs: number;
  readonly #maxRetryMs: number;
  readonly #committed: (tookMs: number) => void;
  #state: WriterState = 'closed';
  #lastError: StoreError | null = null;
  #retained: (readonly StoreWrite[])[] = [];
  #retainedBytes = 0;
  /** The end of the queue of turns; never rejects. */
  #tail: Promise<void> = Promise.resolve();
  #isClosing = false;
  #isReopening = false;
  #epoch = 0;
  #wake: () => void = () => undefined;
  readonly counters: WriterCounters = {
    commits: 0,
    syncs: 0,
    bytes: 0,
    fences: 0,
    attempts: 0,
    reopenings: 0,
  };

  /** @param committed is told how long each batch took */
  constructor(engine: StoreEngine, options: WriterOptions, committed: (tookMs: number) => void) {
    this.#engine = engine;
    this.#retainBytes = options.retainBytes ?? 16 << 20;
    this.#retryLimit = options.retryLimit ?? 20;
    this.#firstRetryMs = options.firstRetryMs ?? 10;
    this.#maxRetryMs = options.maxRetryMs ?? 2000;
    this.#committed = committed;
  }

  get state(): WriterState {
    return this.#state;
  }
  /** What fenced it last; stays after it is open again. */
  get lastError(): StoreError | null {
    return this.#lastError;
  }
  get retainedBytes(): number {
    return this.#retainedBytes;
  }

  /** False while the engine is closed, or open again without what is retained. */
  get isReadable(): boolean {
    return this.#state !== 'closed' && !this.#isReopening;
  }
  /** Grows with each attempt to reopen. */
  get epoch(): number {
    return this.#epoch;
  }

  async open(): Promise<void> {
    invariant(this.#state === 'closed', 'the store is open already');
    await this.#engine.open();
    // An earlier process may have left what only the kernel has. What is written from now on builds
    // on that, and is retained; so that must not be lost alone when the engine fails.
    try {
      await this.#engine.flush();
    } catch (error) {
      await this.#engine.close();
      throw error;
    }
    this.#isClosing = false;
    this.#isReopening = false;
    this.#state = 'open';
  }

  /**
   * Writes a batch after all earlier ones. Resolves when the engine has it, after however many
   * reopenings; rejects when those ran out: the batch is then either retained, and goes first when
   * the store opens again, or was not taken. Commit the same changes again in both cases.
   * @param build makes the batch when its turn has come: what it reads then, no other batch changes
   */
  commit(build: () => FlushBatch, sync: boolean): Promise<void> {
    const turn = this.#tail.then(() => this.#write(build, sync));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Runs `work` behind all earlier batches, which are synced, and before all later ones.
   * @throws StoreError as `commit`; what `work` throws, which fences nothing
   */
  alone(work: () => Promise<void>): Promise<void> {
    const turn = this.#tail.then(async () => {
      await this.#write(() => new FlushBatch(), true);
      await work();
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #write(build: () => FlushBatch, sync: boolean): Promise<void> {
    if (this.#isClosing || this.#state === 'closed') throw closedError();
    if (this.#state === 'fenced') await this.#recover();
    const batch = build();
    if (batch.count === 0 && !sync) return;
    const writes = batch.seal();
    this.#retained.push(writes);
    this.#retainedBytes += batch.byteCount;
    const isSync = sync || this.#retainedBytes >= this.#retainBytes;
    const startedAt = performance.now();
    try {
      await this.#engine.writeBatch(writes, { sync: isSync });
      if (isSync) this.#forgetRetained();
    } catch (error) {
      this.#fence(toStoreError(error, 'cannot write a batch'));
      await this.#recover();
    }
    this.counters.commits++;
    this.counters.bytes += batch.byteCount;
    this.#committed(performance.now() - startedAt);
  }

  /** Fences after an error outside of a write, and begins to reopen. */
  report(error: StoreError): void {
    if (this.#state !== 'open') return;
    this.#fence(error);
    this.#tail = this.#tail.then(async () => {
      if (this.#state === 'fenced') await this.#recover().catch(() => undefined);
    });
  }

  #fence(error: StoreError): void {
    this.#state = 'fenced';
    this.#lastError = error;
    this.counters.fences++;
  }

  async #recover(): Promise<void> {
    for (let attempt = 0; attempt < this.#retryLimit; attempt++) {
      if (attempt > 0) await this.#backOff(attempt);
      if (this.#isClosing) throw closedError();
      this.counters.attempts++;
      // A full disk: reads go on with the old handle until opening again has a chance.
      if (this.#engine.isOpen && !(await this.#engine.hasRoom())) continue;
      this.#isReopening = true;
      this.#epoch++;
      try {
        await this.#engine.close().catch(() => undefined);
        await this.#engine.open();
        for (const writes of this.#retained) await this.#engine.writeBatch(writes, { sync: false });
        await this.#engine.flush();
        this.#forgetRetained();
        this.#isReopening = false;
        this.#state = 'open';
        this.counters.reopenings++;
        return;
      } catch (error) {
        this.#lastError = toStoreError(error, 'cannot reopen the store');
      }
    }
    throw this.#lastError ?? closedError();
  }

  #backOff(attempt: number): Promise<void> {
    const ms = Math.min(this.#maxRetryMs, this.#firstRetryMs * 2 ** (attempt - 1));
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #forgetRetained(): void {
    this.#retained = [];
    this.#retainedBytes = 0;
    this.counters.syncs++;
  }

  /**
   * Ends the turns under way, syncs and closes. Commits that still wait are rejected.
   * @throws StoreError of the last sync; the engine is closed all the same
   */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#isClosing = true;
    this.#wake();
    await this.#tail;
    const isSound = this.#state === 'open';
    this.#state = 'closed';
    try {
      if (isSound) await this.#engine.flush();
    } finally {
      await this.#engine.close();
    }
    this.#retained = [];
    this.#retainedBytes = 0;
  }
}

function closedError(): StoreError {
  return new StoreError('CLOSED', 'the store is closed');
}
