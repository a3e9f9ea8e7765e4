// Shard locks with a planted bug, for the canary: the stress run must find it.

import type { Random } from '@forgekv/base';
import type { Arena } from '../src/arena.ts';
import { ShardLocks } from '../src/shard-lock.ts';
import type { Fault } from './stress-job.ts';

/** One lock in so many is faulty. */
const RATE = 1 / 20;

export class FaultyLocks extends ShardLocks {
  readonly #random: Random;
  readonly #fault: Fault;
  readonly #pretended = new Set<number>();

  constructor(arena: Arena, threadId: number, fault: Fault, random: Random) {
    super(arena, threadId);
    this.#fault = fault;
    this.#random = random;
  }

  override tryLock(shard: number): boolean {
    if (this.#random.chance(RATE)) {
      this.#pretended.add(shard);
      if (this.#fault === 'skips-lock') return true;
      const taken = super.tryLock(shard);
      if (taken) super.unlock(shard);
      else this.#pretended.delete(shard);
      return taken;
    }
    return super.tryLock(shard);
  }

  override unlock(shard: number): void {
    if (!this.#pretended.delete(shard)) super.unlock(shard);
  }

  override holds(shard: number): boolean {
    return this.#pretended.has(shard) || super.holds(shard);
  }
}
