// EVAL's engine: compiled scripts by SHA, and running them. One per worker.

import type { ReplyWriter } from '@forgekv/protocol';
import { LUA_GCCOLLECT } from './lua-exports.ts';
import { type Entry, isOfModule, LuaMachine } from './lua-machine.ts';
import { parseShebang } from './script-flags.ts';
import {
  type CompiledScript,
  type EngineLimits,
  RUN_FAILED,
  type RunOutcome,
  type ScriptArguments,
  type ScriptEngine,
  type ScriptHost,
} from './script-host.ts';

const SCRIPT_NAME = '@user_script';

interface KeptScript extends CompiledScript, Entry {
  readonly name: string;
  /** Of the machine that compiled it: a broken one is replaced. */
  readonly machine: LuaMachine;
}

/** Bounds that fit a server; `memoryBytes` is of one worker. */
export const DEFAULT_LIMITS: EngineLimits = {
  memoryBytes: 256 * 1024 * 1024,
  instructions: 0,
  hookInstructions: 20_000,
  compiledScripts: 2000,
};

export class LuaEngine implements ScriptEngine {
  readonly #limits: EngineLimits;
  #machine: LuaMachine;
  /** In the order of their last use. */
  readonly #scripts = new Map<string, KeptScript>();
  #newest: KeptScript | null = null;

  private constructor(limits: EngineLimits) {
    this.#limits = limits;
    this.#machine = new LuaMachine(limits, null);
  }

  /** Makes an engine; takes a few milliseconds. */
  static create(limits: EngineLimits = DEFAULT_LIMITS): LuaEngine {
    return new LuaEngine(limits);
  }

  get usedBytes(): number {
    return this.#machine.usedBytes;
  }

  get scriptCount(): number {
    return this.#scripts.size;
  }

  compiled(sha: string): CompiledScript | undefined {
    return this.#find(sha);
  }

  compile(sha: string, body: Uint8Array): CompiledScript | string {
    const known = this.#find(sha);
    if (known !== undefined) return known;
    const shebang = parseShebang(body);
    if (typeof shebang === 'string') return shebang;
    const machine = this.#machine;
    const problem = machine.load(body, shebang.codeAt, SCRIPT_NAME);
    if (problem !== null) return `ERR Error compiling script (new function): ${problem}`;
    const ref = machine.keep();
    const script = { sha, name: sha, flags: shebang.flags, ref, isFunction: false, machine };
    this.#scripts.set(sha, script);
    this.#newest = script;
    if (this.#scripts.size > this.#limits.compiledScripts) this.#forgetOldest();
    return script;
  }

  run(
    script: CompiledScript,
    args: ScriptArguments,
    host: ScriptHost,
    reply: ReplyWriter,
  ): RunOutcome {
    const kept = this.#find(script.sha);
    if (kept === undefined) {
      reply.error('NOSCRIPT No matching script. Please use EVAL.');
      return RUN_FAILED;
    }
    const from = reply.position;
    try {
      const outcome = kept.machine.call(kept, args, host, reply);
      if (kept.machine.isBloated) this.#renew();
      return outcome;
    } catch (thrown) {
      if (kept.machine.run.isInHost || !isOfModule(thrown)) throw thrown;
      // What the state was doing is unknown: it is left to the collector.
      this.#renew();
      reply.position = from;
      reply.error(`ERR stack overflow script: ${script.sha}`);
      return RUN_FAILED;
    }
  }

  flush(): void {
    for (const { ref } of this.#scripts.values()) this.#unref(ref);
    this.#scripts.clear();
    this.#newest = null;
    this.#machine.stack.lua.lua_gc(this.#machine.L, LUA_GCCOLLECT, 0);
  }

  /** Begins with a new state. Scripts are compiled again when they are asked for. */
  #renew(): void {
    this.#machine = new LuaMachine(this.#limits, null);
    this.#scripts.clear();
    this.#newest = null;
  }

  /** Finds a script and notes that it is used. */
  #find(sha: string): KeptScript | undefined {
    if (this.#newest?.sha === sha) return this.#newest;
    const script = this.#scripts.get(sha);
    if (script === undefined) return undefined;
    this.#scripts.delete(sha);
    this.#scripts.set(sha, script);
    this.#newest = script;
    return script;
  }

  #forgetOldest(): void {
    const [oldest] = this.#scripts.values();
    this.#scripts.delete(oldest!.sha);
    this.#unref(oldest!.ref);
  }

  #unref(ref: number): void {
    const { stack, L } = this.#machine;
    stack.unref(L, ref);
  }
}
