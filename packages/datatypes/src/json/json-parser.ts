// JSON text to values, RFC 8259 to the letter: no comments, no trailing commas, valid UTF-8. What
// is wrong is said in the words of serde_json, as clients of RedisJSON know them. Depth is
// bounded; nothing is allocated that the text does not have bytes for.

import { isUtf8 } from 'node:buffer';
import {
  JsonArray,
  JsonNumber,
  JsonObject,
  type JsonValue,
  MOST_JSON_DEPTH,
  numberOf,
  pushItem,
  putMember,
} from './json-value.ts';

/** Why a text is no JSON. */
export class JsonSyntaxError extends Error {}

/** What a record has in place of a container that has records of its own: this byte, a letter
 * for its kind and the number of it. No JSON text has this byte outside of a string. */
export const REFERENCE = 1;
/** Makes the container that a reference stands for. */
export type ResolveReference = (isArray: boolean, id: number) => JsonValue;

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const LINE_FEED = 10;

/** Bytes of strings that are looked for among those met lately. */
const MOST_SHARED = 24;
const SHARED_STRINGS = 1024;
const recent: (string | undefined)[] = new Array(SHARED_STRINGS).fill(undefined);

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
  [47, '/'],
  [98, '\b'],
  [102, '\f'],
  [110, '\n'],
  [114, '\r'],
  [116, '\t'],
]);

/**
 * Reads a text that is one value.
 * @throws JsonSyntaxError
 */
export function parseJson(bytes: Buffer, offset = 0, length = bytes.length - offset): JsonValue {
  const parser = new JsonParser(bytes, offset, length);
  const value = parser.value(0);
  parser.end();
  return value;
}

export class JsonParser {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  #at: number;
  readonly #resolve: ResolveReference | null;

  constructor(
    bytes: Buffer,
    offset: number,
    length: number,
    resolve: ResolveReference | null = null,
  ) {
    this.#bytes = bytes;
    this.#start = offset;
    this.#at = offset;
    this.#end = offset + length;
    this.#resolve = resolve;
    if (!isUtf8(bytes.subarray(offset, offset + length))) this.#fail('invalid UTF-8');
  }

  /** Says that nothing may follow. */
  end(): void {
    this.#space();
    if (this.#at < this.#end) this.#fail('trailing characters');
  }

  /** True when all was read. */
  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Goes over a comma. */
  comma(): void {
    this.#space();
    if (this.#bytes[this.#at] !== COMMA || this.isAtEnd) this.#fail('expected `,`');
    this.#at++;
  }

  /** Reads a name and the colon behind it. */
  name(): string {
    if (this.#peek('an object') !== QUOTE) this.#fail('key must be a string');
    const name = this.#string();
    if (this.#peek('an object') !== COLON) this.#fail('expected `:`');
    this.#at++;
    return name;
  }

  /** Reads a value within so many containers. */
  value(depth: number): JsonValue {
    const byte = this.#peek('a value');
    switch (byte) {
      case QUOTE:
        return this.#string();
      case OPEN_BRACE:
        return this.#object(depth + 1);
      case OPEN_BRACKET:
        return this.#array(depth + 1);
      case 116:
        return this.#word('true', true);
      case 102:
        return this.#word('false', false);
      case 110:
        return this.#word('null', null);
      case REFERENCE:
        return this.#reference();
      default:
        if (byte === MINUS || isDigit(byte)) return this.#number();
        return this.#fail('expected value');
    }
  }

  #array(depth: number): JsonArray {
    const array = new JsonArray();
    this.#enter(depth);
    if (this.#peek('a list') === CLOSE_BRACKET) {
      this.#at++;
      return array;
    }
    for (;;) {
      pushItem(array, this.value(depth));
      const byte = this.#peek('a list');
      if (byte !== COMMA && byte !== CLOSE_BRACKET) this.#fail('expected `,` or `]`');
      this.#at++;
      if (byte === CLOSE_BRACKET) return array;
      if (this.#peek('a value') === CLOSE_BRACKET) this.#fail('trailing comma');
    }
  }

  #object(depth: number): JsonObject {
    const object = new JsonObject();
    this.#enter(depth);
    if (this.#peek('an object') === CLOSE_BRACE) {
      this.#at++;
      return object;
    }
    for (;;) {
      const name = this.name();
      putMember(object, name, this.value(depth));
      const byte = this.#peek('an object');
      if (byte !== COMMA && byte !== CLOSE_BRACE) this.#fail('expected `,` or `}`');
      this.#at++;
      if (byte === CLOSE_BRACE) return object;
      if (this.#peek('a value') === CLOSE_BRACE) this.#fail('trailing comma');
    }
  }

  #enter(depth: number): void {
    if (depth > MOST_JSON_DEPTH) this.#fail('recursion limit exceeded');
    this.#at++;
  }

  #word<T>(word: string, value: T): T {
    for (let i = 1; i < word.length; i++) {
      if (this.#at + i >= this.#end) {
        this.#at = this.#end;
        return this.#fail('EOF while parsing a value');
      }
      if (this.#bytes[this.#at + i] !== word.charCodeAt(i)) {
        this.#at += i;
        return this.#fail('expected ident');
      }
    }
    this.#at += word.length;
    return value;
  }

  #number(): number | JsonNumber {
    const bytes = this.#bytes;
    const begin = this.#at;
    let at = begin;
    if (bytes[at] === MINUS) at++;
    const first = at;
    let integer = 0;
    for (; at < this.#end && isDigit(bytes[at]!); at++) integer = integer * 10 + bytes[at]! - ZERO;
    if (at === first) this.#failAt(at, 'number');
    if (bytes[first] === ZERO && at > first + 1) this.#failAt(first + 1, 'number');
    const next = at < this.#end ? bytes[at]! : 0;
    if (next !== POINT && next !== 101 && next !== 69) {
      this.#at = at;
      // Fifteen digits are exact.
      if (at - first <= 15 && (integer !== 0 || first === begin)) {
        return first === begin ? integer : -integer;
      }
    } else {
      this.#at = this.#fraction(at);
    }
    const text = bytes.toString('latin1', begin, this.#at);
    const number = numberOf(text);
    if (number instanceof JsonNumber && !Number.isFinite(Number(text))) {
      this.#fail('number out of range');
    }
    return number;
  }

  /** Goes over a point, digits, an exponent. */
  #fraction(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    if (bytes[at] === POINT) at = this.#digits(at + 1);
    if (at < this.#end && (bytes[at] === 101 || bytes[at] === 69)) {
      at++;
      if (at < this.#end && (bytes[at] === MINUS || bytes[at] === 43)) at++;
      at = this.#digits(at);
    }
    return at;
  }

  #digits(from: number): number {
    let at = from;
    while (at < this.#end && isDigit(this.#bytes[at]!)) at++;
    if (at === from) this.#failAt(at, 'number');
    return at;
  }

  #failAt(at: number, what: string): never {
    this.#at = at;
    if (at >= this.#end) return this.#fail('EOF while parsing a value');
    return this.#fail(`invalid ${what}`);
  }

  #string(): string {
    const bytes = this.#bytes;
    const begin = this.#at + 1;
    let isAscii = true;
    let hash = 0;
    let at = begin;
    for (; at < this.#end; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.#at = at + 1;
        if (isAscii && at - begin <= MOST_SHARED) return shared(bytes, begin, at, hash);
        return isAscii ? bytes.toString('latin1', begin, at) : bytes.toString('utf8', begin, at);
      }
      if (byte === BACKSLASH) return this.#escaped(begin, at);
      if (byte < 32) return this.#control(at);
      if (byte > 127) isAscii = false;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    this.#at = this.#end;
    return this.#fail('EOF while parsing a string');
  }

  #control(at: number): never {
    this.#at = at;
    return this.#fail('control character (\\u0000-\\u001F) found while parsing a string');
  }

  #escaped(begin: number, firstAt: number): string {
    const bytes = this.#bytes;
    const parts: string[] = [];
    let from = begin;
    let at = firstAt;
    while (at < this.#end) {
      const byte = bytes[at]!;
      if (byte < 32) return this.#control(at);
      if (byte !== QUOTE && byte !== BACKSLASH) {
        at++;
        continue;
      }
      parts.push(bytes.toString('utf8', from, at));
      this.#at = at + 1;
      if (byte === QUOTE) return parts.join('');
      parts.push(this.#escape());
      from = this.#at;
      at = from;
    }
    this.#at = this.#end;
    return this.#fail('EOF while parsing a string');
  }

  /** Reads what is behind a backslash. */
  #escape(): string {
    if (this.#at >= this.#end) this.#fail('EOF while parsing a string');
    const byte = this.#bytes[this.#at++]!;
    if (byte !== 117) return ESCAPES.get(byte) ?? this.#fail('invalid escape');
    const unit = this.#hex();
    if (unit >= 0xdc00 && unit <= 0xdfff) this.#fail('lone leading surrogate in hex escape');
    if (unit < 0xd800 || unit > 0xdbff) return String.fromCharCode(unit);
    const bytes = this.#bytes;
    if (bytes[this.#at] !== BACKSLASH || bytes[this.#at + 1] !== 117 || this.#at + 2 > this.#end) {
      this.#fail('unexpected end of hex escape');
    }
    this.#at += 2;
    const low = this.#hex();
    if (low < 0xdc00 || low > 0xdfff) this.#fail('lone leading surrogate in hex escape');
    return String.fromCharCode(unit, low);
  }

  #hex(): number {
    if (this.#at + 4 > this.#end) {
      this.#at = this.#end;
      this.#fail('EOF while parsing a string');
    }
    const text = this.#bytes.toString('latin1', this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(text)) this.#fail('invalid escape');
    this.#at += 4;
    return Number.parseInt(text, 16);
  }

  #reference(): JsonValue {
    if (this.#resolve === null) return this.#fail('expected value');
    const isArray = this.#bytes[this.#at + 1] === OPEN_BRACKET;
    if (!isArray && this.#bytes[this.#at + 1] !== OPEN_BRACE) this.#fail('expected value');
    const begin = this.#at + 2;
    let at = begin;
    while (at < this.#end && isDigit(this.#bytes[at]!)) at++;
    const id = Number(this.#bytes.toString('latin1', begin, at));
    if (at === begin || id > 0xffffffff) this.#fail('expected value');
    this.#at = at;
    return this.#resolve(isArray, id);
  }

  /** The next byte that is no space. */
  #peek(within: string): number {
    this.#space();
    if (this.#at >= this.#end) this.#fail(`EOF while parsing ${within}`);
    return this.#bytes[this.#at]!;
  }

  #space(): void {
    const bytes = this.#bytes;
    while (this.#at < this.#end) {
      const byte = bytes[this.#at]!;
      if (byte !== 32 && byte !== LINE_FEED && byte !== 13 && byte !== 9) return;
      this.#at++;
    }
  }

  #fail(why: string): never {
    let line = 1;
    let lineAt = this.#start;
    const at = Math.min(this.#at, this.#end);
    for (let i = this.#start; i < at; i++) {
      if (this.#bytes[i] !== LINE_FEED) continue;
      line++;
      lineAt = i + 1;
    }
    const column = at - lineAt + (at < this.#end ? 1 : 0);
    throw new JsonSyntaxError(`${why} at line ${line} column ${column}`);
  }
}

/** The string of ASCII bytes; names come again and again, so those met lately are at hand. */
function shared(bytes: Buffer, begin: number, end: number, hash: number): string {
  const slot = (hash ^ (hash >>> 11)) & (SHARED_STRINGS - 1);
  const known = recent[slot];
  if (known !== undefined && isText(known, bytes, begin, end)) return known;
  const text = bytes.toString('latin1', begin, end);
  recent[slot] = text;
  return text;
}

function isText(text: string, bytes: Buffer, begin: number, end: number): boolean {
  if (text.length !== end - begin) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[begin + i]) return false;
  return true;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
