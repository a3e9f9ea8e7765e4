// What becomes of the names in a Lua script, by one look at its tokens: which are set, and how
// often, which are parameters or variables of loops. Linear in their number, whatever they are.

import type { LuaToken } from './lua-tokens.ts';

const OPENS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

export class LuaNames {
  readonly tokens: readonly LuaToken[];
  /** Of a bracket the index of the one it belongs to; the end, or -1, when there is none. */
  readonly match: Int32Array;
  /** Indexes where a name is in the head of a function. */
  readonly parameterAt = new Set<number>();
  /** Where each name is mentioned. */
  readonly mentions = new Map<string, number[]>();
  /** How often each name is set, or something in what it names. */
  readonly #sets = new Map<string, number>();
  /** Names that are parameters, variables of loops, or functions. */
  readonly #bound = new Set<string>();
  readonly #declared = new Set<string>();

  constructor(tokens: readonly LuaToken[]) {
    this.tokens = tokens;
    this.match = matches(tokens);
    for (const [i, { kind, text }] of tokens.entries()) {
      if (kind !== 'name') {
        if (this.isAt(i, '=')) this.#noteTargets(i);
        continue;
      }
      const mentions = this.mentions.get(text);
      if (mentions === undefined) this.mentions.set(text, [i]);
      else mentions.push(i);
      if (text === 'function') this.#noteParameters(i);
      else if (text === 'for') this.#noteList(i + 1, this.#bound);
      else if (text === 'local') this.#noteList(i + 1, this.#declared);
    }
  }

  /** True for a token that is no string and reads so. */
  isAt(i: number, text: string): boolean {
    const token = this.tokens[i];
    return token !== undefined && token.kind !== 'string' && token.text === text;
  }

  /** The text of a name at an index, '': there is none. */
  nameAt(i: number): string {
    const token = this.tokens[i];
    return token?.kind === 'name' ? token.text : '';
  }

  /** Behind the bracket that belongs to the one at `i`. */
  behind(i: number): number {
    return Math.min(this.match[i]! + 1, this.tokens.length);
  }

  isSet(name: string): boolean {
    return this.#sets.has(name);
  }

  /** True for a name that has one value from when it is set. */
  isSetOnce(name: string): boolean {
    return this.#sets.get(name) === 1 && !this.#bound.has(name);
  }

  /** True for a name that nobody gives another meaning. */
  isOriginal(name: string): boolean {
    return !this.#sets.has(name) && !this.#bound.has(name) && !this.#declared.has(name);
  }

  /** Names that are set by the sign at `i`: those before it, back to where no comma goes on. */
  #noteTargets(i: number): void {
    let at = i - 1;
    for (;;) {
      while (this.isAt(at, ']') || this.isAt(at, ')')) at = this.match[at]! - 1;
      const name = this.nameAt(at);
      if (name === '') return;
      this.#sets.set(name, (this.#sets.get(name) ?? 0) + 1);
      const goesOn = this.isAt(at - 1, ',') || this.isAt(at - 1, '.') || this.isAt(at - 1, ':');
      if (!goesOn) return;
      at -= 2;
    }
  }

  /** The name and the parameters of a function that begins at `i`. */
  #noteParameters(i: number): void {
    let at = i + 1;
    for (; !this.isAt(at, 'function'); at++) {
      if (this.nameAt(at) !== '') this.#bound.add(this.nameAt(at));
      else if (!this.isAt(at, '.') && !this.isAt(at, ':')) break;
    }
    if (!this.isAt(at, '(')) return;
    const end = this.match[at]!;
    for (let each = at + 1; each < end; each++) {
      if (this.nameAt(each) === '') continue;
      this.#bound.add(this.nameAt(each));
      this.parameterAt.add(each);
    }
  }

  #noteList(from: number, into: Set<string>): void {
    for (let at = from; this.nameAt(at) !== ''; at += 2) {
      into.add(this.nameAt(at));
      if (!this.isAt(at + 1, ',')) return;
    }
  }
}

function matches(tokens: readonly LuaToken[]): Int32Array {
  const match = new Int32Array(tokens.length).fill(-1);
  const open: Record<string, number[]> = { '(': [], '[': [], '{': [] };
  for (const [i, { kind, text }] of tokens.entries()) {
    if (kind !== 'operator') continue;
    if (text in open) {
      open[text]!.push(i);
      match[i] = tokens.length;
    } else if (text in OPENS) {
      const at = open[OPENS[text]!]!.pop();
      if (at === undefined) continue;
      match[at] = i;
      match[i] = at;
    }
  }
  return match;
}
