// `cmsgpack.unpack` and its forms that stop after some values. A length in the data is only
// believed as far as there are bytes.

import type { LuaExports } from '../lua-exports.ts';
import type { LuaState } from '../lua-module.ts';
import type { LuaStack } from '../lua-stack.ts';

const MOST_INT = 2147483647;
/** In JavaScript's recursion. */
const MOST_DEPTH = 2000;
const TOO_MANY = 'too many return values at once; use unpack_one or unpack_limit instead.';
const TOO_SHORT = 'Missing bytes in input.';
const BAD_FORMAT = 'Bad data format in input.';

export class MsgpackUnpacker {
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  #at = 0;
  #end = 0;

  constructor(stack: LuaStack) {
    this.#stack = stack;
    this.#lua = stack.lua;
  }

  unpack(L: LuaState): number {
    return this.#unpack(L, MOST_INT, 0, true);
  }

  unpackOne(L: LuaState): number {
    const offset = this.#lua.luaL_optinteger(L, 2, 0);
    this.#lua.lua_settop(L, 1);
    return this.#unpack(L, 1, offset, false);
  }

  unpackLimit(L: LuaState): number {
    const limit = this.#lua.luaL_checkinteger(L, 2);
    const offset = this.#lua.luaL_optinteger(L, 3, 0);
    this.#lua.lua_settop(L, 1);
    return this.#unpack(L, limit, offset, limit === 0 && offset === 0);
  }

  #unpack(L: LuaState, limit: number, offset: number, all: boolean): number {
    const stack = this.#stack;
    const lua = this.#lua;
    const from = stack.checkString(L, 1);
    const { length } = stack;
    if (offset < 0 || limit < 0) {
      stack.raise(L, `Invalid request to unpack with offset of ${offset} and limit of ${length}.`);
    }
    if (offset > length) {
      stack.raise(L, `Start offset ${offset} greater than input length ${length}.`);
    }
    this.#at = from + offset;
    this.#end = from + length;
    const bottom = lua.lua_gettop(L);
    let count = 0;
    const most = all ? MOST_INT : limit;
    for (; this.#at < this.#end && count < most; count++) this.#value(L, 0);
    if (all) return count;
    lua.luaL_checkstack(L, 1, stack.constant('in function mp_unpack_full'));
    lua.lua_pushnumber(L, this.#at === this.#end ? -1 : this.#at - from);
    lua.lua_insert(L, bottom + 1);
    return count + 1;
  }

  /** Skips `count` bytes; returns where they begin. */
  #take(L: LuaState, count: number): number {
    const at = this.#at;
    if (count > this.#end - at) this.#stack.raise(L, TOO_SHORT);
    this.#at = at + count;
    return at;
  }

  #value(L: LuaState, depth: number): void {
    const lua = this.#lua;
    const byte = this.#stack.module.bytes[this.#take(L, 1)]!;
    lua.luaL_checkstack(L, 1, this.#stack.constant(TOO_MANY));
    if (byte < 0x80) lua.lua_pushnumber(L, byte);
    else if (byte >= 0xe0) lua.lua_pushnumber(L, byte - 256);
    else if (byte < 0x90) this.#map(L, byte & 15, depth);
    else if (byte < 0xa0) this.#array(L, byte & 15, depth);
    else if (byte < 0xc0) this.#string(L, byte & 31);
    else this.#marked(L, byte, depth);
  }

  #marked(L: LuaState, byte: number, depth: number): void {
    const lua = this.#lua;
    switch (byte) {
      case 0xc0:
        lua.lua_pushnil(L);
        return;
      case 0xc2:
      case 0xc3:
        lua.lua_pushboolean(L, byte & 1);
        return;
      case 0xca:
        lua.lua_pushnumber(L, this.#stack.module.view.getFloat32(this.#take(L, 4)));
        return;
      case 0xcb:
        lua.lua_pushnumber(L, this.#stack.module.view.getFloat64(this.#take(L, 8)));
        return;
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        lua.lua_pushnumber(L, this.#unsigned(L, 1 << (byte - 0xcc)));
        return;
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        lua.lua_pushnumber(L, this.#signed(L, 1 << (byte - 0xd0)));
        return;
      case 0xd9:
      case 0xda:
      case 0xdb:
        this.#string(L, this.#unsigned(L, 1 << (byte - 0xd9)));
        return;
      case 0xdc:
      case 0xdd:
        this.#array(L, this.#unsigned(L, 2 << (byte - 0xdc)), depth);
        return;
      case 0xde:
      case 0xdf:
        this.#map(L, this.#unsigned(L, 2 << (byte - 0xde)), depth);
        return;
      default:
        this.#stack.raise(L, BAD_FORMAT);
    }
  }

  /** Of 8 bytes: the library takes them as signed ones. */
  #unsigned(L: LuaState, size: number): number {
    const at = this.#take(L, size);
    const { view } = this.#stack.module;
    if (size === 1) return view.getUint8(at);
    if (size === 2) return view.getUint16(at);
    return size === 4 ? view.getUint32(at) : Number(view.getBigInt64(at));
  }

  #signed(L: LuaState, size: number): number {
    const at = this.#take(L, size);
    const { view } = this.#stack.module;
    if (size === 1) return view.getInt8(at);
    if (size === 2) return view.getInt16(at);
    return size === 4 ? view.getInt32(at) : Number(view.getBigInt64(at));
  }

  #string(L: LuaState, length: number): void {
    this.#lua.lua_pushlstring(L, this.#take(L, length), length);
  }

  #array(L: LuaState, length: number, depth: number): void {
    const lua = this.#lua;
    this.#enter(L, depth);
    lua.lua_createtable(L, 0, 0);
    for (let i = 1; i <= length; i++) {
      this.#value(L, depth + 1);
      lua.lua_rawseti(L, -2, i);
    }
  }

  #map(L: LuaState, pairs: number, depth: number): void {
    const lua = this.#lua;
    this.#enter(L, depth);
    lua.lua_createtable(L, 0, 0);
    for (let i = 0; i < pairs; i++) {
      this.#value(L, depth + 1);
      this.#value(L, depth + 1);
      lua.lua_rawset(L, -3);
    }
  }

  #enter(L: LuaState, depth: number): void {
    this.#stack.work(L);
    if (depth > MOST_DEPTH) this.#stack.raise(L, BAD_FORMAT);
    this.#lua.luaL_checkstack(L, 3, this.#stack.constant(TOO_MANY));
  }
}
