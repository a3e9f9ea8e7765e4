// `string.find`, `match`, `gmatch` and `gsub` over our own matcher, otherwise as in Lua 5.1.

import { GrowingBytes } from '../growing-bytes.ts';
import {
  LUA_TFUNCTION,
  LUA_TNUMBER,
  LUA_TSTRING,
  LUA_TTABLE,
  LUA_UPVALUE_1,
  type LuaExports,
} from '../lua-exports.ts';
import type { LuaState } from '../lua-module.ts';
import type { LuaStack } from '../lua-stack.ts';
import { findBytes } from './find-bytes.ts';
import { PatternMatcher } from './pattern-matcher.ts';

const CARET = 94;
const ESCAPE = 37;
const ZERO = 48;
const NINE = 57;
const SPECIAL = new Set([...'^$*+?.([%-'].map((each) => each.charCodeAt(0)));
const PUSH_POSITION = LUA_UPVALUE_1 - 2;

/** A matcher and what is built with it: one for each `gsub` that goes on. */
interface Substitution {
  readonly matcher: PatternMatcher;
  readonly out: GrowingBytes;
}

/** Sets the four functions, and `gfind`, in the `string` table on top of the stack. */
export function setPatternFunctions(L: LuaState, stack: LuaStack): void {
  const library = new PatternLibrary(stack);
  stack.setFunction(L, 'find', (state) => library.find(state, true));
  stack.setFunction(L, 'match', (state) => library.find(state, false));
  stack.setFunction(L, 'gsub', (state) => library.gsub(state));
  const next = stack.module.addFunction((state) => library.next(state));
  stack.setFunction(L, 'gmatch', (state) => library.gmatch(state, next));
  stack.lua.lua_getfield(L, -1, stack.constant('gmatch'));
  stack.lua.lua_setfield(L, -2, stack.constant('gfind'));
}

class PatternLibrary {
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  readonly #matcher: PatternMatcher;
  readonly #idle: Substitution[] = [];

  constructor(stack: LuaStack) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.#matcher = new PatternMatcher(stack);
  }

  find(L: LuaState, isFind: boolean): number {
    const lua = this.#lua;
    const stack = this.#stack;
    const from = stack.checkString(L, 1);
    const { length } = stack;
    const end = from + length;
    let pattern = stack.checkString(L, 2);
    const patternLength = stack.length;
    let start = lua.luaL_optinteger(L, 3, 1);
    if (start < 0) start = Math.max(start + length + 1, 0);
    start = from + Math.min(Math.max(start - 1, 0), length);
    const { bytes } = stack.module;
    if (isFind && (lua.lua_toboolean(L, 4) !== 0 || !isSpecial(bytes, pattern))) {
      const at = findBytes(bytes, start, end, pattern, patternLength);
      if (at < 0) lua.lua_pushnil(L);
      else lua.lua_pushnumber(L, at - from + 1);
      if (at < 0) return 1;
      lua.lua_pushnumber(L, at - from + patternLength);
      return 2;
    }
    const isAnchored = bytes[pattern] === CARET;
    if (isAnchored) pattern++;
    const matcher = this.#matcher;
    matcher.source(L, from, end);
    for (let at = start; at <= end; at++) {
      const found = matcher.match(at, pattern);
      if (found >= 0) {
        if (!isFind) return matcher.pushCaptures(at, found);
        lua.lua_pushnumber(L, at - from + 1);
        lua.lua_pushnumber(L, found - from);
        return matcher.pushCaptures(0, found) + 2;
      }
      if (isAnchored) break;
    }
    lua.lua_pushnil(L);
    return 1;
  }

  gmatch(L: LuaState, next: number): number {
    const lua = this.#lua;
    this.#stack.checkString(L, 1);
    this.#stack.checkString(L, 2);
    lua.lua_settop(L, 2);
    lua.lua_pushnumber(L, 0);
    lua.lua_pushcclosure(L, next, 3);
    return 1;
  }

  /** What `gmatch` returns: its upvalues are the subject, the pattern, and how far it is. */
  next(L: LuaState): number {
    const lua = this.#lua;
    const stack = this.#stack;
    const from = stack.string(L, LUA_UPVALUE_1);
    const end = from + stack.length;
    const pattern = stack.string(L, LUA_UPVALUE_1 - 1);
    const matcher = this.#matcher;
    matcher.source(L, from, end);
    for (let at = from + lua.lua_tonumber(L, PUSH_POSITION); at <= end; at++) {
      const found = matcher.match(at, pattern);
      if (found < 0) continue;
      lua.lua_pushnumber(L, (found === at ? found + 1 : found) - from);
      lua.lua_replace(L, PUSH_POSITION);
      return matcher.pushCaptures(at, found);
    }
    return 0;
  }

  gsub(L: LuaState): number {
    const stack = this.#stack;
    // The function that replaces may call gsub, too; what it leaves by an error is left behind.
    const busy = this.#idle.pop() ?? {
      matcher: new PatternMatcher(stack),
      out: new GrowingBytes(stack),
    };
    busy.out.clear();
    const count = this.#substitute(L, busy);
    busy.out.push(L);
    this.#lua.lua_pushnumber(L, count);
    this.#idle.push(busy);
    return 2;
  }

  #substitute(L: LuaState, { matcher, out }: Substitution): number {
    const lua = this.#lua;
    const stack = this.#stack;
    const from = stack.checkString(L, 1);
    const end = from + stack.length;
    let pattern = stack.checkString(L, 2);
    const type = lua.lua_type(L, 3);
    const most = lua.luaL_optinteger(L, 4, end - from + 1);
    if (![LUA_TNUMBER, LUA_TSTRING, LUA_TFUNCTION, LUA_TTABLE].includes(type)) {
      stack.argumentError(L, 3, 'string/function/table expected');
    }
    const isAnchored = stack.module.bytes[pattern] === CARET;
    if (isAnchored) pattern++;
    let count = 0;
    let at = from;
    while (count < most) {
      matcher.source(L, from, end);
      const found = matcher.match(at, pattern);
      if (found >= 0) {
        count++;
        if (type === LUA_TNUMBER || type === LUA_TSTRING)
          this.#template(L, matcher, out, at, found);
        else this.#value(L, matcher, out, at, found);
      }
      if (found > at) at = found;
      else if (at < end) out.byte(L, stack.module.bytes[at++]!);
      else break;
      if (isAnchored) break;
    }
    out.memory(L, at, end - at);
    return count;
  }

  /** Appends the string at index 3 with its `%1`. */
  #template(L: LuaState, matcher: PatternMatcher, out: GrowingBytes, s: number, e: number): void {
    const lua = this.#lua;
    const stack = this.#stack;
    const template = stack.string(L, 3);
    const { length } = stack;
    for (let i = 0; i < length; i++) {
      const { bytes } = stack.module;
      const byte = bytes[template + i]!;
      if (byte !== ESCAPE) {
        out.byte(L, byte);
        continue;
      }
      const next = bytes[template + ++i]!;
      if (next < ZERO || next > NINE) {
        out.byte(L, next);
      } else if (next === ZERO) {
        out.memory(L, s, e - s);
      } else {
        matcher.pushCapture(next - ZERO - 1, s, e);
        const from = stack.string(L, -1);
        out.memory(L, from, stack.length);
        lua.lua_settop(L, -2);
      }
    }
  }

  /** Appends what the function or table at index 3 has for a match. */
  #value(L: LuaState, matcher: PatternMatcher, out: GrowingBytes, s: number, e: number): void {
    const lua = this.#lua;
    const stack = this.#stack;
    if (lua.lua_type(L, 3) === LUA_TFUNCTION) {
      lua.lua_pushvalue(L, 3);
      lua.lua_call(L, matcher.pushCaptures(s, e), 1);
    } else {
      matcher.pushCapture(0, s, e);
      lua.lua_gettable(L, 3);
    }
    if (lua.lua_toboolean(L, -1) === 0) {
      out.memory(L, s, e - s);
    } else if (lua.lua_isstring(L, -1) === 0) {
      const name = lua.lua_typename(L, lua.lua_type(L, -1));
      const { bytes } = stack.module;
      const type = bytes.toString('latin1', name, bytes.indexOf(0, name));
      stack.raise(L, `invalid replacement value (a ${type})`);
    } else {
      const from = stack.string(L, -1);
      out.memory(L, from, stack.length);
    }
    lua.lua_settop(L, -2);
  }
}

/** True when a pattern has any character that does not stand for itself. */
function isSpecial(bytes: Buffer, pattern: number): boolean {
  for (let at = pattern; bytes[at] !== 0; at++) if (SPECIAL.has(bytes[at]!)) return true;
  return false;
}
