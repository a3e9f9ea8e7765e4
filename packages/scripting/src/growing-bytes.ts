// Bytes that a library builds before they become a Lua string.

import type { LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';

const INITIAL_BYTES = 4096;
const KEEP_BYTES = 1024 * 1024;
const SHORT_BYTES = 40;

export class GrowingBytes {
  bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  length = 0;
  readonly #stack: LuaStack;

  constructor(stack: LuaStack) {
    this.#stack = stack;
  }

  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEEP_BYTES) this.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  /** Makes room for `count` more; raises when that is more than Lua could take. */
  ensure(L: LuaState, count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (needed > this.#stack.mostBytes) this.#stack.raise(L, 'not enough memory');
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  byte(L: LuaState, value: number): void {
    if (this.length === this.bytes.length) this.ensure(L, 1);
    this.bytes[this.length++] = value;
  }

  /** Appends latin-1 text. */
  text(L: LuaState, text: string): void {
    this.ensure(L, text.length);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** Appends bytes of Lua's memory. */
  memory(L: LuaState, from: number, count: number): void {
    this.ensure(L, count);
    const source = this.#stack.module.bytes;
    if (count <= SHORT_BYTES) {
      const { bytes } = this;
      const at = this.length;
      for (let i = 0; i < count; i++) bytes[at + i] = source[from + i]!;
    } else {
      source.copy(this.bytes, this.length, from, from + count);
    }
    this.length += count;
  }

  /** Pushes all of it as a string, and forgets it. */
  push(L: LuaState): void {
    this.#stack.pushBytes(L, this.bytes, 0, this.length);
    this.clear();
  }
}
