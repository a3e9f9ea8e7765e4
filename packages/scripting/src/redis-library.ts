// The `redis` table of scripts: calls into the server, error and status replies, the log, SHA-1.
// It knows the server only as the ScriptHost of the run.

import { createHash } from 'node:crypto';
import { ReplyWriter } from '@forgekv/protocol';
import { LUA_TSTRING, type LuaExports } from './lua-exports.ts';
import type { LuaFunction, LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';
import { ReplyToLua } from './reply-to-lua.ts';
import { CommandBuilder } from './script-command.ts';
import { ACL_ALLOWED, ACL_INVALID, CALL_STOP, LOG_DEBUG, LOG_WARNING } from './script-host.ts';
import type { ScriptRun } from './script-run.ts';

/** The version whose behaviour scripts get. */
const REDIS_VERSION = '7.0.15';
const REDIS_VERSION_NUM = 0x0007000f;

const NO_ARGUMENTS = 'ERR Please specify at least one argument for this redis lib call';
const BAD_ARGUMENT = 'ERR Lua redis lib command arguments must be strings or integers';
const WRONG_ARGUMENTS = 'ERR wrong number or type of arguments';
const REPLY_BYTES = 16 * 1024;

export class RedisLibrary {
  readonly replyToLua: ReplyToLua;
  /** Whether the thread's stack has room for a command. */
  hasRoom: () => boolean = () => true;
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  readonly #run: ScriptRun;
  readonly #command: CommandBuilder;
  readonly #reply = new ReplyWriter(REPLY_BYTES);
  /** Ends what the script does; set by the engine. */
  readonly #end: (L: LuaState) => never;

  constructor(stack: LuaStack, run: ScriptRun, end: (L: LuaState) => never) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.#run = run;
    this.#end = end;
    this.#command = new CommandBuilder(stack);
    this.replyToLua = new ReplyToLua(stack);
  }

  /** Gives back what a large command or reply has used. */
  trim(): void {
    this.#command.trim();
    this.#reply.reset();
  }

  /** Pushes a new table with all functions and constants. */
  push(L: LuaState, isForScripts: boolean): void {
    const lua = this.#lua;
    const stack = this.#stack;
    lua.lua_createtable(L, 0, 32);
    for (const [name, call] of Object.entries(this.#functions())) {
      if (isForScripts || !SCRIPTS_ONLY.includes(name)) stack.setFunction(L, name, call);
    }
    for (const [name, value] of Object.entries(CONSTANTS)) stack.setNumber(L, name, value);
    stack.setText(L, 'REDIS_VERSION', REDIS_VERSION);
  }

  /** Pushes the table that a library sees while it is loaded. */
  pushForLoading(L: LuaState, register: LuaFunction): void {
    const stack = this.#stack;
    this.#lua.lua_createtable(L, 0, 8);
    stack.setFunction(L, 'register_function', register);
    stack.setFunction(L, 'log', (state) => this.#log(state));
    for (const [name, value] of Object.entries(CONSTANTS)) {
      if (!name.startsWith('REPL_')) stack.setNumber(L, name, value);
    }
    stack.setText(L, 'REDIS_VERSION', REDIS_VERSION);
  }

  #functions(): Record<string, LuaFunction> {
    return {
      call: (L) => this.#call(L, true),
      pcall: (L) => this.#call(L, false),
      error_reply: (L) => this.#errorReply(L),
      status_reply: (L) => this.#statusReply(L),
      log: (L) => this.#log(L),
      sha1hex: (L) => this.#sha1hex(L),
      setresp: (L) => this.#setresp(L),
      acl_check_cmd: (L) => this.#aclCheck(L),
      // Effects are always what is logged, as in Redis since 7.0.
      replicate_commands: (L) => {
        this.#lua.lua_pushboolean(L, 1);
        return 1;
      },
      set_repl: (L) => this.#setRepl(L),
      // There is no debugger: what its functions answer outside of it.
      breakpoint: (L) => {
        this.#lua.lua_pushboolean(L, 0);
        return 1;
      },
      debug: () => 0,
    };
  }

  #call(L: LuaState, raises: boolean): number {
    const run = this.#run;
    if (run.ending !== 0) return this.#end(L);
    const command = this.#command;
    const argc = command.build(L);
    if (argc <= 0) return this.#fail(L, argc === 0 ? NO_ARGUMENTS : BAD_ARGUMENT, raises);
    const reply = this.#reply;
    reply.position = 0;
    reply.resp3 = run.isResp3;
    if (!this.hasRoom()) return this.#stack.raise(L, 'stack overflow');
    run.isInHost = true;
    const outcome = run.host.execute(command, reply);
    run.isInHost = false;
    if (outcome === CALL_STOP) {
      run.stop();
      return this.#end(L);
    }
    const isError = this.replyToLua.push(L, reply.buffer, reply.position);
    if (isError && raises) return this.#stack.throw(L);
    return 1;
  }

  #fail(L: LuaState, text: string, raises: boolean): number {
    this.replyToLua.pushError(L, text, false);
    return raises ? this.#stack.throw(L) : 1;
  }

  #errorReply(L: LuaState): number {
    const text = this.#oneString(L);
    if (text === null) this.replyToLua.pushError(L, WRONG_ARGUMENTS, false);
    else this.replyToLua.pushError(L, withCode(text), false);
    return 1;
  }

  #statusReply(L: LuaState): number {
    const text = this.#oneString(L);
    if (text === null) {
      this.replyToLua.pushError(L, WRONG_ARGUMENTS, false);
      return 1;
    }
    this.#lua.lua_createtable(L, 0, 1);
    this.#lua.lua_pushvalue(L, 1);
    this.#lua.lua_setfield(L, -2, this.#stack.constant('ok'));
    return 1;
  }

  /** The only argument as text; null: it is no string, or not the only one. */
  #oneString(L: LuaState): string | null {
    const isString = this.#lua.lua_type(L, 1) === LUA_TSTRING;
    return isString && this.#lua.lua_gettop(L) === 1 ? this.#stack.text(L, 1) : null;
  }

  #sha1hex(L: LuaState): number {
    const stack = this.#stack;
    if (this.#lua.lua_gettop(L) !== 1) return this.raise(L, 'ERR wrong number of arguments');
    const at = stack.string(L, 1);
    const bytes = stack.module.bytes.subarray(at, at === 0 ? 0 : at + stack.length);
    stack.pushText(L, createHash('sha1').update(bytes).digest('hex'));
    return 1;
  }

  #log(L: LuaState): number {
    const lua = this.#lua;
    const count = lua.lua_gettop(L);
    if (count < 2) return this.raise(L, 'ERR redis.log() requires two arguments or more.');
    if (lua.lua_isnumber(L, 1) === 0) {
      return this.raise(L, 'ERR First argument must be a number (log level).');
    }
    const level = Math.trunc(lua.lua_tonumber(L, 1));
    if (!(level >= LOG_DEBUG && level <= LOG_WARNING)) {
      return this.raise(L, 'ERR Invalid debug level.');
    }
    const parts: string[] = [];
    for (let i = 2; i <= count; i++) {
      if (lua.lua_isstring(L, i) !== 0) parts.push(this.#stack.text(L, i));
    }
    this.#run.host.log(level, parts.join(' '));
    return 0;
  }

  #setresp(L: LuaState): number {
    const lua = this.#lua;
    if (lua.lua_gettop(L) !== 1) {
      return this.raise(L, 'ERR redis.setresp() requires one argument.');
    }
    const version = Math.trunc(lua.lua_tonumber(L, -1));
    if (version !== 2 && version !== 3) {
      return this.raise(L, 'ERR RESP version must be 2 or 3.');
    }
    this.#run.isResp3 = version === 3;
    return 0;
  }

  #setRepl(L: LuaState): number {
    const lua = this.#lua;
    if (lua.lua_gettop(L) !== 1) {
      return this.raise(L, 'ERR redis.set_repl() requires two arguments.');
    }
    const flags = Math.trunc(lua.lua_tonumber(L, -1));
    if ((flags & ~3) !== 0) {
      return this.raise(
        L,
        'ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.',
      );
    }
    return 0;
  }

  #aclCheck(L: LuaState): number {
    const command = this.#command;
    const argc = command.build(L);
    if (argc <= 0) return this.raise(L, argc === 0 ? NO_ARGUMENTS : BAD_ARGUMENT);
    const answer = this.#run.host.aclCheck(command);
    if (answer === ACL_INVALID)
      return this.raise(L, 'ERR Invalid command passed to redis.acl_check_cmd()');
    this.#lua.lua_pushboolean(L, answer === ACL_ALLOWED ? 1 : 0);
    return 1;
  }

  /** Raises a table with `err`. */
  raise(L: LuaState, text: string): never {
    this.replyToLua.pushError(L, text, false);
    return this.#stack.throw(L);
  }
}

/** Not in the `redis` table of functions. */
const SCRIPTS_ONLY = ['breakpoint', 'debug', 'replicate_commands'];

const CONSTANTS = {
  LOG_DEBUG: 0,
  LOG_VERBOSE: 1,
  LOG_NOTICE: 2,
  LOG_WARNING: 3,
  REPL_NONE: 0,
  REPL_AOF: 1,
  REPL_SLAVE: 2,
  REPL_REPLICA: 2,
  REPL_ALL: 3,
  REDIS_VERSION_NUM,
};

/** `CODE text`: the first of several words is the code (a `-` before it is left out). */
export function withCode(text: string): string {
  const line = text.replace(/[\r\n]+$/, '').replace(/^-/, '');
  return line.includes(' ') ? line : `ERR ${line}`;
}
