// The values on a Lua stack where they lie in the module's memory. What a script passes to
// `redis.call`, and the numbers it gets back, are read and written here: each call of the C
// interface costs more than that. The layout is that of Lua 5.1 with 32-bit pointers (lobject.h,
// lstate.h of its source); `checkLayout` compares it with what the interface says at start.

import { invariant } from '@forgekv/base';
import { LUA_TNUMBER, LUA_TSTRING } from './lua-exports.ts';
import type { LuaModule, LuaState } from './lua-module.ts';

/** Of a state: the first free slot of its stack, and the first slot of the running function. */
const STATE_TOP = 8;
const STATE_BASE = 12;
/** A slot: a double or a pointer, and behind it the type. */
const SLOT_SHIFT = 4;
const SLOT_BYTES = 1 << SLOT_SHIFT;
const SLOT_TYPE = 8;
/** A string: its length, and its bytes. */
const STRING_LENGTH = 12;
const STRING_BYTES = 16;

export class LuaValues {
  readonly #module: LuaModule;
  #slot = 0;

  constructor(module: LuaModule) {
    this.#module = module;
  }

  /** Looks at the arguments of the running function; returns how many there are. */
  open(L: LuaState): number {
    const { words } = this.#module;
    this.#slot = words[(L + STATE_BASE) >> 2]!;
    return (words[(L + STATE_TOP) >> 2]! - this.#slot) >> SLOT_SHIFT;
  }

  /** The type of an argument (LUA_T...), from 0 on. */
  type(index: number): number {
    return this.#module.words[(this.#slot + (index << SLOT_SHIFT) + SLOT_TYPE) >> 2]!;
  }

  /** Where the bytes of an argument begin that is a string. */
  bytesAt(index: number): number {
    return this.#module.words[(this.#slot + (index << SLOT_SHIFT)) >> 2]! + STRING_BYTES;
  }

  /** Length of the string whose bytes begin there. */
  lengthOf(bytesAt: number): number {
    return this.#module.words[(bytesAt - STRING_BYTES + STRING_LENGTH) >> 2]!;
  }

  /** The value of an argument that is a number. */
  number(index: number): number {
    return this.#module.view.getFloat64(this.#slot + (index << SLOT_SHIFT), true);
  }

  /** Pushes a number. The stack has room: functions called by Lua have twenty slots. */
  pushNumber(L: LuaState, value: number): void {
    const { words, view } = this.#module;
    const top = words[(L + STATE_TOP) >> 2]!;
    view.setFloat64(top, value, true);
    words[(top + SLOT_TYPE) >> 2] = LUA_TNUMBER;
    words[(L + STATE_TOP) >> 2] = top + SLOT_BYTES;
  }
}

/**
 * Compares the layout with the interface, within a function that was called without arguments; the
 * stack is afterwards as before.
 * @throws Error when the module was made otherwise
 */
export function checkLayout(module: LuaModule, L: LuaState): void {
  const { lua } = module;
  const values = new LuaValues(module);
  const text = module.constant('layout');
  lua.lua_pushlstring(L, text, 'layout'.length);
  values.pushNumber(L, -0.1);
  lua.lua_pushboolean(L, 1);
  const bytesAt = values.open(L) === 3 ? values.bytesAt(0) : 0;
  const isString = values.type(0) === LUA_TSTRING && bytesAt === lua.lua_tolstring(L, 1, 0);
  const isNumber = values.type(1) === LUA_TNUMBER && values.number(1) === -0.1;
  const isSame = isString && isNumber && values.lengthOf(bytesAt) === 'layout'.length;
  invariant(
    isSame && lua.lua_tonumber(L, 2) === -0.1,
    'Lua keeps values where they are looked for',
  );
  lua.lua_settop(L, 0);
}
