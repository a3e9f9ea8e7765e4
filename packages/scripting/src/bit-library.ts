// The `bit` table: operations on 32 bits, as LuaBitOp 1.0.2 has them.

import type { LuaFunction, LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';

/** Added to a double, this leaves its value modulo 2^32, rounded to even, in the low bits. */
const ROUNDER = 2 ** 52 + 2 ** 51;
const WIDTH = 32;

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

/** Returns a number as 32 bits. */
export function toBits(value: number): number {
  const bits = value | 0;
  if (bits === value) return bits;
  double[0] = value + ROUNDER;
  return words[0]!;
}

/** Pushes a new `bit` table. */
export function pushBitLibrary(L: LuaState, stack: LuaStack): void {
  const { lua } = stack;
  const bits = (state: LuaState, arg: number): number => toBits(lua.luaL_checknumber(state, arg));
  const one =
    (act: (value: number) => number): LuaFunction =>
    (state) => {
      lua.lua_pushnumber(state, act(bits(state, 1)) | 0);
      return 1;
    };
  const many =
    (act: (value: number, other: number) => number): LuaFunction =>
    (state) => {
      let value = bits(state, 1);
      for (let i = lua.lua_gettop(state); i > 1; i--) value = act(value, bits(state, i));
      lua.lua_pushnumber(state, value | 0);
      return 1;
    };
  const shift =
    (act: (value: number, count: number) => number): LuaFunction =>
    (state) => {
      const value = bits(state, 1);
      lua.lua_pushnumber(state, act(value, bits(state, 2) & (WIDTH - 1)) | 0);
      return 1;
    };
  const functions: Record<string, LuaFunction> = {
    tobit: one((value) => value),
    bnot: one((value) => ~value),
    bswap: one(swapped),
    band: many((value, other) => value & other),
    bor: many((value, other) => value | other),
    bxor: many((value, other) => value ^ other),
    lshift: shift((value, count) => value << count),
    rshift: shift((value, count) => value >>> count),
    arshift: shift((value, count) => value >> count),
    rol: shift((value, count) => (value << count) | (value >>> ((WIDTH - count) & 31))),
    ror: shift((value, count) => (value >>> count) | (value << ((WIDTH - count) & 31))),
    tohex: (state) => {
      const value = bits(state, 1);
      // Beyond the last argument: 8 digits. A negative count means capital letters.
      const digits = lua.lua_gettop(state) < 2 ? 8 : bits(state, 2);
      const text = (value >>> 0).toString(16).padStart(8, '0');
      const kept = text.slice(8 - Math.min(Math.abs(digits), 8));
      stack.pushText(state, digits < 0 ? kept.toUpperCase() : kept);
      return 1;
    },
  };
  lua.lua_createtable(L, 0, 12);
  for (const [name, call] of Object.entries(functions)) stack.setFunction(L, name, call);
}

function swapped(value: number): number {
  return (value >>> 24) | ((value >>> 8) & 0xff00) | ((value << 8) & 0xff0000) | (value << 24);
}
