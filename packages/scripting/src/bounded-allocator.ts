// The allocator of a Lua state, with a budget, as a module of WebAssembly: Lua allocates for every
// string and table, and a call of JavaScript for each of them would cost more than the rest.

import type { LuaExports } from './lua-exports.ts';
import { type WasmModule, WebInstance, WebModule } from './web-assembly.ts';

/*
 * alloc(ud, ptr, old, new): ud points to two words, the bytes in use and the most there may be.
 *
 *   if (new == 0) { free(ptr); ud[0] -= old; return 0 }
 *   if (new > old && (new > ud[1] || ud[0] + (new - old) > ud[1])) return 0
 *   ptr = realloc(ptr, new); if (ptr == 0) return 0
 *   ud[0] += new - old; return ptr
 *
 * The budget is below 2^31, and no summand is above it, so the sum cannot wrap around.
 */
const LOCAL_UD = [0x20, 0];
const LOCAL_PTR = [0x20, 1];
const LOCAL_OLD = [0x20, 2];
const LOCAL_NEW = [0x20, 3];
const SET_PTR = [0x21, 1];
const LOAD_USED = [...LOCAL_UD, 0x28, 2, 0];
const LOAD_MOST = [...LOCAL_UD, 0x28, 2, 4];
const STORE_USED = [0x36, 2, 0];
const CALL_REALLOC = [0x10, 0];
const CALL_FREE = [0x10, 1];
const IF = [0x04, 0x40];
const END = [0x0b];
const RETURN = [0x0f];
const RETURN_ZERO = [0x41, 0, ...RETURN];
const IS_ZERO = [0x45];
const IS_ABOVE = [0x4b];
const PLUS = [0x6a];
const LESS = [0x6b];

const BODY = [
  ...[0], // no locals of its own
  ...[...LOCAL_NEW, ...IS_ZERO, ...IF],
  ...[...LOCAL_PTR, ...CALL_FREE],
  ...[...LOCAL_UD, ...LOAD_USED, ...LOCAL_OLD, ...LESS, ...STORE_USED],
  ...[...RETURN_ZERO, ...END],
  ...[...LOCAL_NEW, ...LOCAL_OLD, ...IS_ABOVE, ...IF],
  ...[...LOCAL_NEW, ...LOAD_MOST, ...IS_ABOVE, ...IF, ...RETURN_ZERO, ...END],
  ...[...LOAD_USED, ...LOCAL_NEW, ...LOCAL_OLD, ...LESS, ...PLUS],
  ...[...LOAD_MOST, ...IS_ABOVE, ...IF, ...RETURN_ZERO, ...END],
  ...END,
  ...[...LOCAL_PTR, ...LOCAL_NEW, ...CALL_REALLOC, ...SET_PTR],
  ...[...LOCAL_PTR, ...IS_ZERO, ...IF, ...RETURN_ZERO, ...END],
  ...[...LOCAL_UD, ...LOAD_USED, ...LOCAL_NEW, ...LOCAL_OLD, ...LESS, ...PLUS, ...STORE_USED],
  ...[...LOCAL_PTR, ...END],
];

// biome-ignore format: sections of the binary format, one a line
const MODULE = [
  0, 97, 115, 109, 1, 0, 0, 0,
  // Types: realloc, free, alloc.
  ...section(1, [3,
    0x60, 2, 0x7f, 0x7f, 1, 0x7f,
    0x60, 1, 0x7f, 0,
    0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f]),
  // Imports: e.r realloc, e.f free, e.m memory.
  ...section(2, [3, 1, 101, 1, 114, 0, 0, 1, 101, 1, 102, 0, 1, 1, 101, 1, 109, 2, 0, 1]),
  ...section(3, [1, 2]),
  ...section(7, [1, 1, 97, 0, 2]),
  ...section(10, [1, ...sized(BODY)]),
];

let compiled: WasmModule | null = null;

/** Returns the allocator over the memory of an instance of Lua. */
export function boundedAllocator(lua: LuaExports): unknown {
  compiled ??= new WebModule(new Uint8Array(MODULE));
  const imports = { e: { r: lua.realloc, f: lua.free, m: lua.memory } };
  return new WebInstance(compiled, imports).exports.a;
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

/** With its length in front, as LEB128 of two bytes. */
function sized(content: readonly number[]): number[] {
  return [(content.length & 127) | 128, content.length >> 7, ...content];
}
