// What one worker does as if all shards were its own: a command whose keys lie on several workers
// and some of whose values are large, or the commands of a transaction (block-runner.ts). It gates
// every shard involved, borrows the large values, executes, tells the owners what became of their
// values, and opens the gates. A command whose large values all are on one other worker is executed
// there instead (guest-runner.ts).
//
// While a shard is gated nobody else reads or changes its entries: `open` refuses on fronts, other
// workers wait in `awaitGate`, sweeps pass by. Why nobody waits for ever is in gates.ts.

import { SHARD_COUNT } from '@forgekv/base';
import { extractKeys } from '@forgekv/catalog';
import {
  AWAITS,
  BLOCKED,
  BLOCKS_ELSEWHERE,
  BLOCKS_HERE,
  type CommandContext,
  type CommandRegistry,
  DONE,
  type Executor,
  FULL,
  NOT_HERE,
  OUT_OF_MEMORY,
  type Outcome,
  type WantedKey,
} from '@forgekv/commands';
import type { Gates } from './gates.ts';
import { GuestCommands } from './guest-commands.ts';
import type { LargeStore } from './large-store.ts';
import type { Awaited, Peers } from './peers.ts';
import type { WaiterService } from './waiter-service.ts';
import { ALL_SHARDS, type Waiters } from './waiters.ts';

export interface TransactionModules {
  readonly registry: CommandRegistry;
  readonly context: CommandContext;
  readonly executor: Executor;
  readonly store: LargeStore;
  readonly peers: Peers;
  readonly gates: Gates;
  readonly waiters: Waiters;
  readonly workerOf: Uint8Array;
  /** Non-zero, different in every worker. */
  readonly transactionId: number;
}

export class Transactions {
  readonly #m: TransactionModules;
  /** Collections of others that are being read, for the command that was run last. */
  #awaited: Awaited[] = [];
  /** Commands that another worker executes. */
  readonly guests: GuestCommands;
  /** Serves those who wait for keys that are made. */
  service: WaiterService | null = null;

  constructor(modules: TransactionModules) {
    this.#m = modules;
    this.guests = new GuestCommands(modules);
  }

  /**
   * Runs the command in the context's request in isolation over all its shards. AWAITS: nothing has
   * changed, a value is being read from a store, here or by another worker.
   */
  run(id: number): Outcome {
    const { executor, context } = this.#m;
    const { blocking } = context;
    executor.shardsOf(id);
    const named = shardSet(executor.lowShards, executor.highShards);
    const shards = this.enterServing(named, this.#keysOf(id));
    const { mode } = blocking;
    if (mode === BLOCKS_ELSEWHERE) blocking.mode = BLOCKS_HERE;
    // Values only if it needs them: DEL and the like do not.
    let outcome: Outcome = DONE;
    if (this.#m.registry.serves[id] !== undefined || !this.guests.run(id)) {
      outcome = this.#runBorrowing(id, false);
      if (outcome === NOT_HERE) outcome = this.#runBorrowing(id, true);
    }
    blocking.mode = mode;
    const wait = blocking.takeWait();
    if (outcome === BLOCKED && !this.#m.waiters.begin(id, wait!)) outcome = DONE;
    this.serveReady();
    this.leave(shards);
    return outcome;
  }

  /** Runs a command that concerns all shards with all gates closed. */
  runWide(run: (c: CommandContext) => Outcome): Outcome {
    this.enter(ALL_SHARDS);
    const outcome = run(this.#m.context);
    this.serveReady();
    this.leave(ALL_SHARDS);
    return outcome;
  }

  /**
   * Closes the gates of shards, and of those that are needed to serve whoever may wait for keys
   * that are made in them.
   * @param keys that may be made, null: any
   * @returns the shards whose gates were closed
   */
  enterServing(shards: ReadonlySet<number>, keys: readonly Buffer[] | null): ReadonlySet<number> {
    const { waiters } = this.#m;
    let wanted = waiters.reach(shards, keys);
    for (;;) {
      this.enter(wanted);
      // Who began to wait before the gates were closed may have been missed.
      const needed = waiters.reach(shards, keys);
      if ([...needed].every((shard) => wanted.has(shard))) return wanted;
      this.leave(wanted);
      wanted = ALL_SHARDS;
    }
  }

  /** Serves those who wait for keys that were made since the gates were closed. */
  serveReady(): void {
    this.service?.serve(this.#m.context.blocking.ready ?? []);
  }

  /** Opens some of the gates, behind which nothing was touched. @param rest those that stay */
  narrow(rest: ReadonlySet<number>, opened: readonly number[]): void {
    const { store, gates } = this.#m;
    store.enter(rest);
    gates.open(opened);
  }

  /** Closes the gates of shards; from now on they are this worker's. @throws GateTaken */
  enter(gated: ReadonlySet<number>): void {
    const { context, store, transactionId, gates } = this.#m;
    gates.close(gated.size === 1 ? [...gated] : [...gated].sort(ascending));
    context.transaction = transactionId;
    context.blocking.ready = [];
    store.enter(gated);
    this.#awaited = [];
  }

  /** The shards whose gates are closed. */
  get gated(): ReadonlySet<number> {
    return this.#m.store.gated;
  }

  /** The same for one. */
  enterOne(shard: number, gated: ReadonlySet<number>): void {
    const { context, store, transactionId, gates } = this.#m;
    gates.closeOne(shard);
    context.transaction = transactionId;
    context.blocking.ready = [];
    store.enter(gated);
    if (this.#awaited.length > 0) this.#awaited = [];
  }

  /** Ends what `enterOne` began; those who wait were served. */
  leaveOne(shard: number): void {
    this.#handBack();
    this.#m.gates.openOne(shard);
    this.#m.gates.ended();
  }

  /**
   * Closes more gates, for a script that has changed something.
   * @param has says which gates it has
   * @returns false: it cannot have them
   */
  extend(more: readonly number[], has: (shard: number) => boolean, tick: () => void): boolean {
    const { store, gates } = this.#m;
    if (!gates.extend(more, has, tick)) return false;
    store.enter(new Set([...store.gated, ...more]));
    return true;
  }

  /** Tells the owners what became of their values, and opens the gates. */
  leave(shards: Iterable<number>): void {
    const { gates } = this.#m;
    this.#handBack();
    gates.open(shards);
    gates.ended();
  }

  #handBack(): void {
    const { context, store, peers } = this.#m;
    for (const { worker, id, value } of store.leave()) {
      peers.change(worker, id, value && store.packChange(value));
    }
    context.transaction = 0;
    context.blocking.ready = null;
  }

  /**
   * Brings a key of a gated shard within reach, whoever owns it, and with `values` its value.
   * @param changes its value must not be held by a command that reads it in slices
   * @param borrows false: another worker's large value stays there, in memory
   * @returns '' or an error reply; `takeAwaited` says what has to be waited for first
   */
  bring(key: Buffer, db: number, values: boolean, changes: boolean, borrows = true): string {
    const { context, store } = this.#m;
    const { table } = context;
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    table.selectKey(key, view, 0, key.length, db);
    const { shard } = table;
    if (!store.owns(shard)) return this.#borrow(key, db, values, borrows);
    table.locks.lock(shard);
    const entry = table.find();
    const isAway = entry === 0 ? !table.isComplete : values && table.isCold(entry);
    const isLarge = entry !== 0 && table.isLarge(entry);
    const large = isLarge && !table.isCold(entry) ? table.words[table.valueWord(entry)]! : 0;
    table.locks.unlock(shard);
    if (isAway) return this.#warm(key, db, values);
    if (changes && isLarge && store.has(large) && store.awaitRelease(store.get(large))) {
      this.#awaited.push(...store.held.takeAwaited());
    }
    return '';
  }

  #warm(key: Buffer, db: number, values: boolean): string {
    const loading = { isDone: false };
    const problem = this.#m.peers.warmKey(db, key, values, () => {
      loading.isDone = true;
    });
    if (problem === null) this.#awaited.push(loading);
    return problem ?? '';
  }

  /** Runs a command whose keys were brought within reach; DONE, or it has done nothing. */
  runWithin(id: number): Outcome {
    const outcome = this.#runWanting(id);
    if (outcome !== DONE) this.#awaited = [];
    return outcome;
  }

  /** The same; after AWAITS `takeAwaited` says what other workers are asked for. */
  runAwaiting(id: number): Outcome {
    return this.#runWanting(id);
  }

  /** What the last command waits for at other workers. */
  takeAwaited(): Awaited[] {
    return this.#awaited.splice(0);
  }

  /** Runs the command with all it needs borrowed: once more where it names only a part of that. */
  #runBorrowing(id: number, values: boolean): Outcome {
    return this.#refusal(this.#borrowNamed(id, values)) ?? this.#runWanting(id);
  }

  #runWanting(id: number): Outcome {
    const { context, executor } = this.#m;
    const wanted: WantedKey[] = [];
    context.wanted = wanted;
    const outcome = executor.run(id);
    context.wanted = null;
    if (outcome !== NOT_HERE || wanted.length === 0) return outcome;
    return this.#refusal(this.#borrowWanted(wanted)) ?? executor.run(id);
  }

  /** Why the command cannot run after what it needs was to be borrowed; null: it can. */
  #refusal(problem: string): Outcome | null {
    if (this.#awaited.length > 0) return AWAITS;
    if (problem === OUT_OF_MEMORY) return FULL;
    return problem === '' ? null : this.#m.context.fail(problem);
  }

  /** Waits until no other transaction holds the shard's gate. No lock is held. @throws GateTaken */
  awaitGate(shard: number): void {
    this.#m.gates.await(shard);
  }

  #indexesOf(id: number): number[] {
    const { registry, context } = this.#m;
    const { request } = context;
    const keys: number[] = [];
    extractKeys(registry.table, id, request.argc, (i) => request.slice(i), keys);
    return keys;
  }

  #keysOf(id: number): Buffer[] {
    return this.#indexesOf(id).map((key) => this.#m.context.request.slice(key));
  }

  /** Borrows what the command's keys hold in every database; returns '' or an error reply. */
  #borrowNamed(id: number, values: boolean): string {
    const { context } = this.#m;
    const { request } = context;
    for (const key of this.#indexesOf(id)) {
      // Hashed when the shards were found, but perhaps never to be opened.
      context.clearPrehashed(key);
      for (let db = 0; db < context.databases.count; db++) {
        const problem = this.#borrow(request.slice(key), db, values);
        if (problem !== '') return problem;
      }
    }
    return '';
  }

  #borrowWanted(keys: readonly WantedKey[]): string {
    for (const { key, db } of keys) {
      const problem = this.#borrow(key, db, true);
      if (problem !== '') return problem;
    }
    return '';
  }

  /**
   * Borrows the large value of a key on another worker, or has a key or a value brought back that
   * only its store has; its entry cannot change now.
   * @returns '' or an error reply; with something in `awaited` the command cannot run yet
   */
  #borrow(key: Buffer, db: number, values: boolean, borrows = true): string {
    const { context, store, peers, workerOf } = this.#m;
    const { table } = context;
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    for (;;) {
      table.selectKey(key, view, 0, key.length, db);
      const { shard } = table;
      if (store.owns(shard)) return '';
      table.locks.lock(shard);
      const entry = table.find();
      const large = entry !== 0 && table.isLarge(entry);
      const value = large ? table.words[table.valueWord(entry)]! : 0;
      const isAway = entry === 0 ? !table.isComplete : values && table.isCold(entry);
      table.locks.unlock(shard);
      if (!isAway) {
        // What is to be awaited makes all of it in vain.
        if (!large || !borrows || store.isBorrowed(value) || this.#awaited.length > 0) return '';
        const lent = peers.borrow(workerOf[shard]!, value);
        if (lent === '') return OUT_OF_MEMORY;
        if (lent !== null) store.borrow(value, lent);
        return '';
      }
      const warmed = peers.warm(workerOf[shard]!, db, key, values);
      if (typeof warmed !== 'string') {
        this.#awaited.push(warmed);
        return '';
      }
      // It may be a large one.
      if (warmed !== '') return warmed;
    }
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}

function shardSet(low: number, high: number): Set<number> {
  const shards = new Set<number>();
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    const bits = shard < 32 ? low : high;
    if ((bits >>> (shard & 31)) & 1) shards.add(shard);
  }
  return shards;
}
