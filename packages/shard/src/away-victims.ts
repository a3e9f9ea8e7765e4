// Victims among the keys that only this worker's stores have, for the cap on the dataset. Reading
// a store is asynchronous and evicting is not, so some are found ahead: pages of the stores, read
// at random places. What is in the list is a hint; whether a key is still away, and what its
// record says, is looked at when its turn comes.
//
// Under volatile policies the stores' indexes by time are read, from the earliest expiry on: there
// may be few keys with an expiry among a great many, and a page of records would have none.

import { Random } from '@forgekv/base';
import { type CommandContext, FULL } from '@forgekv/commands';
import {
  type AwayKeys,
  type AwayOutcome,
  type EvictionPolicy,
  evictionPolicy,
} from '@forgekv/keyspace';
import type { ShardStores } from './shard-stores.ts';
import type { StoredValues } from './stored-values.ts';

/** Fewer candidates than this, and more are looked for until there are so many. */
const FEW = 64;
const WANTED = 256;
const PAGE_RECORDS = 64;
/** Of one shard's index under `ttl`: the earliest of all shards are compared. */
const INDEX_RECORDS = 4;
const MOST_PAGES = 16;
/** Pages in a row without a candidate: then nobody waits for more who has other victims. */
const MANY_MISSES = 8;
/** Candidates that may turn out to be none, in one call. */
const MOST_TRIES = 64;
/** After all places had nothing, they are left alone for this long. */
const DRY_MS = 200;
/** Brought back without its value: a tombstone of it takes no more room than that. */
const NO_VALUE = -1;
const ALL_TIMES_MS = Number.MAX_SAFE_INTEGER;
const END = -1;

interface Candidate {
  readonly shard: number;
  readonly namespace: number;
  readonly key: Buffer;
  readonly expireAtMs: number;
}

/** Where to read: a hash in a database, or a time in the index of all. */
interface Place {
  readonly shard: number;
  readonly db: number;
  readonly at: number;
}

export class AwayVictims implements AwayKeys {
  readonly #context: CommandContext;
  readonly #stores: ShardStores;
  readonly #stored: StoredValues;
  readonly #wake: () => void;
  readonly #random: Random;
  /** The last one goes next. */
  #candidates: Candidate[] = [];
  #policy: EvictionPolicy = evictionPolicy('noeviction');
  #place: Place | null = null;
  #turn = 0;
  /** Places read to their ends in a row without a candidate. */
  #barren = 0;
  #dryUntilMs = 0;
  #isFilling = false;
  /** Pages in a row without a candidate. */
  #misses = 0;

  /** @param wake called when candidates were found, or could not be */
  constructor(
    context: CommandContext,
    stores: ShardStores,
    stored: StoredValues,
    wake: () => void,
    random: Random = new Random(Math.floor(Math.random() * 2 ** 32)),
  ) {
    this.#context = context;
    this.#stores = stores;
    this.#stored = stored;
    this.#wake = wake;
    this.#random = random;
  }

  /** Goes by another policy from now on. */
  setPolicy(policy: EvictionPolicy): void {
    this.#policy = policy;
    this.#candidates = [];
    this.#place = null;
    this.#dryUntilMs = 0;
    this.#misses = 0;
  }

  /** True while a store is being read. */
  get isBusy(): boolean {
    return this.#isFilling;
  }

  /** Candidates at hand. */
  get length(): number {
    return this.#candidates.length;
  }

  get nextExpireAtMs(): number {
    return this.#candidates.at(-1)?.expireAtMs ?? Infinity;
  }

  evictNext(remove: (shard: number, entry: number) => void): AwayOutcome {
    for (let i = 0; i < MOST_TRIES; i++) {
      const candidate = this.#candidates.pop();
      if (candidate === undefined) break;
      const entry = this.#evict(candidate, remove);
      if (entry > 0) return 'gone';
      if (entry === FULL) {
        // There will be room for it in the table, where others may go meanwhile.
        this.#candidates.push(candidate);
        return 'perhaps';
      }
    }
    this.refill(Date.now());
    if (!this.#isFilling) return 'none';
    return this.#misses < MANY_MISSES ? 'soon' : 'perhaps';
  }

  /** Looks for more candidates, if there are few of them and there may be more. */
  refill(nowMs: number): void {
    if (this.#isFilling || this.#candidates.length >= FEW || nowMs < this.#dryUntilMs) return;
    if (this.#policy.order === 'none' || this.#pick() === null) return;
    this.#isFilling = true;
    void this.#fill()
      // Whoever needs the store meets the error.
      .catch(() => this.#beDry())
      .finally(() => {
        this.#isFilling = false;
        this.#wake();
      });
  }

  /** Returns above 0 when the candidate has gone, FULL, or something else. */
  #evict(candidate: Candidate, remove: (shard: number, entry: number) => void): number {
    const { table } = this.#context;
    const { shard } = candidate;
    table.locks.lock(shard);
    let entry = 0;
    if (table.gateOf(shard) === 0 && this.#isAway(candidate)) {
      // Not read with the page: the record may be another one by now.
      entry = this.#stored.fetch(this.#context, NO_VALUE);
    }
    if (entry > 0) {
      if (!this.#policy.isVolatile || table.expireAtMs(entry) !== 0) remove(shard, entry);
      else entry = 0;
    }
    table.locks.unlock(shard);
    return entry;
  }

  /** Selects a key; its shard is locked. True: it has no entry, and may have a record. */
  #isAway({ shard, namespace, key }: Candidate): boolean {
    const { table, databases } = this.#context;
    const db = databases.ofNamespace(namespace);
    if (db < 0) return false;
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    const hash = table.hasher.digest(key, view, 0, key.length);
    table.selectHashed(key, view, 0, key.length, db, shard, hash);
    return !table.isComplete && table.find() === 0;
  }

  async #fill(): Promise<void> {
    const { isVolatile, order } = this.#policy;
    const pages = order === 'ttl' ? this.#stores.shards.length : MOST_PAGES;
    for (let i = 0; i < pages && this.#candidates.length < WANTED; i++) {
      const place = this.#place ?? this.#pick();
      if (place === null) break;
      const before = this.#candidates.length;
      const next = await (isVolatile ? this.#readIndex(place) : this.#readRecords(place));
      this.#misses++;
      if (this.#candidates.length > before) {
        this.#misses = 0;
        this.#place = null;
        this.#barren = 0;
      } else if (next !== END) {
        this.#place = { ...place, at: next };
      } else {
        this.#place = null;
        // The first round of a shard may have begun in its middle.
        if (++this.#barren > 2 * this.#stores.shards.length) return this.#beDry();
      }
    }
    if (order === 'ttl') this.#candidates.sort((a, b) => b.expireAtMs - a.expireAtMs);
  }

  #beDry(): void {
    this.#barren = 0;
    this.#misses = MANY_MISSES;
    this.#dryUntilMs = Date.now() + DRY_MS;
  }

  /** A place among the keys that are away, or in the next shard's index; null: there is none. */
  #pick(): Place | null {
    const { databases } = this.#context;
    const { shards } = this.#stores;
    const { isVolatile } = this.#policy;
    if (isVolatile) {
      for (let i = 0; i < shards.length; i++) {
        const shard = shards[this.#turn++ % shards.length]!;
        const mayHave = databases.allAwayOfShard(shard) > 0;
        if (mayHave && databases.allKeysOfShard(shard, true) > 0) return { shard, db: 0, at: 0 };
      }
      return null;
    }
    let away = 0;
    for (const shard of shards) away += databases.allAwayOfShard(shard);
    let left = this.#random.below(Math.max(1, away));
    for (const shard of shards) {
      for (let db = 0; db < databases.count; db++) {
        const here = databases.awayOfShard(db, shard);
        // From the beginning once places had nothing behind them.
        if (left < here) return { shard, db, at: this.#barren > 0 ? 0 : this.#random.uint32() };
        left -= here;
      }
    }
    return null;
  }

  async #readRecords({ shard, db, at }: Place): Promise<number> {
    const namespace = this.#context.databases.namespaceOf(db);
    const page = await this.#stores.of(shard).scan(shard, namespace, at, PAGE_RECORDS);
    this.#offer(
      page.records.map(({ key, record }) => ({
        shard,
        namespace,
        key,
        expireAtMs: record.expireAtMs,
      })),
    );
    return page.nextHash;
  }

  async #readIndex({ shard, at }: Place): Promise<number> {
    const store = this.#stores.of(shard);
    const wanted = this.#policy.order === 'ttl' && at === 0 ? INDEX_RECORDS : PAGE_RECORDS;
    const found = await store.expired(shard, ALL_TIMES_MS, wanted, at);
    this.#offer(
      found.map(({ namespace, key, expireAtMs }) => ({ shard, namespace, key, expireAtMs })),
    );
    if (found.length < wanted) return END;
    // Where more keys than a page has expire at once, the rest of them has to wait.
    return Math.max(at + 1, found.at(-1)!.expireAtMs);
  }

  /** Keeps those that are away. */
  #offer(candidates: readonly Candidate[]): void {
    const [first] = candidates;
    if (first === undefined) return;
    const { locks } = this.#context.table;
    locks.lock(first.shard);
    for (const candidate of candidates) {
      if (this.#isAway(candidate)) this.#candidates.push(candidate);
    }
    locks.unlock(first.shard);
  }
}
