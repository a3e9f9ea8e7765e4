// What all stress threads do to the same keys: counters whose sum is known in the end, values
// that anybody writes and reads, keys of the others, gates, and the sweep of some shards.

import { SHARD_BLOCK_WORDS, SHARD_ENTRIES, SHARD_LSN } from '../src/layout.ts';
import { Sweeper } from '../src/sweeper.ts';
import type { StressBase } from './stress-base.ts';
import {
  CHAOS_DB,
  CHAOS_KEYS,
  COUNTERS,
  counterKey,
  isValueOf,
  makeCounter,
  makeValue,
  OWN_KEYS,
  readCounter,
  SHARED_DB,
} from './stress-job.ts';

export class SharedKeys {
  readonly increments: number[] = Array.from({ length: COUNTERS }, () => 0);
  readonly #base: StressBase;
  readonly #sweeper: Sweeper;

  constructor(base: StressBase) {
    this.#base = base;
    const { job } = base;
    const owned = new Uint8Array(64);
    for (const [i, [, shard]] of job.tags.entries()) {
      owned[shard] = Number(i % job.threads === job.threadId - 1);
    }
    this.#sweeper = new Sweeper(base.table, owned, {
      expired: (shard) => {
        base.facts.expired++;
        return base.table.nextLsn(shard);
      },
      buried: () => {},
      timedParts: () => 0,
      largeFreed: (id) => base.largeFreed(id),
    });
  }

  increment(): void {
    const { random, keys, facts } = this.#base;
    const counter = random.below(COUNTERS);
    const key = counterKey(this.#base.job.tags, counter);
    const done = this.#base.guarded(key, SHARED_DB, () => {
      const entry = keys.live(0);
      const count = entry === 0 ? 0 : readCounter(keys.valueOf(entry));
      if (count < 0) this.#base.fail(`${key} is not a counter`);
      return keys.put(makeCounter(count + 1, random.below(200)), 0) !== 0;
    });
    if (done === false) facts.full++;
    if (!done) return;
    facts.increments++;
    this.increments[counter]!++;
  }

  /** Another thread's key: whatever is there, somebody wrote it to this key. */
  readForeign(): void {
    const { random, job } = this.#base;
    const thread = 1 + random.below(job.threads);
    const number = random.below(OWN_KEYS / job.tags.length);
    this.#read(`{${this.#base.randomTag()}}t${thread}.${number}`, SHARED_DB);
  }

  #read(key: string, db: number): void {
    const { keys, facts } = this.#base;
    const value = this.#base.guarded(key, db, (table) => {
      const entry = keys.live(Date.now());
      return entry === 0 || table.isLarge(entry) ? null : keys.valueOf(entry);
    });
    if (value === null || value === undefined) return;
    facts.foreignReads++;
    if (!isValueOf(key, value)) this.#base.fail(`${key} in ${db} has a value of another key`);
  }

  /** Anything at all to a key that everybody uses. */
  chaos(): void {
    const { random, keys, facts } = this.#base;
    const key = `{${this.#base.randomTag()}}x${random.below(CHAOS_KEYS)}`;
    const draw = random.below(100);
    if (draw < 50) {
      const value = makeValue(key, random.uint32() | 0, this.#base.randomLength());
      const done = this.#base.guarded(key, CHAOS_DB, () => keys.put(value, Date.now()) !== 0);
      if (done === false) facts.full++;
    } else if (draw < 75) {
      this.#read(key, CHAOS_DB);
    } else if (draw < 85) {
      this.#base.guarded(key, CHAOS_DB, () => {
        const entry = keys.live(Date.now());
        if (entry !== 0) keys.remove(entry);
      });
    } else if (draw < 99) {
      const expireAtMs = this.#base.randomExpiry();
      this.#base.guarded(key, CHAOS_DB, (table) => {
        const entry = keys.live(Date.now());
        if (entry !== 0) table.setExpireAtMs(entry, expireAtMs);
      });
    } else {
      keys.flush(CHAOS_DB);
      facts.flushes++;
    }
  }

  /** Gates a shard for a moment: nothing in it may change, its lock is free. */
  gate(): void {
    const { random, table, job } = this.#base;
    const [, shard] = random.pick(job.tags);
    this.#base.take(shard);
    const isFree = table.gateOf(shard) === 0;
    if (isFree) table.setGate(shard, job.threadId);
    const before = this.#stateOf(shard);
    table.locks.unlock(shard);
    if (!isFree) return;
    const untilMs = performance.now() + 0.05;
    while (performance.now() < untilMs);
    this.#base.take(shard);
    if (this.#stateOf(shard) !== before) this.#base.fail(`shard ${shard} changed behind its gate`);
    table.setGate(shard, 0);
    table.locks.unlock(shard);
    this.#base.facts.gates++;
  }

  #stateOf(shard: number): string {
    const { arena, words } = this.#base.table;
    const block = arena.shards + shard * SHARD_BLOCK_WORDS;
    return `${words[block + SHARD_ENTRIES]} ${arena.floats[(block + SHARD_LSN) >> 1]}`;
  }

  sweep(): void {
    const nowMs = Date.now();
    this.#sweeper.expire(nowMs, nowMs + 5);
    this.#sweeper.reclaim(nowMs + 5);
  }
}
