// Runs a transaction (MULTI ... EXEC) on the worker of its first key: closes the gates of all its
// shards, those of the keys watched too, brings every key it names within reach, looks whether what
// WATCH saw is still so, and executes the commands one after the other, as one group of the log.
// Then it opens the gates. Knows no front.
//
// Nothing may have to be waited for once a command has changed something: a transaction that is
// half done cannot be put aside. So all keys are brought within reach before the first command, and
// whatever has to be waited for (a value that is being read or held, room) is waited for with the
// gates open and nothing done. What a command finds missing nevertheless, because the commands
// before it have used up the room, or because it leads to a key that it does not name, is an error
// of that command alone, as an error at run time is in Redis.

import { SHARD_COUNT } from '@forgekv/base';
import { FLAG_DENYOOM, FLAG_WRITE } from '@forgekv/catalog';
import {
  BatchRouter,
  BLOCKS_NEVER,
  type CommandContext,
  type CommandRegistry,
  type CommandTimer,
  DONE,
  type EffectLog,
  type Executor,
  FULL,
  isUntouched,
  NOT_HERE,
  OUT_OF_MEMORY,
  PAGING,
  PLACE_FRONT,
  PLACE_SCRIPT,
  PLACE_WORKER,
  selectedDatabase,
  tellMonitors,
  transactionProblem,
  UNKNOWN,
  unpackWatched,
  type WatchedKey,
} from '@forgekv/commands';
import { RoomPlan } from '@forgekv/keyspace';
import {
  COMMAND_ARGC,
  COMMAND_END,
  COMMAND_FIRST_ARG,
  COMMAND_START,
  COMMAND_WORDS,
  RequestParser,
} from '@forgekv/protocol';
import type { CapKeeper } from './cap-keeper.ts';
import { GateTaken } from './gates.ts';
import type { LargeStore } from './large-store.ts';
import type { Awaited } from './peers.ts';
import type { Reclaimer } from './reclaimer.ts';
import type { ReplySender } from './reply-sender.ts';
import { busyText, gateIsFree } from './script-runner.ts';
import type { Scripts } from './scripts.ts';
import type { SlowReports } from './slow-reports.ts';
import type { Transactions } from './transaction.ts';
import type { WaitingRuns } from './waiting-runs.ts';

/** What was accepted when it was queued is accepted again. */
const NO_LIMITS = { maxBulkBytes: Infinity, authenticated: true };
/** Times that room is made for one command. */
const MOST_ROUNDS = 20;
const RECLAIM_SLICE_MS = 2;
/** Time a transaction waits for room, about, before it takes its chance. */
const MOST_WAIT_MS = 2000;
/** What a key that is written is supposed to need, and how many of them are looked at. */
const LEAST_ROOM_BYTES = 1024;
const MOST_CLAIMS = 256;

/** Nothing is known that leads to it. */
const OUT_OF_REACH = 'TRYAGAIN a value that this command leads to is out of reach';
const ON_DISK = 'ERR not all keys are in memory: this command cannot be part of a transaction now';

export interface BlockRunnerModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly executor: Executor;
  readonly store: LargeStore;
  readonly transactions: Transactions;
  readonly log: EffectLog;
  readonly cap: CapKeeper;
  readonly waiting: WaitingRuns;
  readonly reclaimer: Reclaimer;
  readonly scripts: Scripts;
  readonly slow: SlowReports;
}

/** A transaction in bytes[start..end), and where it came from. */
export interface BlockRun {
  readonly front: { readonly replies: ReplySender };
  readonly connection: number;
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
  readonly db: number;
}

export class BlockRunner {
  readonly #m: BlockRunnerModules;
  readonly #parser = new RequestParser();
  readonly #router: BatchRouter;
  /** Of the front, which alone knows why it is there. */
  readonly #noEffect: number;
  readonly #plan: RoomPlan;
  readonly #select: number;
  readonly #timer: CommandTimer;
  /** Since when transactions wait for room, by connection. */
  readonly #waitingSince = new Map<number, number>();
  /** Commands that reach into other databases. */
  readonly #crossing: ReadonlySet<number>;

  constructor(modules: BlockRunnerModules) {
    const { names } = modules.registry.table;
    this.#m = modules;
    this.#crossing = new Set(['copy', 'move'].map((name) => names.indexOf(name)));
    this.#router = new BatchRouter(modules.registry, modules.context.table);
    this.#noEffect = modules.registry.table.idOf('echo');
    this.#timer = modules.slow.createTimer();
    this.#plan = new RoomPlan(modules.context.table);
    this.#select = names.indexOf('select');
  }

  /**
   * Runs a transaction, as RUN_BLOCK says, and sends its reply.
   * @returns null, or what it has to wait for: then nothing has happened
   */
  run(block: BlockRun): readonly Awaited[] | null {
    const { reply } = this.#m.context;
    this.#m.context.nowMs = Date.now();
    const reason = this.#runOrRefuse(block);
    if (reason !== null) return reason;
    const { front, connection } = block;
    this.#waitingSince.delete(connection);
    if (reply.overflowed) {
      reply.overflowed = false;
      reply.reset();
      front.replies.tooLarge(connection);
    } else {
      front.replies.reply(connection, reply, true);
    }
    return null;
  }

  #runOrRefuse(block: BlockRun): readonly Awaited[] | null {
    const { context, scripts } = this.#m;
    try {
      return this.#run(block);
    } catch (error) {
      if (!(error instanceof GateTaken)) throw error;
      const { control } = scripts;
      if (!control.isBusy(error.holder)) return [gateIsFree(context, control, error)];
      const why = busyText(control, error.holder);
      context.reply.error(`EXECABORT Transaction discarded because of: ${why}`);
      return null;
    }
  }

  #run(block: BlockRun): readonly Awaited[] | null {
    const { context, transactions, log } = this.#m;
    const { watched, from } = this.#watchedOf(block);
    const { shards, count, flags } = this.#survey(block, from, watched);
    const problem = transactionProblem(context, flags, block.end - from, count);
    if (problem !== '') {
      context.reply.error(problem);
      return null;
    }
    const room = this.#m.cap.makeRoom(flags);
    if (room === 'none') {
      context.reply.error(`EXECABORT Transaction discarded because of: ${OUT_OF_MEMORY}`);
      return null;
    }
    if (room !== 'room') return [whenTrue(() => this.#m.cap.hasRoom)];
    const gated = transactions.enterServing(shards, null);
    const { sliceElements, blocking } = context;
    const { mode } = blocking;
    context.sliceElements = Infinity;
    blocking.mode = BLOCKS_NEVER;
    log.beginBlock();
    const reason = this.#runGated(block, from, watched, count);
    context.publishNotes();
    log.endBlock();
    this.#m.scripts.functions.endBlock();
    context.sliceElements = sliceElements;
    blocking.mode = mode;
    transactions.serveReady();
    transactions.leave(gated);
    return reason;
  }

  #watchedOf({ bytes, start, end }: BlockRun): { watched: WatchedKey[]; from: number } {
    const parser = this.#parser;
    parser.parse(bytes, start, end, NO_LIMITS);
    const [at, length] = parser.args;
    const from = parser.commands[COMMAND_END]!;
    return { watched: unpackWatched(bytes.subarray(at, at! + length!)), from };
  }

  /** Which shards the commands may touch, how many they are, and their flags together. */
  #survey(block: BlockRun, from: number, watched: readonly WatchedKey[]) {
    const { registry, executor, context } = this.#m;
    const shards = new Set<number>();
    let count = 0;
    let flags = 0;
    for (const { shard } of watched) shards.add(shard);
    this.#each(block, from, (id) => {
      count++;
      flags |= registry.table.flagBits[id]!;
      if (registry.places[id] === PLACE_WORKER || registry.places[id] === PLACE_SCRIPT) {
        for (let shard = 0; shard < SHARD_COUNT; shard++) shards.add(shard);
      } else if (registry.places[id] !== PLACE_FRONT) {
        const found = executor.shardsOf(id);
        addBits(shards, executor.lowShards, 0);
        addBits(shards, executor.highShards, 32);
        for (let i = 0; i < found; i++) context.clearPrehashed(executor.keyAt(i));
      }
      return true;
    });
    return { shards, count, flags };
  }

  #runGated(
    block: BlockRun,
    from: number,
    watched: readonly WatchedKey[],
    count: number,
  ): readonly Awaited[] | null {
    const { context, transactions } = this.#m;
    const { reply } = context;
    for (const key of watched) {
      transactions.bring(key.key, key.db, false, false);
      context.table.locks.lock(key.shard);
      const untouched = isUntouched(context, key);
      context.table.locks.unlock(key.shard);
      const reason = untouched < 0 ? this.#waitForRoom(block) : null;
      if (reason !== null) return reason;
      // One that cannot be looked at may have changed.
      if (untouched > 0) continue;
      reply.nullArray();
      return null;
    }
    const reason = this.#bringAll(block, from) ?? this.#findRoom(block, from);
    if (reason !== null) return reason;
    reply.array(count);
    this.#timer.begin(count);
    this.#each(block, from, (id, i) => {
      this.#execute(block, id, i);
      return !reply.overflowed;
    });
    this.#timer.end();
    return null;
  }

  /** Makes sure that the table has about the room that the commands may need. */
  #findRoom(block: BlockRun, from: number): readonly Awaited[] | null {
    const { registry, context } = this.#m;
    this.#plan.begin();
    let added = 0;
    this.#each(block, from, (id) => {
      if ((registry.table.flagBits[id]! & FLAG_DENYOOM) === 0) return true;
      const { start, end, argc } = context.request;
      const bytes = Math.min(context.hotValueMaxBytes, LEAST_ROOM_BYTES + 2 * (end - start));
      const keys = registry.table.lastKey[id]! < 0 ? argc : 1;
      for (let i = 0; i < keys; i++) this.#plan.add(0, 0, bytes);
      added += keys;
      return added < MOST_CLAIMS;
    });
    for (let rounds = 0; rounds < MOST_ROUNDS; rounds++) {
      const hasRoom = this.#plan.claim();
      // Commands claim for themselves, which must not be short of what is claimed here.
      this.#plan.end();
      if (hasRoom) return null;
      if (!this.#reclaims()) break;
    }
    return this.#waitForRoom(block);
  }

  /** Brings all keys and values within reach that the commands name. */
  #bringAll(block: BlockRun, from: number): readonly Awaited[] | null {
    const { registry, transactions } = this.#m;
    let isFull = false;
    this.#each(block, from, (id) => {
      if (registry.places[id] === PLACE_FRONT || registry.places[id] === PLACE_WORKER) return true;
      // The keys that a script declares, too.
      if (!this.#bring(id, false)) isFull = true;
      return true;
    });
    const awaited = transactions.takeAwaited();
    if (awaited.length > 0) return awaited;
    return isFull ? this.#waitForRoom(block) : null;
  }

  /**
   * Brings what one command names within reach; false: there is no room for it.
   * @param borrows large values of other workers, too
   */
  #bring(id: number, borrows: boolean): boolean {
    const { registry, context, executor, transactions } = this.#m;
    const found = executor.shardsOf(id);
    const keys = Array.from({ length: found }, (_, i) => executor.keyAt(i));
    const isScript = registry.places[id] === PLACE_SCRIPT;
    const changes = isScript || (registry.table.flagBits[id]! & FLAG_WRITE) !== 0;
    const databases = this.#crossing.has(id) ? context.databases.count : 1;
    let hasRoom = true;
    for (const key of keys) {
      context.clearPrehashed(key);
      const bytes = context.request.slice(key);
      for (let i = 0; i < databases; i++) {
        const db = databases === 1 ? context.db : i;
        if (transactions.bring(bytes, db, true, changes, borrows) === OUT_OF_MEMORY)
          hasRoom = false;
      }
    }
    return hasRoom;
  }

  /** Null: there is none to be had, or not in time, and the commands will say so. */
  #waitForRoom({ connection }: BlockRun): readonly Awaited[] | null {
    const { waiting } = this.#m;
    const nowMs = Date.now();
    const sinceMs = this.#waitingSince.get(connection) ?? nowMs;
    this.#waitingSince.set(connection, sinceMs);
    if (nowMs - sinceMs > MOST_WAIT_MS || waiting.makeRoom(true) !== 'wait') return null;
    return [whenTrue(() => waiting.hasTableRoom)];
  }

  #execute(block: BlockRun, id: number, i: number): void {
    const { registry, context, store } = this.#m;
    const { reply, stats } = context;
    if (registry.places[id] === PLACE_FRONT) {
      block.front.replies.reply(block.connection, reply, false);
      block.front.replies.yours(block.connection);
      return;
    }
    const timer = this.#timer;
    const errors = reply.errorCount;
    const single = registry.singleKey[id]!;
    timer.starts(id, context.request);
    // Those before it have changed something: what it leads to is not waited for.
    store.isUrgent = true;
    for (let rounds = 0; ; rounds++) {
      if (single !== 0) {
        context.setPrehashed(single, this.#router.shards[i]!, this.#router.hashes[i]!);
      }
      const outcome = this.#runOne(id);
      if (outcome === DONE) break;
      if (outcome === FULL && rounds < MOST_ROUNDS && this.#reclaims()) continue;
      // A command before it may have removed what said that another worker's store has no such key.
      if (outcome === NOT_HERE && rounds === 0 && this.#bring(id, true)) continue;
      reply.error(outcome === FULL ? OUT_OF_MEMORY : outcome === PAGING ? ON_DISK : OUT_OF_REACH);
      break;
    }
    store.isUrgent = false;
    stats.called(id, reply.errorCount !== errors);
    if (timer.ended(id)) this.#m.slow.took(id, timer.microseconds);
    if (context.publisher.isMonitored) tellMonitors(context, registry, id, block.connection);
    if (reply.errorCount !== errors) stats.errorReply(reply.lastError);
  }

  #runOne(id: number): number {
    const { registry, scripts, transactions, executor } = this.#m;
    if (registry.places[id] === PLACE_WORKER) return this.#runWide(id);
    if (registry.places[id] !== PLACE_SCRIPT) {
      const outcome = executor.run(id);
      if (outcome !== NOT_HERE) return outcome;
      return transactions.guests.run(id) ? DONE : transactions.runWithin(id);
    }
    scripts.commands.run(id, true);
    return DONE;
  }

  /** Makes room in the table at once, if there is some to be had. */
  #reclaims(): boolean {
    const { reclaimer, waiting } = this.#m;
    return reclaimer.makeRoom(Date.now() + RECLAIM_SLICE_MS) || waiting.makeRoom() === 'room';
  }

  #runWide(id: number): number {
    const { registry, context, log } = this.#m;
    const outcome = registry.runs[id]!(context);
    log.seesAll();
    context.publishNotes();
    if (outcome === PAGING) context.pages.forget();
    return outcome;
  }

  /**
   * Visits the commands from `from` on: each is the context's request then, in its database.
   * @param visit gets the id, and the command's place in the router's batch
   */
  #each(block: BlockRun, from: number, visit: (id: number, i: number) => boolean): void {
    const { context } = this.#m;
    const { request } = context;
    const parser = this.#parser;
    const { bytes, view, end } = block;
    let { db } = block;
    for (let at = from; at < end; ) {
      at = parser.parse(bytes, at, end, NO_LIMITS);
      request.source(bytes, view, parser.args);
      this.#router.route(parser, bytes, view, false);
      for (let i = 0; i < parser.commandCount; i++) {
        request.first = parser.commands[i * COMMAND_WORDS + COMMAND_FIRST_ARG]!;
        request.argc = parser.commands[i * COMMAND_WORDS + COMMAND_ARGC]!;
        request.start = parser.commands[i * COMMAND_WORDS + COMMAND_START]!;
        request.end = parser.commands[i * COMMAND_WORDS + COMMAND_END]!;
        // What was queued is known. What has no name stands where the front has refused a command.
        const found = this.#router.ids[i]!;
        const id = found === UNKNOWN ? this.#noEffect : found;
        context.db = db;
        if (!visit(id, i)) return;
        if (id !== this.#select) continue;
        const selected = selectedDatabase(context);
        if (typeof selected === 'number') db = selected;
      }
    }
  }
}

function addBits(shards: Set<number>, bits: number, base: number): void {
  for (let i = 0; i < 32; i++) if ((bits >>> i) & 1) shards.add(base + i);
}

/** Something to wait for that is asked again and again. */
function whenTrue(isDone: () => boolean): { readonly isDone: boolean } {
  return {
    get isDone() {
      return isDone();
    },
  };
}
