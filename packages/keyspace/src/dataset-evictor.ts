// Removes keys by the policy of `maxmemory-policy` until the dataset is within its cap. Not to be
// confused with the Evictor, which makes room in the hot table and loses nothing.
//
// As in Redis the order is approximate: some keys are looked at, the best victims are kept in a
// pool, and the best of these goes. A sample lies at a random place of a random shard, shards
// weighted by their keys, so that all keys of all databases have the same chance. Where few keys
// may go, and none of them is met by chance, shards that have some are walked, from where the last
// walk ended.
//
// Keys that only the stores have cannot be sampled, and nobody knows when they were used; but they
// left the table because they were not, or never came since the start. So with `lru` and `lfu` they
// go first, unless they are so few that looking for them is not worth while; with `random` their
// share of the victims is that of the keys; with `ttl` the expiry decides. Where they come from is
// the worker's business (AwayKeys).
//
// Any worker may evict from any shard: it holds its lock, as every thread does that removes a key.
// Takes one lock at a time and keeps it for one sample or one removal. Shards of transactions are
// passed by.

import { Random, SHARD_COUNT } from '@forgekv/base';
import { Databases } from './databases.ts';
import { type EvictionPolicy, evictionPolicy, victimScore } from './eviction-policy.ts';
import type { HotTable } from './hot-table.ts';
import { ENTRY_HASH, FLAG_STORED, TYPE_TOMBSTONE } from './layout.ts';
import { Scanner, SHARD_END } from './scanner.ts';
import { VictimPool } from './victim-pool.ts';

/** What the evictor tells its worker; called under the lock of the entry's shard. */
export interface EvictionEvents {
  /** A live entry is about to be removed; returns the removal's LSN. */
  evicted(shard: number, entry: number): number;
  /** It was removed, and its tombstone stays. */
  buried(tombstone: number): void;
  /** A large value's entry goes: free the value. */
  largeFreed(shard: number, largeId: number): void;
}

export type AwayOutcome = 'gone' | 'soon' | 'perhaps' | 'none';

/** Victims among the keys that only stores have. */
export interface AwayKeys {
  /**
   * Brings the next victim's entry back and has it removed, under the lock of its shard.
   * @returns 'gone', 'soon' (none is at hand, but will be), 'perhaps' (they are being looked for,
   *   without success so far), or 'none'
   */
  evictNext(remove: (shard: number, entry: number) => void): AwayOutcome;
  /** When the next one expires, in Unix milliseconds; Infinity: none is at hand. */
  readonly nextExpireAtMs: number;
}

export const MOST_SAMPLES = 64;
/** Buckets and entries of one sample. */
const SAMPLE_STEPS = 256;
/** The same of one slice of a walk: some ten microseconds. */
const WALK_STEPS = 2048;
/** Samples that may end without a victim, before shards are walked. */
const SAMPLE_TRIES = 8;
/** Evictions between two looks at the clock, at all bytes, and at how the keys are spread. */
const LOOK_EVERY = 16;
/** Fewer keys than this share of all are not looked for in the stores, unless no others may go. */
const LEAST_AWAY_SHARE = 1 / 64;

export class DatasetEvictor {
  /** `maxmemory-samples` */
  samples = 5;
  /** Null: no store has keys that may go. */
  away: AwayKeys | null = null;
  /** Keys evicted since start. */
  evicted = 0;
  readonly #table: HotTable;
  readonly #databases: Databases;
  readonly #scanner: Scanner;
  readonly #events: EvictionEvents;
  readonly #random: Random;
  readonly #pool = new VictimPool();
  readonly #weights = new Float64Array(SHARD_COUNT);
  #weight = 0;
  /** Of the keys, those that only stores have. */
  #awayShare = 0;
  /** The next victim is to be such a one, when it is there. */
  #owesAway = false;
  #policy: EvictionPolicy = evictionPolicy('noeviction');
  #seconds = 0;
  #freedBytes = 0;
  // Of the sample under way.
  #shard = 0;
  #found = 0;
  #wanted = 0;
  #walkShard = 0;
  #walkPosition = 0;

  constructor(
    table: HotTable,
    events: EvictionEvents,
    random: Random = new Random(Math.floor(Math.random() * 2 ** 32)),
  ) {
    this.#table = table;
    this.#databases = new Databases(table);
    this.#scanner = new Scanner(table, this.#databases);
    this.#events = events;
    this.#random = random;
  }

  /** Goes by another policy from now on. */
  setPolicy(policy: EvictionPolicy): void {
    this.#policy = policy;
    this.#pool.clear();
  }

  /**
   * Evicts until the dataset has `targetBytes` at most, or the clock passes `untilMs` (Unix
   * milliseconds). No lock is held.
   * @returns 'enough', 'more' (call again), 'soon' (the same when stores were asked), or 'none':
   *   there is no key that may go
   */
  run(targetBytes: number, untilMs: number): 'enough' | 'more' | 'soon' | 'none' {
    const { cap } = this.#table;
    if (this.#policy.order === 'none') return cap.look() <= targetBytes ? 'enough' : 'none';
    for (;;) {
      const excess = cap.look() - targetBytes;
      if (excess <= 0) return 'enough';
      const nowMs = Date.now();
      if (nowMs >= untilMs) return 'more';
      this.#seconds = Math.floor((nowMs - this.#table.arena.epochMs) / 1000);
      this.#weigh();
      this.#freedBytes = 0;
      for (let i = 0; i < LOOK_EVERY && this.#freedBytes < excess; i++) {
        const outcome = this.#evictNext(untilMs);
        // Others evict, too: they may have had the last ones, and the dataset is small by now.
        if (outcome !== 'gone') return cap.look() <= targetBytes ? 'enough' : outcome;
      }
    }
  }

  #evictNext(untilMs: number): 'gone' | 'more' | 'soon' | 'none' {
    if (this.#owesAway || this.#prefersAway()) {
      const outcome = this.#evictAway();
      // Waiting must not end with the other choice: keys of the table would go more often.
      this.#owesAway = outcome === 'soon';
      if (outcome === 'gone' || outcome === 'soon') return outcome;
    }
    if (this.#evictOne() || this.#walk(untilMs)) return 'gone';
    if (Date.now() >= untilMs) return 'more';
    const outcome = this.#evictAway();
    return outcome === 'perhaps' ? 'soon' : outcome;
  }

  #evictAway(): AwayOutcome {
    return this.away?.evictNext(this.#removeAway) ?? 'none';
  }

  readonly #removeAway = (shard: number, entry: number): void => this.#remove(shard, entry);

  /** True when the next victim is to be one that only its store has. */
  #prefersAway(): boolean {
    if (this.away === null || this.#awayShare === 0) return false;
    if (this.#policy.order === 'random') return this.#random.chance(this.#awayShare);
    if (this.#policy.order !== 'ttl') return this.#awayShare >= LEAST_AWAY_SHARE;
    this.#sampleAny();
    const { nextExpireAtMs } = this.away;
    return nextExpireAtMs === Infinity || -nextExpireAtMs >= this.#pool.best;
  }

  #weigh(): void {
    let sum = 0;
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      sum += this.#present(shard);
      this.#weights[shard] = sum;
    }
    this.#weight = sum;
    this.#awayShare = 0;
    if (this.away === null) return;
    let keys = 0;
    for (let db = 0; db < this.#databases.count; db++) keys += this.#databases.keys(db);
    if (keys > 0) this.#awayShare = this.#databases.away / keys;
  }

  /** Keys of a shard that may go and have entries; with an expiry, as many as may have. */
  #present(shard: number): number {
    const isVolatile = this.#policy.isVolatile;
    const keys = this.#databases.allKeysOfShard(shard, false);
    const present = keys - this.#databases.allAwayOfShard(shard);
    if (!isVolatile) return present;
    return Math.min(present, this.#databases.allKeysOfShard(shard, true));
  }

  /** A random shard, by weight; -1: no shard has keys that may go. */
  #pick(): number {
    if (this.#weight <= 0) return -1;
    const at = this.#random.below(this.#weight);
    let shard = 0;
    while (shard < SHARD_COUNT - 1 && this.#weights[shard]! <= at) shard++;
    return shard;
  }

  /** False: no victim was met by chance. */
  #evictOne(): boolean {
    for (let i = 0; i < SAMPLE_TRIES; i++) {
      if (!this.#sampleAny()) return false;
      if (this.#evictBest()) return true;
    }
    return false;
  }

  /** Samples some shard; false: none has keys that may go. */
  #sampleAny(): boolean {
    const shard = this.#pick();
    if (shard < 0) return false;
    const wanted = this.#policy.order === 'random' ? 1 : Math.min(this.samples, MOST_SAMPLES);
    this.#sampleRound(shard, this.#random.uint32(), wanted);
    return true;
  }

  /** Samples a shard from a place on, and behind its end from its beginning: it is a circle. */
  #sampleRound(shard: number, position: number, wanted: number): void {
    const at = this.#sample(shard, position, SAMPLE_STEPS, wanted);
    const missing = wanted - this.#found;
    if (at >= SHARD_END && missing > 0) this.#sample(shard, 0, SAMPLE_STEPS, missing);
  }

  /**
   * Offers the pool up to `wanted` keys of a shard from a place on; returns the place to go on
   * from.
   */
  #sample(shard: number, position: number, steps: number, wanted: number): number {
    const { locks } = this.#table;
    this.#shard = shard;
    this.#found = 0;
    this.#wanted = wanted;
    locks.lock(shard);
    const isOpen = this.#table.gateOf(shard) === 0;
    const at = isOpen ? this.#scanner.walkAll(shard, position, steps, this.#consider) : SHARD_END;
    locks.unlock(shard);
    return at;
  }

  readonly #consider = (entry: number): boolean => {
    const table = this.#table;
    if (this.#found < this.#wanted && this.#mayGo(entry)) {
      this.#found++;
      this.#pool.offer(
        this.#shard,
        table.hashOf(entry),
        table.namespaceOf(entry),
        this.#score(entry),
      );
    }
    return this.#found < this.#wanted;
  };

  #mayGo(entry: number): boolean {
    const table = this.#table;
    if (table.typeOf(entry) === TYPE_TOMBSTONE) return false;
    if (this.#policy.isVolatile && table.expireAtMs(entry) === 0) return false;
    return this.#databases.ofNamespace(table.namespaceOf(entry)) >= 0;
  }

  #score(entry: number): number {
    return victimScore(this.#policy.order, this.#table, entry, this.#seconds, this.#random);
  }

  /** Removes the best victim of the pool that is still one; false: there was none. */
  #evictBest(): boolean {
    const pool = this.#pool;
    const { locks } = this.#table;
    while (pool.take()) {
      const { shard } = pool;
      locks.lock(shard);
      const entry = this.#table.gateOf(shard) === 0 ? this.#find() : 0;
      if (entry !== 0) this.#remove(shard, entry);
      locks.unlock(shard);
      if (entry !== 0) return true;
    }
    return false;
  }

  /** The entry of the victim taken last; 0: it has gone, or was used since. */
  #find(): number {
    const table = this.#table;
    const { shard, hash, namespace, score } = this.#pool;
    const bucket = table.index.bucket(shard, hash);
    let entry = bucket === 0 ? 0 : table.words[bucket]! << 2;
    // Two keys of the same hash are as good as each other: neither is the better victim.
    while (entry !== 0) {
      if (table.words[entry + ENTRY_HASH] === hash && table.namespaceOf(entry) === namespace) {
        const isRandom = this.#policy.order === 'random';
        return this.#mayGo(entry) && (isRandom || this.#score(entry) >= score) ? entry : 0;
      }
      entry = table.words[entry]! << 2;
    }
    return 0;
  }

  #remove(shard: number, entry: number): void {
    const table = this.#table;
    const db = this.#databases.ofNamespace(table.namespaceOf(entry));
    this.#freedBytes += table.datasetBytes(entry);
    const lsn = this.#events.evicted(shard, entry);
    if (table.isLarge(entry)) {
      this.#events.largeFreed(shard, table.words[table.valueWord(entry)]!);
    }
    const stays = (table.flagsOf(entry) & FLAG_STORED) !== 0;
    table.removeFrom(shard, db, entry, lsn);
    if (stays) this.#events.buried(entry);
    this.evicted++;
  }

  /**
   * Goes through the shards that have keys that may go, until one has gone.
   * @returns false when there are none, or the clock has passed `untilMs`
   */
  #walk(untilMs: number): boolean {
    // One more than there are: the walk may begin in the middle of one.
    for (let shards = 0; shards <= SHARD_COUNT; shards++) {
      const shard = this.#walkShard;
      if (this.#present(shard) > 0) {
        while (this.#walkPosition < SHARD_END) {
          const from = this.#walkPosition;
          this.#walkPosition = this.#sample(shard, from, WALK_STEPS, MOST_SAMPLES);
          if (this.#evictBest()) return true;
          if (Date.now() >= untilMs) return false;
        }
      }
      this.#walkPosition = 0;
      this.#walkShard = (shard + 1) % SHARD_COUNT;
    }
    return false;
  }
}
