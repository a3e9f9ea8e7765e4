// `cmsgpack.pack`: Lua values as MessagePack, as Redis's cmsgpack does: a table whose keys are 1..n
// is an array, numbers without a fraction are integers, nesting ends with nil at a depth of 16.

import type { FrozenTables } from '../frozen-tables.ts';
import { GrowingBytes } from '../growing-bytes.ts';
import {
  LUA_TBOOLEAN,
  LUA_TNUMBER,
  LUA_TSTRING,
  LUA_TTABLE,
  type LuaExports,
} from '../lua-exports.ts';
import type { LuaState } from '../lua-module.ts';
import type { LuaStack } from '../lua-stack.ts';

const MOST_DEPTH = 16;
const NIL = 0xc0;
const INT64_END = 2 ** 63;

const scratch = new DataView(new ArrayBuffer(8));

export class MsgpackPacker {
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  readonly #frozen: FrozenTables;
  readonly #out: GrowingBytes;

  constructor(stack: LuaStack, frozen: FrozenTables) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.#frozen = frozen;
    this.#out = new GrowingBytes(stack);
  }

  pack(L: LuaState): number {
    const lua = this.#lua;
    const count = lua.lua_gettop(L);
    if (count === 0) this.#stack.argumentError(L, 0, 'MessagePack pack needs input.');
    this.#out.clear();
    for (let i = 1; i <= count; i++) {
      lua.lua_pushvalue(L, i);
      this.#value(L, 0);
    }
    this.#out.push(L);
    return 1;
  }

  /** Appends the value on top of the stack, and pops it. */
  #value(L: LuaState, depth: number): void {
    const lua = this.#lua;
    const out = this.#out;
    lua.luaL_checkstack(L, 5, this.#stack.constant('in function mp_encode_lua_type'));
    switch (lua.lua_type(L, -1)) {
      case LUA_TSTRING:
        this.#string(L);
        break;
      case LUA_TBOOLEAN:
        out.byte(L, lua.lua_toboolean(L, -1) !== 0 ? 0xc3 : 0xc2);
        break;
      case LUA_TNUMBER:
        this.#number(L, lua.lua_tonumber(L, -1));
        break;
      case LUA_TTABLE:
        if (depth === MOST_DEPTH) out.byte(L, NIL);
        else this.#table(L, depth);
        break;
      default:
        out.byte(L, NIL);
    }
    lua.lua_settop(L, -2);
  }

  #string(L: LuaState): void {
    const from = this.#stack.string(L, -1);
    const { length } = this.#stack;
    const out = this.#out;
    if (length < 32) out.byte(L, 0xa0 | length);
    else if (length <= 0xff) this.#head(L, 0xd9, 1, length);
    else if (length <= 0xffff) this.#head(L, 0xda, 2, length);
    else this.#head(L, 0xdb, 4, length);
    out.memory(L, from, length);
  }

  #number(L: LuaState, value: number): void {
    if (Number.isInteger(value) && value >= -INT64_END && value < INT64_END) {
      this.#integer(L, value);
      return;
    }
    const isSingle = Math.fround(value) === value;
    if (isSingle) scratch.setFloat32(0, value);
    else scratch.setFloat64(0, value);
    this.#scratch(L, isSingle ? 0xca : 0xcb, isSingle ? 4 : 8);
  }

  #integer(L: LuaState, value: number): void {
    const out = this.#out;
    if (value >= 0) {
      if (value <= 0x7f) out.byte(L, value);
      else if (value <= 0xff) this.#head(L, 0xcc, 1, value);
      else if (value <= 0xffff) this.#head(L, 0xcd, 2, value);
      else if (value <= 0xffffffff) this.#head(L, 0xce, 4, value);
      else this.#wide(L, 0xcf, value);
    } else if (value >= -32) {
      out.byte(L, value & 0xff);
    } else if (value >= -128) {
      this.#head(L, 0xd0, 1, value);
    } else if (value >= -32768) {
      this.#head(L, 0xd1, 2, value);
    } else if (value >= -2147483648) {
      this.#head(L, 0xd2, 4, value);
    } else {
      this.#wide(L, 0xd3, value);
    }
  }

  #wide(L: LuaState, kind: number, value: number): void {
    scratch.setBigInt64(0, BigInt(value));
    this.#scratch(L, kind, 8);
  }

  /** A type byte and a value of 1, 2 or 4 bytes. */
  #head(L: LuaState, kind: number, size: number, value: number): void {
    if (size === 1) scratch.setUint8(0, value);
    else if (size === 2) scratch.setUint16(0, value);
    else scratch.setUint32(0, value);
    this.#scratch(L, kind, size);
  }

  #scratch(L: LuaState, kind: number, size: number): void {
    const out = this.#out;
    out.byte(L, kind);
    for (let i = 0; i < size; i++) out.byte(L, scratch.getUint8(i));
  }

  #table(L: LuaState, depth: number): void {
    const lua = this.#lua;
    this.#stack.work(L);
    this.#frozen.pushReal(L, -1);
    const count = this.#count(L);
    if (count < 0) this.#map(L, -1 - count, depth);
    else this.#array(L, depth);
    lua.lua_settop(L, -2);
  }

  /** The number of elements of an array, or -1 less the number of pairs of a map. */
  #count(L: LuaState): number {
    const lua = this.#lua;
    let count = 0;
    let most = 0;
    let isArray = true;
    lua.lua_pushnil(L);
    while (lua.lua_next(L, -2) !== 0) {
      count++;
      if (isArray) {
        const key = lua.lua_type(L, -2) === LUA_TNUMBER ? lua.lua_tonumber(L, -2) : 0;
        isArray = key > 0 && Number.isInteger(key);
        most = Math.max(most, key);
      }
      lua.lua_settop(L, -2);
    }
    return isArray && most === count ? count : -1 - count;
  }

  #array(L: LuaState, depth: number): void {
    const lua = this.#lua;
    const length = lua.lua_objlen(L, -1);
    if (length <= 15) this.#out.byte(L, 0x90 | length);
    else if (length <= 0xffff) this.#head(L, 0xdc, 2, length);
    else this.#head(L, 0xdd, 4, length);
    for (let i = 1; i <= length; i++) {
      lua.lua_rawgeti(L, -1, i);
      this.#value(L, depth + 1);
    }
  }

  #map(L: LuaState, pairs: number, depth: number): void {
    const lua = this.#lua;
    if (pairs <= 15) this.#out.byte(L, 0x80 | pairs);
    else if (pairs <= 0xffff) this.#head(L, 0xde, 2, pairs);
    else this.#head(L, 0xdf, 4, pairs);
    lua.lua_pushnil(L);
    while (lua.lua_next(L, -2) !== 0) {
      lua.lua_pushvalue(L, -2);
      this.#value(L, depth + 1);
      this.#value(L, depth + 1);
    }
  }
}
