// A shard worker: executes the runs fronts send, and does the background work of its shards.
// Runs are executed in the order they arrive from each front, one command after the other.

import { Random } from '@forgekv/base';
import {
  admit,
  BatchRouter,
  BLOCKED,
  BLOCKS_ELSEWHERE,
  CommandContext,
  configureEviction,
  DueHashes,
  Executor,
  LOST,
  NOT_HERE,
  OUT_OF_MEMORY,
  replyLimitBytes,
  SETTLED,
  type SyncMode,
  tellMonitors,
} from '@forgekv/commands';
import { Sweeper } from '@forgekv/keyspace';
import {
  COMMAND_ARGC,
  COMMAND_END,
  COMMAND_FIRST_ARG,
  COMMAND_START,
  COMMAND_WORDS,
  ReplyWriter,
  RequestParser,
} from '@forgekv/protocol';
import { RUN_BLOCK, RUN_NO_TOUCH, RUN_RESP3, runDatabase } from '@forgekv/rings';
import { ArgumentStager } from './argument-stager.ts';
import { AwaitingRuns } from './awaiting-runs.ts';
import { AwayVictims } from './away-victims.ts';
import { BlockRunner } from './block-runner.ts';
import { CapKeeper } from './cap-keeper.ts';
import { ColdReads } from './cold-reads.ts';
import { CommandRunner } from './command-runner.ts';
import { expireAway } from './expire-away.ts';
import { ExpiryRounds } from './expiry-rounds.ts';
import { type FrontLink, linkFronts } from './front-link.ts';
import { FrontRuns } from './front-runs.ts';
import { Gates } from './gates.ts';
import { GuestRunner } from './guest-runner.ts';
import { KeptRuns } from './kept-runs.ts';
import { LargeStore } from './large-store.ts';
import type { LibraryReplay } from './library-replay.ts';
import { Peers } from './peers.ts';
import { ownedBy, Reclaimer } from './reclaimer.ts';
import { Replay } from './replay.ts';
import { Scripts } from './scripts.ts';
import type { ShardModules, StoreModules } from './shard-modules.ts';
import type { ShardStores } from './shard-stores.ts';
import { type SlicedRun, SlicedRuns } from './sliced-runs.ts';
import { SlowReports } from './slow-reports.ts';
import { StoreKeeper } from './store-keeper.ts';
import { StoreLoader } from './store-loader.ts';
import { sweepEvents } from './sweep-events.ts';
import { Transactions } from './transaction.ts';
import { WaiterService } from './waiter-service.ts';
import { Waiters } from './waiters.ts';
import { WaitingRuns } from './waiting-runs.ts';
import { WarmUp } from './warm-up.ts';
import { WorkerFigures } from './worker-figures.ts';
import { WorkerPublisher } from './worker-publisher.ts';

const IDLE_SLEEP_MS = 100;
const PARKED_SLEEP_MS = 2;
/** Reply bytes of a run are handed on at this size, so that a long run does not pile up. */
const REPLY_SLICE_BYTES = 64 * 1024;
/**
 * A run that has made this many bytes of replies ends; the front sends the rest again when the
 * client has read enough, and meanwhile it is the others' turn.
 */
const RUN_REPLY_BYTES = 1024 * 1024;

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
  readonly #rounds: ExpiryRounds;
  readonly #figures: WorkerFigures;
  readonly #reclaimer: Reclaimer;
  readonly #cap: CapKeeper;
  readonly #fronts: FrontLink[];
  readonly #publisher: WorkerPublisher;
  readonly #limits = { maxBulkBytes: 2 ** 31, authenticated: true };
  /** Replies of the current run that are on their way, in bytes. */
  #sentBytes = 0;
  /** The command that ended the current run, which has no other, waits for keys. */
  #isBlocked = false;
  #keeper: StoreKeeper | null = null;
  #stores: ShardStores | null = null;
  #cold: ColdReads | null = null;
  readonly #awaiting: AwaitingRuns<FrontLink>;
  readonly #sliced: SlicedRuns<FrontLink>;
  readonly #waiting: WaitingRuns;
  readonly #stager: ArgumentStager;
  readonly #runner: CommandRunner;
  readonly #blocks: BlockRunner;
  readonly #kept: KeptRuns;
  readonly #waiters: Waiters;
  readonly #service: WaiterService;
  readonly #runs: FrontRuns;
  readonly #scripts: Scripts;
  readonly #guests: GuestRunner;
  readonly #slow: SlowReports;

  constructor(modules: ShardModules) {
    this.#m = modules;
    this.#store = new LargeStore(modules.index, modules.workerOf, {
      hasher: modules.table.hasher,
      random: new Random(modules.index),
    });
    this.#awaiting = new AwaitingRuns(this.#store);
    this.#context = new CommandContext({ ...modules, reply: this.#writer, large: this.#store });
    const context = this.#context;
    context.databases.persist = modules.persistNamespaces;
    context.isPaused = () => modules.control.isPaused;
    const ended = (run: SlicedRun<FrontLink>): void => this.#slicedEnded(run);
    this.#sliced = new SlicedRuns({ context, held: this.#store.held, ended });
    this.#router = new BatchRouter(modules.registry, modules.table, true);
    this.#executor = new Executor(modules.registry, this.#context, true);
    this.#peers = new Peers(modules.peers, modules.doorbell, this.#store, () => modules.log.seal());
    this.#guests = new GuestRunner(modules, modules.guests, this.#store);
    this.#peers.runGuest = (command) => this.#guests.run(command);
    this.#waiters = new Waiters({
      ...{ context: this.#context, peers: this.#peers },
      ...{ workerOf: modules.workerOf, index: modules.index },
    });
    this.#transactions = new Transactions({
      waiters: this.#waiters,
      registry: modules.registry,
      context: this.#context,
      executor: this.#executor,
      store: this.#store,
      peers: this.#peers,
      gates: new Gates({ ...modules, peers: this.#peers, control: modules.scripts.control }),
      ...{ workerOf: modules.workerOf, transactionId: modules.index + 1 },
    });
    const { table, workerOf, index } = modules;
    const dueHashes = new DueHashes(this.#context);
    const events = sweepEvents(modules, this.#context, this.#store, dueHashes);
    const sweeper = new Sweeper(table, ownedBy(index, workerOf), events);
    this.#rounds = new ExpiryRounds(sweeper, dueHashes, modules);
    this.#reclaimer = new Reclaimer(table, workerOf, index, sweeper, this.#peers);
    this.#cap = new CapKeeper({ ...modules, context, store: this.#store, peers: this.#peers });
    this.#waiting = new WaitingRuns(this.#cap);
    this.#stager = new ArgumentStager(this.#context, modules.registry.table, modules.doorbell);
    this.#slow = new SlowReports({ ...modules, context });
    const places = [this.#awaiting, this.#waiting, this.#stager];
    const waiting = { places, sliced: this.#sliced, store: this.#store };
    this.#figures = new WorkerFigures(modules.stats, waiting);
    const parts = {
      ...{ registry: modules.registry, context: this.#context, executor: this.#executor },
      ...{ transactions: this.#transactions, log: modules.log, waiting: this.#waiting },
      ...{ reclaimer: this.#reclaimer, slow: this.#slow },
    };
    this.#fronts = linkFronts(modules, () => this.#settle());
    this.#runs = new FrontRuns({
      ...{ sliced: this.#sliced, waiters: this.#waiters },
      run: (...run) => this.#run(...run),
    });
    this.#scripts = new Scripts({
      ...{ ...modules, ...parts, store: this.#store, peers: this.#peers, cap: this.#cap },
      ...{ share: modules.scripts, fronts: this.#fronts, settle: () => this.#settle() },
      take: (...frame) => this.#runs.take(...frame),
    });
    const scripts = this.#scripts;
    this.#runner = new CommandRunner({
      ...{ ...parts, router: this.#router, store: this.#store, peers: this.#peers },
      ...{ workerOf, index, stager: this.#stager, scripts },
    });
    this.#blocks = new BlockRunner({ ...parts, store: this.#store, cap: this.#cap, scripts });
    this.#publisher = new WorkerPublisher(modules, this.#fronts);
    this.#service = new WaiterService({
      ...{ ...parts, waiters: this.#waiters, peers: this.#peers, workerOf, index },
      fronts: this.#fronts,
    });
    this.#transactions.service = this.#service;
    this.#kept = new KeptRuns({
      ...{ writer: this.#writer, fronts: this.#fronts, awaiting: this.#awaiting },
      waiting: this.#waiting,
      execute: (front, connection, flags, bytes, view) => {
        this.#run(front, connection, flags, bytes, view, 0, bytes.length);
      },
    });
    this.#context.publisher = this.#publisher;
    this.configure();
  }

  /** Takes over what CONFIG SET may have changed. */
  configure(): void {
    this.#context.configure();
    this.#slow.configure(this.#m.config);
    this.#guests.configure();
    configureEviction(this.#m.table, this.#m.config);
    this.#cap.configure(this.#m.config);
    this.#m.log.setMode(this.#m.config.word('wal-sync-mode') as SyncMode);
    this.#writer.mostBytes = replyLimitBytes(this.#m.config);
  }

  /** Takes the worker's stores; what they have is found out by `loader`, before `replay`. */
  adopt(stores: ShardStores, modules: StoreModules): StoreKeeper {
    const { table, index, workerOf } = this.#m;
    const context = this.#context;
    const wake = (): void => this.#m.doorbell.ring();
    this.#stores = stores;
    this.#cold = new ColdReads({
      ...{ context, stores, large: this.#store, peers: this.#peers, workerOf, index },
      settle: () => this.#settle(),
      wake,
      makeRoom: () => this.#makeRoom(),
    });
    const { stored } = this.#cold;
    this.#guests.adopt(stored);
    this.#keeper = new StoreKeeper({
      ...modules,
      table,
      stores,
      databases: this.#context.databases,
      scanner: this.#context.scanner,
      large: this.#store,
      largeMaxBytes: () => this.#m.config.bytes('large-values-max-bytes'),
      owned: ownedBy(index, workerOf),
      logStates: this.#m.log.depends,
      expireAway: (shard, key, nowMs) => expireAway(this.#context, stored, shard, key, nowMs),
    });
    this.#stager.sync = modules.sync;
    this.#cap.adopt(new AwayVictims(context, stores, stored, wake));
    this.#waiting.adopt(this.#keeper);
    this.#runner.adopt(this.#cold);
    this.#scripts.adopt(this.#cold);
    this.#kept.adopt(this.#cold);
    return this.#keeper;
  }

  /** What finds out which keys the stores have. */
  loader(stores: ShardStores, durable: Float64Array): StoreLoader {
    return new StoreLoader(this.#context, stores, this.#keeper!.flusher, durable);
  }

  /** What applies the logs of earlier runs; to be used up before `serve`. */
  replay(libraries: LibraryReplay): Replay {
    return new Replay(this.#context, this.#m.registry, libraries);
  }

  /** Resolves when no collection is being read: for who replays logs. */
  async loaded(): Promise<void> {
    await this.#cold?.idle();
  }

  /** Makes room for what another worker needs; false: there is none to be had at once. */
  #makeRoom(): boolean {
    const keeper = this.#keeper!;
    const nowMs = Date.now();
    return keeper.makeRoom(nowMs, keeper.passes, nowMs) === 'room';
  }

  /** From now on clients are served, and what they change is logged. */
  serve(): void {
    const { config, log } = this.#m;
    this.#context.log = log;
    this.#context.configure();
    this.#context.blocking.mode = BLOCKS_ELSEWHERE;
    this.#sliced.cutAbove(config.integer('debug-slice-elements'));
    this.#stager.isSlow = this.#sliced.isSlow;
    const keeper = this.#keeper;
    if (keeper === null) return;
    keeper.warmUp = new WarmUp(this.#context, this.#stores!, (shard) => keeper.epochOf(shard));
  }

  /** Does all there is to do; returns milliseconds to sleep unless there is more, 0 = none. */
  turn(): number {
    let any = this.#peers.serve();
    for (const front of this.#fronts) if (this.#runs.serve(front)) any = true;
    if (this.#scripts.busy.afterwards()) any = true;
    if (this.#kept.resumePaged()) any = true;
    this.#publisher.runAlone();
    const nowMs = Date.now();
    const reclaiming = this.#background(nowMs);
    const evicting = this.#cap.tick(nowMs);
    this.#keeper?.tick(nowMs);
    this.#waiting.release(this.#writer);
    if (this.#sliced.round()) any = true;
    if (this.#store.growing.round(this.#sliced.isSlow)) any = true;
    // Behind the slices, so that who waits for a value comes before new readers.
    if (this.#kept.resumeAwaiting(nowMs)) any = true;
    this.#publisher.flush();
    this.#service.flush();
    this.#settle();
    if (this.#stager.round()) any = true;
    this.#m.stats.turns++;
    this.#m.stats.publish();
    if (any || reclaiming || evicting) return 0;
    const waiting = this.#kept.length + this.#sliced.length;
    const mostMs = Math.min(waiting > 0 ? PARKED_SLEEP_MS : IDLE_SLEEP_MS, this.#cap.mostSleepMs);
    return Math.max(1, Math.min(this.#rounds.nextMs - nowMs, mostMs));
  }

  /** True while something waits for the disk: the thread's event loop must turn then. */
  get isBusy(): boolean {
    if (this.#stager.isSyncing || this.#cap.isBusy) return true;
    return this.#keeper?.isBusy === true || this.#cold?.isBusy === true;
  }

  readonly hasWork = (): boolean => {
    for (const front of this.#fronts) if (front.intake.pending) return true;
    return this.#peers.serve();
  };

  /**
   * Waits until what was done here, and what replies may show of others' doing, is handed over.
   * It goes on answering the other workers meanwhile: one of them may need that to end its tick.
   * @returns false when a log cannot be written: what was seen may not be told, and the replies to
   *   all fronts that are in the rings already are taken back
   */
  #settle(): boolean {
    for (;;) {
      const answer = this.#m.log.settle();
      if (answer === SETTLED) return true;
      if (answer === LOST) {
        for (const { replies } of this.#fronts) replies.lose();
        return false;
      }
      this.#peers.wait();
    }
  }

  /** Returns true while there is more to do soon. */
  #background(nowMs: number): boolean {
    this.#m.changes.client = 0;
    if (this.#rounds.expire(nowMs)) {
      this.#figures.sample(this.#cold?.paged.length ?? 0, this.#scripts.commands.engineBytes);
    }
    return this.#rounds.reclaim(nowMs);
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
    sentBytes = 0,
  ): void {
    const context = this.#context;
    const writer = this.#writer;
    const parser = this.#parser;
    context.db = runDatabase(flags);
    context.noTouch = (flags & RUN_NO_TOUCH) !== 0;
    writer.resp3 = (flags & RUN_RESP3) !== 0;
    this.#sentBytes = sentBytes;
    this.#m.users.runFor(connection, flags);
    this.#publisher.runFor(front.replies, connection);
    this.#slow.runFor(front.replies, connection);
    this.#waiters.runFor(this.#fronts.indexOf(front), connection, flags);
    if ((flags & RUN_BLOCK) !== 0) {
      const { db } = context;
      const reason = this.#blocks.run({ front, connection, db, bytes, view, start, end });
      if (reason !== null) {
        this.#awaiting.add(front, connection, flags, bytes.subarray(start, end), reason, true);
      }
      return;
    }
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
      if (context.watched !== null) front.replies.watched(connection, context.takeWatched());
      if (done === count) at = next;
      else if (done > 0) at = parser.commands[(done - 1) * COMMAND_WORDS + COMMAND_END]!;
      if (context.sliced !== null) {
        front.replies.reply(connection, writer, false);
        const { isPreparation } = context.sliced;
        const id = this.#router.ids[done - (isPreparation ? 0 : 1)]!;
        // What is executed again comes first in the rest, without empty commands before it.
        const start = isPreparation ? parser.commands[done * COMMAND_WORDS + COMMAND_START]! : at;
        this.#sliced.add({
          ...{ front, connection, flags, work: context.takeSliced(), id },
          ...{ rest: bytes.subarray(Math.max(at, start), end), sentBytes: this.#sentBytes },
          ...{ tookMs: this.#slow.timer.lap() / 1000, sealed: this.#slow.seal(id) },
        });
        return;
      }
      if (this.#isBlocked) {
        this.#isBlocked = false;
        front.replies.blocked(connection, this.#waiters.takeBegun());
        return;
      }
      const reason = this.#runner.takeReason();
      if (reason !== null) {
        const rest = bytes.subarray(at, end);
        this.#kept.keep(front, connection, flags, rest, reason, at === start);
        return;
      }
      if (done < count || this.#sentBytes > RUN_REPLY_BYTES) {
        front.replies.leftover(connection, bytes, at, end);
        break;
      }
    }
    front.replies.reply(connection, writer, true);
  }

  /** A command that took long is done, or prepared: then it is executed now, with the rest. */
  #slicedEnded(run: SlicedRun<FrontLink>): void {
    const { front, connection, flags, bytes, view, work } = run;
    this.#slow.sliced(run);
    if (!work.isPreparation && run.sentBytes > RUN_REPLY_BYTES && bytes.length > 0) {
      front.replies.leftover(connection, bytes, 0, bytes.length);
      front.replies.reply(connection, this.#writer, true);
    } else {
      if (work.isPreparation) this.#context.prepared = work;
      this.#run(front, connection, flags, bytes, view, 0, bytes.length, run.sentBytes);
      this.#context.prepared = null;
    }
    front.replies.flush();
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
    const { isMonitored } = this.#publisher;
    const { timer } = this.#slow;
    request.source(bytes, view, args);
    context.nowMs = Date.now();
    timer.begin(count);
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
        if (room === 'wait') this.#runner.wait('dataset');
        if (room === 'later' || room === 'wait') break;
        if (room === 'none') {
          reply.error(OUT_OF_MEMORY);
          stats.rejected(id);
        } else {
          timer.starts(id, request);
          const outcome = this.#runner.run(id, done);
          if (outcome === NOT_HERE) break;
          this.#isBlocked = outcome === BLOCKED;
          // What only replies has happened; what is executed again has not.
          if (context.sliced?.isPreparation) break;
          stats.called(id, reply.errorCount !== errors);
          if (!this.#isBlocked && context.sliced === null) this.#slow.ended(id);
          if (isMonitored) tellMonitors(context, this.#m.registry, id, connection);
        }
      }
      if (reply.errorCount !== errors) stats.errorReply(reply.lastError);
      context.prepared = null;
      if (reply.overflowed || context.sliced !== null || this.#isBlocked) {
        done++;
        break;
      }
      if (reply.position > REPLY_SLICE_BYTES) {
        this.#sentBytes += reply.position;
        front.replies.reply(connection, reply, false);
        if (this.#sentBytes > RUN_REPLY_BYTES) {
          done++;
          break;
        }
      }
    }
    timer.end();
    return done;
  }
}
