// Takes back what flushed databases left behind. Every worker does that for its own shards in
// the background; a worker whose command finds the pool full does it for the others' shards
// too, because the pool belongs to all and the others may be busy for a while.

import { type HotTable, Sweeper } from '@forgekv/keyspace';
import type { Peers } from './peers.ts';

/** A time in the past. */
const SOON_MS = 1;

interface Foreign {
  readonly worker: number;
  readonly sweeper: Sweeper;
  /** Large values whose entries were removed under their shard's lock; their owner forgets them. */
  readonly freed: number[];
}

export class Reclaimer {
  readonly #own: Sweeper;
  readonly #peers: Peers;
  readonly #foreign: readonly Foreign[];

  /** @param own sweeps the shards of `worker` */
  constructor(table: HotTable, workerOf: Uint8Array, worker: number, own: Sweeper, peers: Peers) {
    this.#own = own;
    this.#peers = peers;
    const others = new Set(workerOf.filter((other) => other !== worker));
    this.#foreign = [...others].map((other) => {
      const freed: number[] = [];
      const sweeper = new Sweeper(table, ownedBy(other, workerOf), {
        expired: () => 0,
        buried: () => {},
        // Its own worker knows: it looks at the page again.
        timedParts: () => SOON_MS,
        largeFreed: (id) => freed.push(id),
      });
      return { worker: other, sweeper, freed };
    });
  }

  /**
   * Looks for room until about `untilMs` (Unix milliseconds). No lock is held.
   * @returns false when there is nothing left to take back
   */
  makeRoom(untilMs: number): boolean {
    // A sweep goes round again while it meets a gate, and whoever holds that gate may be waiting
    // for an answer from here.
    this.#peers.serve();
    if (this.#own.hasStale) {
      this.#own.reclaim(untilMs);
      return true;
    }
    const next = this.#foreign.find(({ sweeper }) => sweeper.hasStale);
    if (next === undefined) return false;
    next.sweeper.reclaim(untilMs);
    for (const id of next.freed.splice(0)) this.#peers.change(next.worker, id, null);
    return true;
  }
}

/** 1 for each shard of a worker. */
export function ownedBy(worker: number, workerOf: Uint8Array): Uint8Array {
  return workerOf.map((owner) => (owner === worker ? 1 : 0));
}
