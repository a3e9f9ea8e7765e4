// JSON.DEL, JSON.CLEAR, JSON.TOGGLE, JSON.STRAPPEND, and the arithmetic of numbers: what replaces
// values by others, or takes them away.

import {
  bigIntOf,
  childOf,
  floatValue,
  foundText,
  integerValue,
  isContainer,
  isIntegerNumber,
  isJsonNumber,
  JsonArray,
  type JsonContainer,
  type JsonNode,
  type JsonNumber,
  type JsonValue,
  jsonText,
  parseJson,
  sizeOf,
  toDouble,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_STRING_SIZE, wrongArity } from '../errors.ts';
import { EVENT_MODULE } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { replyScalar } from './get.ts';
import { JsonCommandError, pathMissing, wrongValue } from './json-errors.ts';
import { type JsonPath, readPath } from './json-path.ts';
import { byChange, isAttached, json, readValue } from './opened-json.ts';

/** Characters of a string. */
const MOST_STRING = 2 ** 28;

type AnyNumber = number | JsonNumber;

/** Takes the changes to the key and says so; below 0: it could not. */
export function saveChanged(c: CommandContext, event: string): number {
  const stored = json.save(c);
  if (stored < 0) return stored;
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, event);
  return stored;
}

/** JSON.DEL key [path]; JSON.FORGET is the same. */
export function jsonDel(c: CommandContext): Outcome {
  if (c.request.argc > 3) return c.fail(wrongArity('json.del'));
  const path = readPath(c, 2);
  const entry = json.open(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  if (entry === 0) return replyCount(c, 0);
  if (path.isRoot) return removeKey(c, entry, 1);
  const document = json.documentOf(c);
  const nodes = withoutNested(path.find(document.root));
  if (nodes.length === 0) return replyCount(c, 0);
  const { root } = document;
  const left = isContainer(root) ? sizeOf(root) - nodes.filter(isOfRoot).length : 1;
  if (left === 0 || nodes.some(({ parent }) => parent === null)) {
    return removeKey(c, entry, nodes.length);
  }
  for (const node of nodes) document.remove(node);
  const stored = saveChanged(c, 'json.del');
  return stored < 0 ? c.refuse(stored) : replyCount(c, nodes.length);
}

function isOfRoot({ parent }: JsonNode): boolean {
  return parent !== null && parent.parent === null;
}

function removeKey(c: CommandContext, entry: number, count: number): Outcome {
  if (!c.canRemove(entry)) return c.refuse(-1);
  c.remove(entry);
  c.note(EVENT_MODULE, 'json.del');
  return replyCount(c, count);
}

function replyCount(c: CommandContext, count: number): Outcome {
  c.reply.integer(count);
  return DONE;
}

/** Each value once, none that lies in another, in the order in which they can be removed. */
function withoutNested(nodes: readonly JsonNode[]): JsonNode[] {
  const chosen = new Map<JsonContainer | null, Set<number | string>>();
  const around = ({ parent }: JsonNode): JsonContainer | null =>
    parent === null ? null : (parent.value as JsonContainer);
  for (const node of nodes) {
    const keys = chosen.get(around(node)) ?? new Set();
    chosen.set(around(node), keys.add(node.key));
  }
  const isChosen = (node: JsonNode): boolean => chosen.get(around(node))?.has(node.key) === true;
  const kept = nodes.filter((node) => {
    for (let at = node.parent; at !== null; at = at.parent) if (isChosen(at)) return false;
    return true;
  });
  // A path may lead to a value twice.
  return kept.filter((node) => chosen.get(around(node))!.delete(node.key)).sort(byChange);
}

/** JSON.CLEAR key [path]: how many values were emptied or made 0. */
export function jsonClear(c: CommandContext): Outcome {
  if (c.request.argc > 3) return c.fail(wrongArity('json.clear'));
  const path = readPath(c, 2);
  const entry = json.openKnown(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  const document = json.documentOf(c);
  const nodes = path.find(document.root).filter(({ value }) => isClearable(value));
  let cleared = 0;
  for (const node of nodes) {
    if (!isAttached(node, document.root)) continue;
    const { value } = node;
    if (isContainer(value)) document.clear(node);
    else document.replace(node, 0);
    cleared++;
  }
  if (cleared > 0) {
    const stored = saveChanged(c, 'json.clear');
    if (stored < 0) return c.refuse(stored);
  }
  return replyCount(c, cleared);
}

function isClearable(value: JsonValue): boolean {
  if (value === null) return false;
  if (isContainer(value)) return sizeOf(value) > 0;
  return isJsonNumber(value) && toDouble(value) !== 0;
}

/** JSON.TOGGLE key path. */
export function jsonToggle(c: CommandContext): Outcome {
  const path = readPath(c, 2);
  const entry = json.openKnown(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  const nodes = json.find(c, path);
  const found = nodes.filter(({ value }) => typeof value === 'boolean');
  if (path.isLegacy && found.length === 0) throw pathMissing(path.text, 'not a bool');
  const document = json.documentOf(c);
  const results = new Map<JsonNode, boolean>();
  for (const node of found) {
    const value = currentOf(node, document.root) !== true;
    document.replace(node, value);
    results.set(node, value);
  }
  if (found.length > 0) {
    const stored = saveChanged(c, 'json.toggle');
    if (stored < 0) return c.refuse(stored);
  }
  const { reply } = c;
  if (path.isLegacy) {
    reply.text(String(results.get(found.at(-1)!)));
    return DONE;
  }
  reply.array(nodes.length);
  for (const node of nodes) {
    const value = results.get(node);
    if (value === undefined) reply.null();
    else reply.integer(value ? 1 : 0);
  }
  return DONE;
}

/** What is at a node by now: a path may lead to it twice. */
function currentOf(node: JsonNode, root: JsonValue): JsonValue {
  return node.parent === null ? root : childOf(node.parent.value, node.key)!;
}

/** JSON.STRAPPEND key [path] value. */
export function jsonStrAppend(c: CommandContext): Outcome {
  const { argc } = c.request;
  if (argc > 4) return c.fail(wrongArity('json.strappend'));
  const path = readPath(c, argc === 3 ? argc : 2);
  const entry = json.openKnown(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  const suffix = readValue(c, argc - 1);
  const nodes = json.find(c, path);
  const found = nodes.filter(({ value }) => typeof value === 'string');
  if (path.isLegacy && found.length === 0) throw pathMissing(path.text, 'not a string');
  if (typeof suffix !== 'string') throw wrongValue('string', c.request.text(argc - 1));
  const most = Math.min(c.maxStringBytes, MOST_STRING);
  const isTooLong = ({ value }: JsonNode): boolean =>
    `${value}`.length + found.length * suffix.length > most;
  if (found.some(isTooLong)) throw new JsonCommandError(ERR_STRING_SIZE);
  const document = json.documentOf(c);
  const lengths = new Map<JsonNode, number>();
  for (const node of found) {
    const value = `${currentOf(node, document.root)}${suffix}`;
    document.replace(node, value);
    lengths.set(node, Buffer.byteLength(value));
  }
  if (found.length > 0) {
    const stored = saveChanged(c, 'json.strappend');
    if (stored < 0) return c.refuse(stored);
  }
  return replyLengths(c, path.isLegacy, nodes, lengths);
}

/** Replies a number for each value, null where there is none; or, for a legacy path, the last. */
export function replyLengths(
  c: CommandContext,
  isLegacy: boolean,
  nodes: readonly JsonNode[],
  lengths: ReadonlyMap<JsonNode, number>,
): Outcome {
  const { reply } = c;
  if (isLegacy) {
    reply.integer([...lengths.values()].at(-1) ?? 0);
    return DONE;
  }
  reply.array(nodes.length);
  for (const node of nodes) {
    const length = lengths.get(node);
    if (length === undefined) reply.null();
    else reply.integer(length);
  }
  return DONE;
}

/** What becomes of two integers, or of two doubles. */
interface Arithmetic {
  readonly event: string;
  /** Null: as doubles. */
  readonly integers: (a: bigint, b: bigint) => bigint | null;
  readonly doubles: (a: number, b: number) => number;
}

const ADD: Arithmetic = {
  event: 'json.numincrby',
  integers: (a, b) => a + b,
  doubles: (a, b) => a + b,
};
const MULTIPLY: Arithmetic = {
  event: 'json.nummultby',
  integers: (a, b) => a * b,
  doubles: (a, b) => a * b,
};
const RAISE: Arithmetic = {
  event: 'json.numpowby',
  integers: (a, b) => {
    if (b < 0n) return null;
    // More is beyond 64 bits, whatever it is.
    if (b > 64n && a !== 0n && a !== 1n && a !== -1n) return 2n ** 64n;
    return b > 64n ? a ** (2n + (b & 1n)) : a ** b;
  },
  doubles: (a, b) => a ** b,
};

/** JSON.NUMINCRBY key path value. */
export function jsonNumIncrBy(c: CommandContext): Outcome {
  return calculate(c, ADD);
}

/** JSON.NUMMULTBY key path value. */
export function jsonNumMultBy(c: CommandContext): Outcome {
  return calculate(c, MULTIPLY);
}

/** JSON.NUMPOWBY key path value. */
export function jsonNumPowBy(c: CommandContext): Outcome {
  return calculate(c, RAISE);
}

function calculate(c: CommandContext, arithmetic: Arithmetic): Outcome {
  const path = readPath(c, 2);
  const entry = json.openKnown(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  const by = readValue(c, 3);
  if (by === null || !isJsonNumber(by)) throw new JsonCommandError('ERR bad input number');
  const inText = calculateInText(c, path, arithmetic, by);
  if (inText !== null) return inText;
  const nodes = json.find(c, path);
  const found = nodes.filter(({ value }) => value !== null && isJsonNumber(value));
  if (path.isLegacy && found.length === 0) {
    throw pathMissing(path.text, 'does not contains a number');
  }
  const document = json.documentOf(c);
  const results = new Map<JsonNode, AnyNumber>();
  // All of it is calculated before anything is changed; a path may lead to a value twice.
  const current = new Map<JsonContainer | null, Map<number | string, AnyNumber>>();
  for (const node of found) {
    const around = node.parent === null ? null : (node.parent.value as JsonContainer);
    const values = current.get(around) ?? new Map<number | string, AnyNumber>();
    current.set(around, values);
    const before = values.get(node.key) ?? (node.value as AnyNumber);
    const result = resultOf(arithmetic, before, by);
    values.set(node.key, result);
    results.set(node, result);
  }
  for (const node of found) document.replace(node, results.get(node)!);
  if (found.length > 0) {
    const stored = saveChanged(c, arithmetic.event);
    if (stored < 0) return c.refuse(stored);
  }
  return replyResults(c, path.isLegacy, nodes, results);
}

/** The same for one number, in the text of the document; null: that is not the way to do it. */
function calculateInText(
  c: CommandContext,
  path: JsonPath,
  arithmetic: Arithmetic,
  by: AnyNumber,
): Outcome | null {
  if (json.findText(c, path) !== 1) return null;
  const { begin, end } = foundText;
  const before = parseJson(c.valueBytes, begin, end - begin);
  if (before === null || !isJsonNumber(before)) return null;
  const result = resultOf(arithmetic, before, by);
  const stored = json.replaceText(c, result);
  if (stored === 0) return null;
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, arithmetic.event);
  const { reply } = c;
  if (reply.resp3) reply.array(1);
  if (reply.resp3) replyScalar(c, result);
  else reply.text(path.isLegacy ? jsonText(result) : `[${jsonText(result)}]`);
  return DONE;
}

const MOST_INT64 = 2n ** 63n - 1n;
const LEAST_INT64 = -(2n ** 63n);

function isInt64(value: bigint): boolean {
  return value >= LEAST_INT64 && value <= MOST_INT64;
}

function resultOf({ integers, doubles }: Arithmetic, a: AnyNumber, b: AnyNumber): AnyNumber {
  if (isIntegerNumber(a) && isIntegerNumber(b)) {
    const x = bigIntOf(a);
    const y = bigIntOf(b);
    if (isInt64(x) && isInt64(y)) {
      const result = integers(x, y);
      if (result !== null && !isInt64(result)) throw new JsonCommandError('ERR numeric overflow');
      if (result !== null) return integerValue(result);
    }
  }
  const result = doubles(toDouble(a), toDouble(b));
  if (!Number.isFinite(result)) throw new JsonCommandError('ERR result is not a number');
  return floatValue(result);
}

function replyResults(
  c: CommandContext,
  isLegacy: boolean,
  nodes: readonly JsonNode[],
  results: ReadonlyMap<JsonNode, AnyNumber>,
): Outcome {
  const { reply } = c;
  if (reply.resp3) {
    reply.array(nodes.length);
    for (const node of nodes) replyScalar(c, results.get(node) ?? null);
  } else if (isLegacy) {
    reply.text(jsonText([...results.values()].at(-1)!));
  } else {
    const texts = nodes.map((node) => jsonText(results.get(node) ?? null));
    reply.text(`[${texts.join(',')}]`);
  }
  return DONE;
}

/** True for arrays. */
export function isArrayNode({ value }: JsonNode): boolean {
  return value instanceof JsonArray;
}
