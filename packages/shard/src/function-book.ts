// The function libraries as a worker has them: loaded into its engine, and as new as those of all
// threads. Any worker may change them, one at a time: it changes its own, has the result made
// durable, and hands it to all; the others load it when the next function is called.

import { MOST_LIBRARY_BYTES, type ScriptShare } from '@forgekv/rings';
import {
  dumpLibraries,
  FunctionEngine,
  type LibraryFunction,
  RESTORE_FLUSH,
  type ScriptHost,
} from '@forgekv/scripting';
import type { FunctionFacts } from '@forgekv/storage';
import type { Peers } from './peers.ts';
import { type Learned, REACH_UNKNOWN } from './script-book.ts';

const TOO_MUCH = 'ERR the libraries are larger than 32 MB together';
const NOT_WRITTEN = 'MISCONF the libraries cannot be written to disk: ';

export interface FunctionBookModules {
  readonly share: ScriptShare;
  readonly peers: Peers;
  /** Of this worker. */
  readonly index: number;
  /** Makes libraries durable; throws what the disk says. */
  readonly persistFunctions: (facts: FunctionFacts) => void;
}

export class FunctionBook {
  readonly #m: FunctionBookModules;
  readonly #engine: FunctionEngine;
  readonly #learned = new Map<string, Learned>();
  /** Of the libraries that the engine has. */
  #generation = 0;

  /** @param log where `redis.log` goes while a library is loaded */
  constructor(modules: FunctionBookModules, log: ScriptHost['log']) {
    this.#m = modules;
    this.#engine = new FunctionEngine(undefined, log);
  }

  get usedBytes(): number {
    return this.#engine.usedBytes;
  }

  /** The engine, with all that was acknowledged on any thread. */
  get current(): FunctionEngine {
    const { libraries } = this.#m.share;
    if (libraries.generation !== this.#generation) this.#reload();
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
      learned = { reach: REACH_UNKNOWN, keepsToKeys: true };
      this.#learned.set(name, learned);
    }
    return learned;
  }

  #reload(): void {
    const { payload, generation } = this.#m.share.libraries.read();
    this.#engine.flush();
    this.#learned.clear();
    // It was loaded before, here or elsewhere; one that fails now nobody can call here.
    if (payload.length > 0) this.#engine.restore(payload, RESTORE_FLUSH);
    this.#generation = generation;
  }

  /**
   * Changes the libraries.
   * @param act changes those of the engine; returns '' or an error reply, and then has changed
   *   nothing
   * @returns the same, or why the change cannot be kept: then it was taken back
   */
  change(act: (engine: FunctionEngine) => string): string {
    const { share, peers, index } = this.#m;
    // Whoever has the right to needs nothing but the disk, and gives it back soon.
    while (!share.libraries.tryBegin(index + 1)) peers.wait();
    try {
      const problem = act(this.current);
      return problem === '' ? this.#keep() : problem;
    } finally {
      share.libraries.end();
    }
  }

  #keep(): string {
    const { share, persistFunctions } = this.#m;
    const { libraries } = this.#engine;
    const payload = dumpLibraries(libraries.all());
    let problem = payload.length > MOST_LIBRARY_BYTES ? TOO_MUCH : '';
    const facts = { libraries: libraries.count, functions: libraries.functionCount };
    if (problem === '') {
      try {
        persistFunctions({ payload, ...facts });
      } catch (error) {
        problem = `${NOT_WRITTEN}${error instanceof Error ? error.message : error}`;
      }
    }
    if (problem !== '') {
      this.#reload();
      return problem;
    }
    share.libraries.publish(payload, facts.libraries, facts.functions);
    this.#generation = share.libraries.generation;
    this.#learned.clear();
    return '';
  }
}
