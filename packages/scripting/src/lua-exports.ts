// The C interface of Lua 5.1, as the module exports it: pointers and sizes are numbers. Its manual
// (https://www.lua.org/manual/5.1/manual.html#3) says what each function does.

import type { WasmMemory, WasmTable } from './web-assembly.ts';

type N = number;

export interface LuaExports {
  readonly memory: WasmMemory;
  readonly __indirect_function_table: WasmTable;
  __wasm_call_ctors(): void;
  emscripten_stack_init(): void;
  emscripten_stack_get_end(): N;
  stackSave(): N;
  stackRestore(at: N): void;
  setThrew(threw: N, value: N): void;
  malloc(bytes: N): N;
  realloc(at: N, bytes: N): N;
  free(at: N): void;

  lua_newstate(allocator: N, ud: N): N;
  lua_close(L: N): void;
  lua_atpanic(L: N, panic: N): N;
  lua_gettop(L: N): N;
  lua_settop(L: N, index: N): void;
  lua_pushvalue(L: N, index: N): void;
  lua_remove(L: N, index: N): void;
  lua_insert(L: N, index: N): void;
  lua_replace(L: N, index: N): void;
  lua_checkstack(L: N, extra: N): N;
  lua_type(L: N, index: N): N;
  lua_typename(L: N, type: N): N;
  lua_isnumber(L: N, index: N): N;
  lua_isstring(L: N, index: N): N;
  lua_rawequal(L: N, one: N, other: N): N;
  lua_lessthan(L: N, one: N, other: N): 0 | 1;
  lua_tonumber(L: N, index: N): N;
  lua_toboolean(L: N, index: N): N;
  lua_tolstring(L: N, index: N, length: N): N;
  lua_objlen(L: N, index: N): N;
  lua_tocfunction(L: N, index: N): N;
  lua_topointer(L: N, index: N): N;
  lua_pushnil(L: N): void;
  lua_pushnumber(L: N, value: N): void;
  lua_pushlstring(L: N, at: N, length: N): void;
  lua_pushstring(L: N, at: N): void;
  lua_pushcclosure(L: N, pointer: N, upvalues: N): void;
  lua_pushboolean(L: N, value: N): void;
  lua_pushlightuserdata(L: N, pointer: N): void;
  lua_getfield(L: N, index: N, name: N): void;
  lua_setfield(L: N, index: N, name: N): void;
  lua_gettable(L: N, index: N): void;
  lua_rawget(L: N, index: N): void;
  lua_rawset(L: N, index: N): void;
  lua_rawgeti(L: N, index: N, n: N): void;
  lua_rawseti(L: N, index: N, n: N): void;
  lua_createtable(L: N, items: N, fields: N): void;
  lua_getmetatable(L: N, index: N): N;
  lua_setmetatable(L: N, index: N): N;
  lua_setfenv(L: N, index: N): N;
  lua_pcall(L: N, args: N, results: N, handler: N): N;
  lua_call(L: N, args: N, results: N): void;
  lua_load(L: N, reader: N, data: N, name: N): N;
  lua_gc(L: N, what: N, data: N): N;
  lua_error(L: N): N;
  lua_next(L: N, index: N): N;
  lua_concat(L: N, count: N): void;
  lua_getstack(L: N, level: N, activation: N): N;
  lua_getinfo(L: N, what: N, activation: N): N;
  lua_sethook(L: N, hook: N, mask: N, count: N): N;
  lua_getupvalue(L: N, index: N, n: N): N;
  lua_setupvalue(L: N, index: N, n: N): N;

  luaL_ref(L: N, table: N): N;
  luaL_unref(L: N, table: N, ref: N): void;
  luaL_where(L: N, level: N): void;
  luaL_argerror(L: N, arg: N, message: N): N;
  luaL_typerror(L: N, arg: N, type: N): N;
  luaL_checktype(L: N, arg: N, type: N): void;
  luaL_checkany(L: N, arg: N): void;
  luaL_checknumber(L: N, arg: N): N;
  luaL_optnumber(L: N, arg: N, otherwise: N): N;
  luaL_checkinteger(L: N, arg: N): N;
  luaL_optinteger(L: N, arg: N, otherwise: N): N;
  luaL_checklstring(L: N, arg: N, length: N): N;
  luaL_checkstack(L: N, extra: N, message: N): void;
  luaL_loadbuffer(L: N, at: N, length: N, name: N): N;
  readonly luaopen_base: (L: N) => N;
  readonly luaopen_table: (L: N) => N;
  readonly luaopen_string: (L: N) => N;
  readonly luaopen_math: (L: N) => N;
}

export const LUA_REGISTRYINDEX = -10000;
export const LUA_GLOBALSINDEX = -10002;
/** The first upvalue of a C function; the next ones are below it. */
export const LUA_UPVALUE_1 = -10003;

export const LUA_TNIL = 0;
export const LUA_TBOOLEAN = 1;
export const LUA_TLIGHTUSERDATA = 2;
export const LUA_TNUMBER = 3;
export const LUA_TSTRING = 4;
export const LUA_TTABLE = 5;
export const LUA_TFUNCTION = 6;

export const LUA_OK = 0;
export const LUA_ERRSYNTAX = 3;
export const LUA_ERRMEM = 4;

export const LUA_GCCOLLECT = 2;
export const LUA_GCSTEP = 5;
export const LUA_MASKCOUNT = 8;
