// Where an error in a script happened, and the text of its error reply: Redis adds the script's
// name and the line to what was raised.

import { LUA_TNUMBER, LUA_TSTRING, type LuaExports } from './lua-exports.ts';
import type { LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';
import { cText } from './lua-to-reply.ts';

/** struct lua_Debug, its fields that are used, and its size. */
const DEBUG_WHAT = 12;
const DEBUG_SOURCE = 16;
const DEBUG_LINE = 20;
const DEBUG_BYTES = 100;
const LETTER_C = 67;
const FAILURE = 'ERR execution failure';

export class ErrorDetails {
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  readonly #activation: number;
  readonly #what: number;

  constructor(stack: LuaStack) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.#activation = stack.lua.malloc(DEBUG_BYTES);
    this.#what = stack.constant('nSl');
  }

  /**
   * The error handler of a run: makes a table of what was raised and notes where that was.
   * @returns the number of results
   */
  handle(L: LuaState): number {
    const lua = this.#lua;
    const stack = this.#stack;
    const place = this.#place(L);
    if (!stack.isTable(L, 1)) {
      const text = `ERR ${this.#shown(L)}`;
      lua.lua_settop(L, 0);
      lua.lua_createtable(L, 0, 3);
      stack.setText(L, 'err', text);
    }
    if (place !== null) {
      this.#set(L, 'source', () => stack.pushText(L, place.source));
      this.#set(L, 'line', () => lua.lua_pushnumber(L, place.line));
    }
    lua.lua_settop(L, 1);
    return 1;
  }

  #set(L: LuaState, name: string, push: () => void): void {
    this.#lua.lua_pushstring(L, this.#stack.constant(name));
    push();
    this.#lua.lua_rawset(L, 1);
  }

  /** The innermost function of Lua among the one that raised and the one that called it. */
  #place(L: LuaState): { source: string; line: number } | null {
    const { module } = this.#stack;
    const lua = this.#lua;
    const at = this.#activation;
    for (let level = 1; level <= 2; level++) {
      if (lua.lua_getstack(L, level, at) === 0) return null;
      lua.lua_getinfo(L, this.#what, at);
      const { view, bytes } = module;
      const isC = bytes[view.getUint32(at + DEBUG_WHAT, true)] === LETTER_C;
      if (isC && level === 1) continue;
      const source = view.getUint32(at + DEBUG_SOURCE, true);
      const end = bytes.indexOf(0, source);
      return {
        source: bytes.toString('latin1', source, end),
        line: view.getInt32(at + DEBUG_LINE, true),
      };
    }
    return null;
  }

  /** What `tostring` shows of a value that is not a table. */
  #shown(L: LuaState): string {
    const lua = this.#lua;
    const type = lua.lua_type(L, 1);
    if (type === LUA_TSTRING || type === LUA_TNUMBER) return cText(this.#stack.text(L, 1));
    if (type <= 0) return 'nil';
    if (type === 1) return lua.lua_toboolean(L, 1) === 0 ? 'false' : 'true';
    const { bytes } = this.#stack.module;
    const name = lua.lua_typename(L, type);
    const end = bytes.indexOf(0, name);
    const address = lua.lua_topointer(L, 1).toString(16);
    return `${bytes.toString('latin1', name, end)}: 0x${address}`;
  }

  /** The text of the error on top of the stack, without where it happened. */
  message(L: LuaState): string | null {
    return this.#stack.isTable(L, -1) ? this.#field(L, 'err') : null;
  }

  /** Returns the text of the error reply for the error on top of the stack. */
  describe(L: LuaState, name: string): string {
    const stack = this.#stack;
    if (!stack.isTable(L, -1)) {
      const text = stack.text(L, -1);
      return text === '' ? FAILURE : `ERR Error running script ${name}, ${cText(text)}`;
    }
    const message = this.#field(L, 'err') ?? 'ERR unknown error';
    const source = this.#field(L, 'source');
    const line = this.#field(L, 'line');
    if (source === null || line === null) return message;
    return `${message} script: ${name}, on ${source}:${line}.`;
  }

  #field(L: LuaState, field: string): string | null {
    const lua = this.#lua;
    lua.lua_pushstring(L, this.#stack.constant(field));
    lua.lua_rawget(L, -2);
    const text = lua.lua_isstring(L, -1) === 0 ? null : cText(this.#stack.text(L, -1));
    lua.lua_settop(L, -2);
    return text;
  }
}
