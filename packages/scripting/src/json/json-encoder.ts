// `cjson.encode`: Lua values as JSON text, by the rules of lua-cjson 2.1: a table with only
// positive integer keys is an array, and refused when it is too sparse.

import type { FrozenTables } from '../frozen-tables.ts';
import { GrowingBytes } from '../growing-bytes.ts';
import {
  LUA_TBOOLEAN,
  LUA_TLIGHTUSERDATA,
  LUA_TNIL,
  LUA_TNUMBER,
  LUA_TSTRING,
  LUA_TTABLE,
  type LuaExports,
} from '../lua-exports.ts';
import type { LuaState } from '../lua-module.ts';
import type { LuaStack } from '../lua-stack.ts';
import { generalText } from './general-text.ts';
import { type JsonSettings, NUMBERS_NULL, NUMBERS_OFF } from './json-settings.ts';

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
/** In JavaScript's recursion; more is refused whatever the setting. */
const MOST_DEPTH = 3000;

export class JsonEncoder {
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  readonly #frozen: FrozenTables;
  readonly #settings: JsonSettings;
  readonly #out: GrowingBytes;

  constructor(stack: LuaStack, frozen: FrozenTables, settings: JsonSettings) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.#frozen = frozen;
    this.#settings = settings;
    this.#out = new GrowingBytes(stack);
  }

  encode(L: LuaState): number {
    if (this.#lua.lua_gettop(L) !== 1) this.#stack.argumentError(L, 1, 'expected 1 argument');
    this.#out.clear();
    this.#value(L, 0);
    this.#out.push(L);
    return 1;
  }

  /** Appends the value on top of the stack, which stays. */
  #value(L: LuaState, depth: number): void {
    const lua = this.#lua;
    const out = this.#out;
    const type = lua.lua_type(L, -1);
    switch (type) {
      case LUA_TSTRING:
        this.#string(L);
        return;
      case LUA_TNUMBER:
        this.#number(L, lua.lua_tonumber(L, -1));
        return;
      case LUA_TBOOLEAN:
        out.text(L, lua.lua_toboolean(L, -1) !== 0 ? 'true' : 'false');
        return;
      case LUA_TTABLE:
        this.#table(L, depth + 1);
        return;
      case LUA_TNIL:
        out.text(L, 'null');
        return;
      default:
        if (type === LUA_TLIGHTUSERDATA && lua.lua_topointer(L, -1) === 0) out.text(L, 'null');
        else this.#refuse(L, 'type not supported');
    }
  }

  #table(L: LuaState, depth: number): void {
    this.#stack.work(L);
    const tooDeep = depth > this.#settings.encodeDepth || depth > MOST_DEPTH;
    if (tooDeep || this.#lua.lua_checkstack(L, 4) === 0) {
      this.#stack.raise(L, `Cannot serialise, excessive nesting (${depth})`);
    }
    this.#frozen.pushReal(L, -1);
    const length = this.#arrayLength(L);
    if (length > 0) this.#array(L, length, depth);
    else this.#object(L, depth);
    this.#lua.lua_settop(L, -2);
  }

  /** The largest key when all keys are positive integers; 0: there is none; -1: an object. */
  #arrayLength(L: LuaState): number {
    const lua = this.#lua;
    const { sparseConvert, sparseRatio, sparseSafe } = this.#settings;
    let most = 0;
    let items = 0;
    lua.lua_pushnil(L);
    while (lua.lua_next(L, -2) !== 0) {
      if (lua.lua_type(L, -2) === LUA_TNUMBER) {
        const key = lua.lua_tonumber(L, -2);
        if (key >= 1 && Math.floor(key) === key) {
          if (key > most) most = key;
          items++;
          lua.lua_settop(L, -2);
          continue;
        }
      }
      lua.lua_settop(L, -3);
      return -1;
    }
    if (sparseRatio > 0 && most > items * sparseRatio && most > sparseSafe) {
      if (!sparseConvert) this.#refuse(L, 'excessively sparse array');
      return -1;
    }
    return most;
  }

  #array(L: LuaState, length: number, depth: number): void {
    const lua = this.#lua;
    const out = this.#out;
    out.text(L, '[');
    for (let i = 1; i <= length; i++) {
      if (i > 1) out.byte(L, COMMA);
      lua.lua_rawgeti(L, -1, i);
      this.#value(L, depth);
      lua.lua_settop(L, -2);
    }
    out.text(L, ']');
  }

  #object(L: LuaState, depth: number): void {
    const lua = this.#lua;
    const out = this.#out;
    out.text(L, '{');
    let isFirst = true;
    lua.lua_pushnil(L);
    while (lua.lua_next(L, -2) !== 0) {
      if (!isFirst) out.byte(L, COMMA);
      isFirst = false;
      const type = lua.lua_type(L, -2);
      if (type === LUA_TNUMBER) {
        out.byte(L, QUOTE);
        this.#number(L, lua.lua_tonumber(L, -2));
        out.byte(L, QUOTE);
      } else if (type === LUA_TSTRING) {
        lua.lua_pushvalue(L, -2);
        this.#string(L);
        lua.lua_settop(L, -2);
      } else {
        lua.lua_settop(L, -2);
        this.#refuse(L, 'table key must be a number or string');
      }
      out.byte(L, COLON);
      this.#value(L, depth);
      lua.lua_settop(L, -2);
    }
    out.text(L, '}');
  }

  #string(L: LuaState): void {
    const at = this.#stack.string(L, -1);
    const { length } = this.#stack;
    const out = this.#out;
    // Bytes that need no escape, the common case, are copied in runs.
    out.ensure(L, length + 2);
    out.byte(L, QUOTE);
    const { bytes } = this.#stack.module;
    const end = at + length;
    let from = at;
    for (let i = at; i < end; i++) {
      const stands = ESCAPES[bytes[i]!];
      if (stands === undefined) continue;
      if (i > from) out.memory(L, from, i - from);
      out.text(L, stands);
      from = i + 1;
    }
    if (end > from) out.memory(L, from, end - from);
    out.byte(L, QUOTE);
  }

  #number(L: LuaState, value: number): void {
    const { encodeInvalid, digits } = this.#settings;
    if (!Number.isFinite(value)) {
      if (encodeInvalid === NUMBERS_OFF) {
        this.#stack.raise(L, 'Cannot serialise number: must not be NaN or Inf');
      }
      if (encodeInvalid === NUMBERS_NULL) {
        this.#out.text(L, 'null');
        return;
      }
    }
    this.#out.text(L, generalText(value, digits));
  }

  #refuse(L: LuaState, reason: string): never {
    const lua = this.#lua;
    const name = lua.lua_typename(L, lua.lua_type(L, -1));
    const { bytes } = this.#stack.module;
    const type = bytes.toString('latin1', name, bytes.indexOf(0, name));
    return this.#stack.raise(L, `Cannot serialise ${type}: ${reason}`);
  }
}

/** What stands for a byte, if it does not stand for itself. */
const ESCAPES: (string | undefined)[] = new Array(256).fill(undefined);
for (let byte = 0; byte < 32; byte++) {
  ESCAPES[byte] = `\\u00${byte.toString(16).padStart(2, '0')}`;
}
ESCAPES[8] = '\\b';
ESCAPES[9] = '\\t';
ESCAPES[10] = '\\n';
ESCAPES[12] = '\\f';
ESCAPES[13] = '\\r';
ESCAPES[34] = '\\"';
ESCAPES[47] = '\\/';
ESCAPES[92] = '\\\\';
ESCAPES[127] = '\\u007f';
