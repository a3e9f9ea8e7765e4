// A command whose keys lie on several workers and some of whose values are large: the worker
// of the first key gates every shard involved, borrows the large values, runs the command as
// if all were its own, tells the owners what became of their values, and opens the gates.
//
// Gates are taken in ascending shard order, each under its shard's lock, so two transactions
// never wait for each other in a circle. While a shard is gated nobody else reads or changes
// its entries: `open` refuses on fronts, other workers wait in `awaitGate`, sweeps pass by.

import { SHARD_COUNT } from '@forgekv/base';
import { extractKeys } from '@forgekv/catalog';
import {
  type CommandContext,
  type CommandRegistry,
  type Executor,
  FULL,
  NOT_HERE,
  OUT_OF_MEMORY,
  type Outcome,
} from '@forgekv/commands';
import type { LargeStore } from './large-store.ts';
import type { Peers } from './peers.ts';

export interface TransactionModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly executor: Executor;
  readonly store: LargeStore;
  readonly peers: Peers;
  readonly workerOf: Uint8Array;
  /** Non-zero, different in every worker. */
  readonly transactionId: number;
}

export class Transactions {
  readonly #m: TransactionModules;

  constructor(modules: TransactionModules) {
    this.#m = modules;
  }

  /** Runs the command in the context's request in isolation over all its shards. */
  run(id: number): Outcome {
    const { context, executor, store } = this.#m;
    executor.shardsOf(id);
    const shards = shardSet(executor.lowShards, executor.highShards);
    for (const shard of shards) this.#close(shard);
    context.transaction = this.#m.transactionId;
    store.enter(shards);
    // Values only if it needs them: DEL and the like do not.
    let outcome = this.#attempt(id, false);
    if (outcome === NOT_HERE) outcome = this.#attempt(id, true);
    for (const { worker, id: value, value: bytes } of store.leave()) {
      this.#m.peers.change(worker, value, bytes);
    }
    context.transaction = 0;
    for (const shard of shards) this.#open(shard);
    this.#m.peers.wakeAll();
    return outcome;
  }

  #attempt(id: number, values: boolean): Outcome {
    const { context, executor } = this.#m;
    const problem = this.#borrow(id, values);
    if (problem === OUT_OF_MEMORY) return FULL;
    return problem === '' ? executor.run(id) : context.fail(problem);
  }

  /** Waits until no other transaction holds the shard's gate. No lock is held. */
  awaitGate(shard: number): void {
    while (this.#m.context.table.gateOf(shard) !== 0) this.#m.peers.wait();
  }

  #close(shard: number): void {
    const { table } = this.#m.context;
    for (;;) {
      table.locks.lock(shard);
      const free = table.gateOf(shard) === 0;
      if (free) table.setGate(shard, this.#m.transactionId);
      table.locks.unlock(shard);
      if (free) return;
      this.awaitGate(shard);
    }
  }

  #open(shard: number): void {
    const { table } = this.#m.context;
    table.locks.lock(shard);
    table.setGate(shard, 0);
    table.locks.unlock(shard);
  }

  /**
   * Borrows the large values of keys on other workers, and has keys and values brought back that
   * only their stores have; the entries cannot change now.
   * @returns '' or an error reply
   */
  #borrow(id: number, values: boolean): string {
    const { registry, context, store, peers, workerOf } = this.#m;
    const { table, request } = context;
    const keys: number[] = [];
    extractKeys(registry.table, id, request.argc, (i) => request.slice(i), keys);
    for (const key of keys) {
      for (let db = 0; db < context.databases.count; db++) {
        context.select(key, db);
        const { shard } = table;
        if (store.owns(shard)) break;
        table.locks.lock(shard);
        context.select(key, db);
        const entry = table.find();
        const large = entry !== 0 && table.isLarge(entry);
        const value = large ? table.words[table.valueWord(entry)]! : 0;
        const isAway = entry === 0 ? !table.isComplete : values && table.isCold(entry);
        table.locks.unlock(shard);
        if (isAway) {
          const problem = peers.warm(workerOf[shard]!, db, request.slice(key), values);
          if (problem !== '') return problem;
          // It may be a large one.
          db--;
          continue;
        }
        if (!large) continue;
        const lent = peers.borrow(workerOf[shard]!, value);
        if (lent !== null) store.borrow(value, lent);
      }
    }
    return '';
  }
}

function shardSet(low: number, high: number): Set<number> {
  const shards = new Set<number>();
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    const bits = shard < 32 ? low : high;
    if ((bits >>> (shard & 31)) & 1) shards.add(shard);
  }
  return shards;
}
