// Regular expressions of filters, in time linear in the text: the set of all states a
// nondeterministic automaton may be in goes over the text once. Source: K. Thompson, "Regular
// Expression Search Algorithm", CACM 1968. No captures, no back references, no look-around.

import { isWord, parseRegex, type RegexTree } from './regex-parser.ts';

/** States of an automaton, at most: repetitions with counts multiply them. */
const MOST_STATES = 2048;
const MOST_COMPILED = 64;

type Test = (point: number) => boolean;

/** One of the automaton: what it goes over, and where it leads. */
interface State {
  /** Null: nothing, it goes on at once. */
  readonly test: Test | null;
  readonly assertion: 'start' | 'end' | 'word' | 'noword' | null;
  next: number;
  /** A second way on; below 0: none. */
  other: number;
}

class TooLarge extends Error {}

export class Regex {
  readonly #states: State[] = [];
  readonly #first: number;
  readonly #last: number;

  /** @throws RangeError when it is too large */
  constructor(tree: RegexTree) {
    this.#last = this.#add(null, null, -1);
    this.#first = this.#build(tree, this.#last);
  }

  /** How many states it has: what a match costs for each character, at most. */
  get size(): number {
    return this.#states.length;
  }

  /** True when the text, or without `isWhole` a part of it, is what the expression describes. */
  matches(text: string, isWhole: boolean): boolean {
    const states = this.#states;
    const points = Uint32Array.from(text, (character) => character.codePointAt(0)!);
    const seen = new Int32Array(states.length).fill(-1);
    let current: number[] = [];
    for (let at = 0; ; at++) {
      if (at === 0 || !isWhole) this.#follow(this.#first, current, seen, points, at);
      const isMatch = seen[this.#last] === at;
      if (isMatch && (!isWhole || at === points.length)) return true;
      if (at === points.length || (isWhole && current.length === 0)) return false;
      const next: number[] = [];
      for (const state of current) {
        const { test, next: to } = states[state]!;
        if (test?.(points[at]!)) this.#follow(to, next, seen, points, at + 1);
      }
      current = next;
    }
  }

  /** Adds what can be reached from a state without going on in the text. */
  #follow(from: number, into: number[], seen: Int32Array, points: Uint32Array, at: number): void {
    const stack = [from];
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      if (seen[index] === at) continue;
      const { test, assertion, next, other } = this.#states[index]!;
      if (assertion !== null && !holds(assertion, points, at)) continue;
      seen[index] = at;
      if (test !== null) into.push(index);
      else {
        if (next >= 0) stack.push(next);
        if (other >= 0) stack.push(other);
      }
    }
  }

  #add(test: Test | null, assertion: State['assertion'], next: number, other = -1): number {
    if (this.#states.length >= MOST_STATES) throw new TooLarge();
    this.#states.push({ test, assertion, next, other });
    return this.#states.length - 1;
  }

  /** Makes the states of a part, in front of those it leads to. */
  #build(tree: RegexTree, next: number): number {
    switch (tree.kind) {
      case 'test':
        return this.#add(tree.test, null, next);
      case 'assertion':
        return this.#add(null, tree.assertion, next);
      case 'sequence':
        return tree.parts.reduceRight((to, part) => this.#build(part, to), next);
      case 'choice':
        return tree.parts
          .map((part) => this.#build(part, next))
          .reduce((one, other) => this.#add(null, null, one, other));
      default:
        return this.#repeat(tree.part, tree.least, tree.most, next);
    }
  }

  #repeat(part: RegexTree, least: number, most: number, next: number): number {
    let to = next;
    if (most === Infinity) {
      const loop = this.#add(null, null, -1, next);
      this.#states[loop]!.next = this.#build(part, loop);
      to = loop;
    } else {
      for (let i = least; i < most; i++) to = this.#add(null, null, this.#build(part, to), next);
    }
    for (let i = 0; i < least; i++) to = this.#build(part, to);
    return to;
  }
}

const compiled = new Map<string, Regex | null>();

/** Returns an expression; null: it is not valid, or too large. Those met lately are remembered. */
export function compileRegex(source: string): Regex | null {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const tree = parseRegex(source);
  let regex: Regex | null = null;
  try {
    if (tree !== null) regex = new Regex(tree);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
  }
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  compiled.set(source, regex);
  return regex;
}

function holds(assertion: State['assertion'], points: Uint32Array, at: number): boolean {
  if (assertion === 'start') return at === 0;
  if (assertion === 'end') return at === points.length;
  const isEdge = isWord(points[at - 1]) !== isWord(points[at]);
  return isEdge === (assertion === 'word');
}
