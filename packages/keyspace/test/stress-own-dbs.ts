// What a stress thread does to several of its keys at once: claimed writes, scans of its own
// databases, flushing and swapping them.

import { RoomPlan } from '../src/room-plan.ts';
import { Scanner, SHARD_END } from '../src/scanner.ts';
import type { StressBase } from './stress-base.ts';
import { makeValue } from './stress-job.ts';
import type { OwnDb, OwnKeys } from './stress-own-keys.ts';

export class OwnDbs {
  readonly #base: StressBase;
  readonly #own: OwnKeys;
  readonly #plan: RoomPlan;
  readonly #scanner: Scanner;

  constructor(base: StressBase, own: OwnKeys) {
    this.#base = base;
    this.#own = own;
    this.#plan = new RoomPlan(base.table);
    this.#scanner = new Scanner(base.table, base.keys.databases);
  }

  /** Several keys at once: room is claimed for all of them, then all of them are written. */
  multi(): void {
    const { random, table, keys, facts } = this.#base;
    const own = this.#own.dbs[0]!;
    const values = new Map<string, { version: number; value: Buffer }>();
    for (let i = 2 + random.below(5); i > 0; i--) {
      const key = this.#own.randomKey(own);
      const version = ++this.#own.version;
      values.set(key, { version, value: makeValue(key, version, random.below(600)) });
    }
    const shards = [...new Set([...values.keys()].map((key) => this.#base.shardOf(key)))];
    shards.sort((a, b) => a - b);
    for (const shard of shards) this.#base.take(shard);
    if (!shards.some((shard) => this.#base.isGated(shard))) {
      facts.multi++;
      this.#plan.begin();
      for (const [key, { value }] of values) {
        keys.select(key, own.db);
        this.#plan.add(keys.live(Date.now()) || table.find(), key.length, value.length);
      }
      if (this.#plan.claim()) {
        for (const [key, { version, value }] of values) {
          keys.select(key, own.db);
          if (!this.#own.put(value)) this.#base.fail(`${key}: no room, although it was claimed`);
          own.known.set(key, { version, length: value.length, largeId: -1, expireAtMs: 0 });
        }
      } else {
        facts.full++;
      }
      this.#plan.end();
    }
    for (const shard of shards) table.locks.unlock(shard);
  }

  flush(): void {
    const own = this.#own.dbs[1 + this.#base.random.below(2)]!;
    this.#checkCount(own);
    const removed = this.#base.keys.flush(own.db);
    const most = own.known.size;
    if (removed > most) this.#base.fail(`database ${own.db} had ${removed} keys, not ${most}`);
    this.#base.facts.flushes++;
    own.known = new Map();
  }

  swap(): void {
    const [, left, right] = this.#own.dbs as [OwnDb, OwnDb, OwnDb];
    this.#base.keys.swap(left.db, right.db);
    [left.known, right.known] = [right.known, left.known];
    this.#base.facts.swaps++;
  }

  /** The counter of a private database, which only this thread and expiry change. */
  #checkCount(own: OwnDb): void {
    const most = own.known.size;
    const counted = this.#base.keys.databases.keys(own.db);
    const nowMs = Date.now();
    let least = 0;
    for (const { expireAtMs } of own.known.values()) {
      if (expireAtMs === 0 || expireAtMs > nowMs) least++;
    }
    if (counted < least || counted > most) {
      this.#base.fail(`database ${own.db} counts ${counted} keys, not ${least} to ${most}`);
    }
  }

  /** A SCAN of a private database, with the others' writes in between: every key once. */
  scan(): void {
    const { random, table, facts } = this.#base;
    const own = this.#own.dbs[1 + random.below(2)]!;
    const seen = new Set<string>();
    for (const [, shard] of this.#base.job.tags) {
      for (let position = 0; position < SHARD_END; ) {
        this.#base.take(shard);
        position = this.#scanner.walk(shard, own.db, position, 20, Date.now(), (entry) => {
          const at = table.keyWord(entry) * 4;
          const key = table.bytes.toString('latin1', at, at + table.keyLength(entry));
          if (seen.has(key)) this.#base.fail(`a scan of ${own.db} visits ${key} twice`);
          if (!own.known.has(key)) this.#base.fail(`a scan of ${own.db} visits ${key}`);
          seen.add(key);
        });
        table.locks.unlock(shard);
      }
    }
    facts.scans++;
    const nowMs = Date.now();
    for (const [key, { expireAtMs }] of own.known) {
      if (seen.has(key) || (expireAtMs !== 0 && expireAtMs <= nowMs)) continue;
      this.#base.fail(`a scan of ${own.db} misses ${key}`);
    }
  }
}
