// What scripts can choose of `cjson`, and the functions that do so. As in Redis, what one script
// chooses holds for those after it.

import type { LuaExports } from '../lua-exports.ts';
import type { LuaFunction, LuaState } from '../lua-module.ts';
import type { LuaStack } from '../lua-stack.ts';

const MOST_INT = 2147483647;
const MOST_DEPTH = 1000;
const MOST_DIGITS = 14;
const TOO_MANY = 'found too many arguments';

/** For numbers that JSON does not have. */
export const NUMBERS_OFF = 0;
export const NUMBERS_ON = 1;
export const NUMBERS_NULL = 2;

export class JsonSettings {
  sparseConvert = false;
  sparseRatio = 2;
  sparseSafe = 10;
  encodeDepth = MOST_DEPTH;
  decodeDepth = MOST_DEPTH;
  encodeInvalid = NUMBERS_OFF;
  decodeInvalid = NUMBERS_ON;
  keepBuffer = true;
  digits = MOST_DIGITS;
}

/** Returns the functions of a `cjson` table that change its settings, by name. */
export function settingFunctions(
  stack: LuaStack,
  settings: JsonSettings,
): Record<string, LuaFunction> {
  const options = new Options(stack);
  const { lua } = stack;
  return {
    encode_sparse_array: (L) => {
      options.begin(L, 3);
      settings.sparseConvert = options.boolean(L, 1, settings.sparseConvert);
      settings.sparseRatio = options.integer(L, 2, settings.sparseRatio, 0, MOST_INT);
      settings.sparseSafe = options.integer(L, 3, settings.sparseSafe, 0, MOST_INT);
      lua.lua_pushboolean(L, settings.sparseConvert ? 1 : 0);
      lua.lua_pushnumber(L, settings.sparseRatio);
      lua.lua_pushnumber(L, settings.sparseSafe);
      return 3;
    },
    encode_max_depth: (L) => {
      options.begin(L, 1);
      settings.encodeDepth = options.integer(L, 1, settings.encodeDepth, 1, MOST_INT);
      lua.lua_pushnumber(L, settings.encodeDepth);
      return 1;
    },
    decode_max_depth: (L) => {
      options.begin(L, 1);
      settings.decodeDepth = options.integer(L, 1, settings.decodeDepth, 1, MOST_INT);
      lua.lua_pushnumber(L, settings.decodeDepth);
      return 1;
    },
    encode_number_precision: (L) => {
      options.begin(L, 1);
      settings.digits = options.integer(L, 1, settings.digits, 1, MOST_DIGITS);
      lua.lua_pushnumber(L, settings.digits);
      return 1;
    },
    encode_keep_buffer: (L) => {
      options.begin(L, 1);
      settings.keepBuffer = options.boolean(L, 1, settings.keepBuffer);
      lua.lua_pushboolean(L, settings.keepBuffer ? 1 : 0);
      return 1;
    },
    encode_invalid_numbers: (L) => {
      options.begin(L, 1);
      settings.encodeInvalid = options.choice(L, settings.encodeInvalid, ['off', 'on', 'null']);
      return options.pushChoice(L, settings.encodeInvalid);
    },
    decode_invalid_numbers: (L) => {
      options.begin(L, 1);
      settings.decodeInvalid = options.choice(L, settings.decodeInvalid, ['off', 'on']);
      return options.pushChoice(L, settings.decodeInvalid);
    },
  };
}

class Options {
  readonly #stack: LuaStack;
  readonly #lua: LuaExports;

  constructor(stack: LuaStack) {
    this.#stack = stack;
    this.#lua = stack.lua;
  }

  /** Refuses more than `most` arguments; those missing are nil. */
  begin(L: LuaState, most: number): void {
    if (this.#lua.lua_gettop(L) > most) this.#stack.argumentError(L, most + 1, TOO_MANY);
    this.#lua.lua_settop(L, most);
  }

  boolean(L: LuaState, arg: number, now: boolean): boolean {
    const type = this.#lua.lua_type(L, arg);
    if (type === 0) return now;
    if (type === 1) return this.#lua.lua_toboolean(L, arg) !== 0;
    return this.choiceOf(L, arg, ['off', 'on']) === 1;
  }

  integer(L: LuaState, arg: number, now: number, least: number, most: number): number {
    if (this.#lua.lua_type(L, arg) === 0) return now;
    const value = this.#lua.luaL_checkinteger(L, arg);
    if (value >= least && value <= most) return value;
    // Always of the first argument, as in lua-cjson.
    return this.#stack.argumentError(L, 1, `expected integer between ${least} and ${most}`);
  }

  choice(L: LuaState, now: number, names: readonly string[]): number {
    const type = this.#lua.lua_type(L, 1);
    if (type === 0) return now;
    if (type === 1) return this.#lua.lua_toboolean(L, 1);
    return this.choiceOf(L, 1, names);
  }

  choiceOf(L: LuaState, arg: number, names: readonly string[]): number {
    const at = this.#stack.checkString(L, arg);
    const text = this.#stack.module.bytes.toString('latin1', at, at + this.#stack.length);
    const index = names.indexOf(text);
    return index >= 0 ? index : this.#stack.argumentError(L, arg, `invalid option '${text}'`);
  }

  pushChoice(L: LuaState, value: number): number {
    if (value === NUMBERS_NULL) this.#stack.pushText(L, 'null');
    else this.#lua.lua_pushboolean(L, value);
    return 1;
  }
}
