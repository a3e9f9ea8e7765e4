// The libraries for values, which need nothing of the server.

import type { LuaStack } from './lua-stack.ts';
import type { Library } from './sandbox.ts';

/** Returns the libraries by the name of their global. */
export function valueLibraries(_stack: LuaStack): Record<string, Library> {
  return {};
}
