// Brings large collections, and strings of many pieces, back from their stores, page by page, while
// others are served. A key is read once however many ask for it, and a few keys at a time.
//
// While it is read its entry stays cold, and nobody can change the value; but the key can be
// removed, replaced, or get another expiry. So at the end, under the lock, the key must still be
// cold, and its record must still name the object that was read: elements of an object change only
// while its value is not cold, and an id is not used again. Else what was read is thrown away.

import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { invariant } from '@forgekv/base';
import { allocateLarge, type CommandContext, FULL } from '@forgekv/commands';
import { LargeHash } from '@forgekv/datatypes';
import { type HotTable, LARGE_BYTES, TYPE_STRING, TYPE_TOMBSTONE } from '@forgekv/keyspace';
import {
  CorruptRecordError,
  chunkKey,
  decodeLarge,
  type ElementPage,
  type LargeMetadata,
  printable,
  StoreError,
} from '@forgekv/storage';
import { emptyElements } from './element-forms.ts';
import type { CollectionElements } from './element-records.ts';
import type { LargeStore } from './large-store.ts';
import type { Awaited } from './peers.ts';
import type { ShardStores } from './shard-stores.ts';

const MOST_AT_ONCE = 4;
const PAGE_RECORDS = 512;
/** Elements added before it is others' turn. */
const SLICE_RECORDS = 128;
const GATE_WAIT_MS = 1;
/** How long it is remembered that a value cannot be read. */
const PROBLEM_MS = 1000;
const MOST_PROBLEMS = 1000;
const MOST_NOTED_BYTES = 2 ** 31 - 1;
const NO_KEY = Buffer.alloc(0);
const NO_MEMORY = 'OOM a large value does not fit into memory';

/** A collection that is being read. */
export interface CollectionLoad extends Awaited {
  /** Of the value, when it was read and is there; -1: not. */
  readonly largeId: number;
}

interface Load extends CollectionLoad {
  readonly name: string;
  readonly shard: number;
  readonly namespace: number;
  readonly hash: number;
  readonly key: Buffer;
  readonly type: number;
  readonly metadata: LargeMetadata;
  readonly listeners: (() => void)[];
  isDone: boolean;
  largeId: number;
}

export interface CollectionLoadsModules {
  readonly context: CommandContext;
  readonly stores: ShardStores;
  readonly large: LargeStore;
}

export class CollectionLoads {
  readonly #m: CollectionLoadsModules;
  /** By namespace and key; those above MOST_AT_ONCE wait for their turn. */
  readonly #loads = new Map<string, Load>();
  readonly #waiting: Load[] = [];
  #running = 0;
  readonly #problems = new Map<string, { readonly text: string; readonly untilMs: number }>();
  #idle: (() => void)[] = [];
  /** Collections brought back since start. */
  loaded = 0;
  /** Called after each. */
  onDone: () => void = () => {};

  constructor(modules: CollectionLoadsModules) {
    this.#m = modules;
  }

  /** True while something is being read: the event loop must turn. */
  get isBusy(): boolean {
    return this.#loads.size > 0;
  }

  /** Why the selected key's collection could not be read a moment ago, as an error reply, or ''. */
  get problem(): string {
    if (this.#problems.size === 0) return '';
    const problem = this.#problems.get(this.#nameOf());
    return problem !== undefined && Date.now() < problem.untilMs ? problem.text : '';
  }

  /** Reads the collection of the selected key, unless it is being read; the shard is locked. */
  begin(type: number, metadata: LargeMetadata): CollectionLoad {
    const { table } = this.#m.context;
    const name = this.#nameOf();
    const known = this.#loads.get(name);
    if (known !== undefined) return known;
    const load: Load = {
      ...{ name, type, metadata, shard: table.shard, namespace: table.namespace },
      ...{ hash: table.hash, key: Buffer.from(table.selectedKey), listeners: [] },
      ...{ isDone: false, largeId: -1 },
    };
    this.#problems.delete(name);
    this.#loads.set(name, load);
    this.#waiting.push(load);
    this.#next();
    return load;
  }

  /**
   * Reads the collection of the selected key at once, for who cannot wait: blocks for the disk, and
   * about 10 us per element. The shard is locked.
   * @param table in which it is selected
   * @returns its entry, which may have moved, or FULL
   * @throws CorruptRecordError, StoreError, RangeError without memory
   */
  loadNow(table: HotTable, entry: number, type: number, metadata: LargeMetadata): number {
    const { context, stores } = this.#m;
    const { shard, selectedKey: key } = table;
    const elements = emptyElements(type, context.largeOptions);
    if (elements === null) throw new CorruptRecordError('its type', key);
    // The value is cold, so nobody writes elements of its object.
    stores.of(shard).readElements(shard, metadata.objectId, (elementKey, payload) => {
      const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
      if (!elements.add(elementKey, bytes)) throw new CorruptRecordError('an element', key);
    });
    assertWhole(elements, metadata, key);
    const moved = table.resize(entry, LARGE_BYTES, 0);
    if (moved === 0) return FULL;
    this.#adopt(table, moved, metadata, elements);
    return moved;
  }

  /** Calls `done` when a load that is under way has ended. */
  whenDone(load: CollectionLoad, done: () => void): void {
    invariant(!load.isDone, 'who waits does so in time');
    (load as Load).listeners.push(done);
  }

  /** Resolves when nothing is being read. */
  async idle(): Promise<void> {
    while (this.isBusy) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #nameOf(): string {
    const { table } = this.#m.context;
    return `${table.namespace} ${table.selectedKey.toString('latin1')}`;
  }

  #next(): void {
    while (this.#running < MOST_AT_ONCE) {
      const load = this.#waiting.shift();
      if (load === undefined) return;
      this.#running++;
      void this.#run(load).finally(() => this.#end(load));
    }
  }

  #end(load: Load): void {
    this.#running--;
    this.#loads.delete(load.name);
    load.isDone = true;
    for (const done of load.listeners) done();
    for (const resolve of this.#idle.splice(0)) resolve();
    this.#next();
    this.onDone();
  }

  async #run(load: Load): Promise<void> {
    // Not while the lock is held under which it was asked for.
    await turn();
    let elements: CollectionElements | Buffer | null = null;
    let problem = '';
    try {
      elements = load.type === TYPE_STRING ? await this.#join(load) : await this.#read(load);
    } catch (error) {
      problem = problemOf(error);
    }
    while (!this.#place(load, elements, problem)) await pause(GATE_WAIT_MS);
  }

  /** @throws CorruptRecordError, StoreError, RangeError without memory */
  async #read({ shard, key, type, metadata }: Load): Promise<CollectionElements> {
    const { stores, context } = this.#m;
    const { objectId } = metadata;
    const elements = emptyElements(type, context.largeOptions);
    if (elements === null) throw new CorruptRecordError('its type', key);
    let from: Buffer | null = NO_KEY;
    while (from !== null) {
      const page: ElementPage = await stores
        .of(shard)
        .scanElements(shard, objectId, from, PAGE_RECORDS);
      for (const [i, elementKey] of page.keys.entries()) {
        const payload = page.payloads[i]!;
        const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
        if (!elements.add(elementKey, bytes)) throw new CorruptRecordError('an element', key);
        if (i % SLICE_RECORDS === SLICE_RECORDS - 1) await turn();
      }
      from = page.next;
      await turn();
    }
    assertWhole(elements, metadata, key);
    return elements;
  }

  /** The same for a string. Others have a turn after each piece. */
  async #join({ shard, key, metadata }: Load): Promise<Buffer> {
    const { objectId, count, byteCount } = metadata;
    const store = this.#m.stores.of(shard);
    const value = allocateLarge(byteCount);
    if (value === null) throw new RangeError(NO_MEMORY);
    let at = 0;
    for (let i = 0; i < count; i++) {
      const piece = store.readElement(shard, objectId, chunkKey(i));
      if (piece === null || at + piece.length > byteCount) {
        throw new CorruptRecordError(`part ${i} of ${count}`, key);
      }
      value.set(piece, at);
      at += piece.length;
      await turn();
    }
    if (at !== byteCount) throw new CorruptRecordError(`its length of ${printable(key)}`, key);
    return value;
  }

  /**
   * Gives the key what was read, or notes why it could not be.
   * @returns false while a transaction holds the shard
   */
  #place(load: Load, elements: CollectionElements | Buffer | null, problem: string): boolean {
    const { context } = this.#m;
    const { table } = context;
    table.locks.lock(load.shard);
    try {
      if (table.gateOf(load.shard) !== 0) return false;
      const entry = this.#find(load);
      if (entry === 0) return true;
      if (elements === null) this.#note(load.name, problem);
      else this.#keep(load, entry, elements);
      return true;
    } finally {
      table.locks.unlock(load.shard);
    }
  }

  #keep(load: Load, entry: number, elements: CollectionElements | Buffer): void {
    const { table } = this.#m.context;
    const moved = table.resize(entry, LARGE_BYTES, 0);
    if (moved === 0) this.#note(load.name, NO_MEMORY);
    else load.largeId = this.#adopt(table, moved, load.metadata, elements);
  }

  /** Makes what was read the value of an entry; returns its id. */
  #adopt(
    table: HotTable,
    entry: number,
    { byteCount, objectId }: LargeMetadata,
    elements: CollectionElements | Buffer,
  ): number {
    const { large } = this.#m;
    const id = table.nextLargeId();
    // As long as its record says until it is changed, whatever memory it takes here.
    table.setLarge(entry, id, Math.min(byteCount, MOST_NOTED_BYTES));
    if (Buffer.isBuffer(elements)) {
      large.keep(id, elements);
    } else {
      const { collection } = elements;
      if (collection instanceof LargeHash) {
        table.noteTimedParts(entry, collection.nextExpireAtMs);
      }
      large.keepStored(id, collection, objectId);
    }
    large.pin(id, Date.now());
    this.loaded++;
    return id;
  }

  /** The entry of the key when what was read is its value, else 0. */
  #find({ shard, namespace, hash, key, type, metadata }: Load): number {
    const { context, stores } = this.#m;
    const { table, databases } = context;
    const db = databases.ofNamespace(namespace);
    if (db < 0) return 0;
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    table.selectHashed(key, view, 0, key.length, db, shard, hash);
    let entry = table.find();
    // Left to the store, key and all, while it was read.
    if (entry === 0 && !table.isComplete) entry = context.cold.fetch(context);
    if (entry <= 0 || table.typeOf(entry) === TYPE_TOMBSTONE) return 0;
    if (!table.isCold(entry) || table.typeOf(entry) !== type) return 0;
    try {
      const record = stores.of(shard).read(shard, namespace, hash, key);
      const now = record?.isLarge === true ? decodeLarge(record.payload) : null;
      return now?.objectId === metadata.objectId ? entry : 0;
    } catch (error) {
      // Whoever asks again is told.
      if (error instanceof StoreError || error instanceof CorruptRecordError) return 0;
      throw error;
    }
  }

  #note(name: string, text: string): void {
    if (this.#problems.size >= MOST_PROBLEMS) {
      for (const first of this.#problems.keys()) {
        this.#problems.delete(first);
        break;
      }
    }
    this.#problems.set(name, { text, untilMs: Date.now() + PROBLEM_MS });
  }
}

function assertWhole(
  { recordCount, collection }: CollectionElements,
  { count, extra }: LargeMetadata,
  key: Buffer,
): void {
  if (collection.count === count && recordCount === extra) return;
  throw new CorruptRecordError('elements are missing', key);
}

export function problemOf(error: unknown): string {
  if (error instanceof RangeError) return NO_MEMORY;
  if (error instanceof StoreError || error instanceof CorruptRecordError) {
    return `ERR ${error.message}`;
  }
  throw error;
}
