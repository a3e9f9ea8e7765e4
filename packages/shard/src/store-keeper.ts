// What a worker does about its stores beside serving: keeps room in the hot table, takes changes
// to the stores before the logs get long, tidies up. Everything that waits for the disk is
// asynchronous and goes on between the worker's turns.

import { SHARD_COUNT } from '@forgekv/base';
import type { Databases, HotTable, Scanner } from '@forgekv/keyspace';
import { Evictor } from '@forgekv/keyspace';
import type { EarlierSegments, ExpiredKey, WalLogs } from '@forgekv/storage';
import { Flusher } from './flusher.ts';
import type { LargeStore } from './large-store.ts';
import type { LibraryCheckpoint } from './library-checkpoint.ts';
import { type LogStates, LogWait } from './log-wait.ts';
import type { ShardStores } from './shard-stores.ts';
import type { WarmUp } from './warm-up.ts';

/** Free share of the hot table that eviction keeps, ahead of demand. */
const RESERVE_SHARE = 0.04;
/** Above this share of what large values may have, recently used ones go too. */
const URGENT_SHARE = 1.1;
/** Below this free share, what is dirty is flushed, so that it can be evicted. */
const FLUSH_SHARE = 0.35;
/** Segments of all logs together, beyond one each, that make a checkpoint worth while. */
const SEGMENT_LIMIT = 16;
const ROOM_EVERY_MS = 20;
const ROOM_BUDGET_MS = 5;
const TIDY_EVERY_MS = 1000;
/** After an error of a store, the next attempt to flush. */
const RETRY_MS = 1000;
const HOPELESS_MS = 1000;
/** That long a run waits for room at least: other workers make it when their turn comes. */
const PATIENCE_MS = 2000;
/** A start with logs of earlier runs is followed by a checkpoint after this time. */
const SETTLE_IN_MS = 3000;
/** Bringing back fewer than this is not worth a line in the log. */
const FEW_KEYS = 1000;
const EXPIRED_PER_STEP = 256;
const SCRUB_RECORDS_PER_STEP = 200;
const RECLAIM_RECORDS_PER_STEP = 2000;

export interface StoreKeeperModules {
  readonly table: HotTable;
  readonly databases: Databases;
  readonly scanner: Scanner;
  readonly stores: ShardStores;
  readonly large: LargeStore;
  /** Bytes that large values of all workers may have in memory, 0 = as many as the hot table. */
  readonly largeMaxBytes: () => number;
  readonly logs: WalLogs;
  readonly logStates: LogStates;
  /** A table of the same thread, for nobody else. */
  readonly evictorTable: HotTable;
  /** 1 per shard of this worker. */
  readonly owned: Uint8Array;
  readonly durable: Float64Array;
  /** The file of the function libraries. */
  readonly libraries: LibraryCheckpoint;
  /** Makes the logs durable; rejects when they cannot be. */
  readonly sync: () => Promise<void>;
  readonly say: (message: string) => void;
  /** Removes a key that only its store has; false: it has an entry, or must wait. */
  readonly expireAway: (shard: number, key: ExpiredKey, nowMs: number) => boolean;
  /** Flush all the time and evict whatever can be: for tests. */
  readonly keepCold: boolean;
}

export class StoreKeeper {
  readonly flusher: Flusher;
  readonly #m: StoreKeeperModules;
  readonly #evictor: Evictor;
  readonly #reservePages: number;
  readonly #flushPages: number;
  /** Of all large values of the process. */
  readonly #largeShare: number;
  /** Bytes of large values when room was last made at start. */
  #roomyBytes = 0;
  /** Segments of earlier runs, on the worker that tidies them up. */
  earlier: EarlierSegments | null = null;
  /** Brings keys back; null until clients are served. */
  warmUp: WarmUp | null = null;
  /** There were logs of earlier runs. */
  hasReplayed = false;
  #nextRoomMs = 0;
  #nextTidyMs = 0;
  #nextFlushMs = 0;
  #isTidying = false;
  #isWarming = false;
  #isCopying = false;
  /** A backup needs the segments of earlier runs. */
  #isHeld = false;
  #isStopping = false;
  #scrubbed = 0;
  #expiredShard = 0;
  #problem = '';
  /** Flushing everything made no room: until then nobody is made to wait for it again. */
  #hopelessUntilMs = 0;
  /** Passes ended, for who waits for room. */
  #passes = 0;

  constructor(modules: StoreKeeperModules) {
    this.#m = modules;
    const { table, large, owned } = modules;
    const { pageCount } = table.arena;
    this.#reservePages = Math.max(8, Math.ceil(pageCount * RESERVE_SHARE));
    this.#flushPages = Math.ceil(pageCount * FLUSH_SHARE);
    this.#largeShare = owned.reduce((sum, isOwned) => sum + isOwned, 0) / SHARD_COUNT;
    this.#evictor = new Evictor(modules.evictorTable, owned, (id) => large.forget(id));
    this.#evictor.isPinned = (id) => large.isPinned(id);
    const wait = new LogWait(modules.logs, modules.logStates, modules.sync);
    this.flusher = new Flusher({ ...modules, wait });
    this.#nextFlushMs = modules.keepCold ? 0 : Date.now() + SETTLE_IN_MS;
  }

  /** True while something waits for the disk: the worker must not block then. */
  get isBusy(): boolean {
    return this.flusher.isRunning || this.#isTidying || this.#isCopying || this.#isWarming;
  }

  /** Values made cold since start. */
  get evicted(): number {
    return this.#evictor.evicted;
  }

  /** Grows whenever an entry leaves a shard that its store may have had a record of. */
  epochOf(shard: number): number {
    return this.#evictor.left[shard]! + this.flusher.unlinked[shard]!;
  }

  /** Called every turn. */
  tick(nowMs: number): void {
    if (nowMs >= this.#nextRoomMs) {
      this.#nextRoomMs = nowMs + ROOM_EVERY_MS;
      this.#keepRoom(nowMs);
    }
    if (nowMs >= this.#nextTidyMs && !this.#isTidying && !this.#isStopping) {
      this.#nextTidyMs = nowMs + TIDY_EVERY_MS;
      this.#isTidying = true;
      void this.#tidy(nowMs)
        .catch((error: unknown) => this.#report(error))
        .finally(() => {
          this.#isTidying = false;
        });
    }
  }

  /** Begins a round of bringing keys back, when there is something to bring and room for it. */
  #warm(): void {
    const { warmUp } = this;
    if (warmUp === null || this.#isWarming || this.#isStopping) return;
    if (warmUp.away === 0 || !warmUp.hasRoom) return;
    this.#isWarming = true;
    void this.#warmAll(warmUp)
      // Whoever needs a key meets the error.
      .catch((error: unknown) => this.#m.say(`keys cannot be brought back: ${textOf(error)}`))
      .finally(() => {
        this.#isWarming = false;
      });
  }

  async #warmAll(warmUp: WarmUp): Promise<void> {
    const startedAtMs = Date.now();
    const before = warmUp.keys;
    while (!this.#isStopping && (await warmUp.step()));
    const keys = warmUp.keys - before;
    const tookMs = Date.now() - startedAtMs;
    if (keys < FEW_KEYS) return;
    this.#m.say(`${keys} keys are in memory again after ${tookMs} ms, ${warmUp.away} are not`);
  }

  #keepRoom(nowMs: number): void {
    const { table, large, keepCold } = this.#m;
    const { availablePages } = table.pool;
    if (keepCold) {
      this.#evictor.largeToo = true;
      // By turns, so that there are keys of all kinds: whole, without values, and only stored.
      this.#evictor.keysToo = !this.#evictor.keysToo;
      this.#evictor.run(table.arena.pageCount, nowMs + ROOM_BUDGET_MS, true);
      this.#flush(nowMs);
      return;
    }
    const isTight = availablePages < this.#reservePages;
    if (isTight) {
      const isUrgent = availablePages < this.#reservePages >> 1;
      this.#evictor.run(this.#reservePages, nowMs + ROOM_BUDGET_MS, isUrgent);
    }
    const mostBytes = this.#mostLargeBytes;
    const hasTooMany = large.bytes > mostBytes;
    if (hasTooMany) this.#evictLarge(mostBytes, nowMs + ROOM_BUDGET_MS);
    if (availablePages < this.#flushPages || hasTooMany) this.#flush(nowMs);
  }

  /** Bytes of large values that stay with this worker. */
  get #mostLargeBytes(): number {
    const { largeMaxBytes, table } = this.#m;
    return (largeMaxBytes() || table.arena.transfer.poolBytes) * this.#largeShare;
  }

  #evictLarge(mostBytes: number, untilMs: number): 'enough' | 'more' | 'dirty' {
    const { large } = this.#m;
    const isUrgent = large.bytes > mostBytes * URGENT_SHARE;
    return this.#evictor.runLarge(() => large.bytes > mostBytes, untilMs, isUrgent);
  }

  /** Starts a pass unless one is under way or has just failed. */
  #flush(nowMs: number): void {
    if (this.flusher.isRunning || nowMs < this.#nextFlushMs || this.#isStopping) return;
    void this.checkpoint();
  }

  /**
   * Makes room at once, for a command that found none. Others may have to make it: what keeps this
   * worker from making any may be in the pages of theirs.
   * @param passesBefore passes that had ended by `sinceMs`, when there was no room first
   * @param pages that are needed at once, when that is known
   * @returns 'room', 'wait' (changes have to be flushed first), or 'none': nothing can get smaller
   */
  makeRoom(
    nowMs: number,
    passesBefore: number,
    sinceMs: number,
    pages = 0,
  ): 'room' | 'wait' | 'none' {
    const before = this.#gone;
    const wanted = Math.max(this.#reservePages, pages);
    const outcome = this.#evictor.run(wanted, nowMs + ROOM_BUDGET_MS, true);
    // Trying again only after something has gone: whoever tries again does nothing else meanwhile,
    // and what is dirty is not flushed.
    if (outcome === 'enough' || this.#gone > before) return 'room';
    if (outcome === 'more') return this.#wait(nowMs);
    if (nowMs < this.#hopelessUntilMs) return 'none';
    const isPatient = nowMs < sinceMs + PATIENCE_MS;
    if (this.#passes > passesBefore + 1 && !this.flusher.isRunning && !isPatient) {
      this.#hopelessUntilMs = nowMs + HOPELESS_MS;
      return 'none';
    }
    return this.#wait(nowMs);
  }

  /** 'wait' when a flush is under way, or something is dirty and one begins; else 'none'. */
  waitForFlush(nowMs: number): 'wait' | 'none' {
    return this.flusher.isRunning || this.#evictor.dirty > 0 ? this.#wait(nowMs) : 'none';
  }

  get #gone(): number {
    return this.#evictor.evicted + this.#evictor.evictedKeys;
  }

  #wait(nowMs: number): 'wait' {
    this.#nextFlushMs = Math.min(this.#nextFlushMs, nowMs);
    this.#flush(nowMs);
    return 'wait';
  }

  /** Passes ended so far: what `makeRoom` compares with. */
  get passes(): number {
    return this.#passes;
  }

  /** True when there is room again for those that wait. @param pages that one needs at once */
  hasRoomFor(pages: number): boolean {
    return this.#m.table.pool.availablePages >= Math.max(this.#reservePages >> 1, pages);
  }

  /** Pages that a command of this worker was refused together; 0: none, or it needs no more. */
  takeRefusedPages(): number {
    return this.#m.table.pool.takeRefused();
  }

  /** True when there is little room left, for who fills the table at start. */
  get isTight(): boolean {
    return this.#m.table.pool.availablePages < this.#flushPages || this.#isTightForLarge;
  }

  /** Not again at once when there was less to be had. */
  get #isTightForLarge(): boolean {
    const { bytes } = this.#m.large;
    const mostBytes = this.#mostLargeBytes;
    return bytes > mostBytes && bytes - this.#roomyBytes > mostBytes / 4;
  }

  /** Flushes and evicts, at start, while nobody is served. */
  async makeRoomNow(): Promise<void> {
    const problem = await this.checkpoint();
    if (problem !== '') throw new Error(`no room can be made: ${problem}`);
    const mostBytes = this.#mostLargeBytes;
    let left = 1000;
    while (left-- > 0 && this.#evictLarge(mostBytes / 2, Date.now() + ROOM_BUDGET_MS) === 'more');
    this.#roomyBytes = this.#m.large.bytes;
    left = 1000;
    while (this.isTight && left-- > 0) {
      if (this.#evictor.run(this.#flushPages * 2, Date.now() + ROOM_BUDGET_MS, true) === 'dirty')
        return;
    }
  }

  /** Takes everything that has changed to the stores; resolves to '' or what went wrong. */
  async checkpoint(): Promise<string> {
    try {
      await this.flusher.pass();
      if (this.#problem !== '') this.#m.say('the stores take changes again');
      this.#problem = '';
      this.#nextFlushMs = 0;
    } catch (error) {
      this.#report(error);
      this.#nextFlushMs = Date.now() + RETRY_MS;
    }
    this.#passes++;
    return this.#problem;
  }

  #report(error: unknown): void {
    const problem = textOf(error);
    if (problem !== this.#problem) this.#m.say(`a store cannot be written: ${problem}`);
    this.#problem = problem;
  }

  async #tidy(nowMs: number): Promise<void> {
    const { logs, durable, stores } = this.#m;
    if (!this.#isHeld) this.earlier?.retire(durable);
    if (this.earlier?.count === 0) this.earlier = null;
    if (this.#wantsCheckpoint()) this.#flush(nowMs);
    this.#warm();
    await this.flusher.dropFlushed();
    let reclaimed = 0;
    for (const store of stores.all) reclaimed += await store.step(RECLAIM_RECORDS_PER_STEP);
    if (reclaimed > 0) this.#nextTidyMs = nowMs;
    if (await this.#expireAway()) this.#nextTidyMs = nowMs;
    const store = stores.all[this.#scrubbed++ % Math.max(1, stores.all.length)];
    if (store !== undefined && logs.transfer.logs > 0)
      await store.scrubStep(SCRUB_RECORDS_PER_STEP);
  }

  /** Many segments, or logs of earlier runs, which every start would read again. */
  #wantsCheckpoint(): boolean {
    const { logs } = this.#m;
    let segments = -logs.transfer.logs;
    for (let log = 0; log < logs.transfer.logs; log++) {
      segments += logs.counters(log).liveSegments;
    }
    return segments > SEGMENT_LIMIT || (this.hasReplayed && this.#passes === 0);
  }

  /**
   * Removes keys that have expired and are only in the stores; the sweeper has those of the table.
   * Of shards that are complete only the index is tidied up, one shard at a time.
   * @returns true when there are more
   */
  async #expireAway(): Promise<boolean> {
    const { stores, databases, expireAway } = this.#m;
    const turn = stores.shards[this.#expiredShard++ % Math.max(1, stores.shards.length)];
    let hasMore = false;
    for (const shard of stores.shards) {
      if (shard !== turn && isComplete(databases, shard)) continue;
      const nowMs = Date.now();
      const expired = await stores.of(shard).expired(shard, nowMs, EXPIRED_PER_STEP);
      let removed = 0;
      for (const key of expired) if (expireAway(shard, key, nowMs)) removed++;
      if (expired.length < EXPIRED_PER_STEP) continue;
      // Those before the others in the index are tombstones that wait for a pass.
      if (removed === 0) this.#flush(Date.now());
      else hasMore = true;
    }
    return hasMore;
  }

  /** While it is held, no segment of earlier runs goes. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  /** Copies this worker's stores for a backup; resolves to '' or what went wrong. */
  async copyStores(directory: string): Promise<string> {
    this.#isCopying = true;
    try {
      await this.#m.stores.copyTo(directory);
      return '';
    } catch (error) {
      // Not an error of the stores: nobody is refused anything over it.
      return error instanceof Error ? error.message : String(error);
    } finally {
      this.#isCopying = false;
    }
  }

  /**
   * Closes the stores.
   * @param saves a last checkpoint before that; else the next start reads the logs instead
   */
  async stop(saves: boolean): Promise<void> {
    this.#isStopping = true;
    if (saves) await this.checkpoint();
    else await this.flusher.abandon();
    while (this.#isTidying || this.#isWarming)
      await new Promise((resolve) => setTimeout(resolve, 1));
    this.earlier?.retire(this.#m.durable);
    await this.#m.stores.close();
  }
}

function isComplete(databases: Databases, shard: number): boolean {
  for (let db = 0; db < databases.count; db++) if (!databases.isComplete(db, shard)) return false;
  return true;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
