// `load`, `pcall` and `xpcall` as scripts have them.

import { LUA_GLOBALSINDEX } from './lua-exports.ts';
import type { LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';

/** Replaces `pcall` and `xpcall` in the table on top of the stack. */
export function replaceCalls(L: LuaState, stack: LuaStack): void {
  replacePcall(L, stack);
  replaceXpcall(L, stack);
}

/** `load`: its pieces are put together first, so that compiled code is found. */
export function replaceLoad(L: LuaState, stack: LuaStack): void {
  const { lua } = stack;
  lua.lua_getfield(L, -1, stack.constant('loadstring'));
  const loadstring = stack.ref(L);
  lua.lua_getfield(L, LUA_GLOBALSINDEX, stack.constant('table'));
  lua.lua_getfield(L, -1, stack.constant('concat'));
  const concat = stack.ref(L);
  lua.lua_settop(L, -2);
  stack.setFunction(L, 'load', (state) => {
    lua.luaL_checktype(state, 1, 6);
    lua.lua_settop(state, 2);
    if (lua.lua_type(state, 2) === 0) {
      stack.pushText(state, '=(load)');
      lua.lua_replace(state, 2);
    }
    stack.checkString(state, 2);
    lua.lua_createtable(state, 0, 0);
    for (let count = 1; ; count++) {
      lua.lua_pushvalue(state, 1);
      if (lua.lua_pcall(state, 0, 1, 0) !== 0) {
        lua.lua_pushnil(state);
        lua.lua_insert(state, -2);
        return 2;
      }
      const type = lua.lua_type(state, -1);
      if (type === 0) break;
      if (lua.lua_isstring(state, -1) === 0) {
        lua.lua_pushnil(state);
        stack.pushText(state, 'reader function must return a string');
        return 2;
      }
      if (stack.string(state, -1) === 0 || stack.length === 0) break;
      lua.lua_rawseti(state, 3, count);
    }
    lua.lua_settop(state, 3);
    stack.pushRef(state, loadstring);
    stack.pushRef(state, concat);
    lua.lua_pushvalue(state, 3);
    lua.lua_call(state, 1, 1);
    lua.lua_pushvalue(state, 2);
    lua.lua_call(state, 2, 2);
    return 2;
  });
}

/** `pcall`: of an error that is a table with `err`, the script gets that text, as in Redis. */
function replacePcall(L: LuaState, stack: LuaStack): void {
  const { lua } = stack;
  stack.setFunction(L, 'pcall', (state) => {
    const count = lua.lua_gettop(state);
    if (count === 0) {
      lua.lua_pushboolean(state, 0);
      stack.pushText(state, 'attempt to call a boolean value');
      return 2;
    }
    lua.lua_pushboolean(state, 1);
    lua.lua_insert(state, 1);
    if (lua.lua_pcall(state, count - 1, -1, 0) === 0) return lua.lua_gettop(state);
    if (stack.isTable(state, 2)) {
      lua.lua_pushstring(state, stack.constant('err'));
      lua.lua_rawget(state, 2);
      if (lua.lua_isstring(state, 3) === 0) lua.lua_settop(state, 2);
      else lua.lua_replace(state, 2);
    }
    lua.lua_pushboolean(state, 0);
    lua.lua_replace(state, 1);
    return 2;
  });
}

/**
 * `xpcall`: its handler is called when the error has been caught. In Lua it is called before, by
 * whoever raises the error, and when that is the hook that ends a script, no hook can end the
 * handler.
 */
function replaceXpcall(L: LuaState, stack: LuaStack): void {
  const { lua } = stack;
  stack.setFunction(L, 'xpcall', (state) => {
    lua.luaL_checkany(state, 2);
    lua.lua_settop(state, 2);
    lua.lua_insert(state, 1);
    const status = lua.lua_pcall(state, 0, -1, 0);
    if (status === 0) {
      lua.lua_pushboolean(state, 1);
      lua.lua_replace(state, 1);
      return lua.lua_gettop(state);
    }
    const isOk = lua.lua_pcall(state, 1, 1, 0) === 0;
    lua.lua_pushboolean(state, 0);
    lua.lua_insert(state, 1);
    if (!isOk) {
      stack.pushText(state, 'error in error handling');
      lua.lua_replace(state, 2);
    }
    return 2;
  });
}
