// Numbered databases over namespaces: an entry carries a namespace id, a database number maps
// to one. So flushing is a new id and swapping is two words; what is left behind is swept.
//
// The map and the counters change only while every shard lock is held (flush, swap), and are
// read under any one of them; sums for DBSIZE and INFO are read without a lock, each word is
// whole and the total is as exact as any moment during the reading.

import { SHARD_COUNT } from '@forgekv/base';
import type { HotTable } from './hot-table.ts';
import {
  COUNTER_AWAY,
  COUNTER_BYTES,
  COUNTER_EXPIRES,
  COUNTER_KEYS,
  COUNTER_LATER,
  COUNTER_WORDS,
  DATASET_KEY_BYTES,
  ENTRY_HEAD_BYTES,
  FLUSH_GENERATION,
  NAMESPACE_NEXT,
} from './layout.ts';

/** Which namespace each database has, and the first number no namespace ever had. */
export interface NamespaceMap {
  readonly next: number;
  readonly namespaces: readonly number[];
}

export class Databases {
  /**
   * Makes a map durable before it is in force: what it throws leaves everything as it was. All
   * shard locks are held meanwhile, so that nobody sees what a crash would take back.
   */
  persist: (map: NamespaceMap) => void = () => {};
  readonly #table: HotTable;
  readonly #words: Int32Array;
  readonly #namespaces: number;
  readonly #swaps: number;
  readonly #counters: number;
  /** Number of databases. */
  readonly count: number;

  constructor(table: HotTable) {
    this.#table = table;
    this.#words = table.words;
    this.#namespaces = table.arena.namespaces;
    this.#swaps = table.arena.swaps;
    this.#counters = table.arena.counters;
    this.count = table.arena.databases;
  }

  /** Returns the database a namespace belongs to, or -1 when it was flushed. */
  ofNamespace(namespace: number): number {
    for (let db = 0; db < this.count; db++) {
      if (this.#words[this.#namespaces + db] === namespace) return db;
    }
    return -1;
  }

  /** Returns the namespace of a database. */
  namespaceOf(db: number): number {
    return this.#words[this.#namespaces + db]!;
  }

  /** Returns the number of keys of a database, expired but not yet removed ones included. */
  keys(db: number): number {
    return this.#sum(db, COUNTER_KEYS);
  }

  /** Returns the number of keys of a database that have an expiry. */
  expires(db: number): number {
    return this.#sum(db, COUNTER_EXPIRES);
  }

  /** Returns the bytes that the heads of a database's entries take in the table. */
  headBytes(db: number): number {
    return (this.#sum(db, COUNTER_KEYS) - this.#sum(db, COUNTER_AWAY)) * ENTRY_HEAD_BYTES;
  }

  /** Returns the number of keys of a database in one shard. */
  keysOfShard(db: number, shard: number): number {
    return this.#words[this.#counter(db, shard)]!;
  }

  /** Returns the bytes of a database's keys and values in one shard, wherever they are. */
  bytesOfShard(db: number, shard: number): number {
    return this.#table.arena.floats[(this.#counter(db, shard) + COUNTER_BYTES) >> 1]!;
  }

  /** Returns the keys of all databases in one shard, or those of them that have an expiry. */
  allKeysOfShard(shard: number, expiringOnly: boolean): number {
    const counter = expiringOnly ? COUNTER_EXPIRES : COUNTER_KEYS;
    let sum = 0;
    for (let db = 0; db < this.count; db++) sum += this.#words[this.#counter(db, shard) + counter]!;
    return sum;
  }

  /** Returns the keys of all databases in one shard that have no entry. */
  allAwayOfShard(shard: number): number {
    let sum = 0;
    for (let db = 0; db < this.count; db++) sum += this.awayOfShard(db, shard);
    return sum;
  }

  /** Returns the number of keys of a database in one shard that have no entry. */
  awayOfShard(db: number, shard: number): number {
    return this.#words[this.#counter(db, shard) + COUNTER_AWAY]!;
  }

  /** Returns the number of keys that only the stores have, of all databases. */
  get away(): number {
    let sum = 0;
    for (let db = 0; db < this.count; db++) sum += this.#sum(db, COUNTER_AWAY);
    return sum;
  }

  /** True when a key of the database that has no entry in a shard does not exist. */
  isComplete(db: number, shard: number): boolean {
    return this.awayOfShard(db, shard) === 0;
  }

  /**
   * Returns the bytes of the keys and values of the records that a shard's store has of a database
   * once it has all that a flush pass, which has been everywhere, wrote. See shard-state.ts.
   * @param records how many
   */
  passedBytes(db: number, shard: number, records: number): number {
    const later = this.#table.arena.floats[(this.#counter(db, shard) + COUNTER_LATER) >> 1]!;
    return this.bytesOfShard(db, shard) - later - records * DATASET_KEY_BYTES;
  }

  /**
   * Adds keys that the shard's store has, none of which has an entry: for a start.
   * @param bytes of keys and values
   */
  addAway(db: number, shard: number, keys: number, expiring: number, bytes: number): void {
    const at = this.#counter(db, shard);
    const words = this.#words;
    words[at + COUNTER_KEYS] = words[at + COUNTER_KEYS]! + keys;
    words[at + COUNTER_EXPIRES] = words[at + COUNTER_EXPIRES]! + expiring;
    words[at + COUNTER_AWAY] = words[at + COUNTER_AWAY]! + keys;
    const { floats } = this.#table.arena;
    const counted = (at + COUNTER_BYTES) >> 1;
    floats[counted] = floats[counted]! + bytes + keys * DATASET_KEY_BYTES;
  }

  #counter(db: number, shard: number): number {
    return this.#counters + (shard * this.count + db) * COUNTER_WORDS;
  }

  #sum(db: number, counter: number): number {
    let sum = 0;
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      sum += this.#words[this.#counter(db, shard) + counter]!;
    }
    return sum;
  }

  /** The map in force. */
  map(): NamespaceMap {
    const { namespaces } = this.#table.arena;
    return {
      next: this.#words[NAMESPACE_NEXT]!,
      namespaces: [...this.#words.subarray(namespaces, namespaces + this.count)],
    };
  }

  /** Puts the map of an earlier run in force; the databases are empty. */
  restore(map: NamespaceMap): void {
    const words = this.#words;
    let { next } = map;
    for (let db = 0; db < this.count; db++) {
      // There may be more databases than in the earlier run.
      words[this.#namespaces + db] = map.namespaces[db] ?? next++;
    }
    words[NAMESPACE_NEXT] = next;
  }

  /**
   * Empties the databases `first` to `last` in O(1) each. Every shard lock is held.
   * @returns the keys they had
   */
  flush(first: number, last: number = first): number {
    const { next, namespaces } = this.map();
    const count = last - first + 1;
    const fresh = Array.from({ length: count }, (_, i) => next + i);
    this.persist({
      next: next + count,
      namespaces: namespaces.toSpliced(first, count, ...fresh),
    });
    let removed = 0;
    for (let db = first; db <= last; db++) removed += this.#empty(db);
    return removed;
  }

  #empty(db: number): number {
    const words = this.#words;
    let removed = 0;
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      const at = this.#counter(db, shard);
      removed += words[at]!;
      words.fill(0, at, at + COUNTER_WORDS);
    }
    const namespace = words[NAMESPACE_NEXT]!;
    words[NAMESPACE_NEXT] = namespace + 1;
    words[this.#namespaces + db] = namespace;
    Atomics.add(words, FLUSH_GENERATION, 1);
    return removed;
  }

  /** Swaps two databases in O(1). Every shard lock is held. */
  swap(a: number, b: number): void {
    const words = this.#words;
    const { next, namespaces } = this.map();
    this.persist({
      next,
      namespaces: namespaces.with(a, namespaces[b]!).with(b, namespaces[a]!),
    });
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      for (let i = 0; i < COUNTER_WORDS; i++) {
        const left = this.#counter(a, shard) + i;
        const right = this.#counter(b, shard) + i;
        const kept = words[left]!;
        words[left] = words[right]!;
        words[right] = kept;
      }
    }
    const kept = words[this.#namespaces + a]!;
    words[this.#namespaces + a] = words[this.#namespaces + b]!;
    words[this.#namespaces + b] = kept;
    if (a !== b) for (const db of [a, b]) Atomics.add(words, this.#swaps + db, 1);
  }

  /** Takes every shard lock in ascending order, runs, and releases them. */
  withAllLocks<T>(run: () => T): T {
    const { locks } = this.#table;
    for (let shard = 0; shard < SHARD_COUNT; shard++) locks.lock(shard);
    try {
      return run();
    } finally {
      for (let shard = SHARD_COUNT - 1; shard >= 0; shard--) locks.unlock(shard);
    }
  }
}
