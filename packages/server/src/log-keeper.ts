// Keeps the write-ahead logs going: syncs them every second (EverySecond), has the next segment of
// each ready, refuses writes while the disk takes none and accepts them again when it does.

import { readdir } from 'node:fs/promises';
import { REFUSE_BROKEN, REFUSE_NO_SPACE, refuseWrites } from '@forgekv/commands';
import {
  nodeFileSystem,
  WAL_BROKEN,
  WAL_NO_SPACE,
  type WalCounters,
  WalLogs,
  type WalTransfer,
} from '@forgekv/storage';
import { Piscina } from 'piscina';
import type { LogTask } from './log-task.ts';

const SYNC_EVERY_MS = 1000;
const PREPARE_EVERY_MS = 100;
const FIRST_SEGMENTS_MS = 1000;
/** One thread may be held up by a sync while another makes a segment. */
const POOL_THREADS = 2;
const TASK = new URL('./log-task.js', import.meta.url).href;

/** What the keeper needs of the server. */
export interface LogKeeperOwner {
  /** The sync mode in force. */
  mode(): string;
  log(message: string): void;
  /** Takes everything that has changed to the stores; resolves to '' or what went wrong. */
  checkpoint(): Promise<string>;
  /** All logs were synced, or could not be, after so many microseconds. */
  readonly synced: (microseconds: number) => void;
}

export interface LogFigures {
  /** Of all logs together, since the start. */
  readonly bytes: number;
  /** Bytes in the segments that are on disk. */
  readonly liveBytes: number;
  /** Segments of earlier runs are still there. */
  readonly hasEarlier: boolean;
  /** Bytes that the kernel does not have yet, and those that are not synced. */
  readonly bufferedBytes: number;
  readonly unsyncedBytes: number;
  readonly writes: number;
  readonly syncs: number;
  readonly segments: number;
  /** Age of the oldest bytes that are not synced is at most this; 0 in the mode Never. */
  readonly syncAgeMs: number;
  /** Syncs that took longer than the time between two of them. */
  readonly delayedSyncs: number;
  readonly isSyncing: boolean;
  /** Code of what refuses writes, '' = nothing does. */
  readonly problem: string;
}

export class LogKeeper {
  readonly #transfer: WalTransfer;
  readonly #effects: SharedArrayBuffer;
  readonly #durable: Float64Array;
  readonly #logs: WalLogs;
  readonly #pool: Piscina;
  readonly #owner: LogKeeperOwner;
  /** Numbers of the logs. */
  readonly #all: readonly number[];
  #timers: NodeJS.Timeout[] = [];
  #syncing: Promise<void> | null = null;
  #hasEarlier = true;
  #isPreparing = false;
  #retiring: Promise<void> | null = null;
  /** A backup needs the segments there are. */
  #isHeld = false;
  #isHealing = false;
  /** What was last retired up to. */
  #retired = new Float64Array(0);
  #delayedSyncs = 0;
  #problem = '';
  /** Why a log has no next segment, as a code; '': all have. */
  #unprepared = '';

  /**
   * @param durable per shard the LSN up to which everything is in synced store batches
   */
  constructor(
    transfer: WalTransfer,
    effects: SharedArrayBuffer,
    durable: SharedArrayBuffer,
    owner: LogKeeperOwner,
  ) {
    this.#transfer = transfer;
    this.#effects = effects;
    this.#durable = new Float64Array(durable);
    this.#owner = owner;
    this.#all = Array.from({ length: transfer.logs }, (_, log) => log);
    this.#logs = new WalLogs(transfer, nodeFileSystem);
    this.#pool = new Piscina({
      filename: TASK,
      minThreads: POOL_THREADS,
      maxThreads: POOL_THREADS,
      // Descriptors belong to the process, not to the thread that opened them.
      trackUnmanagedFds: false,
      execArgv: [],
    });
  }

  /** Resolves when the first segments are ready, or after a while. */
  async start(): Promise<void> {
    this.#timers = [
      setInterval(() => void this.#prepare(), PREPARE_EVERY_MS),
      setInterval(() => this.#tick(), SYNC_EVERY_MS),
    ];
    const patience = new Promise<void>((resolve) => setTimeout(resolve, FIRST_SEGMENTS_MS).unref());
    await Promise.race([this.#prepare(), patience]);
  }

  #tick(): void {
    if (this.#hasEarlier) void this.#lookForEarlier();
    void this.retire();
    if (this.#hasBroken && !this.#isHealing) void this.#heal();
    if (this.#owner.mode() !== 'EverySecond') return;
    if (this.#syncing !== null) this.#delayedSyncs++;
    else if (this.#all.some((log) => this.#logs.synced(log) < this.#logs.handed(log))) {
      void this.sync();
    }
  }

  /** Removes or recycles the segments that nobody needs any more; resolves when that is done. */
  retire(): Promise<void> {
    this.#retiring ??= this.#retire().finally(() => {
      this.#retiring = null;
    });
    return this.#retiring;
  }

  async #retire(): Promise<void> {
    const durable = this.#durable.slice();
    if (this.#isHeld || durable.every((lsn, shard) => lsn === this.#retired[shard])) return;
    const code = await this.#run('retire', durable);
    if (code === '') this.#retired = durable;
  }

  /** Lets all segments stay until `release`; resolves when they do. */
  async hold(): Promise<void> {
    this.#isHeld = true;
    await this.#retiring;
  }

  release(): void {
    this.#isHeld = false;
  }

  get #hasBroken(): boolean {
    return this.#broken.length > 0;
  }

  get #broken(): number[] {
    return this.#all.filter((log) => this.#logs.state(log) === WAL_BROKEN);
  }

  /**
   * Opens logs again that failed: what they may have lost is taken to the stores first, all of it,
   * then each goes on with a fresh segment. Nothing is synced a second time: a kernel that reported
   * an error once may have thrown the pages away.
   */
  async #heal(): Promise<void> {
    this.#isHealing = true;
    try {
      const broken = this.#broken;
      if ((await this.#run('prepare')) !== '') return;
      if ((await this.#owner.checkpoint()) !== '') return;
      for (const log of broken) this.#logs.renew(log);
      this.#judge();
    } finally {
      this.#isHealing = false;
    }
  }

  /**
   * Syncs what was handed over before the call.
   * @returns '' or the code of an error. A broken log is none: nothing in it is waited for, since
   *   it is the stores that make up for it.
   */
  async syncNow(): Promise<string> {
    const wanted = this.#all.map((log) => this.#logs.handed(log));
    await this.#syncing;
    await this.sync();
    const failed = this.#all.some(
      (log) => this.#logs.state(log) !== WAL_BROKEN && this.#logs.synced(log) < wanted[log]!,
    );
    return failed ? this.#problem || 'EIO' : '';
  }

  /** Syncs every log; resolves when that is done or has failed. */
  sync(): Promise<void> {
    const beganMs = performance.now();
    this.#syncing ??= this.#run('sync')
      .then(() => {
        this.#owner.synced((performance.now() - beganMs) * 1000);
        this.#judge();
      })
      .finally(() => {
        this.#syncing = null;
      });
    return this.#syncing;
  }

  async #prepare(): Promise<void> {
    if (this.#isPreparing) return;
    this.#isPreparing = true;
    try {
      // Asked here first: a task for the pool ten times a second is what an idle server would
      // mostly do.
      const isReady = this.#all.every((log) => this.#logs.isPrepared(log));
      this.#unprepared = isReady ? '' : await this.#run('prepare');
      this.#judge();
    } finally {
      this.#isPreparing = false;
    }
  }

  #run(op: LogTask['op'], durable?: Float64Array): Promise<string> {
    const task: LogTask = { op, transfer: this.#transfer, ...(durable && { durable }) };
    return this.#pool.run(task, { name: 'runLogTask' }) as Promise<string>;
  }

  /** Refuses or accepts writes by the state of all logs, and whether each can go on. */
  #judge(): void {
    let problem = this.#unprepared === 'ENOSPC' ? 'ENOSPC' : '';
    for (let log = 0; log < this.#transfer.logs; log++) {
      const state = this.#logs.state(log);
      if (state === WAL_NO_SPACE && !this.#logs.retry(log)) problem ||= 'ENOSPC';
      if (state === WAL_BROKEN) problem = this.#logs.fenceCode(log);
    }
    // Always: who met an error may have said so meanwhile.
    const refusal = problem === '' ? 0 : problem === 'ENOSPC' ? REFUSE_NO_SPACE : REFUSE_BROKEN;
    refuseWrites(this.#effects, refusal);
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#owner.log(
      problem === ''
        ? 'the write-ahead log takes writes again'
        : `the write-ahead log cannot be written (${problem}): writes are refused`,
    );
  }

  get figures(): LogFigures {
    const all = Array.from({ length: this.#transfer.logs }, (_, log) => this.#logs.counters(log));
    const sum = (pick: (counters: WalCounters) => number): number =>
      all.reduce((total, counters) => total + pick(counters), 0);
    const unsynced = all.filter((_, log) => this.#logs.synced(log) < this.#logs.handed(log));
    const oldestSyncMs = Math.min(...unsynced.map(({ lastSyncAtMs }) => lastSyncAtMs));
    const each = (measure: (log: number) => number): number =>
      all.reduce((total, _, log) => total + Math.max(0, measure(log)), 0);
    return {
      bytes: sum(({ bytes }) => bytes),
      liveBytes: each((log) => this.#liveBytes(log)),
      hasEarlier: this.#hasEarlier,
      bufferedBytes: each((log) => this.#logs.sealed(log) - this.#logs.handed(log)),
      unsyncedBytes: each((log) => this.#logs.handed(log) - this.#logs.synced(log)),
      writes: sum(({ writes }) => writes),
      syncs: sum(({ syncs }) => syncs),
      segments: sum(({ liveSegments }) => liveSegments),
      syncAgeMs: Number.isFinite(oldestSyncMs) ? Math.max(0, Date.now() - oldestSyncMs) : 0,
      delayedSyncs: this.#delayedSyncs,
      isSyncing: this.#syncing !== null,
      problem: this.#problem,
    };
  }

  /** A worker removes them once the stores have what they say. Names begin with the generation. */
  async #lookForEarlier(): Promise<void> {
    const { directory, generation } = this.#transfer;
    const names = await readdir(directory).catch(() => null);
    if (names === null) return;
    this.#hasEarlier = names.some((name) => Number.parseInt(name, 10) < generation);
  }

  #liveBytes(log: number): number {
    const { segments, liveSegments } = this.#logs.counters(log);
    if (liveSegments === 0) return 0;
    return this.#logs.handed(log) - this.#logs.block(log).segmentStart(segments - liveSegments);
  }

  /** Makes everything durable and ends; nobody writes any more. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#syncing;
    await this.sync();
    // The last checkpoint needs none of them: the next start has less to read.
    await this.#retire();
    await this.#pool.close();
  }
}
