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
  AWAITS,
  type CommandContext,
  type CommandRegistry,
  type Executor,
  OUT_OF_MEMORY,
  type Outcome,
} from '@forgekv/commands';
import type { LargeStore } from './large-store.ts';
import type { Awaited, Peers } from './peers.ts';

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
  /** Collections of others that are being read, for the command that was run last. */
  #awaited: Awaited[] = [];
  /** Argument indexes of the command's keys, `found` of them. */
  readonly #keys: number[] = [];
  #found = 0;

  constructor(modules: TransactionModules) {
    this.#m = modules;
  }

  /**
   * Runs the command in the context's request in isolation over all its shards. AWAITS: nothing has
   * changed, a value is being read from a store, here or by another worker.
   */
  run(id: number): Outcome {
    const { context, executor, store, peers } = this.#m;
    executor.shardsOf(id);
    const shards = shardSet(executor.lowShards, executor.highShards);
    for (const shard of shards) this.#close(shard);
    context.transaction = this.#m.transactionId;
    store.enter(shards);
    this.#awaited = [];
    const problem = this.#borrow(id);
    let outcome: Outcome;
    if (this.#awaited.length === 0 && problem === '') {
      outcome = executor.run(id);
    } else {
      for (let i = 0; i < this.#found; i++) context.clearPrehashed(this.#keys[i]!);
      outcome = this.#awaited.length > 0 ? AWAITS : context.fail(problem);
    }
    for (const { worker, id: largeId, value } of store.leave()) {
      peers.change(worker, largeId, value && store.packChange(value));
    }
    context.transaction = 0;
    for (const shard of shards) this.#open(shard);
    peers.wakeAll();
    return outcome;
  }

  /** What the last command waits for at other workers. */
  takeAwaited(): Awaited[] {
    return this.#awaited.splice(0);
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
   * Borrows the large values of keys on other workers, and has cold ones brought back; their
   * entries cannot change now.
   * @returns '' or an error reply; with something in `#awaited` the command cannot run yet
   */
  #borrow(id: number): string {
    const { registry, context, store, peers, workerOf } = this.#m;
    const { table, request } = context;
    const text = (i: number): Buffer => request.slice(i);
    this.#found = extractKeys(registry.table, id, request.argc, text, this.#keys);
    for (let i = 0; i < this.#found; i++) {
      const key = this.#keys[i]!;
      for (let db = 0; db < context.databases.count; db++) {
        context.select(key, db);
        const { shard } = table;
        if (store.owns(shard)) break;
        table.locks.lock(shard);
        context.select(key, db);
        const entry = table.find();
        const large = entry !== 0 && table.isLarge(entry);
        const value = large ? table.words[table.valueWord(entry)]! : 0;
        const cold = entry !== 0 && table.isCold(entry);
        table.locks.unlock(shard);
        if (cold) {
          const warmed = peers.warm(workerOf[shard]!, db, request.slice(key));
          if (typeof warmed !== 'string') {
            this.#awaited.push(warmed);
            continue;
          }
          if (warmed !== '') return warmed;
          // It may be a large one.
          db--;
          continue;
        }
        // What is to be awaited makes all of it in vain.
        if (!large || store.isBorrowed(value) || this.#awaited.length > 0) continue;
        const lent = peers.borrow(workerOf[shard]!, value);
        if (lent === '') return OUT_OF_MEMORY;
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
