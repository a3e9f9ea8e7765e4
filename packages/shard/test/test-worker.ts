// A worker without its thread: table, stores on a memory engine, a real log in a temporary
// directory, and commands. Starting another one on the same disk is a restart. No fronts.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, SHARD_COUNT } from '@forgekv/base';
import {
  CommandContext,
  createEffectMemory,
  createRegistry,
  EffectLog,
  Executor,
  LIBRARY_SHARD,
  PAGING,
  PLACE_SCRIPT,
  PLACE_WORKER,
  statsBytes,
  ThreadStats,
} from '@forgekv/commands';
import { Config } from '@forgekv/config';
import { createArena, Evictor, HotTable, type NamespaceMap } from '@forgekv/keyspace';
import {
  COMMAND_ARGC,
  COMMAND_END,
  COMMAND_FIRST_ARG,
  COMMAND_START,
  ReplyWriter,
  RequestParser,
} from '@forgekv/protocol';
import {
  attachScripts,
  createDoorbellMemory,
  createScriptMemory,
  Doorbell,
  type LibraryStore,
  LOG_OF_EARLIER,
} from '@forgekv/rings';
import {
  createWalMemory,
  type FaultPlan,
  type FileSystem,
  type FunctionFacts,
  MemoryEngine,
  nodeFileSystem,
  openWalDirectory,
  readFunctions,
  Store,
  WalLogs,
  WalReplay,
  writeFunctions,
} from '@forgekv/storage';
import type { Test } from 'tap';
import { CollectionLoads } from '../src/collection-loads.ts';
import { expireAway } from '../src/expire-away.ts';
import { Flusher } from '../src/flusher.ts';
import { StoredKeyPages } from '../src/key-pages.ts';
import { LargeStore } from '../src/large-store.ts';
import { LibraryCheckpoint } from '../src/library-checkpoint.ts';
import { LibraryReplay } from '../src/library-replay.ts';
import { type LogStates, LogWait } from '../src/log-wait.ts';
import { PagedRuns } from '../src/paged-runs.ts';
import { Peers } from '../src/peers.ts';
import { Replay } from '../src/replay.ts';
import { ShardStores } from '../src/shard-stores.ts';
import { StoreLoader } from '../src/store-loader.ts';
import { StoredValues } from '../src/stored-values.ts';
import { WarmUp } from '../src/warm-up.ts';

const registry = createRegistry();
const LIMITS = { maxBulkBytes: 2 ** 29, authenticated: true };
const DATABASES = 4;
const LAYOUT = { directory: 'memory', storeCount: 1 };
export const ALL_SHARDS: readonly number[] = Array.from({ length: SHARD_COUNT }, (_, i) => i);

/** What outlives a worker. */
export class TestDisk {
  readonly directory = mkdtempSync(join(tmpdir(), 'forgekv-shard-'));
  /** Makes operations of the engine fail. */
  faults: FaultPlan = () => null;
  readonly engine = new MemoryEngine((operation) => this.faults(operation));
  namespaces: NamespaceMap | null = null;
  /** Where the file of the function libraries is written. */
  files: FileSystem = nodeFileSystem;

  constructor(t: Test) {
    t.teardown(() => rmSync(this.directory, { recursive: true, force: true }));
  }

  /** The process ends without a word; with `power`, what the engine has not synced is gone. */
  async crash(power = false): Promise<void> {
    this.faults = () => null;
    await this.engine.close();
    if (power) this.engine.losePower();
  }
}

export interface TestWorkerOptions {
  /** Pages of the hot table. Default 600. */
  readonly pages?: number;
  /** Default 400: what is longer is large. */
  readonly hotValueMaxBytes?: number;
  /** False: the keys stay in the store until somebody asks for them. Default true. */
  readonly warms?: boolean;
}

export class TestWorker {
  readonly disk: TestDisk;
  readonly table: HotTable;
  readonly large: LargeStore;
  readonly context: CommandContext;
  readonly durable = new Float64Array(SHARD_COUNT);
  readonly logs: WalLogs;
  readonly evictor: Evictor;
  /** Function libraries, as their file has them at first. */
  readonly libraries: LibraryStore;
  readonly libraryReplay: LibraryReplay;
  readonly #executor: Executor;
  readonly #parser = new RequestParser();
  stores!: ShardStores;
  flusher!: Flusher;
  loader!: StoreLoader;
  stored!: StoredValues;
  loads!: CollectionLoads;
  replayed!: Replay;
  #paged!: PagedRuns;
  #woken: () => void = () => {};
  warmUp!: WarmUp;
  /** Executes what is not executed in place, by its name in the catalog. */
  runFunctionCommand: (name: string) => void = () => {};
  /** The clock of commands. */
  nowMs = Date.now();
  /** What the flusher asks for; nothing by default, since these crashes spare the logs. */
  sync: () => Promise<void> = async () => {};

  private constructor(disk: TestDisk, options: TestWorkerOptions) {
    this.disk = disk;
    const arena = createArena({
      poolBytes: (options.pages ?? 600) * 32768,
      databases: DATABASES,
      hashSecret: [1, 2],
    });
    this.table = new HotTable(arena, 1);
    const collections = { hasher: this.table.hasher, random: new Random(1) };
    this.large = new LargeStore(0, new Uint8Array(SHARD_COUNT), collections);
    const { config } = Config.load();
    this.context = new CommandContext({
      table: this.table,
      large: this.large,
      stats: new ThreadStats(new SharedArrayBuffer(statsBytes(registry.table.size))),
      reply: new ReplyWriter(),
      config,
    });
    this.context.hotValueMaxBytes = options.hotValueMaxBytes ?? 400;
    const { databases } = this.context;
    if (disk.namespaces !== null) databases.restore(disk.namespaces);
    databases.persist = (map) => {
      disk.namespaces = map;
    };
    this.#executor = new Executor(registry, this.context, true);
    const owned = new Uint8Array(SHARD_COUNT).fill(1);
    this.evictor = new Evictor(new HotTable(arena, 1), owned, (id) => this.large.forget(id));
    this.evictor.largeToo = true;
    const { nextGeneration } = openWalDirectory(disk.directory, nodeFileSystem);
    const transfer = createWalMemory({
      logs: 1,
      directory: disk.directory,
      generation: nextGeneration,
      segmentBytes: 1 << 20,
      bufferBytes: 1 << 20,
    });
    this.logs = new WalLogs(transfer, nodeFileSystem);
    this.libraries = attachScripts(createScriptMemory(1)).libraries;
    const facts = readFunctions(nodeFileSystem, disk.directory);
    if (facts !== null) this.libraries.publish({ ...facts, log: LOG_OF_EARLIER, position: 0 });
    this.libraryReplay = new LibraryReplay(this.libraries, () => {});
  }

  /** Starts as a worker does: opens the stores, replays the logs, brings the keys back. */
  static async start(disk: TestDisk, options: TestWorkerOptions = {}): Promise<TestWorker> {
    const worker = new TestWorker(disk, options);
    await worker.#open();
    if (options.warms !== false) while (await worker.warmUp.step());
    return worker;
  }

  async #open(): Promise<void> {
    const { table, context, large, durable, disk } = this;
    const retries = { retryLimit: 2, firstRetryMs: 1, maxRetryMs: 1 };
    const make = (): Store => new Store(disk.engine, retries);
    this.stores = await ShardStores.open(LAYOUT, () => true, make);
    this.loads = new CollectionLoads({ context, stores: this.stores, large });
    this.stored = new StoredValues(
      this.stores,
      () => true,
      this.loads,
      () => false,
    );
    context.cold = this.stored;
    const { databases, scanner } = context;
    // There is no log before what earlier ones have is replayed.
    const states: LogStates = {
      isOpen: (log, position) => context.log?.depends.isOpen(log, position) ?? false,
      needOf: (from, log) => context.log?.depends.needOf(from, log) ?? 0,
    };
    const wait = new LogWait(this.logs, states, () => this.sync());
    const persist = (facts: FunctionFacts): void => {
      writeFunctions(disk.files, disk.directory, facts);
    };
    const libraries = new LibraryCheckpoint(this.libraries, persist, 1, this.libraryReplay);
    this.flusher = new Flusher({
      ...{ table, databases, scanner, large, wait, durable, libraries },
      stores: this.stores,
    });
    this.loader = new StoreLoader(context, this.stores, this.flusher, durable);
    await this.loader.load();
    this.replayed = new Replay(context, registry, this.libraryReplay);
    const logs = new WalReplay(openWalDirectory(disk.directory, nodeFileSystem), {
      floor: durable,
      apply: (effect) => this.replayed.apply(effect),
    });
    while (!logs.step(65_536)) if (this.replayed.isWaiting) await this.loads.idle();
    const { maxLsn } = logs.result;
    logs.close();
    libraries.replayed();
    maxLsn[LIBRARY_SHARD] = Math.max(maxLsn[LIBRARY_SHARD]!, this.libraries.lsn);
    for (const shard of ALL_SHARDS) {
      table.locks.lock(shard);
      table.setLastLsn(shard, Math.max(maxLsn[shard]!, this.loader.lastLsn[shard]!));
      table.locks.unlock(shard);
    }
    const effects = createEffectMemory(1);
    context.log = new EffectLog(table, { transfer: this.logs.transfer, effects, log: 0 });
    context.nowMs = this.nowMs;
    const workerOf = new Uint8Array(SHARD_COUNT);
    const peers = new Peers(new Map(), new Doorbell(createDoorbellMemory(1), 0), large, () => {});
    const settle = (): boolean => {
      this.settle();
      return true;
    };
    const { stores } = this;
    const pages = new StoredKeyPages({ context, stores, peers, workerOf, index: 0, settle });
    this.#paged = new PagedRuns(pages, () => this.#woken());
    context.pages = this.#paged;
    this.warmUp = new WarmUp(context, this.stores, (shard) => this.epochOf(shard));
  }

  epochOf(shard: number): number {
    return this.evictor.left[shard]! + this.flusher.unlinked[shard]!;
  }

  /** Runs a command in database 0 and hands its effects over; returns the reply's bytes as text. */
  run(...args: (string | Buffer)[]): string {
    return this.runIn(0, ...args);
  }

  runIn(db: number, ...args: (string | Buffer)[]): string {
    const reply = this.runUnsettled(db, ...args);
    this.settle();
    return reply;
  }

  /** The same for commands that may have to wait for pages of keys. */
  async runPaged(db: number, ...args: (string | Buffer)[]): Promise<string> {
    let reply = this.runIn(db, ...args);
    while (reply === `${PAGING}`) {
      const woken = new Promise<void>((resolve) => {
        this.#woken = resolve;
      });
      this.#paged.park({ front: 0, connection: 0, flags: 0, bytes: Buffer.alloc(0) });
      await woken;
      this.#paged.release(() => {
        reply = this.runIn(db, ...args);
      });
    }
    return reply;
  }

  /** Removes what has expired and is only in the store; returns how many that were. */
  async expireAway(): Promise<number> {
    let removed = 0;
    for (const shard of ALL_SHARDS) {
      for (const key of await this.stores.of(shard).expired(shard, this.nowMs, 1000)) {
        if (expireAway(this.context, this.stored, shard, key, this.nowMs)) removed++;
      }
    }
    this.settle();
    return removed;
  }

  /** Its effects stay unsealed, as in the middle of a tick. */
  runUnsettled(db: number, ...args: (string | Buffer)[]): string {
    const { context } = this;
    const { request, reply } = context;
    const bytes = encode(args);
    const parser = this.#parser;
    parser.parse(bytes, 0, bytes.length - 8, LIMITS);
    request.source(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), parser.args);
    request.first = parser.commands[COMMAND_FIRST_ARG]!;
    request.argc = parser.commands[COMMAND_ARGC]!;
    request.start = parser.commands[COMMAND_START]!;
    request.end = parser.commands[COMMAND_END]!;
    context.nowMs = this.nowMs;
    context.db = db;
    reply.position = 0;
    let id = registry.table.lookup(bytes, request.offset(0), request.length(0));
    if (registry.table.isContainer[id] === 1) {
      id = registry.table.lookupSub(id, bytes, request.offset(1), request.length(1));
    }
    const single = registry.singleKey[id]!;
    let outcome = 0;
    if (registry.places[id] === PLACE_SCRIPT) {
      this.runFunctionCommand(registry.table.names[id]!);
    } else if (registry.places[id] === PLACE_WORKER) {
      outcome = registry.runs[id]!(context);
    } else {
      if (single !== 0) context.prehash(single);
      outcome = this.#executor.run(id);
      if (single !== 0) context.clearPrehashed(single);
    }
    return outcome === 0 ? reply.buffer.toString('latin1', 0, reply.position) : `${outcome}`;
  }

  settle(): void {
    const { log } = this.context;
    while (log !== null && log.settle() !== 0);
  }

  /** Leaves to the store what it has. */
  evictAll(): void {
    for (let i = 0; i < 3; i++) this.evictor.run(this.table.arena.pageCount, Infinity, true);
  }

  /** Leaves whole keys to the store, too. */
  evictKeys(): void {
    this.evictor.keysToo = true;
    this.evictAll();
    this.evictor.keysToo = false;
  }

  gate(shard: number, transaction: number): void {
    this.table.locks.lock(shard);
    this.table.setGate(shard, transaction);
    this.table.locks.unlock(shard);
  }

  shardOf(key: string): number {
    const bytes = Buffer.from(key, 'latin1');
    return this.table.hasher.shard(bytes, 0, bytes.length);
  }
}

/** Eight bytes more than the command: the parser may look behind it. */
function encode(args: readonly (string | Buffer)[]): Buffer {
  const parts = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === 'string' ? Buffer.from(arg, 'latin1') : Buffer.from(arg);
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.alloc(8)]);
}
