// What a worker does about the cap on the dataset (`maxmemory`): evicts keys ahead of demand while
// the cap is being reached, and at once for a command that finds the dataset above it. Which keys
// go is decided in @forgekv/keyspace.

import { FLAG_DENYOOM } from '@forgekv/catalog';
import type { EffectLog, ThreadStats } from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import { CAP_UNDER, DatasetEvictor, evictionPolicy, type HotTable } from '@forgekv/keyspace';
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

export interface CapKeeperModules {
  readonly table: HotTable;
  readonly log: EffectLog;
  readonly stats: ThreadStats;
  readonly store: LargeStore;
  readonly peers: Peers;
  readonly workerOf: Uint8Array;
}

export class CapKeeper {
  readonly #m: CapKeeperModules;
  readonly #evictor: DatasetEvictor;
  /** Large values of other workers whose entries were removed; their owners forget them. */
  #foreign: { readonly worker: number; readonly id: number }[] = [];
  #policy = '';
  #nextLookMs = 0;
  /** The cap was reached a moment ago, and eviction goes on ahead of demand. */
  #isPressed = false;
  #turnUntilMs = 0;

  constructor(modules: CapKeeperModules) {
    this.#m = modules;
    const { table, log, stats, store, workerOf } = modules;
    this.#evictor = new DatasetEvictor(table, {
      evicted: (shard, entry) => {
        stats.evictedKeys++;
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

  /** Takes over what CONFIG SET may have changed. */
  configure(config: Config): void {
    this.#evictor.samples = config.integer('maxmemory-samples');
    this.#nextLookMs = 0;
    const policy = config.word('maxmemory-policy');
    if (policy === this.#policy) return;
    this.#policy = policy;
    this.#evictor.setPolicy(evictionPolicy(policy));
  }

  /**
   * Called every turn, without a lock.
   * @returns true while there is more to evict
   */
  tick(nowMs: number): boolean {
    this.#turnUntilMs = 0;
    const { cap } = this.#m.table;
    const limitBytes = cap.limitBytes;
    if (limitBytes === 0 || nowMs < this.#nextLookMs) return false;
    const bytes = cap.look();
    // What cannot be logged must not be done.
    this.#isPressed = cap.evicts && cap.wasReached && this.#m.log.refusal === '';
    this.#nextLookMs = nowMs + (this.#isPressed ? PRESSED_EVERY_MS : LOOK_EVERY_MS);
    const reserve = Math.min(limitBytes * RESERVE_SHARE, MOST_RESERVE_BYTES);
    if (!this.#isPressed || bytes <= limitBytes - reserve) return false;
    const outcome = this.#evictor.run(limitBytes - reserve, nowMs + SLICE_MS);
    this.#tellOwners();
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
   * @returns 'room', 'later' (others have their turn first), or 'none': the command is refused
   */
  makeRoom(flags: number): 'room' | 'later' | 'none' {
    const { cap } = this.#m.table;
    if (cap.state === CAP_UNDER || (flags & FLAG_DENYOOM) === 0) return 'room';
    if (this.#turnUntilMs === 0) this.#turnUntilMs = Date.now() + TURN_MS;
    const outcome = this.#evictor.run(cap.limitBytes, this.#turnUntilMs);
    this.#tellOwners();
    if (outcome === 'enough') return 'room';
    return outcome === 'more' ? 'later' : 'none';
  }

  #tellOwners(): void {
    if (this.#foreign.length === 0) return;
    const freed = this.#foreign;
    this.#foreign = [];
    for (const { worker, id } of freed) this.#m.peers.change(worker, id, null);
  }
}
