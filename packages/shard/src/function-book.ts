// The function libraries as a worker has them: loaded into its engine, and as new as those of all
// threads. Any worker may change them, one at a time: it changes its own, logs the command, and
// hands the result to all; the others load it when the next function is called.
//
// The logs have a change as an effect without a key, under a shard of its own, in the log of the
// thread that made it; so it obeys the tick rule, and who uses a library depends on the effect that
// brought it (`current`). A change within a transaction is handed to all when the transaction ends,
// before its gates open: until then this worker alone has the right to change libraries, and the
// transaction all gates, so it waits for nobody who waits for the right.

import { type CommandContext, type EffectLog, LIBRARY_SHARD } from '@forgekv/commands';
import {
  type LibraryEffect,
  type LibraryState,
  type LibraryStore,
  LOG_OF_EARLIER,
  MOST_LIBRARY_BYTES,
} from '@forgekv/rings';
import {
  dumpLibraries,
  FunctionEngine,
  type LibraryFunction,
  RESTORE_FLUSH,
  type ScriptHost,
} from '@forgekv/scripting';
import type { Peers } from './peers.ts';
import { type Learned, REACH_UNKNOWN } from './script-book.ts';
import type { ScriptKeys } from './script-keys.ts';

const TOO_MUCH = 'ERR the libraries are larger than 32 MB together';

export interface FunctionBookModules {
  readonly context: CommandContext;
  readonly log: EffectLog;
  /** As all threads have them. */
  readonly libraries: LibraryStore;
  readonly peers: Peers;
  readonly keys: ScriptKeys;
  /** Of this worker. */
  readonly index: number;
}

export class FunctionBook {
  readonly #m: FunctionBookModules;
  readonly #engine: FunctionEngine;
  readonly #learned = new Map<string, Learned>();
  /** Of the libraries that the engine has. */
  #generation = 0;
  /** What led to them. */
  #effect: LibraryEffect = { lsn: 0, log: LOG_OF_EARLIER, position: 0 };
  /** What the transaction that goes on has made of them; null: nothing. */
  #pending: LibraryState | null = null;

  /** @param log where `redis.log` goes while a library is loaded */
  constructor(modules: FunctionBookModules, log: ScriptHost['log']) {
    this.#m = modules;
    this.#engine = new FunctionEngine(undefined, log);
  }

  get usedBytes(): number {
    return this.#engine.usedBytes;
  }

  /**
   * The engine, with all that was acknowledged on any thread. What is told or logged from now on
   * depends on the effect that led to it.
   */
  get current(): FunctionEngine {
    const { libraries, log } = this.#m;
    if (libraries.generation !== this.#generation) {
      const state = libraries.read();
      this.#restore(state);
      this.#generation = state.generation;
    }
    log.keyless.sees(this.#effect.log, this.#effect.position);
    return this.#engine;
  }

  /** A function by its name in letters of either case. */
  find(name: string): LibraryFunction | undefined {
    const engine = this.current;
    const found = engine.find(name);
    if (found !== undefined) return found;
    const lower = name.toLowerCase();
    for (const { functions } of engine.libraries.all()) {
      const other = functions.find((each) => each.name.toLowerCase() === lower);
      if (other !== undefined) return other;
    }
    return undefined;
  }

  /** What was learned about a function. */
  learnedOf(name: string): Learned {
    let learned = this.#learned.get(name);
    if (learned === undefined) {
      learned = { reach: REACH_UNKNOWN, keepsToKeys: this.#keepsToKeys(name) };
      this.#learned.set(name, learned);
    }
    return learned;
  }

  /** All functions of a library do, or none is seen to. */
  #keepsToKeys(name: string): boolean {
    const { libraries } = this.#engine;
    const library = libraries.all().find(({ functions }) => functions.some((f) => f.name === name));
    return library !== undefined && this.#m.keys.ofLibrary(library.code.toString('latin1'));
  }

  /** Loads what was loaded before, here or elsewhere; what fails now nobody can call here. */
  #restore(state: LibraryState): void {
    const { payload, lsn, log, position } = state;
    this.#engine.flush();
    this.#learned.clear();
    if (payload.length > 0) this.#engine.restore(payload, RESTORE_FLUSH, true);
    this.#effect = { lsn, log, position };
  }

  /**
   * Changes the libraries as the command in the context's request says, which is logged.
   * @param act changes those of the engine; returns '' or an error reply, and then has changed
   *   nothing
   * @param isBlind it leads to the same whatever there was before
   * @returns the same, or why the change cannot be kept: then it was taken back
   */
  change(act: (engine: FunctionEngine) => string, isBlind = false): string {
    const { libraries, peers, index } = this.#m;
    if (this.#pending === null) while (!libraries.tryBegin(index + 1)) peers.wait();
    try {
      const problem = act(this.current);
      return problem === '' ? this.#keep(isBlind) : problem;
    } finally {
      if (this.#pending === null) libraries.end();
    }
  }

  #keep(isBlind: boolean): string {
    const { log, context } = this.#m;
    const { libraries } = this.#engine;
    const payload = dumpLibraries(libraries.all());
    if (payload.length > MOST_LIBRARY_BYTES) {
      this.#restore(this.#pending ?? this.#m.libraries.read());
      return TOO_MUCH;
    }
    this.#effect = this.#logged(isBlind);
    this.#learned.clear();
    context.stats.changes++;
    const counts = { libraries: libraries.count, functions: libraries.functionCount };
    this.#pending = { payload, ...counts, ...this.#effect };
    log.endGroup();
    if (!log.isBlock) this.#publish(this.#pending);
    return '';
  }

  #logged(isBlind: boolean): LibraryEffect {
    const { context, log } = this.#m;
    const { table, request } = context;
    const { keyless } = log;
    table.locks.lock(LIBRARY_SHARD);
    const lsn = table.nextLsn(LIBRARY_SHARD);
    const before = this.#effect.lsn;
    const position = keyless.append(LIBRARY_SHARD, lsn, before, isBlind, request);
    table.locks.unlock(LIBRARY_SHARD);
    return { lsn, log: keyless.log, position };
  }

  #publish(state: LibraryState): void {
    const { libraries } = this.#m;
    libraries.publish(state);
    this.#generation = libraries.generation;
    this.#pending = null;
  }

  /** A transaction has run, and its gates are closed still: all may see what it changed. */
  endBlock(): void {
    if (this.#pending === null) return;
    this.#publish(this.#pending);
    this.#m.libraries.end();
  }
}
