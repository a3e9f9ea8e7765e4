// `coroutine.resume` and `coroutine.wrap` with a bound on how deep coroutines run inside of each
// other: every one of them takes a piece of the thread's stack, and Lua 5.1 counts only its own.

import { LUA_UPVALUE_1 } from './lua-exports.ts';
import type { LuaFunction, LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';

const MOST_DEPTH = 100;
/** More than what one coroutine can use of the module's stack. */
const SPARE_STACK_BYTES = 1024 * 1024;
const OVERFLOW = 'C stack overflow';
/** Stack of the thread that a command may need, in frames of `probe`. */
const PROBE_FRAMES = 3000;
/** From so many coroutines inside of each other on, it is looked at before a command. */
const PROBE_DEPTH = 2;

export class Coroutines {
  readonly #stack: LuaStack;
  #depth = 0;

  constructor(stack: LuaStack) {
    this.#stack = stack;
  }

  /** Forgets those that a broken run has left. */
  reset(): void {
    this.#depth = 0;
  }

  /** True when the thread's stack has room for a command of the server. */
  get hasRoom(): boolean {
    if (this.#depth < PROBE_DEPTH) return true;
    try {
      return probe(PROBE_FRAMES) >= 0;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /** Replaces both functions in the `coroutine` table on top of the stack. */
  guard(L: LuaState, replace: Replace): void {
    const { lua, module } = this.#stack;
    const bottom = lua.emscripten_stack_get_end() + SPARE_STACK_BYTES;
    let resume: LuaFunction = () => 0;
    replace('resume', (original) => {
      resume = (state) => {
        if (this.#depth >= MOST_DEPTH || lua.stackSave() < bottom) {
          lua.lua_pushboolean(state, 0);
          this.#stack.pushText(state, OVERFLOW);
          return 2;
        }
        this.#depth++;
        try {
          return original(state);
        } finally {
          this.#depth--;
        }
      };
      return resume;
    });
    const step = module.addFunction((state) => this.#step(state, resume));
    replace('wrap', () => {
      lua.lua_getfield(L, -1, this.#stack.constant('create'));
      const create = module.functionAt(lua.lua_tocfunction(L, -1));
      lua.lua_settop(L, -2);
      return (state) => {
        create(state);
        lua.lua_pushcclosure(state, step, 1);
        return 1;
      };
    });
  }

  /** What `wrap` returns: resumes its coroutine, and raises what that raised. */
  #step(L: LuaState, resume: LuaFunction): number {
    const { lua } = this.#stack;
    lua.lua_pushvalue(L, LUA_UPVALUE_1);
    lua.lua_insert(L, 1);
    const count = resume(L);
    if (lua.lua_toboolean(L, -count) !== 0) return count - 1;
    if (lua.lua_isstring(L, -1) !== 0) {
      lua.luaL_where(L, 1);
      lua.lua_insert(L, -2);
      lua.lua_concat(L, 2);
    }
    return this.#stack.throw(L);
  }
}

/** Replaces a function of the table on top of the stack. */
export type Replace = (name: string, around: (original: LuaFunction) => LuaFunction) => void;

/** Uses stack for so many frames. */
function probe(frames: number): number {
  return frames === 0 ? 0 : probe(frames - 1) + 1;
}
