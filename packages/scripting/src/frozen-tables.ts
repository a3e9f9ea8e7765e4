// Tables that scripts can read but not change. Redis has a mark for them in its own build of Lua;
// here a script gets an empty table in place of the real one, whose metatable leads reads to the
// real one and refuses writes. The functions that work on a table itself, past its metatable
// (rawset, next, table.insert, ...), are replaced by ones that know these tables.

import { LUA_TTABLE, type LuaExports } from './lua-exports.ts';
import type { LuaFunction, LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';

const READ_ONLY = 'Attempt to modify a readonly table';

interface Frozen {
  /** Finds the real table. */
  readonly real: number;
  /** Finds what `getmetatable` answers; 0: nil. */
  readonly metatable: number;
}

export class FrozenTables {
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  /** By the address of the empty table; it lives as long as the state, and never moves. */
  readonly #frozen = new Map<number, Frozen>();
  readonly #refuse: number;

  constructor(stack: LuaStack) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.#refuse = stack.module.addFunction((L) => stack.raise(L, READ_ONLY));
  }

  /**
   * Replaces the table on top of the stack by its read-only form.
   * @param metatable a ref: what `getmetatable` answers, read-only too
   */
  freeze(L: LuaState, metatable = 0): void {
    const lua = this.#lua;
    const stack = this.#stack;
    lua.lua_pushvalue(L, -1);
    const real = stack.ref(L);
    lua.lua_createtable(L, 0, 0);
    this.#frozen.set(lua.lua_topointer(L, -1), { real, metatable });
    lua.lua_createtable(L, 0, 3);
    lua.lua_pushvalue(L, -3);
    lua.lua_setfield(L, -2, stack.constant('__index'));
    lua.lua_pushcclosure(L, this.#refuse, 0);
    lua.lua_setfield(L, -2, stack.constant('__newindex'));
    lua.lua_pushboolean(L, 0);
    lua.lua_setfield(L, -2, stack.constant('__metatable'));
    lua.lua_setmetatable(L, -2);
    lua.lua_remove(L, -2);
  }

  /** The read-only table at an index of the stack, if it is one. */
  #at(L: LuaState, index: number): Frozen | undefined {
    return this.#frozen.get(this.#lua.lua_topointer(L, index));
  }

  /** Replaces functions of the table on top of the stack that would read past the metatable. */
  guardReading(L: LuaState, names: readonly string[]): void {
    for (const name of names) {
      this.replace(L, name, (original) => (state) => {
        const frozen = this.#at(state, 1);
        if (frozen !== undefined) {
          this.#stack.pushRef(state, frozen.real);
          this.#lua.lua_replace(state, 1);
        }
        return original(state);
      });
    }
  }

  /** Replaces functions of the table on top of the stack that would write past the metatable. */
  guardWriting(L: LuaState, names: readonly string[]): void {
    for (const name of names) {
      this.replace(L, name, (original) => (state) => {
        if (this.#at(state, 1) !== undefined) return this.refuse(state);
        return original(state);
      });
    }
  }

  /** Raises Redis's error, without a position as its C functions do. */
  refuse(L: LuaState): never {
    this.#stack.pushText(L, READ_ONLY);
    return this.#stack.throw(L);
  }

  /** Replaces `pairs`, `next` and `getmetatable` in the table on top of the stack. */
  guardBase(L: LuaState): void {
    const lua = this.#lua;
    this.guardReading(L, ['next', 'rawget']);
    this.guardWriting(L, ['rawset', 'setmetatable']);
    this.replace(L, 'pairs', (original) => {
      lua.lua_getfield(L, -1, this.#stack.constant('next'));
      const next = this.#stack.ref(L);
      return (state) => {
        if (this.#at(state, 1) === undefined) return original(state);
        lua.lua_settop(state, 1);
        this.#stack.pushRef(state, next);
        lua.lua_insert(state, 1);
        lua.lua_pushnil(state);
        return 3;
      };
    });
    this.replace(L, 'getmetatable', (original) => (state) => {
      const frozen = this.#at(state, 1);
      if (frozen === undefined) return original(state);
      if (frozen.metatable === 0) lua.lua_pushnil(state);
      else this.#stack.pushRef(state, frozen.metatable);
      return 1;
    });
  }

  /**
   * Replaces one function of the table on top of the stack by one around it. The new one calls the
   * original in its own place, so that errors name the function the script has called. Upvalues
   * are the original's.
   */
  replace(L: LuaState, name: string, around: (original: LuaFunction) => LuaFunction): void {
    const lua = this.#lua;
    const { module } = this.#stack;
    const field = this.#stack.constant(name);
    lua.lua_getfield(L, -1, field);
    const original = module.functionAt(lua.lua_tocfunction(L, -1));
    const hasUpvalue = lua.lua_getupvalue(L, -1, 1) !== 0;
    if (hasUpvalue) lua.lua_remove(L, -2);
    else lua.lua_settop(L, -2);
    // The table is on top while `around` is called, and the upvalue beside it.
    if (hasUpvalue) lua.lua_insert(L, -2);
    const pointer = module.addFunction(around(original));
    if (hasUpvalue) {
      lua.lua_pushvalue(L, -2);
      lua.lua_remove(L, -3);
    }
    lua.lua_pushcclosure(L, pointer, hasUpvalue ? 1 : 0);
    lua.lua_setfield(L, -2, field);
  }

  /** What the value at an index stands for is pushed: the real table of a read-only one. */
  pushReal(L: LuaState, index: number): void {
    if (this.#lua.lua_type(L, index) === LUA_TTABLE) {
      const frozen = this.#at(L, index);
      if (frozen !== undefined) {
        this.#stack.pushRef(L, frozen.real);
        return;
      }
    }
    this.#lua.lua_pushvalue(L, index);
  }
}
