// What a worker does about the cap on the dataset (`maxmemory`): evicts keys ahead of demand while
// the cap is being reached, and at once for a command that finds the dataset above it. Which keys
// go is decided in @forgekv/keyspace.

import { SHARD_COUNT } from '@forgekv/base';
import { FLAG_DENYOOM } from '@forgekv/catalog';
import {
  type CommandContext,
  type EffectLog,
  EVENT_EVICTED,
  type KeyChanges,
  type ThreadStats,
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import { CAP_UNDER, DatasetEvictor, evictionPolicy, type HotTable } from '@forgekv/keyspace';
import type { DiagnosticsShare } from '@forgekv/rings';
import type { AwayVictims } from './away-victims.ts';
import type { LargeStore } from './large-store.ts';
import type { Peers } from './peers.ts';

const LOOK_EVERY_MS = 10;
/** The same while keys are being evicted, and the slice of time to do that in. */
const PRESSED_EVERY_MS = 2;
const SLICE_MS = 2;
/** The same when there was nothing to evict. */
const HOPELESS_MS = 100;
/** Eviction for all commands of one turn together; then others have theirs. */
const TURN_MS = 5;
/**
 * Ahead of demand so much is evicted, that fronts go on in place for a while: a share of the cap,
 * and as many bytes at most. Not before the cap was reached: a dataset that does not grow keeps
 * all its keys.
 */
const RESERVE_SHARE = 1 / 64;
const MOST_RESERVE_BYTES = 4 * 2 ** 20;
/**
 * A command waits so long for victims out of stores, and then is refused; so is every other one
 * for a while, unless there is room.
 */
const MOST_WAIT_MS = 1000;
const REFUSING_MS = 1000;

export interface CapKeeperModules {
  readonly table: HotTable;
  readonly context: CommandContext;
  readonly log: EffectLog;
  readonly stats: ThreadStats;
  readonly changes: KeyChanges;
  readonly store: LargeStore;
  readonly peers: Peers;
  readonly workerOf: Uint8Array;
  readonly diagnostics: DiagnosticsShare;
}

export class CapKeeper {
  readonly #m: CapKeeperModules;
  readonly #evictor: DatasetEvictor;
  /** Large values of other workers whose entries were removed; their owners forget them. */
  #foreign: { readonly worker: number; readonly id: number }[] = [];
  #policy = '';
  #away: AwayVictims | null = null;
  /** Since then a command waits for victims out of stores, and none was found; 0: none waits. */
  #waitingSinceMs = 0;
  #evictedBefore = 0;
  #refusingUntilMs = 0;
  #nextLookMs = 0;
  /** The cap was reached a moment ago, and eviction goes on ahead of demand. */
  #isPressed = false;
  #turnUntilMs = 0;

  constructor(modules: CapKeeperModules) {
    this.#m = modules;
    const { table, context, log, stats, store, workerOf, changes } = modules;
    this.#evictor = new DatasetEvictor(table, {
      evicted: (shard, entry) => {
        stats.evictedKeys++;
        const db = context.databases.ofNamespace(table.namespaceOf(entry));
        context.publishRemoval(EVENT_EVICTED, 'evicted', db, entry);
        if (changes.isOn) changes.noteEntry(table, entry);
        const lsn = table.nextLsn(shard);
        log.removed(entry, shard, lsn);
        log.endGroup();
        return lsn;
      },
      buried: (tombstone) => log.buried(tombstone),
      largeFreed: (shard, id) => {
        if (store.owns(shard)) store.forget(id);
        else this.#foreign.push({ worker: workerOf[shard]!, id });
      },
    });
  }

  /** Takes the victims among the keys that only this worker's stores have. */
  adopt(away: AwayVictims): void {
    this.#away = away;
    this.#evictor.away = away;
    away.setPolicy(evictionPolicy(this.#policy));
  }

  /** True while something waits for the disk. */
  get isBusy(): boolean {
    return this.#away?.isBusy === true;
  }

  /** Takes over what CONFIG SET may have changed. */
  configure(config: Config): void {
    this.#evictor.samples = config.integer('maxmemory-samples');
    this.#nextLookMs = 0;
    const policy = config.word('maxmemory-policy');
    if (policy === this.#policy) return;
    this.#policy = policy;
    this.#evictor.setPolicy(evictionPolicy(policy));
    this.#away?.setPolicy(evictionPolicy(policy));
    this.#refusingUntilMs = 0;
  }

  /**
   * Called every turn, without a lock.
   * @returns true while there is more to evict
   */
  tick(nowMs: number): boolean {
    this.#turnUntilMs = 0;
    const { table, context } = this.#m;
    const { cap } = table;
    const limitBytes = cap.limitBytes;
    if (limitBytes === 0 || nowMs < this.#nextLookMs) return false;
    const bytes = cap.look();
    // What cannot be logged must not be done.
    this.#isPressed = cap.evicts && cap.wasReached && this.#m.log.refusal === '';
    this.#nextLookMs = nowMs + (this.#isPressed ? PRESSED_EVERY_MS : LOOK_EVERY_MS);
    const reserve = Math.min(limitBytes * RESERVE_SHARE, MOST_RESERVE_BYTES);
    // The stores are asked before anybody has to wait for them.
    if (cap.evicts && bytes > limitBytes - 2 * reserve) this.#away?.refill(nowMs);
    if (!this.#isPressed || bytes <= limitBytes - reserve || context.isPaused()) return false;
    const outcome = this.#evict(limitBytes - reserve, nowMs + SLICE_MS);
    if (outcome === 'more') {
      this.#nextLookMs = 0;
    } else if (outcome === 'none') {
      this.#isPressed = false;
      this.#nextLookMs = nowMs + HOPELESS_MS;
    }
    return outcome === 'more';
  }

  /** Milliseconds the worker may sleep. */
  get mostSleepMs(): number {
    return this.#isPressed ? PRESSED_EVERY_MS : Infinity;
  }

  /**
   * Evicts for a command, if it may add to the dataset. No lock is held.
   * @param flags the command's
   * @returns 'room', 'later' (others have their turn first), 'wait' (for the stores, see
   *   `hasRoom`), or 'none': the command is refused
   */
  makeRoom(flags: number): 'room' | 'later' | 'wait' | 'none' {
    const { cap } = this.#m.table;
    if ((flags & FLAG_DENYOOM) === 0 || this.#m.context.isPaused()) return 'room';
    if (cap.state === CAP_UNDER) {
      this.#waitingSinceMs = 0;
      return 'room';
    }
    if (this.#turnUntilMs === 0) this.#turnUntilMs = Date.now() + TURN_MS;
    const outcome = this.#evict(cap.limitBytes, this.#turnUntilMs);
    if (outcome === 'more') return 'later';
    if (outcome !== 'enough') return this.#wait(outcome);
    this.#waitingSinceMs = 0;
    return 'room';
  }

  #evict(toBytes: number, untilMs: number): ReturnType<DatasetEvictor['run']> {
    const beganMs = performance.now();
    const outcome = this.#evictor.run(toBytes, untilMs);
    this.#tellOwners();
    const tookUs = (performance.now() - beganMs) * 1000;
    this.#m.diagnostics.latency.took('eviction-cycle', tookUs);
    return outcome;
  }

  /** There is nothing to evict, or nothing yet; other workers may have some in their stores. */
  #wait(outcome: 'soon' | 'none'): 'wait' | 'none' {
    if (outcome === 'none' && !this.#mayHaveAway) return 'none';
    const nowMs = Date.now();
    if (nowMs < this.#refusingUntilMs) return 'none';
    const { evicted } = this.#evictor;
    if (this.#waitingSinceMs === 0 || evicted !== this.#evictedBefore) this.#waitingSinceMs = nowMs;
    this.#evictedBefore = evicted;
    if (nowMs - this.#waitingSinceMs < MOST_WAIT_MS) return 'wait';
    this.#waitingSinceMs = 0;
    this.#refusingUntilMs = nowMs + REFUSING_MS;
    return 'none';
  }

  get #mayHaveAway(): boolean {
    const { databases } = this.#m.context;
    const { order, isVolatile } = evictionPolicy(this.#policy);
    if (order === 'none') return false;
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      if (databases.allAwayOfShard(shard) === 0) continue;
      if (!isVolatile || databases.allKeysOfShard(shard, true) > 0) return true;
    }
    return false;
  }

  /** True when commands that wait are to be tried again. */
  get hasRoom(): boolean {
    if (this.#m.table.cap.state === CAP_UNDER || (this.#away?.length ?? 0) > 0) return true;
    return Date.now() - this.#waitingSinceMs >= MOST_WAIT_MS;
  }

  #tellOwners(): void {
    if (this.#foreign.length === 0) return;
    const freed = this.#foreign;
    this.#foreign = [];
    for (const { worker, id } of freed) this.#m.peers.change(worker, id, null);
  }
}
