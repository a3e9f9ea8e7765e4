// Executes commands on behalf of other workers that run a script or a transaction with the gates of
// their shards: the worker that has the large values of a command is sent the command, not the
// values to the one that runs it. What the command costs is its work, not the size of the value.
//
// Who holds what: the *home*, which runs the transaction, has closed the gates of all shards of the
// command, so nobody but it touches their keys; for the time of one command it lends that to the
// *owner*. It sends the command and waits. The owner executes it between two commands of its own,
// or while it waits itself, in a context of its own whose table, request and reply have nothing to
// do with what it was doing; it takes the locks of the shards, as everybody does, and waits for
// nothing: what is cold it reads at once, and what it cannot do here it refuses, having changed
// nothing; then the home borrows the values after all. So nobody waits in a circle that does not
// without it (gates.ts): a home waits for an answer, which everybody gives.
//
// Order and crash: the effects of the command are noted, with LSNs of their shards taken under the
// locks, and handed back with the reply. The home appends them to the group it has open, before it
// goes on and so before any later effect of these keys, and lets their entries name its own log
// (`adopt`). Between the change and that, entries name an older place in a log; nobody looks: they
// are behind gates, which fronts, sweeps, eviction and flushes respect. When the gates open, all is
// as if the home had made the changes itself: the group is in one log, is replayed all or none, and
// no store gets the values before the log has the group. A crash in between takes both threads: the
// group has no end then. What the home's reply may show of earlier writers it notes itself, before
// it sends the command.
//
// A script that fails, or is killed, in the middle keeps what its commands did, wherever they were
// executed; a command is not interrupted.

import {
  BLOCKS_NEVER,
  CommandContext,
  type CommandRegistry,
  configureEviction,
  DONE,
  type EffectLog,
  Executor,
  type NotedBatch,
  type ReadyKey,
} from '@forgekv/commands';
import type { HotTable } from '@forgekv/keyspace';
import { ReplyWriter } from '@forgekv/protocol';
import type { LargeStore } from './large-store.ts';
import type { ShardModules } from './shard-modules.ts';

/** A command for the worker that has its values. */
export interface GuestCommand {
  readonly id: number;
  /** As RESP. */
  readonly bytes: Uint8Array;
  /** Offset and length of each argument. */
  readonly args: Int32Array;
  readonly db: number;
  readonly nowMs: number;
  readonly resp3: boolean;
  /** Of the one that has the gates. */
  readonly transaction: number;
}

export interface GuestAnswer {
  /** DONE; else nothing has happened. */
  readonly outcome: number;
  readonly reply: Uint8Array;
  /** Of an error reply, which the reply is then; else ''. */
  readonly error: string;
  readonly effects: NotedBatch;
  /** Keys that were made and that somebody may wait for. */
  readonly ready: readonly ReadyKey[];
}

export interface GuestModules {
  /** Nobody else's: what is selected in it stays so. */
  readonly table: HotTable;
  /** That notes effects. */
  readonly log: EffectLog;
}

export class GuestRunner {
  readonly #context: CommandContext;
  readonly #executor: Executor;
  readonly #reply = new ReplyWriter();
  readonly #store: LargeStore;
  readonly #registry: CommandRegistry;

  constructor(modules: ShardModules, { table, log }: GuestModules, store: LargeStore) {
    const { stats, config, registry, control } = modules;
    this.#store = store;
    this.#registry = registry;
    this.#context = new CommandContext({ table, stats, config, reply: this.#reply, large: store });
    this.#context.log = log;
    this.#context.isPaused = () => control.isPaused;
    this.#context.blocking.mode = BLOCKS_NEVER;
    this.#executor = new Executor(registry, this.#context, true);
  }

  configure(): void {
    const context = this.#context;
    context.configure();
    // The home tells of events itself, by executing what leads to any.
    context.eventClasses = 0;
    configureEviction(context.table, context.config);
  }

  /** Takes what reads this worker's stores. */
  adopt(cold: CommandContext['cold']): void {
    this.#context.cold = cold;
  }

  run(command: GuestCommand): GuestAnswer {
    const context = this.#context;
    const reply = this.#reply;
    const { bytes, args, id, db, nowMs, resp3, transaction } = command;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { request } = context;
    request.source(buffer, view, args);
    request.first = 0;
    request.argc = args.length / 2;
    request.start = 0;
    request.end = bytes.length;
    context.db = db;
    context.nowMs = nowMs;
    context.transaction = transaction;
    const ready: ReadyKey[] = [];
    context.blocking.ready = ready;
    // What the command leads to that is not here the home borrows, and executes it itself.
    context.wanted = [];
    reply.reset();
    reply.resp3 = resp3;
    const single = this.#registry.singleKey[id]!;
    if (single !== 0) context.prehash(single);
    const errors = reply.errorCount;
    const { isUrgent } = this.#store;
    this.#store.isUrgent = true;
    const outcome = this.#executor.run(id);
    this.#store.isUrgent = isUrgent;
    context.transaction = 0;
    context.wanted = null;
    return {
      outcome,
      reply: Uint8Array.from(reply.buffer.subarray(0, outcome === DONE ? reply.position : 0)),
      error: reply.errorCount > errors ? reply.lastError : '',
      // What has expired was removed, even if nothing else has happened.
      effects: context.log!.takeNoted(),
      ready,
    };
  }
}
