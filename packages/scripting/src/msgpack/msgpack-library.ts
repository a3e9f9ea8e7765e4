// The `cmsgpack` table.

import type { FrozenTables } from '../frozen-tables.ts';
import type { LuaState } from '../lua-module.ts';
import type { LuaStack } from '../lua-stack.ts';
import { MsgpackPacker } from './msgpack-packer.ts';
import { MsgpackUnpacker } from './msgpack-unpacker.ts';

/** Pushes a new `cmsgpack` table. */
export function pushMsgpackLibrary(L: LuaState, stack: LuaStack, frozen: FrozenTables): void {
  const packer = new MsgpackPacker(stack, frozen);
  const unpacker = new MsgpackUnpacker(stack);
  stack.lua.lua_createtable(L, 0, 8);
  stack.setFunction(L, 'pack', (state) => packer.pack(state));
  stack.setFunction(L, 'unpack', (state) => unpacker.unpack(state));
  stack.setFunction(L, 'unpack_one', (state) => unpacker.unpackOne(state));
  stack.setFunction(L, 'unpack_limit', (state) => unpacker.unpackLimit(state));
  stack.setText(L, '_NAME', 'cmsgpack');
  stack.setText(L, '_VERSION', 'lua-cmsgpack 0.4.0');
  stack.setText(L, '_COPYRIGHT', 'Copyright (C) 2012, Salvatore Sanfilippo');
  stack.setText(L, '_DESCRIPTION', 'MessagePack C implementation for Lua');
}
