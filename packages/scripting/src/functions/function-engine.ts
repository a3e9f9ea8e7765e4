// The engine of functions: libraries in a Lua state of their own. Every worker has the same ones;
// whoever changes them tells the others the code.

import type { ReplyWriter } from '@forgekv/protocol';
import { DEFAULT_LIMITS } from '../lua-engine.ts';
import { type Entry, isOfModule, LuaMachine } from '../lua-machine.ts';
import {
  type EngineLimits,
  GO_ON,
  KILLED,
  RUN_FAILED,
  type RunOutcome,
  type ScriptArguments,
  type ScriptHost,
} from '../script-host.ts';
import {
  FunctionLibraries,
  type FunctionLibrary,
  type LibraryFunction,
  parseLibraryHead,
} from './function-library.ts';
import { joinLibraries, type RestorePolicy, readLibraryCodes } from './function-payload.ts';
import { FunctionRegistration, type RegisteredFunction } from './register-function.ts';

const CODE_NAME = '@user_function';
/** Loading a library may take so long. */
const LOAD_MS = 500;
/** The same for one that was loaded in that time once, perhaps while the machine was less busy. */
const KNOWN_LOAD_MS = 60_000;
const LOADING = 'ERR Error registering functions: ';
const TIMEOUT = 'ERR FUNCTION LOAD timeout';

/** A library with its compiled functions. */
interface LoadedLibrary extends FunctionLibrary {
  readonly functions: readonly RegisteredFunction[];
  /** The one its refs are of. */
  readonly machine: LuaMachine;
}

export class FunctionEngine {
  /** What there is. Changed by `load`, `restore`, `delete` and `flush` only. */
  libraries = new FunctionLibraries();
  readonly #limits: EngineLimits;
  readonly #log: ScriptHost['log'];
  #machine: LuaMachine | null = null;
  #registration: FunctionRegistration | null = null;
  readonly #entries = new Map<string, Entry>();
  #loadMs = LOAD_MS;

  /** @param log where `redis.log` goes while a library is loaded */
  constructor(limits: EngineLimits = DEFAULT_LIMITS, log: ScriptHost['log'] = () => {}) {
    this.#limits = limits;
    this.#log = log;
  }

  /** Bytes of the Lua state; 0 before there is one. */
  get usedBytes(): number {
    return this.#machine?.usedBytes ?? 0;
  }

  /**
   * FUNCTION LOAD.
   * @returns the library, or the text of the error reply: then nothing has changed
   */
  load(code: Uint8Array, replace: boolean): FunctionLibrary | string {
    const copy = Buffer.from(code);
    const head = parseLibraryHead(copy);
    if (typeof head === 'string') return head;
    if (!replace && this.libraries.find(head.name) !== undefined) {
      return `ERR Library '${head.name}' already exists`;
    }
    const library = this.#compile(copy, head.name, head.codeAt);
    if (typeof library === 'string') return library;
    const collision = this.libraries.collision(library);
    if (collision !== null) {
      this.#release(library);
      return collision;
    }
    const replaced = this.libraries.find(library.name) as LoadedLibrary | undefined;
    this.#forget(replaced);
    this.libraries.add(library);
    this.#enter(library);
    return library;
  }

  /**
   * FUNCTION RESTORE: null, or the text of the error reply; then nothing has changed.
   * @param isKnown they were loaded before, here or elsewhere: that may take longer this time
   */
  restore(payload: Buffer, policy: RestorePolicy, isKnown = false): string | null {
    const codes = readLibraryCodes(payload);
    if (typeof codes === 'string') return codes;
    const restored = new FunctionLibraries();
    this.#loadMs = isKnown ? KNOWN_LOAD_MS : LOAD_MS;
    const problem = this.#restore(codes, restored, policy);
    this.#loadMs = LOAD_MS;
    if (problem !== null) {
      for (const library of restored.all()) this.#forget(library as LoadedLibrary);
    }
    return problem;
  }

  #restore(
    codes: readonly Buffer[],
    restored: FunctionLibraries,
    policy: RestorePolicy,
  ): string | null {
    for (const code of codes) {
      const head = parseLibraryHead(code);
      if (typeof head === 'string') return head;
      if (restored.find(head.name) !== undefined) {
        return `ERR Library '${head.name}' already exists`;
      }
      const library = this.#compile(code, head.name, head.codeAt);
      if (typeof library === 'string') return library;
      const collision = restored.collision(library);
      if (collision !== null) {
        this.#release(library);
        return collision;
      }
      restored.add(library);
    }
    const joined = this.libraries.copy();
    const problem = joinLibraries(joined, restored.all(), policy);
    if (problem !== null) return problem;
    const gone = this.libraries.all().filter((library) => joined.find(library.name) !== library);
    for (const library of gone) this.#forget(library as LoadedLibrary);
    this.libraries = joined;
    for (const library of restored.all()) this.#enter(library as LoadedLibrary);
    return null;
  }

  /** FUNCTION DELETE: false when there is no such library. */
  delete(name: string): boolean {
    const library = this.libraries.remove(name) as LoadedLibrary | undefined;
    this.#forget(library);
    return library !== undefined;
  }

  /** FUNCTION FLUSH. */
  flush(): void {
    this.libraries.clear();
    this.#entries.clear();
    this.#machine = null;
  }

  find(name: string): LibraryFunction | undefined {
    return this.libraries.findFunction(name);
  }

  /** FCALL: KEYS and ARGV are the function's two parameters. */
  run(name: string, args: ScriptArguments, host: ScriptHost, reply: ReplyWriter): RunOutcome {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      reply.error('ERR Function not found');
      return RUN_FAILED;
    }
    const machine = this.#machine!;
    const from = reply.position;
    try {
      const outcome = machine.call(entry, args, host, reply);
      if (machine.isBloated) this.#renew();
      return outcome;
    } catch (thrown) {
      if (machine.run.isInHost || !isOfModule(thrown)) throw thrown;
      this.#renew();
      reply.position = from;
      reply.error(`ERR stack overflow script: ${name}`);
      return RUN_FAILED;
    }
  }

  /** Loads all libraries again, into a new state. */
  #renew(): void {
    const codes = this.libraries.all().map(({ code }) => code);
    this.flush();
    const loadMs = this.#loadMs;
    this.#loadMs = KNOWN_LOAD_MS;
    for (const code of codes) this.load(code, false);
    this.#loadMs = loadMs;
  }

  /** Runs a library's code, which registers its functions. */
  #compile(code: Buffer, name: string, codeAt: number): LoadedLibrary | string {
    const machine = this.#open();
    const problem = machine.load(code, codeAt, CODE_NAME);
    if (problem !== null) return `ERR Error compiling function: ${problem}`;
    const ref = machine.keep();
    const registration = new FunctionRegistration(machine.stack, (L, text) =>
      machine.redis.raise(L, text),
    );
    this.#registration = registration;
    const failure = this.#register(machine, ref);
    this.#registration = null;
    const functions = [...registration.functions.values()];
    const library = { name, code, functions, machine };
    if (machine === this.#machine) machine.stack.unref(machine.L, ref);
    if (failure !== null) {
      this.#release(library);
      return `${LOADING}${failure}`;
    }
    return functions.length === 0 ? 'ERR No functions registered' : library;
  }

  #register(machine: LuaMachine, ref: number): string | null {
    const deadlineMs = Date.now() + this.#loadMs;
    const host: ScriptHost = {
      execute: () => {
        throw new Error('there is no redis.call while a library is loaded');
      },
      aclCheck: () => 0,
      log: this.#log,
      interrupted: () => (Date.now() > deadlineMs ? KILLED : GO_ON),
    };
    try {
      return machine.register(ref, host, TIMEOUT);
    } catch (thrown) {
      if (machine.run.isInHost || !isOfModule(thrown)) throw thrown;
      this.#renew();
      return 'ERR stack overflow';
    }
  }

  #open(): LuaMachine {
    this.#machine ??= new LuaMachine(this.#limits, (L) => this.#registration!.register(L));
    return this.#machine;
  }

  #enter({ functions }: LoadedLibrary): void {
    for (const { name, ref } of functions) {
      this.#entries.set(name, { ref, name, isFunction: true });
    }
  }

  #forget(library: LoadedLibrary | undefined): void {
    if (library === undefined) return;
    for (const { name, ref } of library.functions) {
      if (this.#entries.get(name)?.ref === ref) this.#entries.delete(name);
    }
    this.#release(library);
  }

  #release({ functions, machine }: LoadedLibrary): void {
    if (machine !== this.#machine) return;
    for (const { ref } of functions) machine.stack.unref(machine.L, ref);
  }
}
