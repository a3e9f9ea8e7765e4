// JSON text without values made of it: a text that comes in is checked and written without spaces,
// and in such a text the place of a value is found by going over the bytes. Both give up on what is
// rare, and then the parser and the evaluator do it, which also know what to say about errors.

import { isUtf8 } from 'node:buffer';
import { invariant } from '@forgekv/base';
import { MOST_JSON_DEPTH } from './json-value.ts';
import type { PathQuery } from './path-query.ts';

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Names in an object, and in all that are open. */
const MOST_NAMES = 64;
const MOST_OPEN_NAMES = 1024;
/** Digits of a number that needs no look at what it is. */
const MOST_DIGITS = 300;

const WORDS: ReadonlyMap<number, Buffer> = new Map([
  [116, Buffer.from('true')],
  [102, Buffer.from('false')],
  [110, Buffer.from('null')],
]);

/** Bytes behind a backslash that are written in no other way. */
const PLAIN_ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\bfnrt'));

/** One per thread. */
class Compactor {
  readonly #names = new Int32Array(MOST_OPEN_NAMES);
  #nameCount = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #into: Buffer = Buffer.alloc(0);
  #written = 0;

  /**
   * Writes a text without spaces into a buffer that has room for it.
   * @returns its length, or -1: it is no JSON, or not as simple as this wants it
   */
  compact(bytes: Buffer, offset: number, length: number, into: Buffer): number {
    this.#bytes = bytes;
    this.#at = offset;
    this.#end = offset + length;
    this.#into = into;
    this.#written = 0;
    this.#nameCount = 0;
    if (!isUtf8(bytes.subarray(offset, offset + length))) return -1;
    const isRight = this.#value(1);
    this.#space();
    return isRight && this.#at === this.#end ? this.#written : -1;
  }

  #value(depth: number): boolean {
    this.#space();
    if (this.#at >= this.#end) return false;
    const byte = this.#bytes[this.#at]!;
    if (byte === QUOTE) return this.#string() >= 0;
    if (byte === OPEN_BRACE) return depth <= MOST_JSON_DEPTH && this.#object(depth);
    if (byte === OPEN_BRACKET) return depth <= MOST_JSON_DEPTH && this.#array(depth);
    if (byte === 45 || (byte >= 48 && byte <= 57)) return this.#number();
    const word = WORDS.get(byte);
    if (word === undefined || this.#at + word.length > this.#end) return false;
    for (let i = 0; i < word.length; i++) if (!this.#take(word[i]!)) return false;
    return true;
  }

  #array(depth: number): boolean {
    this.#take(OPEN_BRACKET);
    this.#space();
    if (this.#take(CLOSE_BRACKET)) return true;
    for (;;) {
      if (!this.#value(depth + 1)) return false;
      this.#space();
      if (this.#take(CLOSE_BRACKET)) return true;
      if (!this.#take(COMMA)) return false;
    }
  }

  #object(depth: number): boolean {
    const firstName = this.#nameCount;
    this.#take(OPEN_BRACE);
    this.#space();
    if (this.#take(CLOSE_BRACE)) return true;
    for (;;) {
      this.#space();
      if (this.#bytes[this.#at] !== QUOTE || this.#at >= this.#end) return false;
      const hash = this.#string();
      if (hash < 0 || !this.#isNew(hash, firstName)) return false;
      this.#space();
      if (!this.#take(COLON) || !this.#value(depth + 1)) return false;
      this.#space();
      if (this.#take(CLOSE_BRACE)) {
        this.#nameCount = firstName;
        return true;
      }
      if (!this.#take(COMMA)) return false;
    }
  }

  /** False when there may be a member of the name; two names may have one hash. */
  #isNew(hash: number, firstName: number): boolean {
    const count = this.#nameCount;
    if (count - firstName >= MOST_NAMES || count >= MOST_OPEN_NAMES) return false;
    for (let i = firstName; i < count; i++) if (this.#names[i] === hash) return false;
    this.#names[this.#nameCount++] = hash;
    return true;
  }

  /** Returns a hash of the string, below 0: it is not plain. */
  #string(): number {
    const bytes = this.#bytes;
    const into = this.#into;
    let at = this.#at + 1;
    let written = this.#written;
    into[written++] = QUOTE;
    let hash = 7;
    while (at < this.#end) {
      const byte = bytes[at++]!;
      if (byte < 32) return -1;
      into[written++] = byte;
      if (byte === QUOTE) {
        this.#at = at;
        this.#written = written;
        return hash & 0x7fffffff;
      }
      hash = (Math.imul(hash, 31) + byte) | 0;
      if (byte !== BACKSLASH) continue;
      const escaped = at < this.#end ? bytes[at++]! : 0;
      if (!PLAIN_ESCAPES.has(escaped)) return -1;
      into[written++] = escaped;
      hash = (Math.imul(hash, 31) + escaped) | 0;
    }
    return -1;
  }

  /** Without an exponent: those may be too large. */
  #number(): boolean {
    const bytes = this.#bytes;
    const begin = this.#at;
    this.#take(45);
    const first = this.#at;
    const digits = this.#digits();
    if (digits === 0 || (digits > 1 && bytes[first] === 48)) return false;
    if (this.#take(46) && this.#digits() === 0) return false;
    const next = this.#at < this.#end ? bytes[this.#at]! | 32 : 0;
    return next !== 101 && this.#at - begin <= MOST_DIGITS;
  }

  #digits(): number {
    const begin = this.#at;
    while (this.#at < this.#end) {
      const byte = this.#bytes[this.#at]!;
      if (byte < 48 || byte > 57) break;
      this.#into[this.#written++] = byte;
      this.#at++;
    }
    return this.#at - begin;
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte || this.#at >= this.#end) return false;
    this.#into[this.#written++] = byte;
    this.#at++;
    return true;
  }

  #space(): void {
    const bytes = this.#bytes;
    while (this.#at < this.#end) {
      const byte = bytes[this.#at]!;
      if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) return;
      this.#at++;
    }
  }
}

export const jsonCompactor = new Compactor();

// What findInText has found: from where up to where the text of the value is.
export const foundText = { begin: 0, end: 0 };

/** The keys of a query as a text has them; null: it is none that is looked for there. */
const written = new WeakMap<PathQuery, readonly (Buffer | number)[] | null>();

function keysOf(query: PathQuery): readonly (Buffer | number)[] | null {
  const known = written.get(query);
  if (known !== undefined) return known;
  const keys: (Buffer | number)[] = [];
  for (const { selectors } of query.segments) {
    const selector = selectors[0]!;
    if (selector.kind === 'name') keys.push(Buffer.from(JSON.stringify(selector.name)));
    else if (selector.kind === 'index') keys.push(selector.index);
  }
  const isPlain = query.isStatic && !keys.some((key) => typeof key === 'number' && key < 0);
  written.set(query, isPlain ? keys : null);
  return isPlain ? keys : null;
}

/**
 * Finds what a path leads to in a text without spaces, and leaves it in `foundText`.
 * @returns 1, 0: there is nothing, or -1: this is not the way to find it
 */
export function findInText(
  query: PathQuery,
  bytes: Buffer,
  offset: number,
  length: number,
): number {
  const keys = keysOf(query);
  if (keys === null) return -1;
  let at = offset;
  for (const key of keys) {
    at = typeof key === 'number' ? itemAt(bytes, at, key) : memberAt(bytes, at, key);
    if (at < 0) return 0;
  }
  foundText.begin = at;
  foundText.end = keys.length === 0 ? offset + length : skipValue(bytes, at);
  return 1;
}

/** Where the value of a member begins; below 0: there is none. */
function memberAt(bytes: Buffer, object: number, name: Buffer): number {
  if (bytes[object] !== OPEN_BRACE || bytes[object + 1] === CLOSE_BRACE) return -1;
  for (let at = object + 1; ; at++) {
    const end = skipString(bytes, at);
    if (end - at === name.length && isThere(bytes, at, name)) return end + 1;
    at = skipValue(bytes, end + 1);
    if (bytes[at] !== COMMA) return -1;
  }
}

function isThere(bytes: Buffer, at: number, name: Buffer): boolean {
  for (let i = 1; i < name.length; i++) if (bytes[at + i] !== name[i]) return false;
  return true;
}

function itemAt(bytes: Buffer, array: number, index: number): number {
  if (bytes[array] !== OPEN_BRACKET || bytes[array + 1] === CLOSE_BRACKET) return -1;
  let at = array + 1;
  for (let i = 0; i < index; i++) {
    at = skipValue(bytes, at);
    if (bytes[at] !== COMMA) return -1;
    at++;
  }
  return at;
}

/** Behind the string that begins at a quote. */
function skipString(bytes: Buffer, from: number): number {
  let at = from + 1;
  for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[at]) {
    invariant(byte !== undefined, 'a text ends its strings');
    at += byte === BACKSLASH ? 2 : 1;
  }
  return at + 1;
}

/** Behind a value. */
function skipValue(bytes: Buffer, from: number): number {
  let at = from;
  let depth = 0;
  for (;;) {
    const byte = bytes[at];
    invariant(byte !== undefined, 'a text ends its containers');
    if (byte === QUOTE) {
      at = skipString(bytes, at);
      if (depth === 0) return at;
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      // Of what is around a scalar.
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (byte === COMMA && depth === 0) return at;
    at++;
  }
}
