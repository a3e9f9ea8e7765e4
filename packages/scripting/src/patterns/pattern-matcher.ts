// Matches Lua patterns (https://www.lua.org/manual/5.1/manual.html#5.4.1) on strings in Lua's
// memory. Lua's own matcher is replaced because nothing can end it: a pattern like `a*a*a*a*b`
// takes longer than anyone can wait, and one of thousands of `a?` overflows its stack.

import type { LuaState } from '../lua-module.ts';
import type { LuaStack } from '../lua-stack.ts';
import { isInClass } from './character-classes.ts';

const MOST_CAPTURES = 32;
/** Items of a pattern that are open at a time. */
const MOST_DEPTH = 1000;
const STEPS_PER_PIECE = 64;

const UNFINISHED = -1;
const POSITION = -2;
const NO_MATCH = -1;

const ESCAPE = 37;
const DOLLAR = 36;
const OPEN = 40;
const CLOSE = 41;
const STAR = 42;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const QUESTION = 63;
const BRACKET = 91;
const BRACKET_END = 93;
const CARET = 94;
const LOWER_B = 98;
const LOWER_F = 102;

/** One match at a time; its captures stay until the next. Positions are addresses. */
export class PatternMatcher {
  /** Captures that were closed, or are open. */
  level = 0;
  readonly #stack: LuaStack;
  readonly #starts = new Int32Array(MOST_CAPTURES);
  readonly #lengths = new Int32Array(MOST_CAPTURES);
  #L: LuaState = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #from = 0;
  #end = 0;
  #depth = 0;
  #steps = 0;

  constructor(stack: LuaStack) {
    this.#stack = stack;
  }

  /** The subject, from..end. Called again whenever Lua may have moved its memory. */
  source(L: LuaState, from: number, end: number): void {
    this.#L = L;
    this.#from = from;
    this.#end = end;
    this.#bytes = this.#stack.module.bytes;
  }

  /**
   * Matches at one position.
   * @param pattern address of the pattern, which ends with a 0
   * @returns where the match ends, or -1
   */
  match(at: number, pattern: number): number {
    this.level = 0;
    this.#depth = 0;
    return this.#match(at, pattern);
  }

  /** Pushes a capture, or the whole match s..e when there are none. */
  pushCapture(index: number, s: number, e: number): void {
    const { lua } = this.#stack;
    const L = this.#L;
    if (index >= this.level) {
      if (index !== 0) this.#raise('invalid capture index');
      lua.lua_pushlstring(L, s, e - s);
      return;
    }
    const length = this.#lengths[index]!;
    const start = this.#starts[index]!;
    if (length === UNFINISHED) this.#raise('unfinished capture');
    if (length === POSITION) lua.lua_pushnumber(L, start - this.#from + 1);
    else lua.lua_pushlstring(L, start, length);
  }

  /** Pushes all captures; the whole match s..e when there are none and s is not 0. */
  pushCaptures(s: number, e: number): number {
    const count = this.level === 0 && s !== 0 ? 1 : this.level;
    this.#stack.lua.luaL_checkstack(this.#L, count, this.#stack.constant('too many captures'));
    for (let i = 0; i < count; i++) this.pushCapture(i, s, e);
    return count;
  }

  #raise(text: string): never {
    return this.#stack.raise(this.#L, text);
  }

  #match(s: number, p: number): number {
    if (++this.#depth > MOST_DEPTH) this.#raise('pattern too complex');
    if (++this.#steps >= STEPS_PER_PIECE) this.#count(0);
    const found = this.#items(s, p);
    this.#depth--;
    return found;
  }

  /** Counts bytes that were looked at. */
  #count(bytes: number): void {
    this.#steps += bytes;
    if (this.#steps < STEPS_PER_PIECE) return;
    const pieces = Math.floor(this.#steps / STEPS_PER_PIECE);
    this.#steps = 0;
    this.#stack.work(this.#L, pieces);
  }

  /** Matches all items from p on. */
  #items(s: number, p: number): number {
    const bytes = this.#bytes;
    for (;;) {
      const item = bytes[p]!;
      if (item === 0) return s;
      if (item === OPEN) {
        return bytes[p + 1] === CLOSE
          ? this.#startCapture(s, p + 2, POSITION)
          : this.#startCapture(s, p + 1, UNFINISHED);
      }
      if (item === CLOSE) return this.#endCapture(s, p + 1);
      if (item === DOLLAR && bytes[p + 1] === 0) return s === this.#end ? s : NO_MATCH;
      if (item === ESCAPE) {
        const kind = bytes[p + 1]!;
        if (kind === LOWER_B) {
          s = this.#balanced(s, p + 2);
          if (s < 0) return NO_MATCH;
          p += 4;
          continue;
        }
        if (kind === LOWER_F) {
          p += 2;
          const end = this.#frontier(s, p);
          if (end < 0) return NO_MATCH;
          p = end;
          continue;
        }
        if (kind >= ZERO && kind <= NINE) {
          s = this.#backReference(s, kind - ZERO - 1);
          if (s < 0) return NO_MATCH;
          p += 2;
          continue;
        }
      }
      const ep = this.#itemEnd(p);
      const repeat = bytes[ep]!;
      if (repeat === STAR) return this.#mostFirst(s, p, ep);
      if (repeat === MINUS) return this.#fewestFirst(s, p, ep);
      const isHere = s < this.#end && this.#isSingle(bytes[s]!, p, ep);
      if (repeat === PLUS) return isHere ? this.#mostFirst(s + 1, p, ep) : NO_MATCH;
      if (repeat === QUESTION) {
        if (isHere) {
          const found = this.#match(s + 1, ep + 1);
          if (found >= 0) return found;
        }
        p = ep + 1;
        continue;
      }
      if (!isHere) return NO_MATCH;
      s++;
      p = ep;
    }
  }

  #startCapture(s: number, p: number, what: number): number {
    const level = this.level;
    if (level >= MOST_CAPTURES) this.#raise('too many captures');
    this.#starts[level] = s;
    this.#lengths[level] = what;
    this.level = level + 1;
    const found = this.#match(s, p);
    if (found < 0) this.level--;
    return found;
  }

  #endCapture(s: number, p: number): number {
    let level = this.level - 1;
    while (level >= 0 && this.#lengths[level] !== UNFINISHED) level--;
    if (level < 0) this.#raise('invalid pattern capture');
    this.#lengths[level] = s - this.#starts[level]!;
    const found = this.#match(s, p);
    if (found < 0) this.#lengths[level] = UNFINISHED;
    return found;
  }

  #backReference(s: number, index: number): number {
    if (index < 0 || index >= this.level || this.#lengths[index] === UNFINISHED) {
      this.#raise('invalid capture index');
    }
    const length = this.#lengths[index]!;
    const start = this.#starts[index]!;
    if (length < 0 || this.#end - s < length) return NO_MATCH;
    const bytes = this.#bytes;
    this.#count(length);
    for (let i = 0; i < length; i++) if (bytes[start + i] !== bytes[s + i]) return NO_MATCH;
    return s + length;
  }

  /** `%bxy`; p is at x. */
  #balanced(s: number, p: number): number {
    const bytes = this.#bytes;
    const open = bytes[p]!;
    const close = bytes[p + 1]!;
    if (open === 0 || close === 0) this.#raise('unbalanced pattern');
    if (bytes[s] !== open) return NO_MATCH;
    let depth = 1;
    for (let at = s + 1; at < this.#end; at++) {
      if ((at & 1023) === 0) this.#count(1024);
      const byte = bytes[at];
      if (byte === close) {
        if (--depth === 0) return at + 1;
      } else if (byte === open) {
        depth++;
      }
    }
    return NO_MATCH;
  }

  /** `%f[set]`; p is at the bracket. Returns the end of the set, or -1. */
  #frontier(s: number, p: number): number {
    const bytes = this.#bytes;
    if (bytes[p] !== BRACKET) this.#raise("missing '[' after '%f' in pattern");
    const ep = this.#itemEnd(p);
    const before = s === this.#from ? 0 : bytes[s - 1]!;
    if (this.#isInSet(before, p, ep - 1) || !this.#isInSet(bytes[s]!, p, ep - 1)) return NO_MATCH;
    return ep;
  }

  #mostFirst(s: number, p: number, ep: number): number {
    const bytes = this.#bytes;
    let at = s;
    while (at < this.#end && this.#isSingle(bytes[at]!, p, ep)) at++;
    for (; at >= s; at--) {
      const found = this.#match(at, ep + 1);
      if (found >= 0) return found;
    }
    return NO_MATCH;
  }

  #fewestFirst(s: number, p: number, ep: number): number {
    for (;;) {
      const found = this.#match(s, ep + 1);
      if (found >= 0) return found;
      if (s >= this.#end || !this.#isSingle(this.#bytes[s]!, p, ep)) return NO_MATCH;
      s++;
    }
  }

  /** Where the single-character item at p ends. */
  #itemEnd(p: number): number {
    const bytes = this.#bytes;
    const item = bytes[p++]!;
    if (item === ESCAPE) {
      if (bytes[p] === 0) this.#raise("malformed pattern (ends with '%')");
      return p + 1;
    }
    if (item !== BRACKET) return p;
    if (bytes[p] === CARET) p++;
    do {
      if (bytes[p] === 0) this.#raise("malformed pattern (missing ']')");
      if (bytes[p++] === ESCAPE && bytes[p] !== 0) p++;
    } while (bytes[p] !== BRACKET_END);
    return p + 1;
  }

  #isSingle(byte: number, p: number, ep: number): boolean {
    const item = this.#bytes[p]!;
    if (item === DOT) return true;
    if (item === ESCAPE) return isInClass(byte, this.#bytes[p + 1]!);
    return item === BRACKET ? this.#isInSet(byte, p, ep - 1) : item === byte;
  }

  /** The set from the bracket at p to the one at `end`. */
  #isInSet(byte: number, p: number, end: number): boolean {
    const bytes = this.#bytes;
    let isIn = true;
    if (bytes[p + 1] === CARET) {
      isIn = false;
      p++;
    }
    while (++p < end) {
      const item = bytes[p]!;
      if (item === ESCAPE) {
        p++;
        if (isInClass(byte, bytes[p]!)) return isIn;
      } else if (bytes[p + 1] === MINUS && p + 2 < end) {
        p += 2;
        if (item <= byte && byte <= bytes[p]!) return isIn;
      } else if (item === byte) {
        return isIn;
      }
    }
    return !isIn;
  }
}
