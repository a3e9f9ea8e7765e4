// Lua 5.1 compiled to WebAssembly, instantiated without the JavaScript that comes with it: that
// brings a file system, environment variables and `system`, none of which scripts may reach. Only
// what the virtual machine cannot do without is given to it. Knows nothing of scripts.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { invariant } from '@forgekv/base';
import { boundedAllocator } from './bounded-allocator.ts';
import type { LuaExports } from './lua-exports.ts';
import {
  type WasmImports,
  type WasmMemory,
  type WasmModule,
  type WasmTable,
  WebInstance,
  WebModule,
} from './web-assembly.ts';

/** A state of Lua, or a coroutine of it: an address. */
export type LuaState = number;
/** Called by Lua with the state; answers the number of results on the stack. */
export type LuaFunction = (L: LuaState) => number;

const WASM_FILE = 'wasmoon-lua5.1/dist/liblua5.1.wasm';
const PAGE_BYTES = 65536;
/** What the memory grows by at least. */
const GROW_BYTES = 1024 * 1024;
const MOST_BYTES = 2 ** 31;
/** How C's longjmp leaves the frames between: emscripten throws this. */
const LONG_JUMP = Infinity;
/** More than the largest table of refs and a message need. */
const SLACK_BYTES = 16 * 1024 * 1024;
const INITIAL_SCRATCH_BYTES = 4096;

let compiled: WasmModule | null = null;

/**
 * One instance: its memory, its functions, and its allocator, which refuses what goes beyond a
 * budget. A pointer is an offset into `bytes`.
 */
export class LuaModule {
  readonly lua: LuaExports;
  /** All memory. Replaced whenever it grows: never kept over a call of Lua. */
  bytes: Buffer;
  view: DataView;
  words: Int32Array;
  /** The allocator for `lua_newstate`, and the two words it counts in: used, most. */
  readonly allocator: number;
  readonly allocation: number;
  readonly #memory: WasmMemory;
  readonly #table: WasmTable;
  /** Functions of the table by index, for `invoke`. */
  readonly #functions: (((a: number, b: number) => void) | undefined)[] = [];
  #scratch = 0;
  #scratchBytes = 0;

  /** @param memoryBytes most bytes that Lua may have allocated at a time */
  constructor(memoryBytes: number) {
    compiled ??= new WebModule(readFileSync(createRequire(import.meta.url).resolve(WASM_FILE)));
    const instance = new WebInstance(compiled, this.#imports(compiled));
    this.lua = instance.exports as unknown as LuaExports;
    this.#memory = this.lua.memory;
    this.#table = this.lua.__indirect_function_table;
    this.bytes = Buffer.from(this.#memory.buffer);
    this.view = new DataView(this.#memory.buffer);
    this.words = new Int32Array(this.#memory.buffer);
    this.lua.__wasm_call_ctors();
    this.lua.emscripten_stack_init();
    this.allocation = this.lua.malloc(8);
    this.view.setUint32(this.allocation, 0, true);
    this.view.setUint32(this.allocation + 4, memoryBytes, true);
    this.allocator = this.#add(boundedAllocator(this.lua));
  }

  /** Bytes that Lua has allocated. */
  get usedBytes(): number {
    return this.view.getUint32(this.allocation, true);
  }

  /**
   * Does what must not fail, as nothing would catch the error, with some memory beyond the budget.
   */
  beyondBudget<T>(act: () => T): T {
    const most = this.view.getUint32(this.allocation + 4, true);
    this.view.setUint32(this.allocation + 4, most + SLACK_BYTES, true);
    const result = act();
    this.view.setUint32(this.allocation + 4, most, true);
    return result;
  }

  /** Returns the pointer of a function that Lua can call as a C function. */
  addFunction(call: LuaFunction): number {
    return this.#add(exported(call, CALL_WRAPPER));
  }

  /** Returns the pointer of a hook. */
  addHook(hook: (L: LuaState, activation: number) => void): number {
    return this.#add(exported(hook, HOOK_WRAPPER));
  }

  /** Returns the pointer of a function of the module that takes a state. */
  addExported(call: LuaFunction): number {
    return this.#add(call);
  }

  /** The function behind a pointer. */
  functionAt(pointer: number): LuaFunction {
    return this.#table.get(pointer) as LuaFunction;
  }

  /** Allocates a text with a 0 behind it, for good. */
  constant(text: string): number {
    const length = Buffer.byteLength(text, 'latin1');
    const at = this.lua.malloc(length + 1);
    invariant(at !== 0, 'constants fit');
    this.bytes.write(text, at, 'latin1');
    this.bytes[at + length] = 0;
    return at;
  }

  /** Returns room for `length` bytes and a 0, until the next call; 0 when there is none. */
  scratch(length: number): number {
    if (length < this.#scratchBytes) return this.#scratch;
    if (this.#scratch !== 0) this.lua.free(this.#scratch);
    this.#scratchBytes = Math.max(length + 1, INITIAL_SCRATCH_BYTES);
    this.#scratch = this.lua.malloc(this.#scratchBytes);
    if (this.#scratch === 0) this.#scratchBytes = 0;
    return this.#scratch;
  }

  /** Gives back scratch room that had become large. */
  trimScratch(keepBytes: number): void {
    if (this.#scratchBytes <= keepBytes) return;
    this.lua.free(this.#scratch);
    this.#scratch = 0;
    this.#scratchBytes = 0;
  }

  #add(wasmFunction: unknown): number {
    const at = this.#table.grow(1);
    this.#table.set(at, wasmFunction);
    return at;
  }

  #imports(module: WasmModule): WasmImports {
    const imports: WasmImports = {};
    for (const { module: from, name } of WebModule.imports(module)) {
      imports[from] ??= {};
      imports[from][name] = () => {
        throw new Error(`Lua called ${name}`);
      };
    }
    Object.assign(imports.env!, {
      invoke_vii: (index: number, a: number, b: number) => this.#invoke(index, a, b),
      _emscripten_throw_longjmp: () => {
        throw LONG_JUMP;
      },
      emscripten_memcpy_js: (to: number, from: number, length: number) =>
        this.bytes.copyWithin(to, from, from + length),
      emscripten_resize_heap: (bytes: number) => this.#grow(bytes >>> 0),
      emscripten_date_now: () => Date.now(),
    });
    Object.assign(imports.wasi_snapshot_preview1!, {
      // The variables of the environment are none.
      environ_sizes_get: (count: number, bytes: number) => {
        this.view.setUint32(count, 0, true);
        this.view.setUint32(bytes, 0, true);
        return 0;
      },
      environ_get: () => 0,
    });
    return imports;
  }

  /** Calls a function that may leave by longjmp (`setjmp` is around every protected call). */
  #invoke(index: number, a: number, b: number): void {
    const { lua } = this;
    const stack = lua.stackSave();
    try {
      this.#functions[index] ??= this.#table.get(index) as (a: number, b: number) => void;
      this.#functions[index](a, b);
    } catch (thrown) {
      if (thrown !== LONG_JUMP) throw thrown;
      lua.stackRestore(stack);
      lua.setThrew(1, 0);
    }
  }

  #grow(bytes: number): number {
    const { byteLength } = this.#memory.buffer;
    if (bytes > MOST_BYTES) return 0;
    const wanted = Math.min(Math.max(bytes, byteLength + GROW_BYTES), MOST_BYTES);
    try {
      this.#memory.grow(Math.ceil((wanted - byteLength) / PAGE_BYTES));
    } catch {
      return 0;
    }
    this.bytes = Buffer.from(this.#memory.buffer);
    this.view = new DataView(this.#memory.buffer);
    this.words = new Int32Array(this.#memory.buffer);
    return 1;
  }
}

/**
 * A module that imports a function of JavaScript and exports it: only functions of WebAssembly can
 * be put into a table. `type` is its signature in the binary format.
 */
function wrapperOf(type: readonly number[]): WasmModule {
  return new WebModule(
    // biome-ignore format: sections of the binary format, one a line
    new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0,
      1, type.length + 1, 1, ...type,
      2, 7, 1, 1, 101, 1, 102, 0, 0,
      7, 5, 1, 1, 102, 0, 0,
    ]),
  );
}

/** (i32) -> i32 */
const CALL_WRAPPER = wrapperOf([0x60, 1, 0x7f, 1, 0x7f]);
/** (i32, i32) -> nothing */
const HOOK_WRAPPER = wrapperOf([0x60, 2, 0x7f, 0x7f, 0]);

function exported(call: (...args: never[]) => unknown, wrapper: WasmModule): unknown {
  const imports = { e: { f: call as () => unknown } };
  return new WebInstance(wrapper, imports).exports.f;
}
