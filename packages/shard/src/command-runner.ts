// Runs one command of a run to its end on this worker, whatever it takes: waits for gates, runs it
// as a transaction, makes room. Or says what the rest of the run has to wait for; then nothing of
// the command has happened. Knows no fronts and no replies.

import {
  AWAITS,
  type BatchRouter,
  type CommandContext,
  type CommandRegistry,
  DONE,
  type EffectLog,
  type Executor,
  FULL,
  NOT_HERE,
  NOTHING_STAGED,
  OUT_OF_MEMORY,
  PAGING,
  PLACE_FRONT,
  PLACE_SCRIPT,
  PLACE_WORKER,
} from '@forgekv/commands';
import type { ArgumentStager } from './argument-stager.ts';
import type { ColdReads } from './cold-reads.ts';
import { GateTaken } from './gates.ts';
import type { LargeStore } from './large-store.ts';
import type { Awaited, Peers } from './peers.ts';
import type { Reclaimer } from './reclaimer.ts';
import { busyText, gateIsFree } from './script-runner.ts';
import type { Scripts } from './scripts.ts';
import type { Transactions } from './transaction.ts';
import type { WaitingRuns } from './waiting-runs.ts';

const RECLAIM_SLICE_MS = 2;
/** For a command over all shards: the gate of any may be closed. */
const ANY_SHARD = 0;
/**
 * Times that room is made for one command at once. What was brought back for it may go again to
 * make room for the rest of it, so one that needs more than the table holds would never end.
 */
const MOST_ROUNDS = 20;

/** Room in the hot table or in the dataset, keys of stores, or values that are being read. */
export type WaitReason = 'room' | 'dataset' | 'keys' | readonly Awaited[];

export interface CommandRunnerModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly executor: Executor;
  readonly router: BatchRouter;
  readonly transactions: Transactions;
  readonly store: LargeStore;
  readonly reclaimer: Reclaimer;
  readonly peers: Peers;
  readonly log: EffectLog;
  readonly waiting: WaitingRuns;
  readonly stager: ArgumentStager;
  readonly scripts: Scripts;
  readonly workerOf: Uint8Array;
  /** Of this worker. */
  readonly index: number;
}

export class CommandRunner {
  readonly #m: CommandRunnerModules;
  #cold: ColdReads | null = null;
  #reason: WaitReason | null = null;
  /** It brings keys that others may wait for. */
  readonly #swap: number;

  constructor(modules: CommandRunnerModules) {
    this.#m = modules;
    this.#swap = modules.registry.table.names.indexOf('swapdb');
  }

  /** Takes what reads stores. */
  adopt(cold: ColdReads): void {
    this.#cold = cold;
  }

  /** What the run has to wait for, after NOT_HERE; null: nothing, it belongs to another worker. */
  takeReason(): WaitReason | null {
    const reason = this.#reason;
    this.#reason = null;
    return reason;
  }

  /** Runs command `i` of the batch that was routed last, or answers NOT_HERE. */
  run(id: number, i: number): number {
    try {
      return this.#run(id, i);
    } catch (error) {
      if (error instanceof GateTaken) return this.#refused(error);
      throw error;
    }
  }

  /** A script that goes on for long has a gate that is needed. */
  #refused(taken: GateTaken): number {
    const { context, scripts } = this.#m;
    const { control } = scripts;
    if (!control.isBusy(taken.holder)) return this.wait([gateIsFree(context, control, taken)]);
    context.reply.error(busyText(control, taken.holder));
    return DONE;
  }

  #run(id: number, i: number): number {
    const { registry, context, scripts, router } = this.#m;
    const { places } = registry;
    if (places[id] === PLACE_FRONT) return NOT_HERE;
    if (places[id] === PLACE_WORKER) return this.#runWide(id);
    if (places[id] === PLACE_SCRIPT) {
      const { shards, hashes } = router;
      const isRouted = registry.homeKey[id]! > 0 && context.request.argc > registry.homeKey[id]!;
      const shard = isRouted ? shards[i]! : -1;
      const wait = scripts.commands.run(id, false, shard, hashes[i]!);
      if (wait === null) return DONE;
      // Others have their turn first: the front sends it again.
      return wait === 'later' ? NOT_HERE : this.wait(wait);
    }
    const { request } = context;
    return request.end - request.start > this.#m.stager.longBytes
      ? this.#runLong(id, i)
      : this.#runKeyed(id, i);
  }

  /** Runs a command that is so long that its arguments are taken in before. */
  #runLong(id: number, i: number): number {
    const { stager, context, log } = this.#m;
    const taken = stager.taken();
    if (taken === null) {
      const begun = stager.begin(id);
      if (begun !== null) return this.wait([begun]);
    } else if (taken.isWhole) {
      context.staged = taken.arguments;
      log.beginStaged(taken.arguments);
    }
    try {
      return this.#runKeyed(id, i);
    } finally {
      context.staged = NOTHING_STAGED;
      log.beginStaged(NOTHING_STAGED);
    }
  }

  #runKeyed(id: number, i: number): number {
    const { registry, context, executor, router, store, transactions } = this.#m;
    const { singleKey } = registry;
    const single = singleKey[id]!;
    for (let rounds = 0; ; ) {
      let shard: number;
      if (single !== 0) {
        shard = router.shards[i]!;
        context.setPrehashed(single, shard, router.hashes[i]!);
      } else {
        shard = this.#firstShard(executor.firstKeyOf(id));
      }
      let outcome: number = executor.run(id);
      if (outcome === NOT_HERE) {
        const wantsGates = context.blocking.takeWantsGates();
        if (!store.owns(shard)) return NOT_HERE;
        if (single !== 0 && !wantsGates) {
          transactions.awaitGate(shard);
          continue;
        }
        outcome = transactions.run(id);
        if (outcome === NOT_HERE) continue;
      }
      if (outcome === AWAITS) {
        const read = this.#cold?.takeAwaited() ?? [];
        return this.wait([...read, ...transactions.takeAwaited(), ...store.held.takeAwaited()]);
      }
      if (outcome !== FULL) return outcome;
      if (this.#m.reclaimer.makeRoom(Date.now() + RECLAIM_SLICE_MS)) continue;
      const room = this.#m.waiting.makeRoom(++rounds > MOST_ROUNDS);
      if (room === 'room') continue;
      if (room === 'wait') return this.wait('room');
      context.reply.error(OUT_OF_MEMORY);
      return DONE;
    }
  }

  /** Notes what the run has to wait for. */
  wait(reason: WaitReason): number {
    this.#reason = reason;
    return NOT_HERE;
  }

  /** Runs a command over many shards; it waits where a transaction holds one. */
  #runWide(id: number): number {
    const { registry, context, log, peers } = this.#m;
    const run = registry.runs[id]!;
    for (;;) {
      const outcome = id === this.#swap ? this.#m.transactions.runWide(run) : run(context);
      log.endGroup();
      // They show what others are about to hand over.
      log.seesAll();
      context.publishNotes();
      if (outcome === PAGING) return this.wait('keys');
      if (outcome !== NOT_HERE) return outcome;
      const holder = this.#m.scripts.control.longWorker;
      if (holder >= 0) throw new GateTaken(ANY_SHARD, holder);
      peers.wait();
    }
  }

  #firstShard(key: number): number {
    const { context, workerOf, index } = this.#m;
    const { request, table } = context;
    if (key === 0 || key >= request.argc) return workerOf.indexOf(index);
    return table.hasher.shard(request.bytes, request.offset(key), request.length(key));
  }
}
