// Finds what a path leads to, with the way there. Work is bounded: a path of many `..` could visit
// a document more often than anybody can wait for.

import {
  childOf,
  compareNumbers,
  equalJson,
  isContainer,
  isJsonNumber,
  JsonArray,
  JsonObject,
  type JsonValue,
  jsonBytes,
  sizeOf,
} from './json-value.ts';
import {
  type CompareOperator,
  type FilterOperand,
  type FilterPath,
  type FilterTest,
  JsonPathError,
  type PathQuery,
  type Segment,
  type Selector,
} from './path-query.ts';
import { compileRegex } from './regex.ts';

/** Values that a path may visit: so many, and so many for each byte of the document. */
const LEAST_BOUND = 100_000;
const VISITS_PER_BYTE = 8;
const MOST_VISITS = 20_000_000;
/** Steps of a regular expression that count as a visit. */
const STEPS_PER_VISIT = 64;

/** A value and where it is. */
export class JsonNode {
  readonly value: JsonValue;
  /** Null: it is the document. */
  readonly parent: JsonNode | null;
  readonly key: number | string;

  constructor(value: JsonValue, parent: JsonNode | null, key: number | string) {
    this.value = value;
    this.parent = parent;
    this.key = key;
  }
}

/**
 * Returns the values a path leads to, in the order of the document.
 * @throws JsonPathError when that takes too long
 */
export function evaluatePath(query: PathQuery, root: JsonValue): JsonNode[] {
  const node = new JsonNode(root, null, '');
  if (query.isStatic) {
    const found = followStatic(query, node);
    return found === null ? [] : [found];
  }
  return new Evaluation(root).all(query, node);
}

/** The same for a path that leads to one value at most; null: there is none. */
function followStatic({ segments }: PathQuery, root: JsonNode): JsonNode | null {
  let node = root;
  for (const { selectors } of segments) {
    const selector = selectors[0]!;
    const { value } = node;
    let key: number | string = '';
    if (selector.kind === 'name') key = selector.name;
    else if (selector.kind === 'index') {
      const { index } = selector;
      key = index < 0 && value instanceof JsonArray ? index + value.items.length : index;
    }
    const child = childOf(value, key);
    if (child === undefined) return null;
    node = new JsonNode(child, node, key);
  }
  return node;
}

class Evaluation {
  readonly #root: JsonValue;
  #visits = 0;
  readonly #mostVisits: number;

  constructor(root: JsonValue) {
    this.#root = root;
    this.#mostVisits = Math.min(MOST_VISITS, LEAST_BOUND + VISITS_PER_BYTE * jsonBytes(root));
  }

  all(query: PathQuery, from: JsonNode): JsonNode[] {
    let nodes = [from];
    for (const segment of query.segments) {
      const next: JsonNode[] = [];
      for (const node of nodes) this.#apply(segment, node, next);
      nodes = next;
    }
    return nodes;
  }

  #visit(count = 1): void {
    this.#visits += count;
    if (this.#visits > this.#mostVisits) throw new JsonPathError('ERR path visits too many values');
  }

  #apply(segment: Segment, node: JsonNode, into: JsonNode[]): void {
    if (!isContainer(node.value)) return;
    for (const selector of segment.selectors) this.#select(selector, node, into);
    if (segment.isDescendant) {
      for (const child of children(node)) {
        this.#visit();
        this.#apply(segment, child, into);
      }
    }
  }

  #select(selector: Selector, node: JsonNode, into: JsonNode[]): void {
    this.#visit();
    const { value } = node;
    switch (selector.kind) {
      case 'name':
        if (value instanceof JsonObject) this.#add(node, selector.name, into);
        return;
      case 'index':
        if (value instanceof JsonArray) {
          const { index } = selector;
          this.#add(node, index < 0 ? index + value.items.length : index, into);
        }
        return;
      case 'wildcard':
        for (const child of children(node)) {
          this.#visit();
          into.push(child);
        }
        return;
      case 'slice':
        if (value instanceof JsonArray) {
          const { start, end, step } = selector;
          for (const index of sliceIndexes(value.items.length, start, end, step)) {
            this.#visit();
            this.#add(node, index, into);
          }
        }
        return;
      default:
        for (const child of children(node)) {
          this.#visit();
          if (this.#test(selector.test, child.value)) into.push(child);
        }
    }
  }

  #add(node: JsonNode, key: number | string, into: JsonNode[]): void {
    const child = childOf(node.value, key);
    if (child !== undefined) into.push(new JsonNode(child, node, key));
  }

  #test(test: FilterTest, current: JsonValue): boolean {
    switch (test.kind) {
      case 'or':
        return test.parts.some((part) => this.#test(part, current));
      case 'and':
        return test.parts.every((part) => this.#test(part, current));
      case 'not':
        return !this.#test(test.test, current);
      case 'exists':
        return this.#find(test.path, current).length > 0;
      case 'matches': {
        const text = this.#operand(test.text, current);
        if (typeof text !== 'string') return false;
        let { regex } = test;
        if (regex === undefined) {
          const pattern = this.#operand(test.pattern, current);
          regex = typeof pattern === 'string' ? compileRegex(pattern) : null;
        }
        if (regex === null) return false;
        this.#visit((text.length * regex.size) / STEPS_PER_VISIT);
        return regex.matches(text, test.isWhole);
      }
      default: {
        const left = this.#operand(test.left, current);
        return compare(test.operator, left, this.#operand(test.right, current));
      }
    }
  }

  #find({ isFromRoot, query }: FilterPath, current: JsonValue): JsonNode[] {
    this.#visit();
    return this.all(query, new JsonNode(isFromRoot ? this.#root : current, null, ''));
  }

  /** Undefined: nothing. */
  #operand(operand: FilterOperand, current: JsonValue): JsonValue | undefined {
    if (operand.kind === 'literal') return operand.value;
    if (operand.kind === 'path') return this.#single(operand.path, current);
    if (operand.kind === 'length') return lengthOf(this.#operand(operand.of, current));
    if (operand.of.kind !== 'path') return undefined;
    if (operand.kind === 'value') return this.#single(operand.of.path, current);
    return this.#find(operand.of.path, current).length;
  }

  /** What a path leads to, if that is one value. */
  #single(path: FilterPath, current: JsonValue): JsonValue | undefined {
    const { isFromRoot, query } = path;
    if (query.segments.length === 0) return isFromRoot ? this.#root : current;
    const found = this.#find(path, current);
    return found.length === 1 ? found[0]!.value : undefined;
  }
}

function* children(node: JsonNode): Generator<JsonNode, void> {
  const { value } = node;
  if (value instanceof JsonArray) {
    for (let i = 0; i < value.items.length; i++) yield new JsonNode(value.items[i]!, node, i);
  } else if (value instanceof JsonObject) {
    for (const [name, member] of value.members) yield new JsonNode(member, node, name);
  }
}

/** The indexes of a slice, as RFC 9535 has them. */
function* sliceIndexes(
  length: number,
  start: number | null,
  end: number | null,
  step: number,
): Generator<number, void> {
  if (step === 0) return;
  const absolute = (index: number): number => (index < 0 ? index + length : index);
  if (step > 0) {
    const from = Math.min(Math.max(start === null ? 0 : absolute(start), 0), length);
    const to = Math.min(Math.max(end === null ? length : absolute(end), 0), length);
    for (let i = from; i < to; i += step) yield i;
    return;
  }
  const from = Math.min(Math.max(start === null ? length - 1 : absolute(start), -1), length - 1);
  const to = Math.min(Math.max(end === null ? -1 : absolute(end), -1), length - 1);
  for (let i = from; i > to; i += step) yield i;
}

/** In characters, items or members. */
function lengthOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'string') return [...value].length;
  return isContainer(value) ? sizeOf(value) : undefined;
}

function compare(
  operator: CompareOperator,
  left: JsonValue | undefined,
  right: JsonValue | undefined,
): boolean {
  switch (operator) {
    case '==':
      return isSame(left, right);
    case '!=':
      return !isSame(left, right);
    case '<':
      return order(left, right) < 0;
    case '>':
      return order(left, right) > 0;
    case '<=':
      return order(left, right) < 0 || isSame(left, right);
    default:
      return order(left, right) > 0 || isSame(left, right);
  }
}

function isSame(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return equalJson(left, right);
}

/** NaN: they have no order. */
function order(left: JsonValue | undefined, right: JsonValue | undefined): number {
  if (typeof left === 'string' && typeof right === 'string') {
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  }
  if (left === undefined || right === undefined) return Number.NaN;
  return isJsonNumber(left) && isJsonNumber(right) ? compareNumbers(left, right) : Number.NaN;
}
