// A stress thread's own keys: some in the shared database, some in two databases of its own.
// Nobody else writes them, so the thread knows exactly what must be there, while shards, pages,
// buckets and the pool are everybody's.

import { FLAG_STORED, LARGE_BYTES, TYPE_TOMBSTONE } from '../src/layout.ts';
import type { StressBase } from './stress-base.ts';
import { LEDGER_IDS, makeValue, OWN_KEYS, privateDbs, SHARED_DB } from './stress-job.ts';

export interface Known {
  readonly version: number;
  readonly length: number;
  /** Id of the large value, or -1. */
  readonly largeId: number;
  expireAtMs: number;
}

export interface OwnDb {
  db: number;
  readonly isPrivate: boolean;
  known: Map<string, Known>;
}

export class OwnKeys {
  readonly #base: StressBase;
  readonly dbs: OwnDb[];
  /** Slots in which this thread made an entry before. */
  readonly #slots = new Set<number>();
  /** Version of the value written last. */
  version = 0;

  constructor(base: StressBase) {
    this.#base = base;
    this.dbs = [SHARED_DB, ...privateDbs(base.job.threadId)].map((db) => ({
      db,
      isPrivate: db !== SHARED_DB,
      known: new Map(),
    }));
  }

  /** A key of this thread. In private databases all threads use the same names: same hashes. */
  randomKey({ isPrivate }: OwnDb): string {
    const { random, job } = this.#base;
    const owner = isPrivate ? 'p' : `t${job.threadId}.`;
    return `{${this.#base.randomTag()}}${owner}${random.below(OWN_KEYS / job.tags.length)}`;
  }

  set(): void {
    const { random, facts } = this.#base;
    const own = random.pick(this.dbs);
    const key = this.randomKey(own);
    const length = this.#base.randomLength();
    const version = ++this.version;
    const value = makeValue(key, version, length);
    const done = this.#base.guarded(key, own.db, () => this.put(value));
    if (done === undefined) return;
    if (!done) {
      facts.full++;
      this.#makeRoom();
      return;
    }
    facts.writes++;
    own.known.set(key, { version, length, largeId: -1, expireAtMs: 0 });
  }

  /** Writes the selected key; false: the pool is full. */
  put(value: Buffer): boolean {
    const { keys, table, facts, random } = this.#base;
    const before = table.find();
    const entry = keys.put(value, Date.now());
    if (entry === 0) return false;
    if (before !== 0 && before !== entry) facts.moved++;
    if (before === 0 && this.#slots.has(entry)) facts.reused++;
    this.#slots.add(entry);
    if (random.chance(0.2)) table.setFlags(entry, 0, FLAG_STORED);
    return true;
  }

  /** Deletes some keys, so that the pool is not full for good. */
  #makeRoom(): void {
    for (const own of this.dbs) {
      const names = [...own.known.keys()];
      for (let i = 0; i < names.length; i += 8) this.#delete(own, names[i]!);
    }
  }

  delete(): void {
    const own = this.#base.random.pick(this.dbs);
    this.#delete(own, this.randomKey(own));
  }

  #delete(own: OwnDb, key: string): void {
    const { keys, facts } = this.#base;
    const beforeMs = Date.now();
    const removed = this.#base.guarded(key, own.db, () => {
      const entry = keys.live(beforeMs);
      if (entry !== 0) keys.remove(entry);
      return entry !== 0;
    });
    if (removed === undefined) return;
    facts.deletes++;
    this.#expectThere(own, key, removed, beforeMs);
    own.known.delete(key);
  }

  /** Whether the key was found must agree with what is known, but for one that expires just now. */
  #expectThere(own: OwnDb, key: string, found: boolean, beforeMs: number): void {
    const known = own.known.get(key);
    const expireAtMs = known?.expireAtMs ?? -1;
    const mustBe = expireAtMs === 0 || expireAtMs > Date.now();
    const mayBe = expireAtMs === 0 || expireAtMs > beforeMs;
    if (mustBe && !found) this.#base.fail(`${key} in ${own.db} is lost`);
    if (!mayBe && found) this.#base.fail(`${key} in ${own.db} came back`);
  }

  get(): void {
    const own = this.#base.random.pick(this.dbs);
    this.#get(own, this.randomKey(own));
  }

  #get(own: OwnDb, key: string): void {
    const { keys, facts } = this.#base;
    const beforeMs = Date.now();
    const found = this.#base.guarded(key, own.db, (table) => {
      const entry = keys.live(beforeMs);
      if (entry === 0) return null;
      const isLarge = table.isLarge(entry);
      const largeId = isLarge ? table.words[table.valueWord(entry)]! : -1;
      const expireAtMs = table.expireAtMs(entry);
      return { value: keys.valueOf(entry), largeId, expireAtMs };
    });
    if (found === undefined) return;
    facts.reads++;
    this.#expectThere(own, key, found !== null, beforeMs);
    const known = own.known.get(key);
    if (found === null || known === undefined) return;
    const expected = makeValue(key, known.version, known.length);
    const isRight = known.largeId < 0 ? found.value.equals(expected) : true;
    if (!isRight || found.largeId !== known.largeId || found.expireAtMs !== known.expireAtMs) {
      this.#base.fail(`${key} in ${own.db} has another value than was written`);
    }
  }

  expire(): void {
    const { random, keys } = this.#base;
    const own = random.pick(this.dbs);
    const key = this.randomKey(own);
    const expireAtMs = this.#base.randomExpiry();
    const beforeMs = Date.now();
    const found = this.#base.guarded(key, own.db, (table) => {
      const entry = keys.live(beforeMs);
      if (entry !== 0) table.setExpireAtMs(entry, expireAtMs);
      return entry !== 0;
    });
    if (found === undefined) return;
    this.#expectThere(own, key, found, beforeMs);
    const known = own.known.get(key);
    if (!found || known === undefined) own.known.delete(key);
    else known.expireAtMs = expireAtMs;
  }

  /** Changes the length of a value in place or by moving: the kept part must stay. */
  resize(): void {
    const { random, keys, facts } = this.#base;
    const own = random.pick(this.dbs);
    const key = this.randomKey(own);
    const length = this.#base.randomLength();
    const version = ++this.version;
    const value = makeValue(key, version, length);
    const done = this.#base.guarded(key, own.db, (table) => {
      const entry = keys.live(Date.now());
      if (entry === 0 || table.isLarge(entry)) return null;
      const old = keys.valueOf(entry);
      const kept = Math.min(old.length, length);
      const moved = table.resize(entry, length, kept);
      if (moved === 0) return false;
      const bytes = keys.valueOf(moved);
      if (!bytes.subarray(0, kept).equals(old.subarray(0, kept))) {
        this.#base.fail(`${key} in ${own.db} lost bytes when it was resized`);
      }
      if (moved !== entry) facts.moved++;
      const view = new DataView(value.buffer, value.byteOffset, value.length);
      table.writeValue(moved, 0, value, view, 0, length);
      table.stamp(moved);
      return true;
    });
    if (done === false) facts.full++;
    const known = own.known.get(key);
    if (done && known === undefined) this.#base.fail(`${key} in ${own.db} came back`);
    if (done && known !== undefined) own.known.set(key, { ...known, version, length });
  }

  /** Makes the value a large one: its bytes are elsewhere, the ledger says who needs them. */
  makeLarge(): void {
    const { random, keys, facts } = this.#base;
    const own = random.pick(this.dbs);
    const key = this.randomKey(own);
    const largeId = this.#base.guarded(key, own.db, (table) => {
      const entry = keys.put(Buffer.alloc(LARGE_BYTES), Date.now());
      if (entry === 0) return null;
      const id = table.nextLargeId();
      if (id >= LEDGER_IDS) this.#base.fail('the ledger is too short for this run');
      table.setLarge(entry, id, LARGE_BYTES);
      this.#base.largeMade(id);
      return id;
    });
    if (largeId === null) facts.full++;
    if (largeId === null || largeId === undefined) return;
    facts.large++;
    own.known.set(key, { version: 0, length: LARGE_BYTES, largeId, expireAtMs: 0 });
  }

  /** As a worker that has told the store of a deletion: the tombstone goes. */
  dropTombstone(): void {
    const own = this.#base.random.pick(this.dbs);
    const key = this.randomKey(own);
    this.#base.guarded(key, own.db, (table) => {
      const entry = table.find();
      if (entry === 0 || table.typeOf(entry) !== TYPE_TOMBSTONE) return;
      table.unlinkFrom(table.shard, entry);
      this.#base.facts.tombstones++;
    });
  }

  /** Reads every key once more. */
  checkAll(): void {
    for (const own of this.dbs) for (const key of own.known.keys()) this.#get(own, key);
  }
}
