// Small operations on a Lua stack that the libraries share: pushing text and bytes, raising errors.
// Functions that Lua calls get the state they run on (a coroutine's, perhaps) and pass it here.

import { LUA_REGISTRYINDEX, LUA_TFUNCTION, LUA_TTABLE, type LuaExports } from './lua-exports.ts';
import type { LuaFunction, LuaModule, LuaState } from './lua-module.ts';
import { LuaValues } from './lua-values.ts';

/** Up to so many bytes are copied one by one: a native call costs more. */
const SHORT_BYTES = 40;
const WORK_PER_PULSE = 4096;

export class LuaStack {
  readonly module: LuaModule;
  readonly lua: LuaExports;
  readonly values: LuaValues;
  /** Bytes of the string that `string` found last. */
  length = 0;
  /** Most bytes of one string. */
  readonly mostBytes: number;
  /** Asked now and then by what takes long without running instructions; it may raise. */
  pulse: (L: LuaState) => void = () => {};
  readonly #lengthCell: number;
  #worked = 0;
  readonly #constants = new Map<string, number>();

  constructor(module: LuaModule, mostBytes: number) {
    this.module = module;
    this.mostBytes = mostBytes;
    this.lua = module.lua;
    this.values = new LuaValues(module);
    this.#lengthCell = module.lua.malloc(8);
  }

  /** Returns the pointer of a short text with a 0 behind it, made once. For names and messages. */
  constant(text: string): number {
    const known = this.#constants.get(text);
    if (known !== undefined) return known;
    const made = this.module.constant(text);
    this.#constants.set(text, made);
    return made;
  }

  /**
   * Finds the bytes of a string or number (which becomes a string in its place) on the stack.
   * @returns where they begin, `length` says how many; 0: it is neither
   */
  string(L: LuaState, index: number): number {
    const at = this.lua.lua_tolstring(L, index, this.#lengthCell);
    this.length = this.module.view.getUint32(this.#lengthCell, true);
    return at;
  }

  /** The same for an argument that has to be a string; raises Lua's error otherwise. */
  checkString(L: LuaState, index: number): number {
    const at = this.lua.luaL_checklstring(L, index, this.#lengthCell);
    this.length = this.module.view.getUint32(this.#lengthCell, true);
    return at;
  }

  /** The string on the stack as latin-1 text, one character per byte; '' for what is none. */
  text(L: LuaState, index: number): string {
    const at = this.string(L, index);
    return at === 0 ? '' : this.module.bytes.toString('latin1', at, at + this.length);
  }

  /** Counts pieces of work: whoever does a lot of it can be ended, too. */
  work(L: LuaState, pieces = 1): void {
    this.#worked += pieces;
    if (this.#worked < WORK_PER_PULSE) return;
    this.#worked = 0;
    this.pulse(L);
  }

  /** Pushes latin-1 text. */
  pushText(L: LuaState, text: string): void {
    const at = this.room(L, text.length);
    this.module.bytes.write(text, at, 'latin1');
    this.lua.lua_pushlstring(L, at, text.length);
  }

  /** Pushes bytes from outside of the module's memory. */
  pushBytes(L: LuaState, from: Uint8Array, offset: number, length: number): void {
    const at = this.room(L, length);
    const { bytes } = this.module;
    if (length <= SHORT_BYTES) {
      for (let i = 0; i < length; i++) bytes[at + i] = from[offset + i]!;
    } else {
      bytes.set(from.subarray(offset, offset + length), at);
    }
    this.lua.lua_pushlstring(L, at, length);
  }

  /** Returns room outside of Lua's budget, to push a string from; raises when there is none. */
  room(L: LuaState, length: number): number {
    const at = this.module.scratch(length);
    return at === 0 ? this.raise(L, 'not enough memory') : at;
  }

  /** Raises an error with the position of the function that called the current one. */
  raise(L: LuaState, text: string): never {
    this.lua.luaL_where(L, 1);
    this.pushText(L, text);
    this.lua.lua_concat(L, 2);
    return this.throw(L);
  }

  /** Raises `bad argument #arg to 'name' (text)`. */
  argumentError(L: LuaState, arg: number, text: string): never {
    const at = this.room(L, text.length);
    this.module.bytes.write(`${text}\0`, at, 'latin1');
    this.lua.luaL_argerror(L, arg, at);
    throw new Error('luaL_argerror returned');
  }

  /** Raises what is on top of the stack. */
  throw(L: LuaState): never {
    this.lua.lua_error(L);
    throw new Error('lua_error returned');
  }

  /** Sets a field of the table on top of the stack to a function. */
  setFunction(L: LuaState, name: string, call: LuaFunction): void {
    this.lua.lua_pushcclosure(L, this.module.addFunction(call), 0);
    this.lua.lua_setfield(L, -2, this.constant(name));
  }

  setNumber(L: LuaState, name: string, value: number): void {
    this.lua.lua_pushnumber(L, value);
    this.lua.lua_setfield(L, -2, this.constant(name));
  }

  setText(L: LuaState, name: string, text: string): void {
    this.pushText(L, text);
    this.lua.lua_setfield(L, -2, this.constant(name));
  }

  /** Pops a value and keeps it: the returned number finds it by `pushRef`. */
  ref(L: LuaState): number {
    return this.lua.luaL_ref(L, LUA_REGISTRYINDEX);
  }

  pushRef(L: LuaState, ref: number): void {
    this.lua.lua_rawgeti(L, LUA_REGISTRYINDEX, ref);
  }

  unref(L: LuaState, ref: number): void {
    this.lua.luaL_unref(L, LUA_REGISTRYINDEX, ref);
  }

  isTable(L: LuaState, index: number): boolean {
    return this.lua.lua_type(L, index) === LUA_TTABLE;
  }

  isFunction(L: LuaState, index: number): boolean {
    return this.lua.lua_type(L, index) === LUA_TFUNCTION;
  }
}
