// The commands that a script calls, on the worker that executes the script: what may be wrong with
// them in Redis's words, and their execution behind the gates the script has. Says why the script
// has to be stopped and run again; does not run it.
//
// Nothing can be waited for once the script has changed something: what it leads to is read in one
// go then, by whoever owns it (`isUrgent` of large-store.ts). As long as it has not, it is stopped
// instead, what it needs is brought within reach with its gates open, and it runs again from its
// beginning.

import { SHARD_COUNT } from '@forgekv/base';
import {
  extractKeys,
  FLAG_DENYOOM,
  FLAG_MAY_REPLICATE,
  FLAG_NOSCRIPT,
  FLAG_PUBSUB,
  FLAG_WRITE,
} from '@forgekv/catalog';
import {
  type CommandContext,
  type CommandRegistry,
  type CommandTimer,
  DONE,
  type EffectLog,
  type Executor,
  FULL,
  NameLookup,
  OUT_OF_MEMORY,
  PAGING,
  PLACE_FRONT,
  PLACE_SCRIPT,
  PLACE_WORKER,
  tellMonitors,
} from '@forgekv/commands';
import type { ReplyWriter } from '@forgekv/protocol';
import {
  ACL_ALLOWED,
  ACL_DENIED,
  ACL_INVALID,
  type AclAnswer,
  CALL_DONE,
  CALL_STOP,
  type CallOutcome,
  type Interruption,
  type ScriptCommand,
  type ScriptHost,
} from '@forgekv/scripting';
import type { ColdReads } from './cold-reads.ts';
import type { LargeStore } from './large-store.ts';
import { LastKey } from './last-key.ts';
import type { Awaited, Peers } from './peers.ts';
import type { Reclaimer } from './reclaimer.ts';
import type { ScriptClock } from './script-clock.ts';
import { ScriptSession } from './script-session.ts';
import type { ScriptUsers } from './script-users.ts';
import type { SlowReports } from './slow-reports.ts';
import type { Transactions } from './transaction.ts';
import type { WaitingRuns } from './waiting-runs.ts';

const UNKNOWN_COMMAND = 'ERR Unknown Redis command called from script';
const WRONG_ARGUMENTS = 'ERR Wrong number of args calling Redis command from script';
const NOT_FROM_SCRIPTS = 'ERR This Redis command is not allowed from script';
const READ_ONLY = 'ERR Write commands are not allowed from read-only scripts.';
const KILLED_BY_USER = 'ERR Script killed by user with SCRIPT KILL...';
/** Nothing is known that leads to it. */
const OUT_OF_REACH = 'TRYAGAIN a value that this script leads to is out of reach';
const ON_DISK = 'ERR not all keys are in memory: scripts cannot walk through them now';
const TWO_EXTEND =
  'TRYAGAIN two scripts call for keys that they do not declare, each for one that the other has';
const NOT_DECLARED = 'ERR Script attempted to access a non local key, which it does not declare';
/** Commands about connections that need none. */
const WITHOUT_CONNECTION = ['ping', 'echo', 'select', 'time', 'publish', 'spublish', 'lolwut'];

/** Commands that reach into other databases. */
const CROSSING = ['copy', 'move'];

/** Times that room is made for one command. */
const MOST_ROUNDS = 20;
const RECLAIM_SLICE_MS = 2;
const ALL = -1;

/** Why a script was stopped that has changed nothing. */
export type StopReason = 'all gates' | 'room' | readonly Awaited[];

export interface ScriptCallsModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly executor: Executor;
  readonly transactions: Transactions;
  readonly log: EffectLog;
  readonly store: LargeStore;
  readonly waiting: WaitingRuns;
  readonly reclaimer: Reclaimer;
  readonly peers: Peers;
  readonly clock: ScriptClock;
  readonly users: ScriptUsers;
  readonly slow: SlowReports;
  /** Writes a line to the server's log. @param level LOG_ of @forgekv/scripting */
  readonly say: (level: number, message: string) => void;
}

export class ScriptCalls implements ScriptHost {
  readonly #m: ScriptCallsModules;
  readonly #session: ScriptSession;
  readonly #allowed: ReadonlySet<number>;
  /** 1 by command id: it is one of CROSSING. */
  readonly #crossing: Uint8Array;
  #cold: ColdReads | null = null;
  isReadOnly = false;
  /** There is no memory, and it may not have more than there is. */
  isFull = false;
  /** Keys that it does not declare are refused. */
  isStrict = false;
  /** It is part of a transaction, or there is no more to wait for: it is never stopped. */
  isLast = false;
  /** Gates that it has not used may open again: it goes without them, or can be run again. */
  mayNarrow = false;
  // Shards of what it declares, one bit each, and of the gates that are closed.
  #low = 0;
  #high = 0;
  #gatedLow = 0;
  #gatedHigh = 0;
  #effects = 0;
  #firstDb = 0;
  /** It has done what is seen elsewhere and is no effect. */
  #hasActed = false;
  /** Why it was stopped. */
  stopReason: StopReason | null = null;
  /** It called for keys that it does not declare. */
  wentBeyond = false;
  /** Its gates are others than those it began with. */
  hasOtherGates = false;
  readonly #names: NameLookup;
  readonly #lastKey = new LastKey();
  readonly #timer: CommandTimer;

  constructor(modules: ScriptCallsModules) {
    this.#m = modules;
    this.#timer = modules.slow.createTimer();
    this.#names = new NameLookup(modules.registry.table);
    this.#session = new ScriptSession(modules.registry.table);
    const { names } = modules.registry.table;
    this.#crossing = Uint8Array.from(names, (name) => (CROSSING.includes(name) ? 1 : 0));
    this.#allowed = new Set(WITHOUT_CONNECTION.map((name) => names.indexOf(name)));
  }

  /** Takes what reads stores. */
  adopt(cold: ColdReads): void {
    this.#cold = cold;
  }

  /**
   * A script is about to be run; how is said by the fields.
   * @param declared shards of the keys that it declares
   * @param gated those whose gates are closed
   */
  begin(declared: ReadonlySet<number>, gated: ReadonlySet<number>): void {
    const { context, log } = this.#m;
    this.#low = bitsOf(declared, 0);
    this.#high = bitsOf(declared, 32);
    const isSame = gated === declared;
    this.#gatedLow = isSame ? this.#low : bitsOf(gated, 0);
    this.#gatedHigh = isSame ? this.#high : bitsOf(gated, 32);
    this.#effects = log.count;
    this.#hasActed = false;
    this.#session.db = context.db;
    this.#firstDb = context.db;
    this.stopReason = null;
    this.wentBeyond = false;
    this.hasOtherGates = false;
  }

  /**
   * It goes on for long, with more gates than it has asked for so far: the others are opened. It
   * has touched nothing behind them, so nobody can tell that they were closed.
   */
  narrow(): void {
    if (this.wentBeyond || this.isLast || !this.mayNarrow) return;
    const low = this.#gatedLow & ~this.#low;
    const high = this.#gatedHigh & ~this.#high;
    if ((low | high) === 0) return;
    this.#gatedLow = this.#low;
    this.#gatedHigh = this.#high;
    this.hasOtherGates = true;
    this.#m.transactions.narrow(new Set(this.gates), [...shardsOf(low, 0), ...shardsOf(high, 32)]);
  }

  /** The gates it has now. */
  get gates(): readonly number[] {
    return [...shardsOf(this.#gatedLow, 0), ...shardsOf(this.#gatedHigh, 32)];
  }

  interrupted(): Interruption {
    return this.#m.clock.tick();
  }

  log(level: number, text: string): void {
    this.#m.say(level, text);
  }

  aclCheck(command: ScriptCommand): AclAnswer {
    this.#open(command);
    const id = this.#identify();
    if (id < 0 || !this.#hasArity(id)) return ACL_INVALID;
    return this.#m.users.allows(id, this.#m.context.request) ? ACL_ALLOWED : ACL_DENIED;
  }

  execute(command: ScriptCommand, reply: ReplyWriter): CallOutcome {
    const { context, registry } = this.#m;
    const { stats } = context;
    context.reply = reply;
    this.#open(command);
    const id = this.#identify();
    const problem = id < 0 ? UNKNOWN_COMMAND : this.#problemOf(id);
    if (problem !== '') {
      reply.error(problem);
      return CALL_DONE;
    }
    context.db = this.#session.db;
    const errors = reply.errorCount;
    const timer = this.#timer;
    const timed = timer.startsOne(id, context.request);
    if (!this.#run(id)) return CALL_STOP;
    const isError = reply.errorCount !== errors;
    stats.called(id, isError);
    if (timed > 0 && timer.endedOf(id, timed)) {
      this.#m.slow.tookForScript(id, timer.microseconds);
    }
    if (isError) stats.errorReply(reply.lastError);
    if (context.publisher.isMonitored) tellMonitors(context, registry, id, 'lua');
    return CALL_DONE;
  }

  #open(command: ScriptCommand): void {
    const { request } = this.#m.context;
    request.source(command.bytes, command.view, command.args);
    request.first = 0;
    request.argc = command.argc;
    request.start = 0;
    request.end = command.end;
  }

  /** The id of the command in the request, -1: there is none. */
  #identify(): number {
    const { context, registry } = this.#m;
    const { table } = registry;
    const { request } = context;
    const { bytes, argc } = request;
    const id = this.#names.find(bytes, request.view, request.args[0]!, request.args[1]!);
    if (id < 0 || argc === 1 || table.isContainer[id] === 0) return id;
    return table.lookupSub(id, bytes, request.offset(1), request.length(1));
  }

  #hasArity(id: number): boolean {
    const arity = this.#m.registry.table.arity[id]!;
    const { argc } = this.#m.context.request;
    return arity > 0 ? argc === arity : argc >= -arity;
  }

  /** Why a command may not be called, as an error reply; '': it may. In Redis's order. */
  #problemOf(id: number): string {
    const { registry, context, clock } = this.#m;
    if (!this.#hasArity(id)) return WRONG_ARGUMENTS;
    const flags = registry.table.flagBits[id]!;
    const place = registry.places[id]!;
    if ((flags & FLAG_NOSCRIPT) !== 0 || place === PLACE_SCRIPT) return NOT_FROM_SCRIPTS;
    if (place === PLACE_FRONT && !this.#allowed.has(id)) return NOT_FROM_SCRIPTS;
    const denied = this.#m.users.problemOf(id, context.request);
    if (denied !== '') return denied;
    if (this.isReadOnly && (flags & (FLAG_WRITE | FLAG_MAY_REPLICATE)) !== 0) return READ_ONLY;
    if ((flags & FLAG_WRITE) === 0) return '';
    if (context.writeRefusal !== '') return context.writeRefusal;
    // Redis: a script that has written may go on, or it would be half done.
    if (this.isFull && (flags & FLAG_DENYOOM) !== 0 && !clock.hasWritten) return OUT_OF_MEMORY;
    const { request, log } = context;
    const keys = registry.table.lastKey[id]! < 0 ? request.argc : 1;
    const refusal = log?.refusalOf(request.end, keys) ?? '';
    if (refusal !== '') return refusal;
    return clock.writes() ? '' : KILLED_BY_USER;
  }

  /** True: the reply is written; false: the script is to be stopped. */
  #run(id: number): boolean {
    const { registry, context } = this.#m;
    const place = registry.places[id]!;
    if (place === PLACE_FRONT) {
      if ((registry.table.flagBits[id]! & FLAG_PUBSUB) !== 0) this.#hasActed = true;
      registry.frontRuns[id]!(context, this.#session, this.#session.services);
      return true;
    }
    if (place === PLACE_WORKER) return this.#runWide(id);
    let low: number;
    let high: number;
    const single = registry.singleKey[id]!;
    if (single !== 0) {
      const shard = this.#lastKey.prehash(context, single);
      low = shard < 32 ? 1 << shard : 0;
      high = shard < 32 ? 0 : 1 << (shard - 32);
    } else {
      const { executor } = this.#m;
      const found = executor.shardsOf(id);
      for (let i = 0; i < found; i++) context.clearPrehashed(executor.keyAt(i));
      low = executor.lowShards;
      high = executor.highShards;
    }
    low &= ~this.#low;
    high &= ~this.#high;
    const isBeyond = (low | high) !== 0;
    if (isBeyond && !this.#goBeyond(low, high)) return this.stopReason === null;
    // What is declared was brought within reach, in the database the script began in.
    if (isBeyond || context.db !== this.#firstDb || this.#crossing[id] === 1) {
      return this.#runFar(id);
    }
    if (this.#m.executor.run(id) === DONE) return true;
    return this.#runFar(id);
  }

  #runWide(id: number): boolean {
    const { registry, context, log } = this.#m;
    const isWalk = (registry.table.flagBits[id]! & FLAG_WRITE) === 0;
    if ((this.#low & this.#high) !== ALL && !this.#goBeyond(~this.#low, ~this.#high)) {
      return this.stopReason === null;
    }
    const outcome = registry.runs[id]!(context);
    if (!isWalk) this.#hasActed = true;
    log.seesAll();
    context.publishNotes();
    if (outcome === PAGING) {
      context.pages.forget();
      context.reply.error(ON_DISK);
    }
    return true;
  }

  /**
   * It calls for shards of which it declares no key. True: their gates are closed; else the reply
   * or `stopReason` says why not.
   */
  #goBeyond(wantedLow: number, wantedHigh: number): boolean {
    const { context, transactions, clock } = this.#m;
    if (this.isStrict) {
      context.reply.error(NOT_DECLARED);
      return false;
    }
    this.wentBeyond = true;
    const low = wantedLow & ~this.#gatedLow;
    const high = wantedHigh & ~this.#gatedHigh;
    if ((low | high) === 0) return true;
    // Once, however often it was stopped: it has all gates then, and keeps them.
    if (this.#isClean) {
      this.stopReason = 'all gates';
      return false;
    }
    const more = [...shardsOf(low, 0), ...shardsOf(high, 32)];
    const has = (shard: number): boolean => hasBit(this.#gatedLow, this.#gatedHigh, shard);
    if (!transactions.extend(more, has, () => clock.tick())) {
      context.reply.error(TWO_EXTEND);
      return false;
    }
    this.#gatedLow |= low;
    this.#gatedHigh |= high;
    this.hasOtherGates = true;
    return true;
  }

  /** Runs a command whose keys are behind closed gates, and may have to be brought there first. */
  #runFar(id: number): boolean {
    this.#takeAwaited();
    const { store, transactions } = this.#m;
    if (transactions.guests.run(id)) return true;
    store.isUrgent = !this.#mayStop;
    try {
      return this.#runBrought(id);
    } finally {
      store.isUrgent = false;
    }
  }

  #runBrought(id: number): boolean {
    const { transactions, context } = this.#m;
    for (let rounds = 0; ; rounds++) {
      const problem = this.#bring(id);
      let isFull = problem === OUT_OF_MEMORY;
      let awaited = this.#takeAwaited();
      if (awaited.length === 0 && !isFull) {
        const outcome = transactions.runAwaiting(id);
        if (outcome === DONE) return true;
        isFull = outcome === FULL;
        awaited = this.#takeAwaited();
      }
      if (isFull && rounds < MOST_ROUNDS && this.#reclaims()) continue;
      if (this.#mayStop && (isFull || awaited.length > 0)) {
        this.stopReason = isFull ? 'room' : awaited;
        return false;
      }
      context.reply.error(isFull ? OUT_OF_MEMORY : problem || OUT_OF_REACH);
      return true;
    }
  }

  /** What the last command has to wait for, here and at other workers. */
  #takeAwaited(): readonly Awaited[] {
    const { store, transactions } = this.#m;
    const own = [...(this.#cold?.takeAwaited() ?? []), ...store.held.takeAwaited()];
    return [...own, ...transactions.takeAwaited()];
  }

  /** Brings what the command names within reach; returns '' or an error reply. */
  #bring(id: number): string {
    const { registry, context, transactions } = this.#m;
    const { request } = context;
    const keys: number[] = [];
    const changes = (registry.table.flagBits[id]! & FLAG_WRITE) !== 0;
    const count = extractKeys(registry.table, id, request.argc, (i) => request.slice(i), keys);
    const databases = this.#crossing[id] === 1 ? context.databases.count : 1;
    for (let i = 0; i < count; i++) {
      const key = Buffer.from(request.slice(keys[i]!));
      for (let k = 0; k < databases; k++) {
        const db = databases === 1 ? context.db : k;
        const problem = transactions.bring(key, db, true, changes);
        if (problem !== '') return problem;
      }
    }
    return '';
  }

  #reclaims(): boolean {
    const { reclaimer, waiting } = this.#m;
    return reclaimer.makeRoom(Date.now() + RECLAIM_SLICE_MS) || waiting.makeRoom() === 'room';
  }

  /** It has changed nothing. */
  get #isClean(): boolean {
    return !this.#hasActed && this.#m.log.count === this.#effects;
  }

  get #mayStop(): boolean {
    return this.#isClean && !this.isLast;
  }
}

function hasBit(low: number, high: number, shard: number): boolean {
  return shard >= 0 && (((shard < 32 ? low : high) >>> (shard & 31)) & 1) === 1;
}

/** One bit for each of 32 shards from `base` on. */
function bitsOf(shards: ReadonlySet<number>, base: number): number {
  if (shards.size === SHARD_COUNT) return ALL;
  let bits = 0;
  for (const shard of shards) if (shard >= base && shard < base + 32) bits |= 1 << (shard - base);
  return bits;
}

function shardsOf(bits: number, base: number): number[] {
  const shards: number[] = [];
  for (let i = 0; i < 32; i++) if ((bits >>> i) & 1) shards.push(base + i);
  return shards;
}
