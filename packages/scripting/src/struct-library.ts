// The `struct` table: binary records by a format, as the library of Roberto Ierusalimschy has it in
// a 64-bit build. Every size of a format is checked before anything is done with it.

import { GrowingBytes } from './growing-bytes.ts';
import type { LuaExports } from './lua-exports.ts';
import type { LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';

const MOST_INTEGER_BYTES = 32;
const MOST_ALIGNMENT = 8;
const MOST_INT = 2147483647;
const WORD_BITS = 64;
const ZERO = 0;
/** A position behind all data. */
const BEYOND = 2 ** 40;
const STRING_SHORT = 'data string too short';

const number = new DataView(new ArrayBuffer(8));

/** Pushes a new `struct` table. */
export function pushStructLibrary(L: LuaState, stack: LuaStack): void {
  const library = new StructLibrary(stack);
  stack.lua.lua_createtable(L, 0, 3);
  stack.setFunction(L, 'pack', (state) => library.pack(state));
  stack.setFunction(L, 'unpack', (state) => library.unpack(state));
  stack.setFunction(L, 'size', (state) => library.size(state));
}

class StructLibrary {
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;
  readonly #out: GrowingBytes;
  #format = '';
  #at = 0;
  #isLittle = true;
  #alignment = 1;

  constructor(stack: LuaStack) {
    this.#stack = stack;
    this.#lua = stack.lua;
    this.#out = new GrowingBytes(stack);
  }

  pack(L: LuaState): number {
    const stack = this.#stack;
    const out = this.#out;
    this.#begin(L);
    out.clear();
    // Redis: behind the last argument is a nil.
    this.#lua.lua_pushnil(L);
    let arg = 2;
    while (this.#at < this.#format.length) {
      const option = this.#format[this.#at++]!;
      let size = this.#size(L, option);
      for (let rest = this.#padding(out.length, option, size); rest > 0; rest--) out.byte(L, ZERO);
      if ('bBhHlLTiI'.includes(option)) {
        this.#putInteger(L, arg++, size);
      } else if (option === 'x') {
        out.byte(L, ZERO);
      } else if (option === 'f' || option === 'd') {
        this.#putFloat(L, arg++, size);
      } else if (option === 'c' || option === 's') {
        const from = stack.checkString(L, arg++);
        if (size === 0) size = stack.length;
        if (stack.length < size) stack.argumentError(L, arg, 'string too short');
        out.memory(L, from, size);
        if (option === 's') out.byte(L, ZERO);
      } else {
        this.#control(L, option);
      }
    }
    out.push(L);
    return 1;
  }

  unpack(L: LuaState): number {
    const stack = this.#stack;
    const lua = this.#lua;
    this.#begin(L);
    const data = stack.checkString(L, 2);
    const { length } = stack;
    let at = lua.luaL_optinteger(L, 3, 1);
    if (at === 0) stack.argumentError(L, 3, 'offset must be 1 or greater');
    at = at < 0 ? BEYOND : at - 1;
    const bottom = lua.lua_gettop(L);
    while (this.#at < this.#format.length) {
      const option = this.#format[this.#at++]!;
      let size = this.#size(L, option);
      at += this.#padding(at, option, size);
      if (size > length || at > length - size) stack.argumentError(L, 2, STRING_SHORT);
      lua.luaL_checkstack(L, 2, stack.constant('too many results'));
      if ('bBhHlLTiI'.includes(option)) {
        lua.lua_pushnumber(L, this.#integer(data + at, size, option >= 'a'));
      } else if (option === 'f' || option === 'd') {
        lua.lua_pushnumber(L, this.#float(data + at, size));
      } else if (option === 'c') {
        if (size === 0) {
          const isKnown = lua.lua_gettop(L) > bottom && lua.lua_isnumber(L, -1) !== 0;
          if (!isKnown) stack.raise(L, "format 'c0' needs a previous size");
          size = Math.trunc(lua.lua_tonumber(L, -1));
          lua.lua_settop(L, -2);
          if (!(size >= 0 && size <= length && at <= length - size)) {
            stack.argumentError(L, 2, STRING_SHORT);
          }
        }
        lua.lua_pushlstring(L, data + at, size);
      } else if (option === 's') {
        const end = stack.module.bytes.subarray(data + at, data + length).indexOf(0);
        if (end < 0) stack.raise(L, 'unfinished string in data');
        lua.lua_pushlstring(L, data + at, end);
        size = end + 1;
      } else if (option !== 'x') {
        this.#control(L, option);
      }
      at += size;
    }
    lua.lua_pushnumber(L, at + 1);
    return lua.lua_gettop(L) - bottom;
  }

  size(L: LuaState): number {
    const stack = this.#stack;
    this.#begin(L);
    let total = 0;
    while (this.#at < this.#format.length) {
      const option = this.#format[this.#at++]!;
      const size = this.#size(L, option);
      total += this.#padding(total, option, size);
      if (option === 's') stack.argumentError(L, 1, "option 's' has no fixed size");
      if (option === 'c' && size === 0) {
        stack.argumentError(L, 1, "option 'c0' has no fixed size");
      }
      if (!/[A-Za-z0-9]/.test(option)) this.#control(L, option);
      total += size;
    }
    this.#lua.lua_pushnumber(L, total);
    return 1;
  }

  #begin(L: LuaState): void {
    const from = this.#stack.checkString(L, 1);
    const { bytes } = this.#stack.module;
    // As a text in C, it ends at a 0.
    this.#format = bytes.toString('latin1', from, bytes.indexOf(0, from));
    this.#at = 0;
    this.#isLittle = true;
    this.#alignment = 1;
  }

  /** Bytes that an option takes, 0 for those that take none. */
  #size(L: LuaState, option: string): number {
    switch (option) {
      case 'B':
      case 'b':
      case 'x':
        return 1;
      case 'H':
      case 'h':
        return 2;
      case 'f':
        return 4;
      case 'L':
      case 'l':
      case 'T':
      case 'd':
        return 8;
      case 'c':
        return this.#number(L, 1);
      case 'I':
      case 'i': {
        const size = this.#number(L, 4);
        if (size <= MOST_INTEGER_BYTES) return size;
        return this.#stack.raise(
          L,
          `integral size ${size} is larger than limit of ${MOST_INTEGER_BYTES}`,
        );
      }
      default:
        return 0;
    }
  }

  /** The number in the format, if there is one here. */
  #number(L: LuaState, otherwise: number): number {
    const [digits] = /^\d+/.exec(this.#format.slice(this.#at, this.#at + 16)) ?? [];
    if (digits === undefined) return otherwise;
    const value = Number(digits);
    if (value > MOST_INT) return this.#stack.raise(L, 'integral size overflow');
    this.#at += digits.length;
    return value;
  }

  #padding(at: number, option: string, size: number): number {
    if (size === 0 || option === 'c') return 0;
    const to = Math.min(size, this.#alignment);
    return (to - (at & (to - 1))) & (to - 1);
  }

  #control(L: LuaState, option: string): void {
    switch (option) {
      case ' ':
        return;
      case '>':
        this.#isLittle = false;
        return;
      case '<':
        this.#isLittle = true;
        return;
      case '!': {
        const alignment = this.#number(L, MOST_ALIGNMENT);
        if (alignment === 0 || (alignment & (alignment - 1)) !== 0) {
          this.#stack.raise(L, `alignment ${alignment} is not a power of 2`);
        }
        this.#alignment = alignment;
        return;
      }
      default:
        this.#stack.argumentError(L, 1, `invalid format option '${option}'`);
    }
  }

  #putInteger(L: LuaState, arg: number, size: number): void {
    const out = this.#out;
    const value = integerBits(this.#lua.luaL_checknumber(L, arg));
    out.ensure(L, size);
    for (let i = 0; i < size; i++) {
      const place = this.#isLittle ? i : size - 1 - i;
      const byte = place < 8 ? Number((value >> BigInt(place * 8)) & 255n) : 0;
      out.bytes[out.length + i] = byte;
    }
    out.length += size;
  }

  #putFloat(L: LuaState, arg: number, size: number): void {
    const out = this.#out;
    const value = this.#lua.luaL_checknumber(L, arg);
    if (size === 4) number.setFloat32(0, value, this.#isLittle);
    else number.setFloat64(0, value, this.#isLittle);
    for (let i = 0; i < size; i++) out.byte(L, number.getUint8(i));
  }

  #integer(from: number, size: number, isSigned: boolean): number {
    const { bytes } = this.#stack.module;
    let value = 0n;
    for (let i = 0; i < size; i++) {
      const at = this.#isLittle ? from + size - 1 - i : from + i;
      value = (value << 8n) | BigInt(bytes[at]!);
    }
    value = BigInt.asUintN(WORD_BITS, value);
    if (!isSigned) return Number(value);
    // What is wider than a word has no sign bit within it.
    return Number(BigInt.asIntN(Math.min(size * 8, WORD_BITS), value));
  }

  #float(from: number, size: number): number {
    const { view } = this.#stack.module;
    return size === 4
      ? view.getFloat32(from, this.#isLittle)
      : view.getFloat64(from, this.#isLittle);
  }
}

/** A double as the 64 bits a cast in C makes of it; what does not fit is the least integer. */
function integerBits(value: number): bigint {
  const whole = Math.trunc(value);
  if (!(whole >= -(2 ** 63) && whole < 2 ** 64)) return 1n << 63n;
  return BigInt.asUintN(WORD_BITS, BigInt(whole));
}
