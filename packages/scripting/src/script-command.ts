// Builds the command of a `redis.call` in RESP, straight from Lua's memory.

import { preciseText } from '@forgekv/datatypes';
import { LUA_TNUMBER, LUA_TSTRING } from './lua-exports.ts';
import type { LuaState } from './lua-module.ts';
import type { LuaStack } from './lua-stack.ts';
import type { LuaValues } from './lua-values.ts';
import type { ScriptCommand } from './script-host.ts';

const INITIAL_BYTES = 64 * 1024;
const INITIAL_ARGS = 256;
/** A buffer that grew beyond this is given back after the script. */
const KEEP_BYTES = 1024 * 1024;
/** `$`, a length, CR LF, and CR LF behind. */
const HEAD_BYTES = 16;
const SHORT_BYTES = 40;
const CR = 13;
const LF = 10;
const DOLLAR = 36;
const STAR = 42;

export class CommandBuilder implements ScriptCommand {
  bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  view = new DataView(this.bytes.buffer);
  args = new Int32Array(INITIAL_ARGS * 2);
  argc = 0;
  end = 0;
  readonly #stack: LuaStack;
  readonly #values: LuaValues;

  constructor(stack: LuaStack) {
    this.#stack = stack;
    this.#values = stack.values;
  }

  /**
   * Takes all values on the stack as arguments.
   * @returns how many there are, or -1: one of them is neither a string nor a number
   */
  build(L: LuaState): number {
    const values = this.#values;
    const argc = values.open(L);
    if (argc * 2 > this.args.length) this.args = new Int32Array(argc * 4);
    this.argc = argc;
    this.end = 0;
    this.#head(STAR, argc);
    for (let i = 0; i < argc; i++) {
      const type = values.type(i);
      if (type === LUA_TSTRING) {
        const from = values.bytesAt(i);
        this.#bytes(i, from, values.lengthOf(from));
      } else if (type === LUA_TNUMBER) {
        this.#text(i, numberText(values.number(i)));
      } else {
        return -1;
      }
    }
    return argc;
  }

  /** Gives back a buffer that had become large. */
  trim(): void {
    if (this.bytes.length <= KEEP_BYTES) return;
    this.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.view = new DataView(this.bytes.buffer);
  }

  #bytes(index: number, from: number, length: number): void {
    this.#ensure(length + 2 * HEAD_BYTES);
    this.#head(DOLLAR, length);
    const at = this.end;
    const { bytes } = this;
    const source = this.#stack.module.bytes;
    if (length <= SHORT_BYTES) {
      this.#copyShort(from, at, length);
    } else {
      source.copy(bytes, at, from, from + length);
    }
    this.#finish(index, at, length);
  }

  #copyShort(from: number, to: number, length: number): void {
    const { bytes, view } = this;
    const { bytes: source, view: sourceView } = this.#stack.module;
    let i = 0;
    for (; i + 4 <= length; i += 4) view.setInt32(to + i, sourceView.getInt32(from + i));
    for (; i < length; i++) bytes[to + i] = source[from + i]!;
  }

  #text(index: number, text: string): void {
    this.#ensure(text.length + 2 * HEAD_BYTES);
    this.#head(DOLLAR, text.length);
    const at = this.end;
    for (let i = 0; i < text.length; i++) this.bytes[at + i] = text.charCodeAt(i);
    this.#finish(index, at, text.length);
  }

  #finish(index: number, at: number, length: number): void {
    this.args[index * 2] = at;
    this.args[index * 2 + 1] = length;
    this.bytes[at + length] = CR;
    this.bytes[at + length + 1] = LF;
    this.end = at + length + 2;
  }

  #head(kind: number, value: number): void {
    const { bytes } = this;
    let at = this.end;
    bytes[at++] = kind;
    if (value < 10) {
      bytes[at++] = 48 + value;
    } else if (value < 100) {
      const tens = (value / 10) | 0;
      bytes[at++] = 48 + tens;
      bytes[at++] = 48 + value - tens * 10;
    } else {
      at += bytes.write(String(value), at, 'latin1');
    }
    bytes[at] = CR;
    bytes[at + 1] = LF;
    this.end = at + 2;
  }

  #ensure(bytes: number): void {
    const needed = this.end + bytes;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.end);
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}

const sign = new Float64Array(1);
const signBytes = new Uint8Array(sign.buffer);

/** Returns a number as commands get it from scripts: C's `%.17g`. */
export function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (!Number.isNaN(value)) return preciseText(value);
  sign[0] = value;
  return signBytes[7]! >= 128 ? '-nan' : 'nan';
}
