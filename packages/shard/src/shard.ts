// A shard worker: executes the runs fronts send, and does the background work of its shards.
// Runs are executed in the order they arrive from each front, one command after the other.

import { performance } from 'node:perf_hooks';
import {
  admit,
  BatchRouter,
  CommandContext,
  type CommandRegistry,
  configureEviction,
  DONE,
  DueHashes,
  type EffectLog,
  Executor,
  FULL,
  LOST,
  NOT_HERE,
  OUT_OF_MEMORY,
  PAGING,
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
import { type Doorbell, RUN_NO_TOUCH, RUN_RESP3 } from '@forgekv/rings';
import { AwayVictims } from './away-victims.ts';
import { CapKeeper } from './cap-keeper.ts';
import { expireAway } from './expire-away.ts';
import { StoredKeyPages } from './key-pages.ts';
import { LargeStore } from './large-store.ts';
import { type PagedRun, PagedRuns } from './paged-runs.ts';
import type { ParkedRuns } from './parked-runs.ts';
import { type PeerLink, Peers } from './peers.ts';
import { ownedBy, Reclaimer } from './reclaimer.ts';
import { Replay } from './replay.ts';
import { ReplySender } from './reply-sender.ts';
import { RunIntake } from './run-intake.ts';
import type { ShardStores } from './shard-stores.ts';
import { StoreKeeper, type StoreKeeperModules } from './store-keeper.ts';
import { StoreLoader } from './store-loader.ts';
import { StoredValues } from './stored-values.ts';
import { sweepEvents } from './sweep-events.ts';
import { Transactions } from './transaction.ts';
import { WaitingRuns } from './waiting-runs.ts';
import { warmKey } from './warm-key.ts';
import { WarmUp } from './warm-up.ts';

const EXPIRE_EVERY_MS = 100;
/** Share of each period that expiring may take. */
const EXPIRE_BUDGET_MS = 25;
const RECLAIM_SLICE_MS = 2;
const IDLE_SLEEP_MS = 100;
const PARKED_SLEEP_MS = 2;
/**
 * Times that room is made for one command. What was brought back for it may go again to make room
 * for the rest of it: a command that needs more than the table holds would go on for ever.
 */
const MOST_ROUNDS = 100;
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
  readonly intake: RunIntake;
  readonly replies: ReplySender;
  readonly doorbell: Doorbell;
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
  readonly #cap: CapKeeper;
  readonly #fronts: FrontLink[];
  readonly #limits = { maxBulkBytes: 2 ** 31, authenticated: true };
  /** Replies of the current run that are on their way, in bytes. */
  #sentBytes = 0;
  #nextExpireMs = 0;
  #keeper: StoreKeeper | null = null;
  #stores: ShardStores | null = null;
  readonly #waiting: WaitingRuns;
  /** The run being executed found no room, and there will be some: who it is to wait with. */
  #mustPark: ParkedRuns | null = null;
  #paged: PagedRuns | null = null;
  /** The run being executed waits for keys of stores. */
  #mustPage = false;

  constructor(modules: ShardModules) {
    this.#m = modules;
    this.#store = new LargeStore(modules.index, modules.workerOf);
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
    const events = sweepEvents(modules, this.#store, this.#dueHashes);
    this.#sweeper = new Sweeper(table, ownedBy(index, workerOf), events);
    this.#reclaimer = new Reclaimer(table, workerOf, index, this.#sweeper, this.#peers);
    const { databases } = this.#context;
    this.#cap = new CapKeeper({ ...modules, databases, store: this.#store, peers: this.#peers });
    this.#waiting = new WaitingRuns(this.#cap);
    this.#fronts = modules.fronts.map((front) => ({
      intake: new RunIntake(front.requests),
      replies: new ReplySender(front.replies, front.doorbell, modules.doorbell, () =>
        this.#settle(),
      ),
      doorbell: front.doorbell,
    }));
    this.configure();
  }

  /** Takes over what CONFIG SET may have changed. */
  configure(): void {
    this.#context.configure();
    configureEviction(this.#m.table, this.#m.config);
    this.#cap.configure(this.#m.config);
    this.#m.log.setMode(this.#m.config.word('wal-sync-mode') as SyncMode);
    this.#writer.mostBytes = replyLimitBytes(this.#m.config);
  }

  /** Takes the worker's stores; what they have is found out by `loader`, before `replay`. */
  adopt(stores: ShardStores, modules: StoreModules): StoreKeeper {
    const { table, index, workerOf } = this.#m;
    const owns = (shard: number): boolean => workerOf[shard] === index;
    const stored = new StoredValues(stores, owns);
    this.#stores = stores;
    this.#context.cold = stored;
    const context = this.#context;
    this.#peers.warmKey = (db, key) => warmKey(context, db, key);
    const settle = (): void => this.#settle();
    const wake = (): void => this.#m.doorbell.ring();
    this.#cap.adopt(new AwayVictims(context, stores, stored, wake));
    const peers = this.#peers;
    const pages = new StoredKeyPages({ context, stores, peers, workerOf, index, settle });
    this.#peers.readKeys = (query) => pages.read(query);
    this.#paged = new PagedRuns(pages, wake);
    this.#context.pages = this.#paged;
    this.#keeper = new StoreKeeper({
      ...modules,
      table,
      stores,
      databases: this.#context.databases,
      scanner: this.#context.scanner,
      large: this.#store,
      owned: ownedBy(index, workerOf),
      expireAway: (shard, key, nowMs) => expireAway(this.#context, stored, shard, key, nowMs),
    });
    this.#waiting.adopt(this.#keeper);
    return this.#keeper;
  }

  /** What finds out which keys the stores have. */
  loader(stores: ShardStores, durable: Float64Array): StoreLoader {
    return new StoreLoader(this.#context, stores, this.#keeper!.flusher, durable);
  }

  /** What applies the logs of earlier runs; to be used up before `serve`. */
  replay(): Replay {
    return new Replay(this.#context, this.#m.registry);
  }

  /** What brings keys into the hot table that nobody has asked for, once clients are served. */
  #warmUp(): WarmUp {
    const keeper = this.#keeper!;
    return new WarmUp(this.#context, this.#stores!, (shard) => keeper.epochOf(shard));
  }

  /** From now on clients are served, and what they change is logged. */
  serve(): void {
    this.#context.log = this.#m.log;
    if (this.#keeper !== null) this.#keeper.warmUp = this.#warmUp();
  }

  /**
   * Does all there is to do. Called again and again.
   * @returns milliseconds to sleep unless there is work, 0 = go on at once
   */
  turn(): number {
    let any = this.#peers.serve();
    for (const front of this.#fronts) if (this.#serve(front)) any = true;
    if (this.#paged?.release((run) => this.#resume(run))) any = true;
    const nowMs = Date.now();
    const reclaiming = this.#background(nowMs);
    const evicting = this.#cap.tick(nowMs);
    this.#keeper?.tick(nowMs);
    this.#waiting.release(this.#writer);
    this.#settle();
    this.#m.stats.turns++;
    this.#m.stats.publish();
    if (any || reclaiming || evicting) return 0;
    const mostMs = Math.min(
      this.#waiting.length > 0 ? PARKED_SLEEP_MS : IDLE_SLEEP_MS,
      this.#cap.mostSleepMs,
    );
    return Math.max(1, Math.min(this.#nextExpireMs - nowMs, mostMs));
  }

  /** True while something waits for the disk: the thread's event loop must turn then. */
  get isBusy(): boolean {
    return this.#keeper?.isBusy === true || this.#paged?.isBusy === true || this.#cap.isBusy;
  }

  readonly hasWork = (): boolean => {
    for (const front of this.#fronts) if (front.intake.pending) return true;
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

  #serve(front: FrontLink): boolean {
    const { intake } = front;
    let any = false;
    for (let what = intake.next(); what !== 'none'; what = intake.next()) {
      any = true;
      if (what === 'run') {
        const { connection, flags, bytes, view, start, end } = intake;
        this.#run(front, connection, flags, bytes, view, start, end);
      }
      // Early, so that a front with a full ring goes on while this one works.
      if (intake.release()) front.doorbell.ring();
    }
    if (any) front.replies.flush();
    return any;
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
      if (this.#mustPage) {
        this.#mustPage = false;
        front.replies.reply(connection, writer, false);
        const rest = Buffer.from(bytes.subarray(at, end));
        this.#paged!.park({ front: this.#fronts.indexOf(front), connection, flags, bytes: rest });
        return;
      }
      if (this.#mustPark !== null) {
        const waiting = this.#mustPark;
        this.#mustPark = null;
        waiting.park(front.replies, connection, writer, bytes, at, end);
        return;
      }
      if (done < count || this.#hasRepliedEnough) {
        front.replies.leftover(connection, bytes, at, end);
        break;
      }
    }
    front.replies.reply(connection, writer, true);
  }

  /** Executes a run that has waited for keys of stores. */
  #resume({ front, connection, flags, bytes }: PagedRun): void {
    const link = this.#fronts[front]!;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#run(link, connection, flags, bytes, view, 0, bytes.length);
    link.replies.flush();
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
        const room = this.#cap.makeRoom(this.#m.registry.table.flagBits[id]!);
        if (room === 'wait') this.#mustPark = this.#waiting.dataset;
        if (room === 'later' || room === 'wait') break;
        if (room === 'none') {
          reply.error(OUT_OF_MEMORY);
          stats.rejected(id);
        } else {
          if (this.#runOne(id, done) === NOT_HERE) break;
          stats.called(id, reply.errorCount !== errors);
        }
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
    for (let rounds = 0; ; ) {
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
      if (outcome !== FULL) return outcome;
      if (this.#reclaimer.makeRoom(Date.now() + RECLAIM_SLICE_MS)) continue;
      const room = this.#waiting.makeRoom();
      if (room === 'room' && ++rounds < MOST_ROUNDS) continue;
      if (room === 'wait') {
        this.#mustPark = this.#waiting.table;
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
      if (outcome === PAGING) {
        this.#mustPage = true;
        return NOT_HERE;
      }
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
