// One Lua state with its sandbox: compiling code, running functions with a budget, and turning
// what comes out into a reply. Scripts and functions are kept by the engines around it.

import { invariant } from '@forgekv/base';
import type { ReplyWriter } from '@forgekv/protocol';
import { ErrorDetails } from './error-details.ts';
import {
  LUA_ERRMEM,
  LUA_GCCOLLECT,
  LUA_GCSTEP,
  LUA_MASKCOUNT,
  LUA_OK,
  LUA_UPVALUE_1,
  type LuaExports,
} from './lua-exports.ts';
import { type LuaFunction, LuaModule, type LuaState } from './lua-module.ts';
import { LuaStack } from './lua-stack.ts';
import { cText, LuaToReply } from './lua-to-reply.ts';
import { checkLayout } from './lua-values.ts';
import { RedisLibrary } from './redis-library.ts';
import { type Globals, type Library, Sandbox } from './sandbox.ts';
import {
  type EngineLimits,
  GO_ON,
  KILLED,
  RUN_DONE,
  RUN_FAILED,
  RUN_KILLED,
  RUN_STOPPED,
  type RunOutcome,
  type ScriptArguments,
  type ScriptHost,
  STOP,
} from './script-host.ts';
import { EXHAUSTED, ScriptRun } from './script-run.ts';
import { valueLibraries } from './value-libraries.ts';
import { WebRuntimeError } from './web-assembly.ts';

/** First byte of compiled code, which is not accepted. */
const ESCAPE = 27;
/** Runs between two steps of the collector, and the step's size, as in Redis. */
const RUNS_PER_COLLECTION = 50;
const COLLECTION_STEP = 50;
const KEEP_SCRATCH_BYTES = 1024 * 1024;
/** Scripts find their bottom of the stack here: the error handler, then the entry. */
const HANDLER = 1;
const ENTRY = 2;

/** Instructions before a run's first hook. */
const FIRST_HOOK = 100;
/** What a pulse of work counts for. */
const PULSE_INSTRUCTIONS = 20_000;
const BLOATED_BYTES = 64 * 1024 * 1024;
/** Redis says so of functions, too. */
const KILLED_BY_USER = 'ERR Script killed by user with SCRIPT KILL...';
const OUT_OF_INSTRUCTIONS = 'ERR the script was ended: it has used up its instructions';

/** What a run calls, and how its errors are told. */
export interface Entry {
  /** A ref of the function. */
  readonly ref: number;
  /** In `script: <name>, on ...`. */
  readonly name: string;
  /** KEYS and ARGV are parameters, not globals. */
  readonly isFunction: boolean;
}

export class LuaMachine {
  readonly run = new ScriptRun();
  readonly stack: LuaStack;
  readonly sandbox: Sandbox;
  readonly redis: RedisLibrary;
  readonly L: LuaState;
  readonly #module: LuaModule;
  readonly #lua: LuaExports;
  readonly #limits: EngineLimits;
  readonly #toReply: LuaToReply;
  readonly #errors: ErrorDetails;
  readonly #hook: number;
  readonly #globals: Globals;
  /** What code sees while a library is loaded; 0: the machine is for scripts. */
  #loadGlobals = 0;
  readonly #keys: number;
  readonly #argv: number;
  #runs = 0;
  #hookCount = 0;
  /** When the hook was called last; 0: not in this run. */
  #hookedAtMs = 0;
  /** Not before so many bytes are used memory is collected early again. */
  #collectAt = 0;
  /** Of the run that goes on. */
  #entry: Entry | null = null;
  #args: ScriptArguments | null = null;
  #reply: ReplyWriter | null = null;

  /**
   * @param register `redis.register_function`: the machine is for functions; null: for scripts
   * @throws Error when the limits leave no room for the libraries
   */
  constructor(limits: EngineLimits, register: LuaFunction | null) {
    this.#limits = limits;
    this.#module = new LuaModule(limits.memoryBytes);
    this.#lua = this.#module.lua;
    const lua = this.#lua;
    this.stack = new LuaStack(this.#module, limits.memoryBytes);
    this.#toReply = new LuaToReply(this.stack);
    this.#errors = new ErrorDetails(this.stack);
    this.L = lua.lua_newstate(this.#module.allocator, this.#module.allocation);
    if (this.L === 0) throw new Error('no memory for Lua');
    this.redis = new RedisLibrary(this.stack, this.run, (L) => this.#end(L));
    this.sandbox = new Sandbox(this.stack);
    this.redis.hasRoom = () => this.sandbox.coroutines.hasRoom;
    this.#keys = this.stack.constant('KEYS');
    this.#argv = this.stack.constant('ARGV');
    this.stack.pulse = (L) => this.#ask(L, PULSE_INSTRUCTIONS);
    this.#hook = this.#module.addHook((L) => this.#hooked(L));
    this.#globals = this.#build(register);
  }

  get usedBytes(): number {
    return this.#module.usedBytes;
  }

  /** The module's memory has become large, and most of it is not in use: it never shrinks. */
  get isBloated(): boolean {
    const { byteLength } = this.#module.bytes;
    return byteLength > BLOATED_BYTES && this.#module.usedBytes < byteLength / 4;
  }

  #build(register: LuaFunction | null): Globals {
    const lua = this.#lua;
    const { L } = this;
    let thrown: unknown = null;
    let built = null as Globals | null;
    const build = this.#module.addFunction((state) => {
      try {
        checkLayout(this.#module, state);
        const libraries: Record<string, Library> = {
          redis: (at) => this.redis.push(at, register === null),
          ...valueLibraries(this.stack, this.sandbox.frozen),
        };
        built = this.sandbox.build(state, libraries);
        if (register !== null) {
          this.#loadGlobals = this.sandbox.restricted(state, (at) =>
            this.redis.pushForLoading(at, register),
          );
        }
      } catch (error) {
        thrown = error;
        throw error;
      }
      return 0;
    });
    lua.lua_pushcclosure(L, build, 0);
    if (lua.lua_pcall(L, 0, 0, 0) !== LUA_OK || built === null) {
      throw new Error(`the sandbox cannot be built: ${this.stack.text(L, -1)}`, { cause: thrown });
    }
    lua.lua_pushcclosure(
      L,
      this.#module.addFunction((at) => this.#errors.handle(at)),
      0,
    );
    this.stack.pushRef(L, built.real);
    lua.lua_pushcclosure(
      L,
      this.#module.addFunction((at) => this.#enter(at)),
      1,
    );
    invariant(lua.lua_gettop(L) === ENTRY, 'the bottom of the stack is known');
    lua.lua_gc(L, LUA_GCCOLLECT, 0);
    this.#setHook(L, FIRST_HOOK);
    return built;
  }

  /** Pops the function that was loaded and keeps it: returns its ref. */
  keep(): number {
    return this.#module.beyondBudget(() => this.stack.ref(this.L));
  }

  /**
   * Compiles code; its function is left on top of the stack.
   * @param from where the code begins in `body`
   * @returns null, or Lua's message; then nothing is left
   */
  load(body: Uint8Array, from: number, name: string): string | null {
    const lua = this.#lua;
    const { L, stack } = this;
    const length = body.length - from;
    if (body[from] === ESCAPE) return `${name.slice(1)}:1: unexpected symbol near char(27)`;
    const at = this.#module.scratch(length);
    if (at === 0) return 'not enough memory';
    this.#module.bytes.set(body.subarray(from), at);
    const status = lua.luaL_loadbuffer(L, at, length, stack.constant(name));
    this.#module.trimScratch(KEEP_SCRATCH_BYTES);
    if (status === LUA_OK) return null;
    const message = cText(stack.text(L, -1));
    lua.lua_settop(L, -2);
    return message;
  }

  /** Calls a function with KEYS and ARGV, and writes what it returns. */
  call(
    entry: Entry,
    args: ScriptArguments | null,
    host: ScriptHost,
    reply: ReplyWriter,
  ): RunOutcome {
    const lua = this.#lua;
    const { L, run } = this;
    invariant(!run.isActive, 'one script at a time');
    const from = reply.position;
    run.begin(host, KILLED_BY_USER);
    this.#entry = entry;
    this.#args = args;
    this.#reply = reply;
    let status: number;
    try {
      lua.lua_pushvalue(L, ENTRY);
      status = lua.lua_pcall(L, 0, 0, HANDLER);
    } finally {
      run.end();
    }
    const outcome = status === LUA_OK ? RUN_DONE : this.#fail(status, reply, from);
    lua.lua_settop(L, ENTRY);
    this.#settle(status);
    return outcome;
  }

  /**
   * Runs the code of a library, which sees little more than `redis.register_function`.
   * @param timeout the error when the host ends it
   * @returns null, or the text of the error
   */
  register(ref: number, host: ScriptHost, timeout: string): string | null {
    const lua = this.#lua;
    const { L, run, stack } = this;
    invariant(!run.isActive, 'one script at a time');
    run.begin(host, timeout);
    this.sandbox.show(L, this.#globals, this.#loadGlobals);
    let status: number;
    try {
      stack.pushRef(L, ref);
      status = lua.lua_pcall(L, 0, 0, HANDLER);
    } finally {
      run.end();
    }
    this.sandbox.show(L, this.#globals, this.#globals.real);
    const problem =
      status === LUA_OK
        ? null
        : this.#module.beyondBudget(() => this.#errors.message(L) ?? 'ERR not enough memory');
    lua.lua_settop(L, ENTRY);
    this.#settle(status);
    return problem;
  }

  /** Inside of the protected call: the arguments, the function, its result. */
  #enter(L: LuaState): number {
    const lua = this.#lua;
    const entry = this.#entry!;
    const args = this.#args!;
    const { keyCount, first, argCount } = args;
    if (entry.isFunction) this.stack.pushRef(L, entry.ref);
    this.#pushArguments(L, args, first, keyCount);
    if (!entry.isFunction) lua.lua_setfield(L, LUA_UPVALUE_1, this.#keys);
    this.#pushArguments(L, args, first + keyCount, argCount);
    if (!entry.isFunction) {
      lua.lua_setfield(L, LUA_UPVALUE_1, this.#argv);
      this.stack.pushRef(L, entry.ref);
    }
    lua.lua_call(L, entry.isFunction ? 2 : 0, 1);
    this.#toReply.begin();
    this.#toReply.write(L, this.#reply!, this.run.isResp3);
    return 0;
  }

  #pushArguments(L: LuaState, args: ScriptArguments, first: number, count: number): void {
    const lua = this.#lua;
    lua.lua_createtable(L, count, 0);
    for (let i = 0; i < count; i++) {
      const at = (first + i) * 2;
      this.stack.pushBytes(L, args.bytes, args.args[at]!, args.args[at + 1]!);
      lua.lua_rawseti(L, -2, i + 1);
    }
  }

  /** Writes the error on top of the stack. */
  #fail(status: number, reply: ReplyWriter, from: number): RunOutcome {
    const { run, L } = this;
    // Whatever of the result had been written is dropped.
    if (!reply.overflowed) reply.position = from;
    if (run.ending === STOP) return RUN_STOPPED;
    if (status === LUA_ERRMEM) {
      reply.error(`ERR not enough memory script: ${this.#entry!.name}`);
    } else {
      const { name } = this.#entry!;
      reply.error(this.#module.beyondBudget(() => this.#errors.describe(L, name)));
    }
    return run.ending === KILLED ? RUN_KILLED : RUN_FAILED;
  }

  /** After a run: everything is as before it. */
  #settle(status: number): void {
    const lua = this.#lua;
    const { L, run } = this;
    run.ending = GO_ON;
    if (this.#hookCount !== FIRST_HOOK) this.#setHook(L, FIRST_HOOK);
    this.#hookedAtMs = 0;
    this.#entry = null;
    this.#args = null;
    this.#reply = null;
    this.redis.trim();
    this.#module.trimScratch(KEEP_SCRATCH_BYTES);
    this.#collectAt = 0;
    this.sandbox.coroutines.reset();
    if (status === LUA_ERRMEM || this.#module.usedBytes > this.#limits.memoryBytes / 4) {
      lua.lua_gc(L, LUA_GCCOLLECT, 0);
    } else if (++this.#runs >= RUNS_PER_COLLECTION) {
      this.#runs = 0;
      lua.lua_gc(L, LUA_GCSTEP, COLLECTION_STEP);
    }
  }

  /**
   * Some instructions take milliseconds (a concatenation of large strings), most a few nanoseconds:
   * the hook comes early at first, and then about every millisecond.
   */
  #adapt(L: LuaState): void {
    const nowMs = Date.now();
    const elapsedMs = nowMs - this.#hookedAtMs;
    const isFirst = this.#hookedAtMs === 0;
    this.#hookedAtMs = nowMs;
    if (isFirst) return;
    const count = this.#hookCount;
    const most = this.#limits.hookInstructions;
    if (elapsedMs > 2) this.#setHook(L, Math.max(1, Math.floor(count / elapsedMs)));
    else if (count < most) this.#setHook(L, Math.min(most, count * 2));
  }

  #setHook(L: LuaState, instructions: number): void {
    this.#hookCount = instructions;
    this.#lua.lua_sethook(L, this.#hook, LUA_MASKCOUNT, instructions);
  }

  /** Called every so many instructions, on the state or a coroutine of it. */
  #hooked(L: LuaState): void {
    const count = this.#hookCount;
    if (this.run.ending === GO_ON) this.#adapt(L);
    this.#ask(L, count);
  }

  /** Asks the host whether to go on, after so many instructions or as much other work. */
  #ask(L: LuaState, count: number): void {
    const { run } = this;
    const { instructions } = this.#limits;
    if (run.ending === GO_ON) {
      this.#collectEarly(L);
      run.instructions += count;
      run.ending = run.host.interrupted();
      if (run.ending === GO_ON) {
        if (instructions === 0 || run.instructions < instructions) return;
        run.ending = EXHAUSTED;
      }
    }
    this.#end(L);
  }

  /**
   * Lua 5.1 collects when its memory has doubled, and does not when there is none left: so it is
   * made to when most of the budget is used.
   */
  #collectEarly(L: LuaState): void {
    const { memoryBytes } = this.#limits;
    const used = this.#module.usedBytes;
    if (used < memoryBytes / 2 || used < this.#collectAt) return;
    this.#lua.lua_gc(L, LUA_GCCOLLECT, 0);
    this.#collectAt = this.#module.usedBytes + memoryBytes / 8;
  }

  /**
   * Ends the run: raises an error that cannot be caught for long, as from now on every instruction
   * raises it again; on this coroutine at once, on those that wait for it at their next hook.
   */
  #end(L: LuaState): never {
    this.#setHook(L, 1);
    const text = this.run.ending === KILLED ? this.run.killedText : OUT_OF_INSTRUCTIONS;
    this.redis.replyToLua.pushError(L, text, false);
    return this.stack.throw(L);
  }
}

/**
 * True for what the module itself throws: the stack of the thread is used up, by recursion inside
 * of a function of Lua's library, or an access beyond its memory.
 */
export function isOfModule(thrown: unknown): boolean {
  return thrown instanceof RangeError || thrown instanceof WebRuntimeError;
}
