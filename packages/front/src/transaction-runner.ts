// Runs what a connection has queued since MULTI: itself, when all keys are hot and packed and the
// commands are of a kind that cannot meet a reason to stop half-way; else the worker of the first
// key does. Commands about the connection or the server are always executed here, in their place
// among the replies. What is replied later goes through `Front`.
//
// In place, the locks of all shards, of the keys watched too, are taken in ascending order before
// anything is looked at and kept until the last command is done: nobody sees a part of it, and what
// WATCH saw cannot change in between. All effects are one group of the log.

import { invariant } from '@forgekv/base';
import {
  BatchRouter,
  type CommandContext,
  type CommandRegistry,
  CommandTimer,
  DONE,
  Executor,
  InPlaceRules,
  isUntouched,
  NOT_HERE,
  type Outcome,
  PLACE_FRONT,
  packWatched,
  type ServerServices,
  selectedDatabase,
  tellMonitors,
  tellOfExec,
  transactionProblem,
  WAITING,
  type WatchedKey,
} from '@forgekv/commands';
import { CAP_UNDER } from '@forgekv/keyspace';
import { RequestParser } from '@forgekv/protocol';
import { RUN_BLOCK } from '@forgekv/rings';
import { CommandQueue } from './command-queue.ts';
import { AWAY, type Connection, DEFERRED } from './connection.ts';
import type { FrontPermits } from './front-permits.ts';
import type { FrontScripts } from './front-scripts.ts';
import type { HopClient } from './hop-client.ts';
import { runFlags } from './run-flags.ts';
import { pointTo } from './run-sender.ts';
import { RunningBlock } from './running-block.ts';
import type { SlowCommands } from './slow-commands.ts';
import type { TickOutput } from './tick-output.ts';
import type { FrontTracking } from './tracking/front-tracking.ts';

/** What was accepted when it was queued is accepted again. */
const NO_LIMITS = { maxBulkBytes: Infinity, authenticated: true };
/** Has no name, so that it is nobody's, however commands are called; see BlockRunner. */
const NAMELESS = '*1\r\n$0\r\n\r\n';
const NO_EFFECT_BYTES = NAMELESS.length;
/** Words are read behind the end. */
const NO_EFFECT = Buffer.from(NAMELESS.padEnd(NO_EFFECT_BYTES + 8));
const NO_EFFECT_VIEW = new DataView(NO_EFFECT.buffer, NO_EFFECT.byteOffset, NO_EFFECT.length);

export interface TransactionRunnerModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly services: ServerServices;
  readonly hops: HopClient;
  readonly output: TickOutput;
  readonly tracking: FrontTracking;
  readonly scripts: FrontScripts;
  readonly permits: FrontPermits;
  readonly slow: SlowCommands;
  readonly workerOf: Uint8Array;
  /** Takes a part of the reply that was kept. */
  readonly replied: (connection: number, bytes: Buffer, isLast: boolean) => void;
}

export class TransactionRunner {
  /** Sends every transaction over the ring: for tests and benchmarks. */
  forceHop = false;
  readonly #m: TransactionRunnerModules;
  readonly #parser = new RequestParser();
  readonly #router: BatchRouter;
  readonly #executor: Executor;
  readonly #rules: InPlaceRules;
  readonly #select: number;
  /** What clients call EXEC. */
  readonly #exec: string;
  readonly #timer: CommandTimer;
  /** Stands where a command is refused. */
  readonly #noEffect: number;
  /** 1 by command id: it changes which reads are noted. */
  readonly #tracks: Uint8Array;
  /** The shards of the transaction in place. */
  #lowShards = 0;
  #highShards = 0;

  constructor(modules: TransactionRunnerModules) {
    const { registry, context } = modules;
    this.#m = modules;
    this.#router = new BatchRouter(registry, context.table);
    this.#timer = new CommandTimer(registry, context.stats, modules.slow.watch);
    this.#executor = new Executor(registry, context, false);
    this.#rules = new InPlaceRules(registry, context);
    this.#select = registry.table.names.indexOf('select');
    this.#exec = registry.table.clientNameOf(registry.table.idOf('exec')).toUpperCase();
    this.#noEffect = registry.table.names.indexOf('echo');
    this.#tracks = Uint8Array.from(registry.table.names, (name) =>
      name === 'client|tracking' || name === 'client|caching' ? 1 : 0,
    );
  }

  /** Queues the command in the context's request. */
  enqueue(queue: CommandQueue, id: number): void {
    this.#add(queue, id);
    this.#m.context.reply.simple('QUEUED');
  }

  #add(queue: CommandQueue, id: number): void {
    const { registry, context } = this.#m;
    const { request, table } = context;
    queue.add(id, request);
    queue.flags |= registry.table.flagBits[id]!;
    if (!this.#rules.admits(id)) queue.isInPlace = false;
    if (registry.places[id] !== PLACE_FRONT) {
      queue.hasKeyed = true;
      const key = registry.homeKey[id]!;
      if (queue.homeShard < 0 && key > 0 && key < request.argc) {
        const at = request.offset(key);
        queue.homeShard = table.hasher.shard(request.bytes, at, request.length(key));
      }
    }
  }

  /** EXEC: see ServerServices. */
  exec(connection: Connection): Outcome {
    const { context } = this.#m;
    const { watched } = connection;
    const queued = connection.queue!;
    connection.forgetTransaction();
    if (queued.isFailed) {
      return context.fail('EXECABORT Transaction discarded because of previous errors.');
    }
    const problem = transactionProblem(context, queued.flags, queued.length, queued.count);
    if (problem !== '') return context.fail(problem);
    const queue = this.#checkAgain(connection, queued);
    this.#noteReads(connection, queue);
    // Messages for the connection wait for the end of the reply.
    connection.isMidReply = true;
    const { request } = context;
    const { first, argc } = request;
    const outcome = this.#run(connection, queue, watched);
    request.first = first;
    request.argc = argc;
    if (outcome === DONE) {
      connection.isMidReply = false;
      connection.queueIsDone(queued);
    }
    return outcome;
  }

  /**
   * What is to be executed of a queue: where the user may not do any more what was queued for him,
   * or never might do all of it, a command of no effect stands in the place of each such command.
   */
  #checkAgain(connection: Connection, queued: CommandQueue): CommandQueue {
    const { permissions } = connection;
    if (permissions === null) return queued;
    if (permissions === queued.checkedFor && !queued.isToBeChecked) return queued;
    const refusals = new Map<number, string>();
    for (const [i, id] of queued.ids.entries()) {
      const place = [queued.startOf(i), queued.ends[i]!, true] as const;
      const problem = this.#m.permits.laterProblem(connection, id, queued.bytes, ...place);
      if (problem !== '') refusals.set(i, problem);
    }
    if (refusals.size === 0) return queued;
    const { request } = this.#m.context;
    const { bytes, view, args, first, argc, start, end } = request;
    const checked = new CommandQueue();
    checked.refusals = refusals;
    for (const [i, id] of queued.ids.entries()) {
      if (refusals.has(i)) this.#parse(NO_EFFECT, NO_EFFECT_VIEW, 0, NO_EFFECT_BYTES);
      else this.#parse(queued.bytes, queued.view, queued.startOf(i), queued.ends[i]!);
      this.#point(0);
      this.#add(checked, refusals.has(i) ? this.#noEffect : id);
    }
    request.source(bytes, view, args);
    Object.assign(request, { first, argc, start, end });
    return checked;
  }

  /** Executes a command of the front, unless it was refused. */
  #runFront(connection: Connection, queue: CommandQueue, i: number): Outcome {
    const { context, registry, services } = this.#m;
    const refusal = queue.refusals?.get(i);
    if (refusal !== undefined) return context.fail(refusal);
    return registry.frontRuns[queue.ids[i]!]!(context, connection, services);
  }

  /** Notes what the queued commands will read. */
  #noteReads(connection: Connection, queue: CommandQueue): void {
    // What these change holds for those behind them.
    const isCertain = queue.ids.some((id) => this.#tracks[id] === 1);
    if (!isCertain && connection.tracking === null) return;
    const { request } = this.#m.context;
    const { bytes, view, args } = request;
    this.#parse(queue.bytes, queue.view, 0, queue.length);
    for (let i = 0; i < queue.count; i++) {
      this.#point(i);
      this.#m.tracking.reads(connection, queue.ids[i]!, isCertain);
    }
    request.source(bytes, view, args);
  }

  #run(connection: Connection, queue: CommandQueue, watched: readonly WatchedKey[]): Outcome {
    const { table } = this.#m.context;
    if (queue.isInPlace && !this.forceHop && table.cap.state === CAP_UNDER) {
      const outcome = this.#runInPlace(connection, queue, watched);
      if (outcome !== NOT_HERE) return outcome;
    }
    if (queue.hasKeyed || watched.length > 0) return this.#send(connection, queue, watched);
    return this.#runOwnOnly(connection, queue);
  }

  // --- in place ---

  #runInPlace(
    connection: Connection,
    queue: CommandQueue,
    watched: readonly WatchedKey[],
  ): Outcome {
    const { context } = this.#m;
    const { request } = context;
    if (!this.#rules.begin(queue.length, queue.count, queue.args, queue.longestArg)) {
      return NOT_HERE;
    }
    const { bytes, view, args } = request;
    this.#parse(queue.bytes, queue.view, 0, queue.length);
    this.#router.route(this.#parser, queue.bytes, queue.view, true);
    this.#findShards(queue, watched);
    const low = this.#lowShards;
    const high = this.#highShards;
    let outcome: Outcome = NOT_HERE;
    if (this.#executor.lockShards(low, high)) {
      context.log?.beginBlock();
      outcome = this.#runLocked(connection, queue, watched);
      // Keys that have expired while they were looked at.
      context.endNotes(outcome);
      context.log?.endBlock();
      this.#executor.unlockShards(low, high);
    } else {
      context.stats.lockMisses++;
    }
    context.db = connection.db;
    request.source(bytes, view, args);
    return outcome;
  }

  #findShards(queue: CommandQueue, watched: readonly WatchedKey[]): void {
    const { registry } = this.#m;
    this.#lowShards = 0;
    this.#highShards = 0;
    for (const { shard } of watched) this.#addShard(shard);
    for (let i = 0; i < queue.count; i++) {
      const id = queue.ids[i]!;
      if (registry.places[id] === PLACE_FRONT) continue;
      if (registry.singleKey[id] !== 0) {
        this.#addShard(this.#router.shards[i]!);
      } else {
        this.#keysOf(i, id);
        this.#lowShards |= this.#executor.lowShards;
        this.#highShards |= this.#executor.highShards;
      }
    }
  }

  #addShard(shard: number): void {
    if (shard < 32) this.#lowShards |= 1 << shard;
    else this.#highShards |= 1 << (shard - 32);
  }

  /** Points to a command with several keys; returns how many. */
  #keysOf(i: number, id: number): number {
    const { context } = this.#m;
    this.#point(i);
    const found = this.#executor.shardsOf(id);
    for (let key = 0; key < found; key++) context.clearPrehashed(this.#executor.keyAt(key));
    return found;
  }

  #runLocked(connection: Connection, queue: CommandQueue, watched: readonly WatchedKey[]): Outcome {
    const { context, registry } = this.#m;
    const { reply, stats } = context;
    if (!this.#allFit(queue)) return NOT_HERE;
    context.db = connection.db;
    for (const key of watched) {
      const untouched = isUntouched(context, key);
      if (untouched < 0) return NOT_HERE;
      if (untouched > 0) continue;
      reply.nullArray();
      return DONE;
    }
    if (!this.#rules.claim()) return NOT_HERE;
    reply.array(queue.count);
    this.#timer.begin(queue.count);
    for (let i = 0; i < queue.count; i++) {
      const id = queue.ids[i]!;
      const errors = reply.errorCount;
      this.#point(i);
      this.#timer.starts(id, context.request);
      let outcome: Outcome;
      if (registry.places[id] === PLACE_FRONT) {
        outcome = this.#runFront(connection, queue, i);
      } else {
        this.#prehash(i, id);
        outcome = this.#executor.runLocked(id);
      }
      invariant(outcome === DONE, 'a transaction in place cannot stop half-way');
      stats.called(id, reply.errorCount !== errors);
      this.#tellTime(connection, id);
      this.#tell(connection, id);
      if (reply.errorCount !== errors) stats.errorReply(reply.lastError);
    }
    this.#timer.end();
    this.#rules.end();
    return DONE;
  }

  /** True when all keys are within reach, and stay so whatever the commands do. */
  #allFit(queue: CommandQueue): boolean {
    const { context, registry } = this.#m;
    for (let i = 0; i < queue.count; i++) {
      const id = queue.ids[i]!;
      if (registry.places[id] === PLACE_FRONT) {
        if (id !== this.#select) continue;
        this.#point(i);
        const db = selectedDatabase(context);
        if (typeof db === 'number') context.db = db;
        continue;
      }
      const single = registry.singleKey[id]!;
      if (single !== 0) {
        this.#point(i);
        this.#prehash(i, id);
        if (!this.#rules.fits(id, single)) return false;
        continue;
      }
      const found = this.#keysOf(i, id);
      for (let key = 0; key < found; key++) {
        if (!this.#rules.fits(id, this.#executor.keyAt(key))) return false;
      }
    }
    return true;
  }

  #prehash(i: number, id: number): void {
    const single = this.#m.registry.singleKey[id]!;
    if (single === 0) return;
    this.#m.context.setPrehashed(single, this.#router.shards[i]!, this.#router.hashes[i]!);
  }

  #parse(bytes: Buffer, view: DataView, start: number, end: number): void {
    this.#parser.parse(bytes, start, end, NO_LIMITS);
    this.#m.context.request.source(bytes, view, this.#parser.args);
  }

  /** Points the context's request to a command that was parsed. */
  #point(i: number): void {
    pointTo(this.#m.context.request, this.#parser.commands, i);
  }

  // --- on a worker, with what is the front's in between ---

  #send(connection: Connection, queue: CommandQueue, watched: readonly WatchedKey[]): Outcome {
    const { context, registry, hops, output, scripts, workerOf } = this.#m;
    const home = queue.homeShard >= 0 ? queue.homeShard : watched[0]?.shard;
    const worker = workerOf[home ?? connection.id & 63]!;
    const busy = scripts.refusalOf(worker);
    if (busy !== '') {
      return context.fail(`EXECABORT Transaction discarded because of: ${busy}`);
    }
    const keys = packWatched(watched);
    const payload = Buffer.concat([
      Buffer.from(`*1\r\n$${keys.length}\r\n`),
      keys,
      Buffer.from('\r\n'),
      queue.bytes.subarray(0, queue.length),
    ]);
    const own: number[] = [];
    for (const [i, id] of queue.ids.entries()) {
      if (registry.places[id] === PLACE_FRONT) own.push(i);
    }
    connection.state = AWAY;
    connection.block = new RunningBlock(queue, own);
    const flags = runFlags(connection) | RUN_BLOCK;
    connection.worker = worker;
    hops.send(worker, connection.id, flags, payload, 0, payload.length);
    output.schedule();
    return WAITING;
  }

  /** There are no keys in it. */
  #runOwnOnly(connection: Connection, queue: CommandQueue): Outcome {
    const { request, reply } = this.#m.context;
    const { bytes, view, args } = request;
    reply.array(queue.count);
    for (let i = 0; i < queue.count; i++) {
      if (this.#runOwn(connection, queue, i) !== WAITING) continue;
      const rest = Array.from({ length: queue.count - i - 1 }, (_, k) => i + 1 + k);
      const block = new RunningBlock(queue, rest);
      for (const _ of rest) block.keep(null, false);
      block.keep(Buffer.alloc(0), true);
      block.isStalled = true;
      connection.block = block;
      connection.state = DEFERRED;
      request.source(bytes, view, args);
      return WAITING;
    }
    request.source(bytes, view, args);
    return DONE;
  }

  /** The place of the front's own next command has come. */
  yours(connection: Connection): void {
    const block = connection.block!;
    if (block.isStalled) {
      block.keep(null, false);
      return;
    }
    const { reply } = this.#m.context;
    const start = reply.position;
    reply.floor = start;
    if (this.#runOwn(connection, block.queue, block.takeOwn()) === WAITING) {
      block.isStalled = true;
      connection.state = DEFERRED;
    }
    if (connection.replyMode !== 'on') reply.position = start;
    this.#m.output.add(connection, start);
  }

  /** Goes on when a command of the front that took a while has been answered. */
  resume(connection: Connection): void {
    const block = connection.block!;
    connection.state = AWAY;
    block.isStalled = false;
    for (let part = block.takePart(); part !== undefined; part = block.takePart()) {
      if (part.bytes === null) this.yours(connection);
      else this.#m.replied(connection.id, part.bytes, part.isLast);
    }
  }

  /** The last reply of a transaction has come that was not executed in place. */
  ended(connection: Connection): void {
    const { context } = this.#m;
    connection.block = null;
    if (context.publisher.isMonitored)
      tellOfExec(context, connection.db, connection.address, this.#exec);
  }

  #tellTime(connection: Connection, id: number): void {
    const timer = this.#timer;
    if (timer.ended(id)) this.#m.slow.took(connection, id, timer.microseconds);
  }

  #tell(connection: Connection, id: number): void {
    const { context, registry } = this.#m;
    if (context.publisher.isMonitored) tellMonitors(context, registry, id, connection.address);
  }

  #runOwn(connection: Connection, queue: CommandQueue, i: number): Outcome {
    const { context } = this.#m;
    const { reply, stats } = context;
    const id = queue.ids[i]!;
    this.#parse(queue.bytes, queue.view, queue.startOf(i), queue.ends[i]!);
    this.#point(0);
    context.db = connection.db;
    context.nowMs = Date.now();
    reply.resp3 = connection.resp === 3;
    const errors = reply.errorCount;
    this.#timer.begin(1);
    this.#timer.starts(id, context.request);
    const outcome = this.#runFront(connection, queue, i);
    context.db = connection.db;
    stats.called(id, reply.errorCount !== errors);
    if (outcome !== WAITING) this.#tellTime(connection, id);
    else this.#m.slow.waits(connection, id, this.#timer.lap());
    this.#tell(connection, id);
    if (reply.errorCount !== errors) stats.errorReply(reply.lastError);
    return outcome;
  }
}
