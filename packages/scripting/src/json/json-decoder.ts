// `cjson.decode`: JSON text as Lua values, with the grammar, the leniencies and the error texts of
// lua-cjson 2.1. Strings without escapes become Lua strings straight from the text.

import type { LuaExports } from '../lua-exports.ts';
import type { LuaState } from '../lua-module.ts';
import type { LuaStack } from '../lua-stack.ts';
import { type JsonSettings, NUMBERS_OFF } from './json-settings.ts';
import { numberAt } from './number-at.ts';

const T_OBJ_BEGIN = 0;
const T_OBJ_END = 1;
const T_ARR_BEGIN = 2;
const T_ARR_END = 3;
const T_STRING = 4;
const T_NUMBER = 5;
const T_BOOLEAN = 6;
const T_NULL = 7;
const T_COLON = 8;
const T_COMMA = 9;
const T_END = 10;
const T_ERROR = 11;
const TOKEN_NAMES = [
  'T_OBJ_BEGIN',
  'T_OBJ_END',
  'T_ARR_BEGIN',
  'T_ARR_END',
  'T_STRING',
  'T_NUMBER',
  'T_BOOLEAN',
  'T_NULL',
  'T_COLON',
  'T_COMMA',
  'T_END',
  'T_ERROR',
];

const MOST_DEPTH = 3000;
const QUOTE = 34;
const BACKSLASH = 92;
const LOWER_U = 117;

export class JsonDecoder {
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  readonly #settings: JsonSettings;
  /** The text lies in Lua's memory, in from..end; a 0 follows. */
  #from = 0;
  #end = 0;
  #at = 0;
  #depth = 0;
  /** Of the token found last. */
  #index = 0;
  #value = 0;
  #error = '';

  constructor(stack: LuaStack, settings: JsonSettings) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.#settings = settings;
  }

  decode(L: LuaState): number {
    const stack = this.#stack;
    if (this.#lua.lua_gettop(L) !== 1) stack.argumentError(L, 1, 'expected 1 argument');
    this.#from = stack.checkString(L, 1);
    this.#end = this.#from + stack.length;
    this.#at = this.#from;
    this.#depth = 0;
    const { bytes } = stack.module;
    if (stack.length >= 2 && (bytes[this.#from] === 0 || bytes[this.#from + 1] === 0)) {
      stack.raise(L, 'JSON parser does not support UTF-16 or UTF-32');
    }
    this.#push(L, this.#next(L));
    const last = this.#next(L);
    if (last !== T_END) this.#unexpected(L, 'the end', last);
    return 1;
  }

  /** Pushes the value that begins with a token; a string has been pushed already. */
  #push(L: LuaState, token: number): void {
    const lua = this.#lua;
    switch (token) {
      case T_STRING:
        return;
      case T_NUMBER:
        lua.lua_pushnumber(L, this.#value);
        return;
      case T_BOOLEAN:
        lua.lua_pushboolean(L, this.#value);
        return;
      case T_OBJ_BEGIN:
        this.#object(L);
        return;
      case T_ARR_BEGIN:
        this.#array(L);
        return;
      case T_NULL:
        lua.lua_pushlightuserdata(L, 0);
        return;
      default:
        this.#unexpected(L, 'value', token);
    }
  }

  #object(L: LuaState): void {
    const lua = this.#lua;
    this.#descend(L);
    lua.lua_createtable(L, 0, 0);
    let token = this.#next(L);
    if (token !== T_OBJ_END) {
      for (;;) {
        if (token !== T_STRING) this.#unexpected(L, 'object key string', token);
        token = this.#next(L);
        if (token !== T_COLON) this.#unexpected(L, 'colon', token);
        this.#push(L, this.#next(L));
        lua.lua_rawset(L, -3);
        token = this.#next(L);
        if (token === T_OBJ_END) break;
        if (token !== T_COMMA) this.#unexpected(L, 'comma or object end', token);
        token = this.#next(L);
      }
    }
    this.#depth--;
  }

  #array(L: LuaState): void {
    const lua = this.#lua;
    this.#descend(L);
    lua.lua_createtable(L, 0, 0);
    let token = this.#next(L);
    if (token !== T_ARR_END) {
      for (let i = 1; ; i++) {
        this.#push(L, token);
        lua.lua_rawseti(L, -2, i);
        token = this.#next(L);
        if (token === T_ARR_END) break;
        if (token !== T_COMMA) this.#unexpected(L, 'comma or array end', token);
        token = this.#next(L);
      }
    }
    this.#depth--;
  }

  #descend(L: LuaState): void {
    this.#stack.work(L);
    const depth = ++this.#depth;
    const isAllowed = depth <= this.#settings.decodeDepth && depth <= MOST_DEPTH;
    if (isAllowed && this.#lua.lua_checkstack(L, 4) !== 0) return;
    const at = this.#at - this.#from;
    this.#stack.raise(L, `Found too many nested data structures (${depth}) at character ${at}`);
  }

  /** Finds the next token; a string is pushed. */
  #next(L: LuaState): number {
    const { bytes } = this.#stack.module;
    let byte = bytes[this.#at]!;
    while (byte === 32 || (byte >= 9 && byte <= 13 && byte !== 11 && byte !== 12)) {
      byte = bytes[++this.#at]!;
    }
    this.#index = this.#at - this.#from;
    switch (byte) {
      case QUOTE:
        return this.#string(L);
      case 123:
        this.#at++;
        return T_OBJ_BEGIN;
      case 125:
        this.#at++;
        return T_OBJ_END;
      case 91:
        this.#at++;
        return T_ARR_BEGIN;
      case 93:
        this.#at++;
        return T_ARR_END;
      case 44:
        this.#at++;
        return T_COMMA;
      case 58:
        this.#at++;
        return T_COLON;
      // The 0 behind the text, or one in it: lua-cjson stops there, too.
      case 0:
        return T_END;
      default:
        return this.#word(byte);
    }
  }

  #word(byte: number): number {
    const isNumber = byte === 45 || (byte >= 48 && byte <= 57);
    const isLenient = this.#settings.decodeInvalid !== NUMBERS_OFF;
    if (isNumber) {
      if (!isLenient && this.#isInvalidNumber()) return this.#fail('invalid number');
      return this.#number();
    }
    if (this.#is('true')) return this.#literal(T_BOOLEAN, 4, 1);
    if (this.#is('false')) return this.#literal(T_BOOLEAN, 5, 0);
    if (this.#is('null')) return this.#literal(T_NULL, 4, 0);
    if ('+iInN'.includes(String.fromCharCode(byte)) && isLenient && this.#isInvalidNumber()) {
      return this.#number();
    }
    return this.#fail('invalid token');
  }

  #literal(token: number, length: number, value: number): number {
    this.#at += length;
    this.#value = value;
    return token;
  }

  #number(): number {
    const { bytes } = this.#stack.module;
    const found = numberAt(bytes, this.#at, this.#end);
    if (found.length === 0) return this.#fail('invalid number');
    this.#at += found.length;
    this.#value = found.value;
    return T_NUMBER;
  }

  /** What strtod reads but JSON does not have: `+1`, `0x1`, `01`, `inf`, `nan`. */
  #isInvalidNumber(): boolean {
    const { bytes } = this.#stack.module;
    let at = this.#at;
    if (bytes[at] === 43) return true;
    if (bytes[at] === 45) at++;
    const first = bytes[at]!;
    if (first === 48) {
      const second = bytes[at + 1]!;
      return (second | 32) === 120 || (second >= 48 && second <= 57);
    }
    if (first <= 57) return false;
    const word = bytes.toString('latin1', at, Math.min(at + 3, this.#end)).toLowerCase();
    return word === 'inf' || word === 'nan';
  }

  #is(word: string): boolean {
    const { bytes } = this.#stack.module;
    for (let i = 0; i < word.length; i++) {
      if (bytes[this.#at + i] !== word.charCodeAt(i)) return false;
    }
    return true;
  }

  #string(L: LuaState): number {
    const { bytes } = this.#stack.module;
    const from = this.#at + 1;
    let at = from;
    while (bytes[at] !== QUOTE) {
      const byte = bytes[at]!;
      if (byte === BACKSLASH) return this.#escaped(L, from);
      if (byte === 0) {
        this.#at = at;
        return this.#fail('unexpected end of string');
      }
      at++;
    }
    this.#at = at + 1;
    this.#lua.lua_pushlstring(L, from, at - from);
    return T_STRING;
  }

  /** A string with escapes: what it stands for is never longer. */
  #escaped(L: LuaState, from: number): number {
    const { module } = this.#stack;
    const to = this.#stack.room(L, this.#end - from);
    const { bytes } = module;
    let length = 0;
    let at = from;
    for (;;) {
      const byte = bytes[at]!;
      if (byte === QUOTE) break;
      if (byte === 0) {
        this.#at = at;
        return this.#fail('unexpected end of string');
      }
      if (byte !== BACKSLASH) {
        bytes[to + length++] = byte;
        at++;
        continue;
      }
      const kind = bytes[at + 1]!;
      if (kind === LOWER_U) {
        const point = this.#codePoint(at);
        if (point < 0) {
          this.#at = at;
          return this.#fail('invalid unicode escape code');
        }
        length += writeUtf8(bytes, to + length, point);
        at += point > 0xffff ? 12 : 6;
        continue;
      }
      const stands = ESCAPED.get(kind);
      if (stands === undefined) {
        this.#at = at;
        return this.#fail('invalid escape code');
      }
      bytes[to + length++] = stands;
      at += 2;
    }
    this.#at = at + 1;
    this.#lua.lua_pushlstring(L, to, length);
    return T_STRING;
  }

  /** The character of `\uXXXX`, or of two of them; -1: they are not well-formed. */
  #codePoint(at: number): number {
    const high = this.#hex4(at + 2);
    if (high < 0 || (high & 0xf800) !== 0xd800) return high;
    if ((high & 0x400) !== 0) return -1;
    const { bytes } = this.#stack.module;
    if (bytes[at + 6] !== BACKSLASH || bytes[at + 7] !== LOWER_U) return -1;
    const low = this.#hex4(at + 8);
    if (low < 0 || (low & 0xfc00) !== 0xdc00) return -1;
    return (((high & 0x3ff) << 10) | (low & 0x3ff)) + 0x10000;
  }

  #hex4(at: number): number {
    const { bytes } = this.#stack.module;
    let value = 0;
    for (let i = at; i < at + 4; i++) {
      const byte = bytes[i]!;
      const lower = byte | 32;
      if (byte >= 48 && byte <= 57) value = value * 16 + byte - 48;
      else if (lower >= 97 && lower <= 102) value = value * 16 + lower - 87;
      else return -1;
    }
    return value;
  }

  #fail(error: string): number {
    this.#index = this.#at - this.#from;
    this.#error = error;
    return T_ERROR;
  }

  #unexpected(L: LuaState, expected: string, token: number): never {
    const found = token === T_ERROR ? this.#error : TOKEN_NAMES[token];
    return this.#stack.raise(
      L,
      `Expected ${expected} but found ${found} at character ${this.#index + 1}`,
    );
  }
}

const ESCAPED = new Map([
  [34, 34],
  [47, 47],
  [92, 92],
  [98, 8],
  [102, 12],
  [110, 10],
  [114, 13],
  [116, 9],
]);

/** Writes a character; returns the number of bytes. */
function writeUtf8(bytes: Buffer, at: number, point: number): number {
  if (point < 0x80) {
    bytes[at] = point;
    return 1;
  }
  if (point < 0x800) {
    bytes[at] = 0xc0 | (point >> 6);
    bytes[at + 1] = 0x80 | (point & 63);
    return 2;
  }
  if (point < 0x10000) {
    bytes[at] = 0xe0 | (point >> 12);
    bytes[at + 1] = 0x80 | ((point >> 6) & 63);
    bytes[at + 2] = 0x80 | (point & 63);
    return 3;
  }
  bytes[at] = 0xf0 | (point >> 18);
  bytes[at + 1] = 0x80 | ((point >> 12) & 63);
  bytes[at + 2] = 0x80 | ((point >> 6) & 63);
  bytes[at + 3] = 0x80 | (point & 63);
  return 4;
}
