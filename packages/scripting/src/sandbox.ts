// What scripts find in their global table: the safe part of Lua's libraries, Redis's own, nothing
// that reaches files, other code or the virtual machine itself; all of it read-only.

import { Coroutines } from './coroutines.ts';
import { FrozenTables } from './frozen-tables.ts';
import { LUA_GLOBALSINDEX, LUA_TTABLE, type LuaExports } from './lua-exports.ts';
import type { LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';
import { setPatternFunctions } from './patterns/pattern-library.ts';
import { replaceCalls, replaceLoad } from './protected-calls.ts';
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
/** Elements that are sorted in one go. */
const LARGE_SORT = 4096;
const MOST_INT = 2147483647;

/** Refs of the tables that make the globals. */
export interface Globals {
  /** The real table, in which the engine sets KEYS and ARGV. */
  readonly real: number;
  /** The metatable of the read-only form. */
  readonly link: number;
}

/** Pushes a library's table. */
export type Library = (L: LuaState) => void;

export class Sandbox {
  readonly random = new ScriptRandom();
  readonly frozen: FrozenTables;
  readonly coroutines: Coroutines;
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  /** `a < b` as a function. */
  readonly #less: number;
  #missing: number | undefined;

  constructor(stack: LuaStack) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.frozen = new FrozenTables(stack);
    this.#less = stack.module.addFunction((L) => {
      stack.work(L);
      this.#lua.lua_pushboolean(L, this.#lua.lua_lessthan(L, 1, 2));
      return 1;
    });
    this.coroutines = new Coroutines(stack);
  }

  /**
   * Fills the empty state and makes its globals read-only.
   */
  build(L: LuaState, libraries: Readonly<Record<string, Library>>): Globals {
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
    replaceLoad(L, this.#stack);
    replaceCalls(L, this.#stack);
    frozen.replace(L, 'collectgarbage', (original) => (state) => this.#collect(state, original));
    this.#inLibrary(L, 'table', () => {
      frozen.guardReading(L, ['foreach', 'foreachi', 'concat', 'maxn', 'getn', 'remove', 'sort']);
      frozen.replace(L, 'sort', (original) => (state) => this.#sort(state, original));
      frozen.guardWriting(L, ['insert']);
      frozen.replace(L, 'insert', (original) => (state) => {
        if (lua.lua_gettop(state) === 3 && lua.lua_tonumber(state, 2) < LEAST_POSITION) {
          return this.#stack.argumentError(state, 2, 'position out of bounds');
        }
        return original(state);
      });
    });
    this.#inLibrary(L, 'coroutine', () => {
      this.coroutines.guard(L, (name, around) => frozen.replace(L, name, around));
    });
    this.#inLibrary(L, 'string', () => {
      this.#guardStrings(L);
      setPatternFunctions(L, this.#stack);
    });
    this.#inLibrary(L, 'math', () => this.#addRandom(L));
  }

  /** `table.sort`: of a large table with a comparison that can be ended, as Lua's cannot. */
  #sort(L: LuaState, original: (L: LuaState) => number): number {
    const lua = this.#lua;
    const isLarge = lua.lua_type(L, 1) === LUA_TTABLE && lua.lua_objlen(L, 1) > LARGE_SORT;
    if (isLarge && lua.lua_type(L, 2) <= 0) {
      lua.lua_settop(L, 1);
      lua.lua_pushcclosure(L, this.#less, 0);
    }
    return original(L);
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
  #freezeGlobals(L: LuaState): Globals {
    const lua = this.#lua;
    const stack = this.#stack;
    lua.lua_pushvalue(L, -1);
    const real = stack.ref(L);
    // Its metatable, of which scripts see a read-only copy.
    this.#pushMissing(L);
    lua.lua_pushvalue(L, -1);
    this.frozen.freeze(L);
    const metatable = stack.ref(L);
    lua.lua_setmetatable(L, -2);
    this.frozen.freeze(L, metatable);
    lua.lua_getmetatable(L, -1);
    const link = stack.ref(L);
    lua.lua_pushvalue(L, -1);
    lua.lua_replace(L, LUA_GLOBALSINDEX);
    stack.pushRef(L, real);
    lua.lua_insert(L, -2);
    lua.lua_setfield(L, -2, stack.constant('_G'));
    lua.lua_settop(L, -2);
    return { real, link };
  }

  /** Pushes a metatable that makes reading what is missing an error. */
  #pushMissing(L: LuaState): void {
    const lua = this.#lua;
    const stack = this.#stack;
    this.#missing ??= stack.module.addFunction((state) => {
      const name = stack.text(state, 2);
      return stack.raise(state, `Script attempted to access nonexistent global variable '${name}'`);
    });
    lua.lua_createtable(L, 0, 1);
    lua.lua_pushcclosure(L, this.#missing, 0);
    lua.lua_setfield(L, -2, stack.constant('__index'));
  }

  /**
   * Makes globals that have nothing but a `redis` table.
   * @param push pushes that table
   * @returns a ref for `show`
   */
  restricted(L: LuaState, push: Library): number {
    const lua = this.#lua;
    lua.lua_createtable(L, 0, 1);
    push(L);
    this.#pushMissing(L);
    lua.lua_setmetatable(L, -2);
    this.frozen.freeze(L);
    lua.lua_setfield(L, -2, this.#stack.constant('redis'));
    this.#pushMissing(L);
    lua.lua_setmetatable(L, -2);
    return this.#stack.ref(L);
  }

  /** Shows the table of a ref as globals from now on. */
  show(L: LuaState, globals: Globals, ref: number): void {
    this.#stack.pushRef(L, globals.link);
    this.#stack.pushRef(L, ref);
    this.#lua.lua_setfield(L, -2, this.#stack.constant('__index'));
    this.#lua.lua_settop(L, -2);
  }
}
