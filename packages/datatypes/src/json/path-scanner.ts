// The characters of a path: words, strings and numbers out of it. What they mean is for the parser.

import { JsonPathError } from './path-query.ts';

/** Brackets of all kinds within each other, at most. */
const MOST_DEPTH = 64;

const SHORTHAND = /[^\s.[\]()'"*,@?!&|<>=\\{}]+/uy;
const INTEGER = /-?\d+/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const WORD = /[a-z][a-z_0-9]*/y;
const SPACE = /[ \t\r\n]*/y;

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '/': '/', '\\': '\\', "'": "'", '"': '"' },
};

export class PathScanner {
  readonly #text: string;
  at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#text.length;
  }

  fail(): never {
    const text = this.#text;
    const at = Math.min(this.at, text.length);
    const marked =
      at === text.length ? `${text} <<<<----` : `${text.slice(0, at)} ---->>>> ${text.slice(at)}`;
    const clean = marked.replace(/[\r\n]/g, ' ');
    throw new JsonPathError(`Error occurred on position ${at}, "${clean}", parsing error.`);
  }

  isAhead(text: string): boolean {
    return this.#text.startsWith(text, this.at);
  }

  take(text: string): boolean {
    if (!this.isAhead(text)) return false;
    this.at += text.length;
    return true;
  }

  expect(text: string): void {
    if (!this.take(text)) this.fail();
  }

  skipSpace(): void {
    this.#match(SPACE);
  }

  /** To be called on the way down, and `leave` on the way up. */
  enter(): void {
    if (++this.#depth > MOST_DEPTH) this.fail();
  }

  leave(): void {
    this.#depth--;
  }

  /** A name without quotes. */
  shorthand(): string {
    return this.#match(SHORTHAND) ?? this.fail();
  }

  get isIntegerAhead(): boolean {
    const character = this.#text[this.at] ?? '';
    return character === '-' || (character >= '0' && character <= '9');
  }

  integer(): number {
    const from = this.at;
    const value = Number(this.#match(INTEGER) ?? this.fail());
    if (Number.isSafeInteger(value)) return value + 0;
    this.at = from;
    return this.fail();
  }

  /** The text of a number as JSON has it; null: there is none. */
  number(): string | null {
    return this.#match(NUMBER);
  }

  /** A word in lower case; null: there is none. */
  word(): string | null {
    return this.#match(WORD);
  }

  /** A string in single or double quotes, with JSON's escapes. */
  string(): string {
    const text = this.#text;
    const quote = text[this.at]!;
    let value = '';
    this.at++;
    for (;;) {
      const character = text[this.at];
      if (character === undefined) this.fail();
      this.at++;
      if (character === quote) return value;
      value += character === '\\' ? this.#escape() : character;
    }
  }

  /** Unknown escapes stay as they are: patterns are full of them. */
  #escape(): string {
    const character = this.#text[this.at++];
    if (character === undefined) return this.fail();
    if (character === 'u') {
      const hex = this.#text.slice(this.at, this.at + 4);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) return this.fail();
      this.at += 4;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    return ESCAPES[character] ?? `\\${character}`;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.at += found[0].length;
    return found[0];
  }
}
