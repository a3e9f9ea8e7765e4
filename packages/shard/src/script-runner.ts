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
} from '@forgekv/commands';
import type { Config } from '@forgekv/config';
import { KIND_FUNCTION, type ScriptControl, type ScriptKind } from '@forgekv/rings';
import { RUN_STOPPED, type RunOutcome, type ScriptArguments } from '@forgekv/scripting';
import type { CapKeeper } from './cap-keeper.ts';
import { GateTaken } from './gates.ts';
import type { Awaited } from './peers.ts';
import { type Learned, REACH_ALL, REACH_DECLARED } from './script-book.ts';
import type { ScriptCalls } from './script-calls.ts';
import type { ScriptClock } from './script-clock.ts';
import type { Transactions } from './transaction.ts';
import { ALL_SHARDS } from './waiters.ts';
import type { WaitingRuns } from './waiting-runs.ts';

/** Runs of one script that were stopped for values that had to be read. */
const MOST_STOPS = 1000;

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

/** What is to be run, with the command that calls it in the context's request. */
export interface ScriptTask {
  readonly kind: ScriptKind;
  /** Of a function. */
  readonly name: string;
  readonly learned: Learned;
  /** How many arguments behind the number of keys are keys. */
  readonly keyCount: number;
  readonly isReadOnly: boolean;
  /** It may use more memory than there is. */
  readonly mayExceed: boolean;
  /** Its flags say that it writes: it is refused at once where writes are. */
  readonly declaresWrites: boolean;
  readonly run: (args: ScriptArguments) => RunOutcome;
}

/** Index of the first key among the arguments. */
const FIRST_KEY = 3;

export class ScriptRunner {
  readonly #m: ScriptRunnerModules;
  /** Of those that wait: how often they were stopped, by connection. */
  readonly #stops = new Map<number, number>();
  readonly #singles: readonly ReadonlySet<number>[];

  constructor(modules: ScriptRunnerModules) {
    this.#m = modules;
    this.#singles = Array.from({ length: SHARD_COUNT }, (_, shard) => new Set([shard]));
  }

  /**
   * Runs a script and writes its reply.
   * @param isWithin it is part of a transaction that has all gates
   * @returns what it has to wait for, null: it is done
   */
  run(task: ScriptTask, isWithin: boolean): ScriptWait | null {
    const { context, cap } = this.#m;
    const room = isWithin || task.isReadOnly ? 'room' : cap.makeRoom(FLAG_DENYOOM | FLAG_WRITE);
    if (room === 'wait') return 'dataset';
    if (room === 'later') return 'later';
    const isFull = (isWithin ? cap.makeRoom(FLAG_DENYOOM) : room) === 'none' && !task.mayExceed;
    const problem = task.declaresWrites ? this.#problem(isFull) : '';
    if (problem !== '') {
      context.reply.error(problem);
      return null;
    }
    if (isWithin) {
      this.#runGated(task, this.#shardsOf(task.keyCount), ALL_SHARDS, isFull, true);
      return null;
    }
    return this.#runAlone(task, isFull);
  }

  #problem(isFull: boolean): string {
    return isFull ? OUT_OF_MEMORY : this.#m.context.writeRefusal;
  }

  #runAlone(task: ScriptTask, isFull: boolean): ScriptWait | null {
    const { context, calls, transactions } = this.#m;
    const client = context.changes.client;
    for (;;) {
      const declared = this.#shardsOf(task.keyCount);
      const isWide = task.learned.reach !== REACH_DECLARED;
      const gated = this.#enter(isWide ? ALL_SHARDS : declared, task.keyCount);
      if (!(gated instanceof Set)) return this.#refused(gated as GateTaken);
      const awaited = this.#bringKeys(task.keyCount);
      if (awaited !== null) {
        transactions.leave(gated);
        return awaited;
      }
      const stops = this.#stops.get(client) ?? 0;
      const isDone = this.#runGated(task, declared, gated, isFull, stops > MOST_STOPS);
      transactions.serveReady();
      transactions.leave(calls.wentBeyond ? calls.gates : gated);
      if (isDone) {
        if (stops > 0) this.#stops.delete(client);
        return null;
      }
      const { stopReason } = calls;
      if (stopReason === 'all gates') continue;
      this.#stops.set(client, stops + 1);
      if (stopReason !== 'room') return stopReason!;
      if (this.#m.waiting.makeRoom(true) === 'wait') return 'room';
      this.#stops.set(client, MOST_STOPS + 1);
    }
  }

  /** Closes gates; those that are closed then, or, with none closed, why they cannot be. */
  #enter(shards: ReadonlySet<number>, keyCount: number): ReadonlySet<number> | GateTaken {
    const { transactions, context } = this.#m;
    const { request, table } = context;
    // Asked for only where somebody waits to move what is pushed there.
    const count = table.awaited.movers === 0 ? 0 : keyCount;
    const keys = Array.from({ length: count }, (_, i) => request.slice(FIRST_KEY + i));
    try {
      return transactions.enterServing(shards, keys);
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

  #shardsOf(keyCount: number): ReadonlySet<number> {
    const { request, table } = this.#m.context;
    const { hasher } = table;
    const { bytes, view } = request;
    if (keyCount === 0) return NO_SHARDS;
    hasher.digest(bytes, view, request.offset(FIRST_KEY), request.length(FIRST_KEY));
    const first = hasher.digestShard;
    let shards: Set<number> | null = null;
    for (let i = FIRST_KEY + 1; i < FIRST_KEY + keyCount; i++) {
      hasher.digest(bytes, view, request.offset(i), request.length(i));
      const shard = hasher.digestShard;
      if (shard !== first) shards ??= new Set([first]);
      shards?.add(shard);
    }
    return shards ?? this.#singles[first]!;
  }

  /** Brings the keys it declares within reach; returns what has to be waited for, or null. */
  #bringKeys(keyCount: number): readonly Awaited[] | null {
    const { context, transactions } = this.#m;
    const { request, table, db } = context;
    const { bytes, view } = request;
    let isFar = false;
    for (let i = FIRST_KEY; i < FIRST_KEY + keyCount; i++) {
      table.selectKey(bytes, view, request.offset(i), request.length(i), db);
      const { shard } = table;
      table.locks.lock(shard);
      const entry = table.find();
      const isNear = entry === 0 ? table.isComplete : !table.isElsewhere(entry);
      table.locks.unlock(shard);
      if (isNear) continue;
      isFar = true;
      // What is wrong with it the command that needs it says.
      transactions.bring(Buffer.from(request.slice(i)), db, true, true);
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
    const isStrict = !config.boolean('script-undeclared-keys');
    calls.begin({ declared, gated, isReadOnly: task.isReadOnly, isFull, isStrict, isLast });
    const words = (): Uint8Array[] => wordsOf(bytes, args, first, argc);
    clock.begin({ kind: task.kind, name: task.name, words });
    const keyCount = task.keyCount;
    const argCount = argc - FIRST_KEY - keyCount;
    const outcome = task.run({ bytes, args, first: first + FIRST_KEY, keyCount, argCount });
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
    if (task.learned.reach !== REACH_ALL) task.learned.reach = REACH_DECLARED;
    return true;
  }
}

const NO_SHARDS: ReadonlySet<number> = new Set();

function wordsOf(bytes: Buffer, args: Int32Array, first: number, argc: number): Uint8Array[] {
  return Array.from({ length: argc }, (_, i) => {
    const at = args[(first + i) * 2]!;
    return bytes.subarray(at, at + args[(first + i) * 2 + 1]!);
  });
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
      return (
        table.gateOf(shard) !== holder + 1 || !control.isLong(holder) || control.isBusy(holder)
      );
    },
  };
}
