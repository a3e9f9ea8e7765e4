// `redis.register_function`, which libraries call while they are loaded: both of its forms, and
// every way to call it wrongly.

import {
  LUA_TFUNCTION,
  LUA_TNIL,
  LUA_TSTRING,
  LUA_TTABLE,
  type LuaExports,
} from '../lua-exports.ts';
import type { LuaState } from '../lua-module.ts';
import type { LuaStack } from '../lua-stack.ts';
import { FLAG_NAMES } from '../script-flags.ts';
import { BAD_NAME, isLibraryName, type LibraryFunction } from './function-library.ts';

/** A function and the ref of its code. */
export interface RegisteredFunction extends LibraryFunction {
  readonly ref: number;
}

const PREFIX = 'ERR redis.register_function must get a';
const ONE_ARGUMENT =
  'ERR calling redis.register_function with a single argument is only applicable to Lua table ' +
  '(representing named arguments).';

/** Collects what one library registers. */
export class FunctionRegistration {
  readonly functions = new Map<string, RegisteredFunction>();
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  readonly #fail: (L: LuaState, text: string) => never;

  /** @param fail raises a table with `err` */
  constructor(stack: LuaStack, fail: (L: LuaState, text: string) => never) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.#fail = fail;
  }

  /** The function itself. */
  register(L: LuaState): number {
    const count = this.#lua.lua_gettop(L);
    if (count < 1 || count > 2) {
      return this.#fail(L, 'ERR wrong number of arguments to redis.register_function');
    }
    if (count === 1) this.#named(L);
    else this.#positional(L);
    return 0;
  }

  #positional(L: LuaState): void {
    const lua = this.#lua;
    if (lua.lua_isstring(L, 1) === 0) {
      this.#fail(L, 'ERR first argument to redis.register_function must be a string');
    }
    if (lua.lua_type(L, 2) !== LUA_TFUNCTION) {
      this.#fail(L, 'ERR second argument to redis.register_function must be a function');
    }
    this.#add(L, this.#stack.text(L, 1), 0, null);
  }

  /** Leaves nothing but the table, and the function on top, on the stack. */
  #named(L: LuaState): void {
    const lua = this.#lua;
    const stack = this.#stack;
    if (lua.lua_type(L, 1) !== LUA_TTABLE) this.#fail(L, ONE_ARGUMENT);
    let name: string | null = null;
    let description: string | null = null;
    let hasCallback = false;
    let flags = 0;
    // Slot 2 is the callback's.
    lua.lua_pushnil(L);
    lua.lua_pushnil(L);
    while (lua.lua_next(L, 1) !== 0) {
      const key = lua.lua_type(L, -2) === LUA_TSTRING ? stack.text(L, -2).toLowerCase() : '';
      switch (key) {
        case 'function_name':
          name = this.#string(L, 'function_name argument given to redis.register_function');
          break;
        case 'description':
          description = this.#string(L, 'description argument given to redis.register_function');
          break;
        case 'callback':
          if (lua.lua_type(L, -1) !== LUA_TFUNCTION) {
            this.#fail(
              L,
              'ERR callback argument given to redis.register_function must be a function',
            );
          }
          hasCallback = true;
          lua.lua_pushvalue(L, -1);
          lua.lua_replace(L, 2);
          break;
        case 'flags':
          flags = this.#flags(L);
          break;
        default:
          this.#fail(L, 'ERR unknown argument given to redis.register_function');
      }
      lua.lua_settop(L, -2);
    }
    if (name === null) this.#fail(L, `${PREFIX} function name argument`);
    if (!hasCallback) this.#fail(L, `${PREFIX} callback argument`);
    this.#add(L, name as string, flags, description);
  }

  /** The string, or number, on top of the stack. */
  #string(L: LuaState, what: string): string {
    if (this.#lua.lua_isstring(L, -1) === 0) this.#fail(L, `ERR ${what} must be a string`);
    return this.#stack.text(L, -1);
  }

  #flags(L: LuaState): number {
    const lua = this.#lua;
    if (lua.lua_type(L, -1) !== LUA_TTABLE) {
      this.#fail(
        L,
        'ERR flags argument to redis.register_function must be a table representing function flags',
      );
    }
    let flags = 0;
    for (let i = 1; ; i++) {
      lua.lua_rawgeti(L, -1, i);
      const type = lua.lua_type(L, -1);
      if (type === LUA_TNIL) break;
      const flag = type === LUA_TSTRING ? FLAG_NAMES.get(this.#stack.text(L, -1)) : undefined;
      if (flag === undefined) this.#fail(L, 'ERR unknown flag given');
      flags |= flag as number;
      lua.lua_settop(L, -2);
    }
    lua.lua_settop(L, -2);
    return flags;
  }

  /** Keeps the function at index 2 of the stack. */
  #add(L: LuaState, name: string, flags: number, description: string | null): void {
    if (!isLibraryName(name)) this.#fail(L, BAD_NAME);
    if (this.functions.has(name)) this.#fail(L, 'ERR Function already exists in the library');
    this.#lua.lua_pushvalue(L, 2);
    const ref = this.#stack.ref(L);
    this.functions.set(name, { name, flags, description, ref });
  }
}
