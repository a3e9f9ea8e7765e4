// The `cjson` table.

import type { FrozenTables } from '../frozen-tables.ts';
import { LUA_GLOBALSINDEX } from '../lua-exports.ts';
import type { LuaState } from '../lua-module.ts';
import type { LuaStack } from '../lua-stack.ts';
import { JsonDecoder } from './json-decoder.ts';
import { JsonEncoder } from './json-encoder.ts';
import { JsonSettings, settingFunctions } from './json-settings.ts';

/** Pushes a new `cjson` table with settings of its own. */
export function pushJsonLibrary(L: LuaState, stack: LuaStack, frozen: FrozenTables): void {
  const settings = new JsonSettings();
  const encoder = new JsonEncoder(stack, frozen, settings);
  const decoder = new JsonDecoder(stack, settings);
  const { lua } = stack;
  lua.lua_createtable(L, 0, 16);
  stack.setFunction(L, 'encode', (state) => encoder.encode(state));
  stack.setFunction(L, 'decode', (state) => decoder.decode(state));
  for (const [name, call] of Object.entries(settingFunctions(stack, settings))) {
    stack.setFunction(L, name, call);
  }
  // Redis: a table with settings of its own. Every one would stay for ever, as functions of the
  // host do; so this one answers the library itself.
  stack.setFunction(L, 'new', (state) => {
    lua.lua_getfield(state, LUA_GLOBALSINDEX, stack.constant('cjson'));
    return 1;
  });
  lua.lua_pushlightuserdata(L, 0);
  lua.lua_setfield(L, -2, stack.constant('null'));
  stack.setText(L, '_NAME', 'cjson');
  stack.setText(L, '_VERSION', '2.1.0');
}
