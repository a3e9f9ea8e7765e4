// Runs a script, or a function, on this worker: closes the gates it needs, brings the keys it
// declares within reach, has the engine run it as one group of the log, and opens the gates. Or
// says what it has to wait for; then nothing has happened. Does not know where scripts come from.
//
// Which gates: those of the keys it declares, if all its runs so far kept to them; before its first
// run nobody knows, and all are closed. A script that calls for other keys nevertheless is stopped
// as long as it has changed nothing, and run again with all gates closed; if it has, it gets the
// gates it needs in addition (gates.ts). From then on it begins with all of them.
//
// One that keeps to its keys, all of them on one shard and in memory, costs two locks of that shard
// beside the engine and its commands, and no message to anybody.

import { SHARD_COUNT } from '@forgekv/base';
import { FLAG_DENYOOM, FLAG_WRITE } from '@forgekv/catalog';
import {
  BLOCKS_NEVER,
  BUSY_FUNCTION,
  BUSY_SCRIPT,
  type CommandContext,
  type EffectLog,
  OUT_OF_MEMORY,
  tellOfScript,
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import { CAP_UNDER } from '@forgekv/keyspace';
import { KIND_FUNCTION, type ScriptControl } from '@forgekv/rings';
import { RUN_STOPPED } from '@forgekv/scripting';
import type { CapKeeper } from './cap-keeper.ts';
import { GateTaken } from './gates.ts';
import type { Awaited } from './peers.ts';
import { REACH_ALL, REACH_DECLARED } from './script-book.ts';
import type { ScriptCalls } from './script-calls.ts';
import type { ScriptClock } from './script-clock.ts';
import { FIRST_KEY, type ScriptTask } from './script-task.ts';
import type { Transactions } from './transaction.ts';
import { ALL_SHARDS } from './waiters.ts';
import type { WaitingRuns } from './waiting-runs.ts';

/** Runs of one script that were stopped for values that had to be read. */
const MOST_STOPS = 1000;
const NO_SHARDS: ReadonlySet<number> = new Set();
const NO_KEYS: readonly Buffer[] = [];

/** Room in the table or the dataset, others' turn first, or values that are being read. */
export type ScriptWait = 'room' | 'dataset' | 'later' | readonly Awaited[];

export interface ScriptRunnerModules {
  readonly context: CommandContext;
  readonly config: Config;
  readonly transactions: Transactions;
  readonly log: EffectLog;
  readonly cap: CapKeeper;
  readonly waiting: WaitingRuns;
  readonly control: ScriptControl;
  readonly calls: ScriptCalls;
  readonly clock: ScriptClock;
}

export class ScriptRunner {
  readonly #m: ScriptRunnerModules;
  /** Of those that wait: how often they were stopped, by connection. */
  readonly #stops = new Map<number, number>();
  readonly #singles: readonly ReadonlySet<number>[];
  /** The only shard of the keys that were looked at last, -1: there are more, or none. */
  #only = -1;

  constructor(modules: ScriptRunnerModules) {
    this.#m = modules;
    this.#singles = Array.from({ length: SHARD_COUNT }, (_, shard) => new Set([shard]));
  }

  /**
   * Runs a script that the command in the context's request calls for, and writes its reply.
   * @returns what it has to wait for, null: it is done
   */
  run(task: ScriptTask): ScriptWait | null {
    const { context, cap } = this.#m;
    let isFull = false;
    if (!task.isReadOnly && context.table.cap.state !== CAP_UNDER) {
      const room = cap.makeRoom(FLAG_DENYOOM | FLAG_WRITE);
      if (room === 'wait' && !task.isWithin) return 'dataset';
      if (room === 'later' && !task.isWithin) return 'later';
      isFull = room === 'none' && !task.mayExceed;
    }
    if (task.declaresWrites) {
      const problem = isFull ? OUT_OF_MEMORY : context.writeRefusal;
      if (problem !== '') {
        context.reply.error(problem);
        return null;
      }
    }
    const { request, publisher } = context;
    if (publisher.isMonitored) tellOfScript(context, context.changes.client);
    task.bytes = request.bytes;
    task.args = request.args;
    task.first = request.first + FIRST_KEY;
    task.argCount = request.argc - FIRST_KEY - task.keyCount;
    if (!task.isWithin) return this.#runAlone(task, isFull);
    this.#runGated(task, this.#shardsOf(task), ALL_SHARDS, isFull, true);
    return null;
  }

  #runAlone(task: ScriptTask, isFull: boolean): ScriptWait | null {
    const { calls, transactions } = this.#m;
    for (;;) {
      const declared = this.#shardsOf(task);
      const only = task.learned.reach === REACH_DECLARED ? this.#only : -1;
      const taken = this.#enter(task, declared, only);
      if (taken !== null) return this.#refused(taken);
      const gated = this.#m.transactions.gated;
      const awaited = this.#bringKeys(task);
      if (awaited !== null) {
        transactions.leave(gated);
        return awaited;
      }
      const isLast = this.#stops.size > 0 && this.#stopsOf() > MOST_STOPS;
      const isDone = this.#runGated(task, declared, gated, isFull, isLast);
      transactions.serveReady();
      if (only >= 0 && !calls.hasOtherGates) transactions.leaveOne(only);
      else transactions.leave(calls.hasOtherGates ? calls.gates : gated);
      if (isDone) {
        if (this.#stops.size > 0) this.#stops.delete(this.#m.context.changes.client);
        return null;
      }
      const { stopReason } = calls;
      if (stopReason === 'all gates') continue;
      this.#stopped(1);
      if (stopReason !== 'room') return stopReason!;
      if (this.#m.waiting.makeRoom(true) === 'wait') return 'room';
      this.#stopped(MOST_STOPS);
    }
  }

  #stopsOf(): number {
    return this.#stops.get(this.#m.context.changes.client) ?? 0;
  }

  #stopped(times: number): void {
    this.#stops.set(this.#m.context.changes.client, this.#stopsOf() + times);
  }

  /** Closes gates; returns null, or, with none closed, why they cannot be. */
  #enter(task: ScriptTask, declared: ReadonlySet<number>, only: number): GateTaken | null {
    const { transactions, context } = this.#m;
    const { request, table } = context;
    // Asked for only where somebody waits to move what is pushed there.
    const hasMovers = table.awaited.movers > 0;
    try {
      if (only >= 0 && !hasMovers) {
        transactions.enterOne(only, declared);
        return null;
      }
      const keys = hasMovers
        ? Array.from({ length: task.keyCount }, (_, i) => request.slice(FIRST_KEY + i))
        : NO_KEYS;
      const shards = task.learned.reach === REACH_DECLARED ? declared : ALL_SHARDS;
      transactions.enterServing(shards, keys);
      return null;
    } catch (error) {
      if (error instanceof GateTaken) return error;
      throw error;
    }
  }

  #refused(taken: GateTaken): ScriptWait | null {
    const { context, control } = this.#m;
    if (!control.isBusy(taken.holder)) return [gateIsFree(context, control, taken)];
    context.reply.error(busyText(control, taken.holder));
    return null;
  }

  /** The shards of the keys that it declares. */
  #shardsOf({ keyCount, firstShard }: ScriptTask): ReadonlySet<number> {
    const { request, table } = this.#m.context;
    const { hasher } = table;
    const { bytes } = request;
    this.#only = -1;
    if (keyCount === 0) return NO_SHARDS;
    const first =
      firstShard >= 0
        ? firstShard
        : hasher.shard(bytes, request.offset(FIRST_KEY), request.length(FIRST_KEY));
    let shards: Set<number> | null = null;
    for (let i = FIRST_KEY + 1; i < FIRST_KEY + keyCount; i++) {
      const shard = hasher.shard(bytes, request.offset(i), request.length(i));
      if (shard !== first) shards ??= new Set([first]);
      shards?.add(shard);
    }
    if (shards !== null) return shards;
    this.#only = first;
    return this.#singles[first]!;
  }

  /** Brings the keys it declares within reach; returns what has to be waited for, or null. */
  #bringKeys({ keyCount, firstShard, firstHash }: ScriptTask): readonly Awaited[] | null {
    const { context, transactions } = this.#m;
    const { request, table, db } = context;
    const { bytes, view } = request;
    let isFar = false;
    for (let i = FIRST_KEY; i < FIRST_KEY + keyCount; i++) {
      const at = request.offset(i);
      const length = request.length(i);
      if (i === FIRST_KEY && firstShard >= 0) {
        table.selectHashed(bytes, view, at, length, db, firstShard, firstHash);
      } else {
        table.selectKey(bytes, view, at, length, db);
      }
      const { shard } = table;
      table.locks.lock(shard);
      const entry = table.find();
      const isNear = entry === 0 ? table.isComplete : !table.isElsewhere(entry);
      table.locks.unlock(shard);
      if (isNear) continue;
      isFar = true;
      // What is wrong with it the command that needs it says.
      // Large values stay where they are: the commands go there, or borrow them.
      transactions.bring(Buffer.from(request.slice(i)), db, true, true, false);
    }
    if (!isFar) return null;
    const awaited = transactions.takeAwaited();
    return awaited.length > 0 ? awaited : null;
  }

  /** Runs it behind closed gates; false: it was stopped, and has changed nothing. */
  #runGated(
    task: ScriptTask,
    declared: ReadonlySet<number>,
    gated: ReadonlySet<number>,
    isFull: boolean,
    isLast: boolean,
  ): boolean {
    const { context, calls, clock, log, config } = this.#m;
    const { request, reply, db, sliceElements, blocking } = context;
    const { bytes, view, args, first, argc, start, end } = request;
    const { mode } = blocking;
    const isBlock = log.isBlock;
    context.sliceElements = Infinity;
    blocking.mode = BLOCKS_NEVER;
    if (!isBlock) log.beginBlock();
    calls.isReadOnly = task.isReadOnly;
    calls.isFull = isFull;
    calls.isLast = isLast;
    // One that writes, and was not seen to keep to its keys, might be unable to get them back; one
    // that is run again because it could not go on without them would be so again.
    const keeps = task.isReadOnly || task.learned.keepsToKeys;
    calls.mayNarrow = keeps && task.learned.reach !== REACH_ALL;
    calls.isStrict = !config.boolean('script-undeclared-keys');
    calls.begin(declared, gated);
    clock.begin(task);
    const outcome = task.run(task);
    clock.end();
    context.reply = reply;
    context.publishNotes();
    if (!isBlock) log.endBlock();
    request.source(bytes, view, args);
    request.first = first;
    request.argc = argc;
    request.start = start;
    request.end = end;
    context.db = db;
    context.sliceElements = sliceElements;
    blocking.mode = mode;
    if (calls.wentBeyond) task.learned.reach = REACH_ALL;
    if (outcome === RUN_STOPPED) return false;
    // A branch that was not taken may lead elsewhere; who has written by then may find the gates
    // with another one in the same place.
    if (calls.mayNarrow && !calls.wentBeyond) task.learned.reach = REACH_DECLARED;
    return true;
  }
}

/** What clients are told of a busy worker. */
export function busyText(control: ScriptControl, worker: number): string {
  return control.kindOf(worker) === KIND_FUNCTION ? BUSY_FUNCTION : BUSY_SCRIPT;
}

/** What is waited for while a script that goes on for long has a gate. */
export function gateIsFree(
  { table }: CommandContext,
  control: ScriptControl,
  { shard, holder }: GateTaken,
): Awaited {
  return {
    get isDone() {
      if (table.gateOf(shard) !== holder + 1) return true;
      return !control.isLong(holder) || control.isBusy(holder);
    },
  };
}
