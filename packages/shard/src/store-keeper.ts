// What a worker does about its stores beside serving: keeps room in the hot table, takes changes
// to the stores before the logs get long, tidies up. Everything that waits for the disk is
// asynchronous and goes on between the worker's turns.

import { SHARD_COUNT } from '@forgekv/base';
import type { Databases, HotTable, Scanner } from '@forgekv/keyspace';
import { Evictor } from '@forgekv/keyspace';
import type { EarlierSegments, WalLogs } from '@forgekv/storage';
import { Flusher } from './flusher.ts';
import type { LargeStore } from './large-store.ts';
import { LogWait } from './log-wait.ts';
import type { ShardStores } from './shard-stores.ts';

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
/** A start with logs of earlier runs is followed by a checkpoint after this time. */
const SETTLE_IN_MS = 3000;
const EXPIRED_PER_STEP = 100;
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
  /** A table of the same thread, for nobody else. */
  readonly evictorTable: HotTable;
  /** 1 per shard of this worker. */
  readonly owned: Uint8Array;
  readonly durable: Float64Array;
  /** Makes the logs durable; rejects when they cannot be. */
  readonly sync: () => Promise<void>;
  readonly say: (message: string) => void;
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
  /** There were logs of earlier runs. */
  hasReplayed = false;
  #nextRoomMs = 0;
  #nextTidyMs = 0;
  #nextFlushMs = 0;
  #isTidying = false;
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
    this.flusher = new Flusher({ ...modules, wait: new LogWait(modules.logs, modules.sync) });
    this.#nextFlushMs = Date.now() + SETTLE_IN_MS;
  }

  /** True while something waits for the disk: the worker must not block then. */
  get isBusy(): boolean {
    return this.flusher.isRunning || this.#isTidying || this.#isCopying;
  }

  /** Values made cold since start. */
  get evicted(): number {
    return this.#evictor.evicted;
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

  #keepRoom(nowMs: number): void {
    const { table, large, keepCold } = this.#m;
    const { availablePages } = table.pool;
    if (keepCold) {
      this.#evictor.largeToo = true;
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
   * Makes room at once, for a command that found none.
   * @returns 'room', 'wait' (changes have to be flushed first), or 'none': nothing can get smaller
   */
  makeRoom(nowMs: number, passesBefore: number): 'room' | 'wait' | 'none' {
    const before = this.#evictor.evicted;
    const outcome = this.#evictor.run(this.#reservePages, nowMs + ROOM_BUDGET_MS, true);
    // Trying again only after something has gone: whoever tries again does nothing else meanwhile,
    // and what is dirty is not flushed.
    if (outcome === 'enough' || this.#evictor.evicted > before) return 'room';
    if (outcome === 'more') return this.#wait(nowMs);
    if (nowMs < this.#hopelessUntilMs) return 'none';
    if (this.#passes > passesBefore + 1 && !this.flusher.isRunning) {
      this.#hopelessUntilMs = nowMs + HOPELESS_MS;
      return 'none';
    }
    return this.#wait(nowMs);
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

  /** True when there is room again for those that wait. */
  get hasRoom(): boolean {
    return this.#m.table.pool.availablePages >= this.#reservePages >> 1;
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
    const problem = error instanceof Error ? error.message : String(error);
    if (problem !== this.#problem) this.#m.say(`a store cannot be written: ${problem}`);
    this.#problem = problem;
  }

  async #tidy(nowMs: number): Promise<void> {
    const { logs, durable, stores } = this.#m;
    if (!this.#isHeld) this.earlier?.retire(durable);
    if (this.earlier?.count === 0) this.earlier = null;
    if (this.#wantsCheckpoint()) this.#flush(nowMs);
    await this.flusher.dropFlushed();
    let reclaimed = 0;
    for (const store of stores.all) reclaimed += await store.step(RECLAIM_RECORDS_PER_STEP);
    if (reclaimed > 0) this.#nextTidyMs = nowMs;
    await this.#tidyExpiryIndex(nowMs);
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

  /** Keys expire in the hot table; the index of the store only has to be tidied up. */
  async #tidyExpiryIndex(nowMs: number): Promise<void> {
    const { shards } = this.#m.stores;
    if (shards.length === 0) return;
    const shard = shards[this.#expiredShard++ % shards.length]!;
    await this.#m.stores.of(shard).expired(shard, nowMs, EXPIRED_PER_STEP);
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
    while (this.#isTidying) await new Promise((resolve) => setTimeout(resolve, 1));
    this.earlier?.retire(this.#m.durable);
    await this.#m.stores.close();
  }
}
