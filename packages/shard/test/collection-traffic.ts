// Random changes to large collections of a test worker, which are remembered by LSN; and whether
// what its store shows is one of the states that were. Nothing is logged: what is lost is lost.

import type { Random } from '@forgekv/base';
import { AWAITS } from '@forgekv/commands';
import { TYPE_STRING, TYPE_TOMBSTONE } from '@forgekv/keyspace';
import { decodeLarge, type ElementPage } from '@forgekv/storage';
import { emptyElements } from '../src/element-forms.ts';
import {
  COLLECTION_TYPES,
  change,
  digestOf,
  digestOfTwin,
  emptyCollection,
  emptyPlain,
  type Twin,
} from './collection-model.ts';
import type { TestWorker } from './test-worker.ts';
import { reclaimAll } from './worker-state.ts';

const KEYS = 8;
const MOST_CHANGES = 1200;
const LONG_BYTES = 3000;
const GONE = '';

export class CollectionTraffic {
  worker: TestWorker;
  readonly random: Random;
  readonly twins = new Map<string, Twin>();
  /** What each key was at each LSN; GONE: no collection. */
  readonly history = new Map<string, Map<number, string>>();
  /** LSNs of effects that make the same of a key whatever it was: a log alone gives that. */
  readonly #blind = new Set<string>();
  changes = 0;

  constructor(worker: TestWorker, random: Random) {
    this.random = random;
    this.worker = worker;
    worker.context.log = null;
  }

  /** Names of all keys, with collections or not. */
  static readonly keys: readonly string[] = Array.from({ length: KEYS }, (_, i) => `coll:${i}`);

  /** Does something to one key, unless its value is cold. */
  step(): void {
    const { random, worker } = this;
    const key = CollectionTraffic.keys[random.below(KEYS)]!;
    const draw = random.below(100);
    if (draw < 75) this.changeKey(key, 1 + random.below(random.below(5) === 0 ? MOST_CHANGES : 20));
    else if (draw < 83) this.#forget(key, () => worker.run('del', key));
    else if (draw < 86) this.#forget(key, () => worker.run('set', key, 'a string'));
    else if (draw < 92) this.#note(key, () => worker.run('pexpireat', key, `${Date.now() + 1e9}`));
    else if (draw < 96) this.#rename(key);
    else worker.evictAll();
  }

  /** Changes a collection, or makes one; nothing when it is cold. */
  changeKey(key: string, changes: number): void {
    const { worker, random } = this;
    const { context } = worker;
    let isBlind = false;
    // Opens it as a command does: the context knows of its tombstone then.
    worker.run('exists', key);
    this.#opened(key, (entry) => {
      let twin = this.twins.get(key);
      let at = entry;
      if (twin !== undefined) {
        at = context.loadValue(entry);
        // Cold, and being read from now on.
        if (at < 0) return;
      } else {
        const type = COLLECTION_TYPES[random.below(COLLECTION_TYPES.length)]!;
        isBlind = true;
        twin = { type, plain: emptyPlain(type) };
        this.twins.set(key, twin);
        at = context.storeLarge(entry, type, emptyCollection(worker, type));
      }
      const { collection } = context;
      if (collection === null) throw new Error(`${key} is no collection`);
      change(random, collection, twin.plain, changes, LONG_BYTES);
      if (collection.count === 0) {
        isBlind = true;
        context.remove(at);
        this.twins.delete(key);
      } else {
        context.touchLarge(at, collection);
        context.changed(at);
      }
      this.changes += changes;
    });
    this.note(key, isBlind);
  }

  #rename(key: string): void {
    const to = CollectionTraffic.keys[this.random.below(KEYS)]!;
    if (to === key || !this.worker.run('rename', key, to).startsWith('+OK')) return;
    const twin = this.twins.get(key);
    this.twins.delete(to);
    this.twins.delete(key);
    if (twin !== undefined) this.twins.set(to, twin);
    this.note(key, true);
    this.note(to, true);
  }

  #note(key: string, act: () => void): void {
    act();
    this.note(key);
  }

  #forget(key: string, act: () => void): void {
    act();
    this.twins.delete(key);
    this.note(key, true);
  }

  /** Remembers what a key is now. */
  note(key: string, isBlind = false): void {
    const states = this.history.get(key) ?? new Map<number, string>();
    this.history.set(key, states);
    const { table } = this.worker;
    const known = states.size === 0 ? GONE : states.get(Math.max(...states.keys()));
    // A removal that left no tombstone has just taken an LSN.
    const lsn = this.#opened(key, (entry) => {
      if (entry !== 0) return table.lsnOf(entry);
      return known === GONE ? 0 : table.lastLsn(table.shard);
    });
    const twin = this.twins.get(key);
    if (isBlind && !states.has(lsn)) this.#blind.add(`${key} ${lsn}`);
    if (lsn > 0) states.set(lsn, twin === undefined ? GONE : digestOfTwin(twin));
  }

  /** Locks and selects a key; its entry may be a tombstone. */
  #opened<T>(key: string, act: (entry: number) => T): T {
    const { table } = this.worker;
    const bytes = Buffer.concat([Buffer.from(key), Buffer.alloc(8)]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const shard = this.worker.shardOf(key);
    table.locks.lock(shard);
    table.selectKey(bytes, view, 0, key.length, 0);
    try {
      return act(table.find());
    } finally {
      table.locks.unlock(shard);
    }
  }

  /** Brings all values back and compares them; [] = equal. */
  async differences(): Promise<string[]> {
    const problems: string[] = [];
    for (const key of CollectionTraffic.keys) {
      const twin = this.twins.get(key);
      const found = await this.read(key);
      const expected = twin === undefined ? GONE : digestOfTwin(twin);
      if (found !== expected) problems.push(`${key}: ${found}, not ${expected}`);
    }
    return problems;
  }

  /** What a key holds, brought back if need be; '' without a collection. */
  async read(key: string): Promise<string> {
    const { context, table, loads } = this.worker;
    for (;;) {
      const found = this.#opened(key, (entry) => {
        if (entry === 0 || table.typeOf(entry) === TYPE_TOMBSTONE) return GONE;
        if (table.typeOf(entry) === TYPE_STRING) return GONE;
        const at = context.loadValue(entry);
        if (at === AWAITS) return null;
        if (at < 0) throw new Error(`${key}: ${at} ${context.unreadable}`);
        return digestOf(context.collection!);
      });
      if (found !== null) return found;
      await loads.idle();
    }
  }

  /**
   * Looks at the store as a start after a crash would see it: each record must be as its LSN says,
   * and as new as the shard's checkpoint claims. [] = it is.
   */
  async storeProblems(): Promise<string[]> {
    const problems: string[] = [];
    for (const key of CollectionTraffic.keys) {
      const states = this.history.get(key);
      if (states === undefined) continue;
      const { lsn, digest } = await this.#stored(key);
      if (lsn > 0 && states.get(lsn) !== digest) {
        problems.push(`${key} at ${lsn}: ${digest}, not ${states.get(lsn)}`);
      }
      const shard = this.worker.shardOf(key);
      const durable = this.worker.stores.of(shard).readCheckpoint(shard)?.durableLsn ?? 0;
      const covered = [...states.keys()].filter((each) => each <= durable);
      const last = Math.max(0, ...covered);
      const isMadeAnew = [...states.keys()].some(
        (each) => each > durable && this.#blind.has(`${key} ${each}`),
      );
      if (last > lsn && states.get(last) !== GONE && !isMadeAnew) {
        problems.push(`${key} at ${lsn}, but ${last} is covered by ${durable}`);
      }
      if (last > lsn && lsn > 0 && !isMadeAnew)
        problems.push(`${key} at ${lsn} has gone at ${last}`);
    }
    return problems;
  }

  async #stored(key: string): Promise<{ lsn: number; digest: string }> {
    const { worker } = this;
    const { context } = worker;
    const shard = worker.shardOf(key);
    const store = worker.stores.of(shard);
    const hash = this.#opened(key, () => worker.table.hash);
    const record = store.read(shard, 1, hash, Buffer.from(key));
    if (record === null) return { lsn: 0, digest: GONE };
    const { lsn, type } = record;
    const metadata = record.isLarge ? decodeLarge(record.payload) : null;
    if (metadata === null) return { lsn, digest: GONE };
    const elements = emptyElements(type, context.largeOptions)!;
    let from: Buffer | null = Buffer.alloc(0);
    while (from !== null) {
      const page: ElementPage = await store.scanElements(shard, metadata.objectId, from, 1000);
      for (const [i, elementKey] of page.keys.entries()) {
        if (!elements.add(elementKey, Buffer.from(page.payloads[i]!))) {
          return { lsn, digest: 'a record that does not fit' };
        }
      }
      from = page.next;
    }
    const { recordCount, collection } = elements;
    if (recordCount !== metadata.extra || collection.count !== metadata.count) {
      return { lsn, digest: `${recordCount} records, ${collection.count} elements` };
    }
    return { lsn, digest: digestOf(collection) };
  }

  /**
   * Goes on with a worker that was started on the same disk, without logs: what the store has is
   * what there is. Twins are no more; changes that were lost may come again with other LSNs.
   */
  async restart(worker: TestWorker): Promise<string[]> {
    this.worker = worker;
    worker.context.log = null;
    this.twins.clear();
    // What was left unfinished is nobody's, and only that.
    await reclaimAll(worker);
    const problems = await this.storeProblems();
    for (const [key, states] of this.history) {
      const { lsn, digest } = await this.#stored(key);
      const read = await this.read(key);
      if (read !== digest) problems.push(`${key}: ${read}, not ${digest} as the store has it`);
      for (const each of states.keys()) if (each > lsn) states.delete(each);
      // The other kinds of values do not tell what they were; the collections begin anew.
      worker.run('del', key);
      this.note(key);
    }
    return problems;
  }
}
