// The syntax of regular expressions, as RE2 and Rust's regex have it without what needs going back:
// literals, `.`, classes, `\d \w \s \b` and their opposites, groups, `|`, `* + ? {m,n}`, `^ $`, and
// `(?i)` at the beginning. Null: it is not valid.

export type RegexTree =
  | { readonly kind: 'test'; readonly test: (point: number) => boolean }
  | { readonly kind: 'assertion'; readonly assertion: 'start' | 'end' | 'word' | 'noword' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly RegexTree[] }
  | {
      readonly kind: 'repeat';
      readonly part: RegexTree;
      readonly least: number;
      readonly most: number;
    };

const MOST_LENGTH = 4096;
const MOST_DEPTH = 64;
const MOST_REPEATS = 1000;

class Invalid extends Error {}

export function parseRegex(source: string): RegexTree | null {
  if (source.length > MOST_LENGTH) return null;
  try {
    return new RegexParser(source).all();
  } catch (error) {
    if (error instanceof Invalid) return null;
    throw error;
  }
}

type Test = (point: number) => boolean;

const CLASSES: Readonly<Record<string, Test>> = {
  d: (point) => point >= 48 && point <= 57,
  w: isWord,
  s: (point) => point === 32 || (point >= 9 && point <= 13),
};
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7 };

class RegexParser {
  readonly #points: readonly string[];
  #at = 0;
  #depth = 0;
  #ignoresCase = false;

  constructor(source: string) {
    this.#points = [...source];
  }

  all(): RegexTree {
    if (this.#takeAll('(?i)')) this.#ignoresCase = true;
    const tree = this.#choice();
    if (this.#at < this.#points.length) throw new Invalid();
    return tree;
  }

  #choice(): RegexTree {
    if (++this.#depth > MOST_DEPTH) throw new Invalid();
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #sequence(): RegexTree {
    const parts: RegexTree[] = [];
    for (let next = this.#next; next !== undefined && next !== '|' && next !== ')'; ) {
      parts.push(this.#repeated(this.#atom()));
      next = this.#next;
    }
    return { kind: 'sequence', parts };
  }

  #repeated(atom: RegexTree): RegexTree {
    let part = atom;
    for (let nested = 0; ; nested++) {
      let least = 0;
      let most = Infinity;
      if (this.#take('+')) least = 1;
      else if (this.#take('?')) most = 1;
      else if (this.#next === '{') [least, most] = this.#counts();
      else if (!this.#take('*')) return part;
      // Whether as few as possible are taken makes no difference to whether there is a match.
      this.#take('?');
      if (nested > 2) throw new Invalid();
      part = { kind: 'repeat', part, least, most };
    }
  }

  #counts(): [number, number] {
    const end = this.#points.indexOf('}', this.#at);
    if (end < 0) throw new Invalid();
    const found = /^(\d{1,4})(?:(,)(\d{1,4})?)?$/.exec(
      this.#points.slice(this.#at + 1, end).join(''),
    );
    if (found === null) throw new Invalid();
    this.#at = end + 1;
    const least = Number(found[1]);
    const open = found[2] === undefined ? least : Infinity;
    const most = found[3] === undefined ? open : Number(found[3]);
    if (most < least || least > MOST_REPEATS) throw new Invalid();
    if (most !== Infinity && most > MOST_REPEATS) throw new Invalid();
    return [least, most];
  }

  #atom(): RegexTree {
    const character = this.#points[this.#at++]!;
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'test', test: this.#class() };
      case '.':
        return { kind: 'test', test: (point) => point !== 10 };
      case '^':
        return { kind: 'assertion', assertion: 'start' };
      case '$':
        return { kind: 'assertion', assertion: 'end' };
      case '\\':
        return this.#escaped();
      case '*':
      case '+':
      case '?':
      case '{':
        throw new Invalid();
      default:
        return this.#literal(character.codePointAt(0)!);
    }
  }

  #group(): RegexTree {
    if (this.#take('?')) {
      if (!this.#take(':')) throw new Invalid();
    }
    const tree = this.#choice();
    if (!this.#take(')')) throw new Invalid();
    return tree;
  }

  #literal(point: number): RegexTree {
    return { kind: 'test', test: this.#range(point, point) };
  }

  #escaped(): RegexTree {
    const character = this.#next ?? '';
    if (character === 'b' || character === 'B') {
      this.#at++;
      return { kind: 'assertion', assertion: character === 'b' ? 'word' : 'noword' };
    }
    if (character === 'A' || character === 'z') {
      this.#at++;
      return { kind: 'assertion', assertion: character === 'A' ? 'start' : 'end' };
    }
    const test = this.#classEscape();
    return test === null ? this.#literal(this.#pointEscape()) : { kind: 'test', test };
  }

  /** `\d` and its like; null: it is another escape. */
  #classEscape(): Test | null {
    const character = this.#next ?? '';
    const test = CLASSES[character.toLowerCase()];
    if (test === undefined) return null;
    this.#at++;
    return character === character.toLowerCase() ? test : (point) => !test(point);
  }

  /** One character behind a backslash. */
  #pointEscape(): number {
    const character = this.#points[this.#at++];
    if (character === undefined) throw new Invalid();
    const control = CONTROLS[character];
    if (control !== undefined) return control;
    if (character === 'x' || character === 'u') {
      const digits = character === 'x' ? 2 : 4;
      const hex = this.#points.slice(this.#at, this.#at + digits).join('');
      if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) throw new Invalid();
      this.#at += digits;
      return Number.parseInt(hex, 16);
    }
    if (/[A-Za-z0-9]/.test(character)) throw new Invalid();
    return character.codePointAt(0)!;
  }

  /** What is between brackets. */
  #class(): Test {
    const isNegated = this.#take('^');
    const tests: Test[] = [];
    for (let isFirst = true; ; isFirst = false) {
      const character = this.#points[this.#at++];
      if (character === undefined) throw new Invalid();
      if (character === ']' && !isFirst) break;
      if (character === '[') throw new Invalid();
      const named = character === '\\' ? this.#classEscape() : null;
      if (named !== null) {
        tests.push(named);
        continue;
      }
      const from = character === '\\' ? this.#pointEscape() : character.codePointAt(0)!;
      tests.push(this.#range(from, this.#upTo(from)));
    }
    return (point) => tests.some((test) => test(point)) !== isNegated;
  }

  /** The end of a range of characters that begins with one. */
  #upTo(from: number): number {
    if (this.#next !== '-' || this.#points[this.#at + 1] === ']') return from;
    this.#at++;
    const character = this.#points[this.#at++];
    if (character === undefined) throw new Invalid();
    const to = character === '\\' ? this.#pointEscape() : character.codePointAt(0)!;
    if (to < from) throw new Invalid();
    return to;
  }

  #range(from: number, to: number): Test {
    const isWithin: Test = (point) => point >= from && point <= to;
    if (!this.#ignoresCase) return isWithin;
    return (point) => {
      if (isWithin(point)) return true;
      const character = String.fromCodePoint(point);
      const lower = character.toLowerCase().codePointAt(0)!;
      return isWithin(lower) || isWithin(character.toUpperCase().codePointAt(0)!);
    };
  }

  get #next(): string | undefined {
    return this.#points[this.#at];
  }

  #take(character: string): boolean {
    if (this.#next !== character) return false;
    this.#at++;
    return true;
  }

  #takeAll(text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      if (this.#points[this.#at + i] !== text[i]) return false;
    }
    this.#at += text.length;
    return true;
  }
}

/** Of `\w`. */
export function isWord(point: number | undefined): boolean {
  if (point === undefined) return false;
  const isLetter = (point | 32) >= 97 && (point | 32) <= 122;
  return isLetter || (point >= 48 && point <= 57) || point === 95;
}
