// What all parts of a stress thread use: the table, random choices, guarded access to a key.

import { Random } from '@forgekv/base';
import { attachArena } from '../src/arena.ts';
import type { HotTable } from '../src/hot-table.ts';
import type { ShardLocks } from '../src/shard-lock.ts';
import { FaultyLocks } from './faulty-locks.ts';
import { KeyedTable } from './keyed-table.ts';
import { type Facts, LEDGER_IDS, noFacts, type StressJob } from './stress-job.ts';

export class StressBase {
  readonly job: StressJob;
  readonly random: Random;
  readonly keys: KeyedTable;
  readonly table: HotTable;
  readonly facts: Facts = noFacts();
  readonly #ledger: Int32Array;
  readonly #nap = new Int32Array(new SharedArrayBuffer(4));
  readonly #shardOfTag: ReadonlyMap<string, number>;

  constructor(job: StressJob) {
    this.job = job;
    this.random = new Random(job.seed + job.threadId);
    const arena = attachArena(job.arena);
    this.keys = new KeyedTable(arena, job.threadId);
    this.table = this.keys.table;
    if (job.fault !== null) {
      const random = new Random(job.seed - job.threadId);
      const locks = new FaultyLocks(arena, job.threadId, job.fault, random);
      (this.table as { locks: ShardLocks }).locks = locks;
    }
    this.#ledger = new Int32Array(job.ledger);
    this.#shardOfTag = new Map(job.tags);
    this.keys.largeFreed = (id) => this.largeFreed(id);
    this.keys.pause = () => this.#pause();
    this.#pauseInside();
  }

  /** Puts pauses between the steps of a change: slot taken, not linked; unlinked, not freed. */
  #pauseInside(): void {
    const { pool, index } = this.table;
    const allocate = pool.allocate.bind(pool);
    const free = pool.free.bind(pool);
    const replace = index.replace.bind(index);
    pool.allocate = (shard, sizeClass) => {
      const slot = allocate(shard, sizeClass);
      this.#pause();
      return slot;
    };
    pool.free = (shard, slot) => {
      this.#pause();
      free(shard, slot);
    };
    index.replace = (shard, from, to) => {
      this.#pause();
      replace(shard, from, to);
    };
  }

  /** Now and then sleeps with a lock held, so that the others run into it in the worst moment. */
  #pause(): void {
    if (this.random.chance(1 / 60)) Atomics.wait(this.#nap, 0, 0, this.random.below(100) / 1000);
  }

  fail(text: string): never {
    throw new Error(text);
  }

  shardOf(key: string): number {
    return this.#shardOfTag.get(key.slice(1, key.indexOf('}')))!;
  }

  /** Takes a shard's lock: as a worker, or first as a front, which gives up after a short spin. */
  take(shard: number): void {
    const { locks } = this.table;
    if (this.random.chance(0.5)) {
      if (locks.tryLock(shard)) return;
      this.facts.gaveUp++;
    }
    locks.lock(shard);
  }

  isGated(shard: number): boolean {
    const gate = this.table.gateOf(shard);
    return gate !== 0 && gate !== this.job.threadId;
  }

  /** Runs with the key selected under its lock; undefined: the shard is gated, nothing ran. */
  guarded<T>(key: string, db: number, run: (table: HotTable) => T): T | undefined {
    const shard = this.shardOf(key);
    this.take(shard);
    if (this.isGated(shard)) {
      this.table.locks.unlock(shard);
      this.facts.gated++;
      return undefined;
    }
    this.keys.select(key, db);
    const result = run(this.table);
    this.table.locks.unlock(shard);
    return result;
  }

  randomTag(): string {
    return this.random.pick(this.job.tags)[0];
  }

  /** Of a few size classes only: each needs a page per shard, and the pool is small. */
  randomLength(): number {
    const { random } = this;
    const draw = random.below(1000);
    if (draw < 500) return random.below(40);
    if (draw < 800) return 90 + random.below(20);
    if (draw < 930) return 450 + random.below(50);
    return draw < 995 ? 1900 + random.below(100) : random.below(20_000);
  }

  /** A time to expire at: soon, in a while, or never. */
  randomExpiry(): number {
    const draw = this.random.below(10);
    if (draw < 2) return 0;
    return Date.now() + (draw < 8 ? 1 + this.random.below(20) : 100_000);
  }

  largeMade(id: number): void {
    if (Atomics.add(this.#ledger, id, 1) !== 0) this.fail(`large id ${id} was given out twice`);
  }

  largeFreed(id: number): void {
    if (id < 0 || id >= LEDGER_IDS) this.fail(`a large value has the id ${id}`);
    if (Atomics.sub(this.#ledger, id, 1) !== 1) this.fail(`large value ${id} was freed twice`);
  }
}
