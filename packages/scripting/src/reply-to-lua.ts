// Turns a reply in RESP into a Lua value on the stack, by Redis's rules: a status is a table with
// `ok`, an error one with `err`, nil is false in RESP2 and nil in RESP3, and so on.

import { invariant } from '@forgekv/base';
import type { LuaExports } from './lua-exports.ts';
import type { LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';

/** Replies are nested no deeper than this; none of the server's are near it. */
const MOST_DEPTH = 128;
/** Up to so many digits are added up as a double. */
const SAFE_DIGITS = 15;

const CR = 13;
const HASH = 35;
const DOLLAR = 36;
const PERCENT = 37;
const PAREN = 40;
const STAR = 42;
const PLUS = 43;
const COMMA = 44;
const MINUS = 45;
const COLON = 58;
const EQUALS = 61;
const GREATER = 62;
const LOWER_T = 116;
const UNDERSCORE = 95;
const BAR = 124;
const TILDE = 126;

export class ReplyToLua {
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  readonly #ok: number;
  readonly #err: number;
  readonly #ignore: number;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Length that `#line` found. */
  #length = 0;
  #depth = 0;

  constructor(stack: LuaStack) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.#ok = stack.constant('ok');
    this.#err = stack.constant('err');
    this.#ignore = stack.constant('ignore_error_stats_update');
  }

  /**
   * Pushes the one reply in bytes[0..end).
   * @returns true: it is an error
   */
  push(L: LuaState, bytes: Buffer, end: number): boolean {
    this.#bytes = bytes;
    this.#at = 0;
    this.#depth = 0;
    const isError = bytes[0] === MINUS;
    this.#value(L);
    invariant(this.#at === end, 'a command writes one reply');
    return isError;
  }

  /** Pushes an error table, as one the server answered with when `isCounted`. */
  pushError(L: LuaState, text: string, isCounted: boolean): void {
    const lua = this.#lua;
    lua.lua_createtable(L, 0, isCounted ? 2 : 1);
    this.#stack.pushText(L, text);
    lua.lua_setfield(L, -2, this.#err);
    if (!isCounted) return;
    lua.lua_pushboolean(L, 1);
    lua.lua_setfield(L, -2, this.#ignore);
  }

  #value(L: LuaState): void {
    const lua = this.#lua;
    const bytes = this.#bytes;
    const kind = bytes[this.#at++];
    switch (kind) {
      case DOLLAR:
        this.#bulk(L);
        return;
      case COLON:
        this.#stack.values.pushNumber(L, this.#integer());
        return;
      case PLUS: {
        const from = this.#line();
        lua.lua_createtable(L, 0, 1);
        this.#stack.pushBytes(L, bytes, from, this.#length);
        lua.lua_setfield(L, -2, this.#ok);
        return;
      }
      case MINUS: {
        const from = this.#line();
        this.pushError(L, bytes.toString('latin1', from, from + this.#length), true);
        return;
      }
      case STAR:
      case GREATER:
        this.#array(L);
        return;
      default:
        this.#valueOfResp3(L, kind);
    }
  }

  #valueOfResp3(L: LuaState, kind: number | undefined): void {
    const lua = this.#lua;
    const bytes = this.#bytes;
    switch (kind) {
      case UNDERSCORE:
        this.#line();
        lua.lua_pushnil(L);
        return;
      case HASH:
        lua.lua_pushboolean(L, bytes[this.#line()] === LOWER_T ? 1 : 0);
        return;
      case COMMA:
        lua.lua_createtable(L, 0, 1);
        lua.lua_pushnumber(L, this.#double());
        lua.lua_setfield(L, -2, this.#stack.constant('double'));
        return;
      case PERCENT:
        this.#map(L);
        return;
      case TILDE:
        this.#set(L);
        return;
      case PAREN: {
        const from = this.#line();
        lua.lua_createtable(L, 0, 1);
        this.#stack.pushBytes(L, bytes, from, this.#length);
        lua.lua_setfield(L, -2, this.#stack.constant('big_number'));
        return;
      }
      case EQUALS:
        this.#verbatim(L);
        return;
      default:
        invariant(kind === BAR, 'a reply is well-formed');
        // Attributes are about the value behind them: scripts do not see them.
        for (let rest = this.#integer() * 2; rest > 0; rest--) {
          this.#value(L);
          lua.lua_settop(L, -2);
        }
        this.#value(L);
    }
  }

  #bulk(L: LuaState): void {
    const length = this.#integer();
    if (length < 0) {
      this.#lua.lua_pushboolean(L, 0);
      return;
    }
    this.#stack.pushBytes(L, this.#bytes, this.#at, length);
    this.#at += length + 2;
  }

  #array(L: LuaState): void {
    const lua = this.#lua;
    const count = this.#integer();
    if (count < 0) {
      lua.lua_pushboolean(L, 0);
      return;
    }
    this.#enter(L);
    lua.lua_createtable(L, count, 0);
    for (let i = 1; i <= count; i++) {
      this.#value(L);
      lua.lua_rawseti(L, -2, i);
    }
    this.#depth--;
  }

  #map(L: LuaState): void {
    const lua = this.#lua;
    const pairs = this.#integer();
    this.#enter(L);
    lua.lua_createtable(L, 0, 1);
    lua.lua_createtable(L, 0, pairs);
    for (let i = 0; i < pairs; i++) {
      this.#value(L);
      this.#value(L);
      lua.lua_rawset(L, -3);
    }
    lua.lua_setfield(L, -2, this.#stack.constant('map'));
    this.#depth--;
  }

  #set(L: LuaState): void {
    const lua = this.#lua;
    const count = this.#integer();
    this.#enter(L);
    lua.lua_createtable(L, 0, 1);
    lua.lua_createtable(L, 0, count);
    for (let i = 0; i < count; i++) {
      this.#value(L);
      lua.lua_pushboolean(L, 1);
      lua.lua_rawset(L, -3);
    }
    lua.lua_setfield(L, -2, this.#stack.constant('set'));
    this.#depth--;
  }

  #verbatim(L: LuaState): void {
    const lua = this.#lua;
    const length = this.#integer();
    lua.lua_createtable(L, 0, 1);
    lua.lua_createtable(L, 0, 2);
    this.#stack.pushBytes(L, this.#bytes, this.#at + 4, length - 4);
    lua.lua_setfield(L, -2, this.#stack.constant('string'));
    this.#stack.pushBytes(L, this.#bytes, this.#at, 3);
    lua.lua_setfield(L, -2, this.#stack.constant('format'));
    lua.lua_setfield(L, -2, this.#stack.constant('verbatim_string'));
    this.#at += length + 2;
  }

  #enter(L: LuaState): void {
    invariant(++this.#depth <= MOST_DEPTH, 'replies are not nested so deep');
    this.#lua.luaL_checkstack(L, 4, this.#stack.constant('reply'));
  }

  /** Skips a line: returns where it begins, `#length` is its length without CR LF. */
  #line(): number {
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from;
    while (bytes[at] !== CR) at++;
    this.#length = at - from;
    this.#at = at + 2;
    return from;
  }

  /** Reads the integer of a line; what a double cannot hold is rounded, as a cast in C does. */
  #integer(): number {
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    let value = 0;
    for (let byte = bytes[at]!; byte !== CR; byte = bytes[++at]!) value = value * 10 + byte - 48;
    this.#at = at + 2;
    if (at - from > SAFE_DIGITS) return Number(bytes.toString('latin1', from, at));
    return isNegative ? -value : value;
  }

  #double(): number {
    const from = this.#line();
    const text = this.#bytes.toString('latin1', from, from + this.#length);
    if (text === 'inf') return Infinity;
    if (text === '-inf') return -Infinity;
    return Number(text);
  }
}
