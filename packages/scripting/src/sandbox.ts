// What scripts find in their global table: the safe part of Lua's libraries, Redis's own, nothing
// that reaches files, other code or the virtual machine itself; all of it read-only.

import { FrozenTables } from './frozen-tables.ts';
import { LUA_GLOBALSINDEX, LUA_TTABLE, type LuaExports } from './lua-exports.ts';
import type { LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';
import { RANDOM_MAX, ScriptRandom } from './script-random.ts';

/** Global functions of Lua that stay. */
const BASE = [
  'assert',
  'collectgarbage',
  'error',
  'gcinfo',
  'getmetatable',
  'ipairs',
  'load',
  'loadstring',
  'next',
  'pairs',
  'pcall',
  'rawequal',
  'rawget',
  'rawset',
  'select',
  'setmetatable',
  'tonumber',
  'tostring',
  'type',
  'unpack',
  'xpcall',
  '_VERSION',
];
const LIBRARIES = ['string', 'math', 'table', 'coroutine'];
/** First byte of compiled code. */
const ESCAPE = 27;
/** `table.insert` moves everything between a position and the end, empty or not. */
const LEAST_POSITION = -1_000_000;
/** More does not fit on a stack of Lua. */
const MOST_RESULTS = 1_000_000;
const MOST_INT = 2147483647;

/** Pushes a library's table. */
export type Library = (L: LuaState) => void;

export class Sandbox {
  readonly random = new ScriptRandom();
  readonly frozen: FrozenTables;
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;

  constructor(stack: LuaStack) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.frozen = new FrozenTables(stack);
  }

  /**
   * Fills the empty state and makes its globals read-only.
   * @returns a ref of the real table of globals, in which the engine sets KEYS and ARGV
   */
  build(L: LuaState, libraries: Readonly<Record<string, Library>>): number {
    const lua = this.#lua;
    const stack = this.#stack;
    this.#open(L);
    // The table that becomes the globals of scripts.
    lua.lua_createtable(L, 0, 64);
    for (const name of [...BASE, ...LIBRARIES]) {
      lua.lua_getfield(L, LUA_GLOBALSINDEX, stack.constant(name));
      lua.lua_setfield(L, -2, stack.constant(name));
    }
    this.#guard(L);
    this.#addOs(L);
    for (const [name, push] of Object.entries(libraries)) {
      push(L);
      lua.lua_setfield(L, -2, stack.constant(name));
    }
    for (const name of [...LIBRARIES, 'os', ...Object.keys(libraries)]) {
      lua.lua_getfield(L, -1, stack.constant(name));
      if (name === 'string') this.#freezeStrings(L);
      else this.frozen.freeze(L);
      lua.lua_setfield(L, -2, stack.constant(name));
    }
    return this.#freezeGlobals(L);
  }

  #open(L: LuaState): void {
    const lua = this.#lua;
    const { module } = this.#stack;
    for (const open of [
      lua.luaopen_base,
      lua.luaopen_table,
      lua.luaopen_string,
      lua.luaopen_math,
    ]) {
      lua.lua_pushcclosure(L, module.addExported(open), 0);
      lua.lua_call(L, 0, 0);
    }
  }

  /** `os` has a clock, and nothing else. */
  #addOs(L: LuaState): void {
    const { lua } = this.#stack;
    lua.lua_createtable(L, 0, 1);
    this.#stack.setFunction(L, 'clock', (state) => {
      lua.lua_pushnumber(state, process.cpuUsage().user / 1e6);
      return 1;
    });
    lua.lua_setfield(L, -2, this.#stack.constant('os'));
  }

  /** Replaces the functions of the table of globals on top of the stack that are not safe. */
  #guard(L: LuaState): void {
    const { frozen } = this;
    const lua = this.#lua;
    frozen.guardBase(L);
    frozen.guardReading(L, ['unpack']);
    // Lua's own check of the range overflows.
    frozen.replace(L, 'unpack', (original) => (state) => {
      lua.luaL_checktype(state, 1, LUA_TTABLE);
      const first = lua.luaL_optinteger(state, 2, 1);
      const last = lua.lua_type(state, 3) <= 0 ? null : lua.luaL_checkinteger(state, 3);
      if (last === null || last - first < MOST_RESULTS) return original(state);
      return this.#stack.raise(state, 'too many results to unpack');
    });
    frozen.replace(L, 'loadstring', (original) => (state) => {
      const at = this.#stack.checkString(state, 1);
      if (this.#stack.length === 0 || this.#stack.module.bytes[at] !== ESCAPE) {
        return original(state);
      }
      lua.lua_pushnil(state);
      this.#stack.pushText(state, 'compiled code is not accepted');
      return 2;
    });
    this.#replaceLoad(L);
    this.#replacePcall(L);
    this.#replaceXpcall(L);
    frozen.replace(L, 'collectgarbage', (original) => (state) => this.#collect(state, original));
    this.#inLibrary(L, 'table', () => {
      frozen.guardReading(L, ['foreach', 'foreachi', 'concat', 'maxn', 'getn', 'remove', 'sort']);
      frozen.guardWriting(L, ['insert']);
      frozen.replace(L, 'insert', (original) => (state) => {
        if (lua.lua_gettop(state) === 3 && lua.lua_tonumber(state, 2) < LEAST_POSITION) {
          return this.#stack.argumentError(state, 2, 'position out of bounds');
        }
        return original(state);
      });
    });
    this.#inLibrary(L, 'string', () => this.#guardStrings(L));
    this.#inLibrary(L, 'math', () => this.#addRandom(L));
  }

  #inLibrary(L: LuaState, name: string, act: () => void): void {
    this.#lua.lua_getfield(L, -1, this.#stack.constant(name));
    act();
    this.#lua.lua_settop(L, -2);
  }

  #guardStrings(L: LuaState): void {
    this.frozen.replace(L, 'rep', (original) => (state) => {
      const lua = this.#lua;
      this.#stack.checkString(state, 1);
      const { length } = this.#stack;
      const times = lua.luaL_checkinteger(state, 2);
      if (length === 0) {
        lua.lua_pushlstring(state, this.#stack.constant(''), 0);
        return 1;
      }
      if (times > 0 && length * times > this.#stack.mostBytes) {
        return this.#stack.raise(state, 'resulting string too large');
      }
      return original(state);
    });
  }

  /** `load`: its pieces are put together first, so that compiled code is found. */
  #replaceLoad(L: LuaState): void {
    const lua = this.#lua;
    const stack = this.#stack;
    lua.lua_getfield(L, -1, stack.constant('loadstring'));
    const loadstring = stack.ref(L);
    lua.lua_getfield(L, LUA_GLOBALSINDEX, stack.constant('table'));
    lua.lua_getfield(L, -1, stack.constant('concat'));
    const concat = stack.ref(L);
    lua.lua_settop(L, -2);
    stack.setFunction(L, 'load', (state) => {
      lua.luaL_checktype(state, 1, 6);
      lua.lua_settop(state, 2);
      if (lua.lua_type(state, 2) === 0) {
        stack.pushText(state, '=(load)');
        lua.lua_replace(state, 2);
      }
      stack.checkString(state, 2);
      lua.lua_createtable(state, 0, 0);
      for (let count = 1; ; count++) {
        lua.lua_pushvalue(state, 1);
        if (lua.lua_pcall(state, 0, 1, 0) !== 0) {
          lua.lua_pushnil(state);
          lua.lua_insert(state, -2);
          return 2;
        }
        const type = lua.lua_type(state, -1);
        if (type === 0) break;
        if (lua.lua_isstring(state, -1) === 0) {
          lua.lua_pushnil(state);
          stack.pushText(state, 'reader function must return a string');
          return 2;
        }
        if (stack.string(state, -1) === 0 || stack.length === 0) break;
        lua.lua_rawseti(state, 3, count);
      }
      lua.lua_settop(state, 3);
      stack.pushRef(state, loadstring);
      stack.pushRef(state, concat);
      lua.lua_pushvalue(state, 3);
      lua.lua_call(state, 1, 1);
      lua.lua_pushvalue(state, 2);
      lua.lua_call(state, 2, 2);
      return 2;
    });
  }

  /** `pcall`: of an error that is a table with `err`, the script gets that text, as in Redis. */
  #replacePcall(L: LuaState): void {
    const lua = this.#lua;
    this.#stack.setFunction(L, 'pcall', (state) => {
      const count = lua.lua_gettop(state);
      if (count === 0) {
        lua.lua_pushboolean(state, 0);
        this.#stack.pushText(state, 'attempt to call a boolean value');
        return 2;
      }
      lua.lua_pushboolean(state, 1);
      lua.lua_insert(state, 1);
      if (lua.lua_pcall(state, count - 1, -1, 0) === 0) return lua.lua_gettop(state);
      if (this.#stack.isTable(state, 2)) {
        lua.lua_pushstring(state, this.#stack.constant('err'));
        lua.lua_rawget(state, 2);
        if (lua.lua_isstring(state, 3) === 0) lua.lua_settop(state, 2);
        else lua.lua_replace(state, 2);
      }
      lua.lua_pushboolean(state, 0);
      lua.lua_replace(state, 1);
      return 2;
    });
  }

  /**
   * `xpcall`: its handler is called when the error has been caught. In Lua it is called before, by
   * whoever raises the error, and when that is the hook that ends a script, no hook can end the
   * handler.
   */
  #replaceXpcall(L: LuaState): void {
    const lua = this.#lua;
    this.#stack.setFunction(L, 'xpcall', (state) => {
      lua.luaL_checkany(state, 2);
      lua.lua_settop(state, 2);
      lua.lua_insert(state, 1);
      const status = lua.lua_pcall(state, 0, -1, 0);
      if (status === 0) {
        lua.lua_pushboolean(state, 1);
        lua.lua_replace(state, 1);
        return lua.lua_gettop(state);
      }
      const isOk = lua.lua_pcall(state, 1, 1, 0) === 0;
      lua.lua_pushboolean(state, 0);
      lua.lua_insert(state, 1);
      if (!isOk) {
        this.#stack.pushText(state, 'error in error handling');
        lua.lua_replace(state, 2);
      }
      return 2;
    });
  }

  /** `collectgarbage`: a script may ask and collect, but not change how memory is collected. */
  #collect(L: LuaState, original: (L: LuaState) => number): number {
    const lua = this.#lua;
    const option = lua.lua_type(L, 1) <= 0 ? 'collect' : this.#stack.text(L, 1);
    if (!['stop', 'restart', 'setpause', 'setstepmul', 'step'].includes(option)) return original(L);
    lua.lua_pushnumber(L, 0);
    return 1;
  }

  /** `math.random` and `math.randomseed`: one sequence for all scripts of a worker. */
  #addRandom(L: LuaState): void {
    const lua = this.#lua;
    const stack = this.#stack;
    stack.setFunction(L, 'randomseed', (state) => {
      this.random.seed(lua.luaL_checknumber(state, 1));
      return 0;
    });
    stack.setFunction(L, 'random', (state) => {
      const share = (this.random.next() % RANDOM_MAX) / RANDOM_MAX;
      const count = lua.lua_gettop(state);
      if (count > 2) return stack.raise(state, 'wrong number of arguments');
      if (count === 0) {
        lua.lua_pushnumber(state, share);
        return 1;
      }
      const first = lua.luaL_checkinteger(state, 1);
      const low = count === 1 ? 1 : first;
      const high = count === 1 ? first : lua.luaL_checkinteger(state, 2);
      if (low > high) return stack.argumentError(state, count, 'interval is empty');
      const width = high - low + 1 > MOST_INT ? high - low + 1 - 2 ** 32 : high - low + 1;
      lua.lua_pushnumber(state, Math.floor(share * width) + low);
      return 1;
    });
  }

  /** Freezes the string library on top of the stack, and the metatable of all strings. */
  #freezeStrings(L: LuaState): void {
    const lua = this.#lua;
    const stack = this.#stack;
    this.frozen.freeze(L);
    // What getmetatable('') answers.
    lua.lua_createtable(L, 0, 1);
    lua.lua_pushvalue(L, -2);
    lua.lua_setfield(L, -2, stack.constant('__index'));
    this.frozen.freeze(L);
    stack.pushText(L, '');
    lua.lua_getmetatable(L, -1);
    lua.lua_pushvalue(L, -3);
    lua.lua_setfield(L, -2, stack.constant('__metatable'));
    lua.lua_settop(L, -4);
  }

  /** Makes the table on top of the stack the state's globals, in its read-only form. Pops it. */
  #freezeGlobals(L: LuaState): number {
    const lua = this.#lua;
    const stack = this.#stack;
    lua.lua_pushvalue(L, -1);
    const real = stack.ref(L);
    // Its metatable, of which scripts see a read-only copy.
    const missing = stack.module.addFunction((state) => {
      const name = stack.text(state, 2);
      return stack.raise(state, `Script attempted to access nonexistent global variable '${name}'`);
    });
    lua.lua_createtable(L, 0, 1);
    lua.lua_pushcclosure(L, missing, 0);
    lua.lua_setfield(L, -2, stack.constant('__index'));
    lua.lua_pushvalue(L, -1);
    this.frozen.freeze(L);
    const metatable = stack.ref(L);
    lua.lua_setmetatable(L, -2);
    this.frozen.freeze(L, metatable);
    lua.lua_pushvalue(L, -1);
    lua.lua_replace(L, LUA_GLOBALSINDEX);
    stack.pushRef(L, real);
    lua.lua_insert(L, -2);
    lua.lua_setfield(L, -2, stack.constant('_G'));
    lua.lua_settop(L, -2);
    return real;
  }
}
