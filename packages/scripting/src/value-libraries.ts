// The libraries for values, which need nothing of the server. They are written in JavaScript: that
// is several times faster than in Lua, and as fast as they can be outside of the module.

import { pushBitLibrary } from './bit-library.ts';
import type { FrozenTables } from './frozen-tables.ts';
import { pushJsonLibrary } from './json/json-library.ts';
import type { LuaStack } from './lua-stack.ts';
import { pushMsgpackLibrary } from './msgpack/msgpack-library.ts';
import type { Library } from './sandbox.ts';
import { pushStructLibrary } from './struct-library.ts';

/** Returns the libraries by the name of their global. */
export function valueLibraries(stack: LuaStack, frozen: FrozenTables): Record<string, Library> {
  return {
    bit: (L) => pushBitLibrary(L, stack),
    cjson: (L) => pushJsonLibrary(L, stack, frozen),
    cmsgpack: (L) => pushMsgpackLibrary(L, stack, frozen),
    struct: (L) => pushStructLibrary(L, stack),
  };
}
