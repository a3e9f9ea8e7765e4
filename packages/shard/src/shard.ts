// A shard worker: executes the runs fronts send, and does the background work of its shards.
// Runs are executed in the order they arrive from each front, one command after the other.

import { performance } from 'node:perf_hooks';
import { Random } from '@forgekv/base';
import {
  AWAITS,
  admit,
  BatchRouter,
  CommandContext,
  type CommandRegistry,
  DONE,
  DueHashes,
  type EffectLog,
  Executor,
  FULL,
  LOST,
  NOT_HERE,
  OUT_OF_MEMORY,
  PLACE_FRONT,
  PLACE_WORKER,
  replyLimitBytes,
  SETTLED,
  type SyncMode,
  type ThreadStats,
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import { type HotTable, type NamespaceMap, Sweeper } from '@forgekv/keyspace';
import {
  COMMAND_ARGC,
  COMMAND_END,
  COMMAND_FIRST_ARG,
  COMMAND_START,
  COMMAND_WORDS,
  ReplyWriter,
  RequestParser,
} from '@forgekv/protocol';
import { type Doorbell, KIND_RUN, RingConsumer, RUN_NO_TOUCH, RUN_RESP3 } from '@forgekv/rings';
import { AwaitingRuns } from './awaiting-runs.ts';
import { ColdReads } from './cold-reads.ts';
import { LargeStore } from './large-store.ts';
import { ParkedRuns } from './parked-runs.ts';
import { type Awaited, type PeerLink, Peers } from './peers.ts';
import { ownedBy, Reclaimer } from './reclaimer.ts';
import { Replay } from './replay.ts';
import { ReplySender } from './reply-sender.ts';
import { RunAssembly } from './run-assembly.ts';
import type { ShardStores } from './shard-stores.ts';
import { StoreKeeper, type StoreKeeperModules } from './store-keeper.ts';
import { StoreLoader } from './store-loader.ts';
import { Transactions } from './transaction.ts';

const EXPIRE_EVERY_MS = 100;
/** Share of each period that expiring may take. */
const EXPIRE_BUDGET_MS = 25;
const RECLAIM_SLICE_MS = 2;
const IDLE_SLEEP_MS = 100;
const PARKED_SLEEP_MS = 2;
/** Reply bytes of a run are handed on at this size, so that a long run does not pile up. */
const REPLY_SLICE_BYTES = 64 * 1024;
/**
 * A run that has made this many bytes of replies ends; the front sends the rest again when the
 * client has read enough, and meanwhile it is the others' turn.
 */
const RUN_REPLY_BYTES = 1024 * 1024;

export interface ShardModules {
  readonly index: number;
  readonly table: HotTable;
  readonly registry: CommandRegistry;
  readonly config: Config;
  readonly log: EffectLog;
  readonly stats: ThreadStats;
  readonly workerOf: Uint8Array;
  /** Makes a map of databases to namespaces durable. */
  readonly persistNamespaces: (map: NamespaceMap) => void;
  readonly doorbell: Doorbell;
  readonly peers: ReadonlyMap<number, PeerLink>;
  readonly fronts: readonly {
    readonly requests: SharedArrayBuffer;
    readonly replies: SharedArrayBuffer;
    readonly doorbell: Doorbell;
  }[];
}

/** What a worker needs for its stores beside what it has. */
export type StoreModules = Pick<
  StoreKeeperModules,
  'logs' | 'durable' | 'sync' | 'say' | 'evictorTable' | 'keepCold'
>;

interface FrontLink {
  readonly requests: RingConsumer;
  readonly replies: ReplySender;
  readonly doorbell: Doorbell;
  /** A run that arrives in several frames. */
  assembly: RunAssembly | null;
}

export class Shard {
  readonly #m: ShardModules;
  readonly #context: CommandContext;
  readonly #executor: Executor;
  readonly #router: BatchRouter;
  readonly #parser = new RequestParser();
  readonly #writer = new ReplyWriter();
  readonly #store: LargeStore;
  readonly #peers: Peers;
  readonly #transactions: Transactions;
  readonly #sweeper: Sweeper;
  readonly #dueHashes: DueHashes;
  readonly #reclaimer: Reclaimer;
  readonly #fronts: FrontLink[];
  readonly #limits = { maxBulkBytes: 2 ** 31, authenticated: true };
  /** Replies of the current run that are on their way, in bytes. */
  #sentBytes = 0;
  #nextExpireMs = 0;
  #keeper: StoreKeeper | null = null;
  #parked: ParkedRuns | null = null;
  /** The run being executed found no room, and there will be some. */
  #mustPark = false;
  #cold: ColdReads | null = null;
  readonly #awaiting: AwaitingRuns<FrontLink>;
  /** What the run being executed has to wait for. */
  #awaited: readonly Awaited[] | null = null;

  constructor(modules: ShardModules) {
    this.#m = modules;
    this.#store = new LargeStore(modules.index, modules.workerOf, {
      hasher: modules.table.hasher,
      random: new Random(modules.index),
    });
    this.#awaiting = new AwaitingRuns(this.#store);
    this.#context = new CommandContext({
      table: modules.table,
      reply: this.#writer,
      large: this.#store,
      stats: modules.stats,
      config: modules.config,
    });
    this.#context.databases.persist = modules.persistNamespaces;
    this.#router = new BatchRouter(modules.registry, modules.table);
    this.#executor = new Executor(modules.registry, this.#context, true);
    this.#peers = new Peers(modules.peers, modules.doorbell, this.#store);
    this.#transactions = new Transactions({
      registry: modules.registry,
      context: this.#context,
      executor: this.#executor,
      store: this.#store,
      peers: this.#peers,
      workerOf: modules.workerOf,
      transactionId: modules.index + 1,
    });
    const { table, workerOf, index } = modules;
    this.#dueHashes = new DueHashes(this.#context);
    this.#sweeper = new Sweeper(table, ownedBy(index, workerOf), {
      expired: (shard, _db, entry) => {
        modules.stats.expiredKeys++;
        const lsn = table.nextLsn(shard);
        modules.log.removed(entry, shard, lsn);
        modules.log.endGroup();
        return lsn;
      },
      buried: (tombstone) => modules.log.buried(tombstone),
      timedParts: (db, entry, at) => this.#dueHashes.look(db, entry, at),
      largeFreed: (id) => this.#store.forget(id),
    });
    this.#reclaimer = new Reclaimer(table, workerOf, index, this.#sweeper, this.#peers);
    this.#fronts = modules.fronts.map((front) => ({
      requests: new RingConsumer(front.requests),
      replies: new ReplySender(front.replies, front.doorbell, modules.doorbell, () =>
        this.#settle(),
      ),
      doorbell: front.doorbell,
      assembly: null,
    }));
    this.configure();
  }

  /** Takes over what CONFIG SET may have changed. */
  configure(): void {
    this.#context.configure();
    this.#m.log.setMode(this.#m.config.word('wal-sync-mode') as SyncMode);
    this.#writer.mostBytes = replyLimitBytes(this.#m.config);
  }

  /** Takes the worker's stores; what they have is loaded by `loader`, before `replay`. */
  adopt(stores: ShardStores, modules: StoreModules): StoreKeeper {
    const { table, index, workerOf } = this.#m;
    const owns = (shard: number): boolean => workerOf[shard] === index;
    this.#cold = new ColdReads({
      ...{ context: this.#context, stores, large: this.#store, peers: this.#peers, owns },
      doorbell: this.#m.doorbell,
    });
    this.#keeper = new StoreKeeper({
      ...modules,
      table,
      stores,
      databases: this.#context.databases,
      scanner: this.#context.scanner,
      large: this.#store,
      largeMaxBytes: () => this.#m.config.bytes('large-values-max-bytes'),
      owned: ownedBy(index, workerOf),
    });
    this.#parked = new ParkedRuns(this.#keeper);
    return this.#keeper;
  }

  /** What brings the keys of the stores into the hot table. */
  loader(stores: ShardStores, durable: Float64Array): StoreLoader {
    return new StoreLoader(this.#context, stores, this.#keeper!.flusher, durable);
  }

  /** What applies the logs of earlier runs; to be used up before `serve`. */
  replay(): Replay {
    return new Replay(this.#context, this.#m.registry);
  }

  /** Resolves when no collection is being read: for who replays logs. */
  async loaded(): Promise<void> {
    await this.#cold?.idle();
  }

  /** From now on clients are served, and what they change is logged. */
  serve(): void {
    this.#context.log = this.#m.log;
  }

  /**
   * Does all there is to do. Called again and again.
   * @returns milliseconds to sleep unless there is work, 0 = go on at once
   */
  turn(): number {
    let any = this.#peers.serve();
    for (const front of this.#fronts) if (this.#serve(front)) any = true;
    const nowMs = Date.now();
    const reclaiming = this.#background(nowMs);
    this.#keeper?.tick(nowMs);
    this.#parked?.release(this.#writer);
    if (this.#resume(nowMs)) any = true;
    this.#settle();
    this.#m.stats.turns++;
    this.#m.stats.publish();
    if (any || reclaiming) return 0;
    const isWaiting = this.#awaiting.length > 0 || (this.#parked?.length ?? 0) > 0;
    const mostMs = isWaiting ? PARKED_SLEEP_MS : IDLE_SLEEP_MS;
    return Math.max(1, Math.min(this.#nextExpireMs - nowMs, mostMs));
  }

  /** True while something waits for the disk: the thread's event loop must turn then. */
  get isBusy(): boolean {
    return this.#keeper?.isBusy === true || this.#cold?.isBusy === true;
  }

  readonly hasWork = (): boolean => {
    for (const front of this.#fronts) if (front.requests.pending) return true;
    return this.#peers.serve();
  };

  /**
   * Waits until what was done here, and what replies may show of others' doing, is handed over.
   * It goes on answering the other workers meanwhile: one of them may need that to end its tick.
   */
  #settle(): void {
    for (;;) {
      const answer = this.#m.log.settle();
      if (answer === SETTLED) return;
      // Replies are in the rings already, and must never be seen.
      if (answer === LOST) throw new Error('the log of a worker cannot be written');
      this.#peers.wait();
    }
  }

  /** Returns true while there is more to do soon. */
  #background(nowMs: number): boolean {
    if (nowMs >= this.#nextExpireMs) {
      this.#nextExpireMs = nowMs + EXPIRE_EVERY_MS;
      this.#sweeper.expire(nowMs, nowMs + EXPIRE_BUDGET_MS);
      this.#dueHashes.remove(nowMs);
      this.#m.stats.largeBytes = this.#store.bytes;
      this.#m.stats.heapBytes = process.memoryUsage().heapUsed;
    }
    return this.#sweeper.hasStale && !this.#sweeper.reclaim(nowMs + RECLAIM_SLICE_MS);
  }

  /** Goes on with runs whose values were read; true when there were any. */
  #resume(nowMs: number): boolean {
    return this.#awaiting.resume(nowMs, ({ front, connection, flags, bytes, view }) => {
      this.#run(front, connection, flags, bytes, view, 0, bytes.length);
      front.replies.flush();
    });
  }

  #serve(front: FrontLink): boolean {
    const { requests } = front;
    let any = false;
    while (requests.next()) {
      any = true;
      this.#take(front);
      // Early, so that a front with a full ring goes on while this one works.
      if (requests.release()) front.doorbell.ring();
    }
    if (any) front.replies.flush();
    return any;
  }

  #take(front: FrontLink): void {
    const { requests } = front;
    const { payloadOffset, payloadBytes } = requests;
    if (requests.kind === KIND_RUN && payloadBytes === requests.c) {
      this.#run(
        front,
        requests.a,
        requests.b,
        requests.bytes,
        requests.view,
        payloadOffset,
        payloadOffset + payloadBytes,
      );
      return;
    }
    if (requests.kind === KIND_RUN) {
      front.assembly = new RunAssembly(requests.c, requests.a, requests.b);
    }
    const { assembly } = front;
    if (assembly === null) return;
    const part = requests.bytes.subarray(payloadOffset, payloadOffset + payloadBytes);
    if (!assembly.add(part)) return;
    front.assembly = null;
    const { bytes, view, connection, flags } = assembly;
    this.#run(front, connection, flags, bytes, view, 0, bytes.length);
  }

  /** Executes the commands in bytes[start..end) for a connection and sends the replies. */
  #run(
    front: FrontLink,
    connection: number,
    flags: number,
    bytes: Buffer,
    view: DataView,
    start: number,
    end: number,
  ): void {
    const context = this.#context;
    const writer = this.#writer;
    const parser = this.#parser;
    context.db = flags >>> 8;
    context.noTouch = (flags & RUN_NO_TOUCH) !== 0;
    writer.resp3 = (flags & RUN_RESP3) !== 0;
    this.#sentBytes = 0;
    let at = start;
    while (at < end) {
      const next = parser.parse(bytes, at, end, this.#limits);
      const count = parser.commandCount;
      if (count === 0) break;
      const done = this.#execute(front, connection, bytes, view, count);
      if (writer.overflowed) {
        writer.overflowed = false;
        writer.reset();
        front.replies.tooLarge(connection);
        return;
      }
      if (done === count) at = next;
      else if (done > 0) at = parser.commands[(done - 1) * COMMAND_WORDS + COMMAND_END]!;
      if (this.#awaited !== null) {
        const rest = bytes.subarray(at, end);
        this.#awaiting.add(front, connection, flags, rest, this.#awaited, at === start);
        this.#awaited = null;
        front.replies.reply(connection, writer, false);
        return;
      }
      if (this.#mustPark) {
        this.#mustPark = false;
        this.#parked!.park(front.replies, connection, writer, bytes, at, end);
        return;
      }
      if (done < count || this.#hasRepliedEnough) {
        front.replies.leftover(connection, bytes, at, end);
        break;
      }
    }
    front.replies.reply(connection, writer, true);
  }

  #execute(
    front: FrontLink,
    connection: number,
    bytes: Buffer,
    view: DataView,
    count: number,
  ): number {
    const context = this.#context;
    const { commands, args } = this.#parser;
    const { request, reply, stats } = context;
    const { ids } = this.#router;
    request.source(bytes, view, args);
    context.nowMs = Date.now();
    const started = performance.now();
    this.#router.route(this.#parser, bytes, view, true);
    let done = 0;
    for (; done < count; done++) {
      request.first = commands[done * COMMAND_WORDS + COMMAND_FIRST_ARG]!;
      request.argc = commands[done * COMMAND_WORDS + COMMAND_ARGC]!;
      request.start = commands[done * COMMAND_WORDS + COMMAND_START]!;
      request.end = commands[done * COMMAND_WORDS + COMMAND_END]!;
      const errors = reply.errorCount;
      const id = ids[done]!;
      if (admit(context, this.#m.registry, id)) {
        if (this.#runOne(id, done) === NOT_HERE) break;
        stats.called(id, reply.errorCount !== errors);
      }
      if (reply.errorCount !== errors) stats.errorReply(reply.lastError);
      if (reply.overflowed) return done + 1;
      if (reply.position > REPLY_SLICE_BYTES) {
        this.#sentBytes += reply.position;
        front.replies.reply(connection, reply, false);
        if (this.#hasRepliedEnough) {
          done++;
          break;
        }
      }
    }
    const each = ((performance.now() - started) * 1000) / count;
    for (let i = 0; i < done; i++) {
      const id = ids[i]!;
      if (id >= 0) stats.took(id, each);
    }
    return done;
  }

  get #hasRepliedEnough(): boolean {
    return this.#sentBytes > RUN_REPLY_BYTES;
  }

  /**
   * Runs command `i` of the batch to its end here, or answers NOT_HERE: it belongs to another
   * worker.
   */
  #runOne(id: number, i: number): number {
    const { places, singleKey, table } = this.#m.registry;
    const context = this.#context;
    if (places[id] === PLACE_FRONT) return NOT_HERE;
    if (places[id] === PLACE_WORKER) return this.#runWide(id);
    const single = singleKey[id]!;
    for (;;) {
      let shard: number;
      if (single !== 0) {
        shard = this.#router.shards[i]!;
        context.setPrehashed(single, shard, this.#router.hashes[i]!);
      } else {
        shard = this.#firstShard(table.firstKey[id]!);
      }
      let outcome: number = this.#executor.run(id);
      if (outcome === NOT_HERE) {
        if (!this.#store.owns(shard)) return NOT_HERE;
        if (single !== 0) {
          this.#transactions.awaitGate(shard);
          continue;
        }
        outcome = this.#transactions.run(id);
        if (outcome === NOT_HERE) continue;
      }
      if (outcome === AWAITS) {
        this.#awaited = [...this.#cold!.takeAwaited(), ...this.#transactions.takeAwaited()];
        return NOT_HERE;
      }
      if (outcome !== FULL) return outcome;
      if (this.#reclaimer.makeRoom(Date.now() + RECLAIM_SLICE_MS)) continue;
      const room = this.#parked?.makeRoom() ?? 'none';
      if (room === 'room') continue;
      if (room === 'wait') {
        this.#mustPark = true;
        return NOT_HERE;
      }
      this.#writer.error(OUT_OF_MEMORY);
      return DONE;
    }
  }

  /** Runs a command over many shards; it waits where a transaction holds one. */
  #runWide(id: number): number {
    const run = this.#m.registry.runs[id]!;
    for (;;) {
      const outcome = run(this.#context);
      // DBSIZE and the like count what others are about to hand over.
      this.#m.log.seesAll();
      if (outcome !== NOT_HERE) return outcome;
      this.#peers.wait();
    }
  }

  #firstShard(key: number): number {
    const { request, table } = this.#context;
    if (key === 0 || key >= request.argc) return this.#m.workerOf.indexOf(this.#m.index);
    return table.hasher.shard(request.bytes, request.offset(key), request.length(key));
  }
}
