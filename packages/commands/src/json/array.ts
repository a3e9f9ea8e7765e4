// JSON.ARRAPPEND, JSON.ARRINSERT, JSON.ARRINDEX, JSON.ARRPOP and JSON.ARRTRIM.

import {
  cloneJson,
  equalJson,
  isIntegerNumber,
  isJsonNumber,
  type JsonArray,
  type JsonNode,
  type JsonValue,
  jsonText,
  jsonTypeName,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER, wrongArity } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { isArrayNode, replyLengths, saveChanged } from './change.ts';
import { type ReplyForm, readForm, replyTyped } from './get.ts';
import { ERR_NO_PATH, JsonCommandError, pathMissing, wrongValue } from './json-errors.ts';
import { type JsonPath, readPath } from './json-path.ts';
import { byChange, checkDepth, json, readValue, readValues } from './opened-json.ts';

function itemsOf(node: JsonNode): readonly JsonValue[] {
  return (node.value as JsonArray).items;
}

/** What a path leads to, and the arrays among it in the order in which they can be changed. */
function findArrays(c: CommandContext, path: JsonPath): [nodes: JsonNode[], arrays: JsonNode[]] {
  const nodes = json.find(c, path);
  const arrays = nodes.filter(isArrayNode);
  if (path.isLegacy && arrays.length === 0) throw pathMissing(path.text, 'not an array');
  return [nodes, arrays.sort(byChange)];
}

function readInteger(c: CommandContext, index: number): number {
  const value = c.request.int64(index);
  if (value === null) throw new JsonCommandError(ERR_NOT_INTEGER);
  return Number(value);
}

/** JSON.ARRAPPEND key path value [value ...]. */
export function jsonArrAppend(c: CommandContext): Outcome {
  if (c.request.argc < 4) return c.fail(wrongArity('json.arrappend'));
  const path = readPath(c, 2);
  const values = readValues(c, 3);
  const entry = json.openKnown(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  return insertInto(c, path, values, null, 'json.arrappend');
}

/** JSON.ARRINSERT key path index value [value ...]. */
export function jsonArrInsert(c: CommandContext): Outcome {
  const path = readPath(c, 2);
  const index = readInteger(c, 3);
  const values = readValues(c, 4);
  const entry = json.openKnown(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  return insertInto(c, path, values, index, 'json.arrinsert');
}

/** @param index null: behind the last one */
function insertInto(
  c: CommandContext,
  path: JsonPath,
  values: readonly JsonValue[],
  index: number | null,
  event: string,
): Outcome {
  const [nodes, arrays] = findArrays(c, path);
  for (const node of arrays) {
    placeIn(itemsOf(node).length, index);
    for (const value of values) checkDepth(node, value);
  }
  const document = json.documentOf(c);
  const lengths = new Map<JsonNode, number>();
  for (const node of arrays) {
    const items = itemsOf(node);
    const own = values.map(cloneJson);
    document.insert(node, placeIn(items.length, index), own);
    lengths.set(node, items.length);
  }
  if (arrays.length > 0) {
    const stored = saveChanged(c, event);
    if (stored < 0) return c.refuse(stored);
  }
  return replyLengths(c, path.isLegacy, nodes, lengths);
}

function placeIn(length: number, index: number | null): number {
  if (index === null) return length;
  const place = index < 0 ? length + index : index;
  if (place < 0 || place > length) throw new JsonCommandError('ERR index out of bounds');
  return place;
}

/** JSON.ARRINDEX key path value [start [stop]]. */
export function jsonArrIndex(c: CommandContext): Outcome {
  const { argc } = c.request;
  if (argc > 6) return c.fail(wrongArity('json.arrindex'));
  const path = readPath(c, 2);
  const start = argc > 4 ? readInteger(c, 4) : 0;
  const stop = argc > 5 ? readInteger(c, 5) : 0;
  const entry = json.openRead(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  const wanted = readValue(c, 3);
  if (entry === 0) throw new JsonCommandError(ERR_NO_PATH);
  const nodes = json.find(c, path);
  const { reply } = c;
  if (path.isLegacy) {
    const [node] = nodes;
    if (node === undefined) throw pathMissing(path.text);
    if (!isArrayNode(node)) throw wrongValue('array', jsonTypeName(node.value));
    reply.integer(indexIn(itemsOf(node), wanted, start, stop));
    return DONE;
  }
  reply.array(nodes.length);
  for (const node of nodes) {
    if (isArrayNode(node)) reply.integer(indexIn(itemsOf(node), wanted, start, stop));
    else reply.null();
  }
  return DONE;
}

/** RedisJSON: a stop of 0 is the end; -1: not found. */
function indexIn(
  items: readonly JsonValue[],
  wanted: JsonValue,
  start: number,
  stop: number,
): number {
  const { length } = items;
  const from = normalStart(start, length);
  let to = stop === 0 ? length : Math.min(stop, length);
  if (stop < 0) to = Math.max(0, length + stop);
  for (let i = Math.max(0, from); i < to; i++) if (isWanted(items[i]!, wanted)) return i;
  return -1;
}

/** RedisJSON: an integer is not what a number with a point is. */
function isWanted(item: JsonValue, wanted: JsonValue): boolean {
  if (item !== null && wanted !== null && isJsonNumber(item) && isJsonNumber(wanted)) {
    if (isIntegerNumber(item) !== isIntegerNumber(wanted)) return false;
  }
  return equalJson(item, wanted);
}

function normalStart(start: number, length: number): number {
  return start < 0 ? Math.max(0, length + start) : Math.min(start, length - 1);
}

/** JSON.ARRPOP key [FORMAT form] [path [index]]. */
export function jsonArrPop(c: CommandContext): Outcome {
  const { request, reply } = c;
  let at = 2;
  let form: ReplyForm = 'string';
  if (request.argc > 3 && request.is(2, 'format')) {
    form = readForm(c, 3, 'strings');
    if (!reply.resp3) {
      throw new JsonCommandError('ERR FORMAT argument is not supported on RESP2');
    }
    at = 4;
  }
  const path = readPath(c, at);
  const index = at + 1 < request.argc ? (request.int64(at + 1) ?? -1n) : -1n;
  const entry = json.openKnown(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  if (path.isLegacy && form !== 'string') {
    throw new JsonCommandError('Legacy paths are supported only with FORMAT STRINGS');
  }
  const [nodes, arrays] = findArrays(c, path);
  const document = json.documentOf(c);
  // Changed or not: nothing in what was popped is used by anybody afterwards.
  const popped = new Map<JsonNode, JsonValue>();
  for (const node of arrays) {
    const items = itemsOf(node);
    if (items.length === 0) continue;
    const place = normalStart(Number(index), items.length);
    popped.set(node, items[place]!);
    document.removeItems(node, place, 1);
  }
  if (popped.size > 0) {
    const stored = saveChanged(c, 'json.arrpop');
    if (stored < 0) return c.refuse(stored);
  }
  if (path.isLegacy) {
    replyPopped(c, popped.get(arrays.at(-1)!), form);
    return DONE;
  }
  reply.array(nodes.length);
  for (const node of nodes) replyPopped(c, popped.get(node), form);
  return DONE;
}

function replyPopped(c: CommandContext, value: JsonValue | undefined, form: ReplyForm): void {
  if (value === undefined) c.reply.null();
  else if (form === 'string') c.reply.utf8(jsonText(value));
  else replyTyped(c, value, form);
}

/** JSON.ARRTRIM key path start stop. */
export function jsonArrTrim(c: CommandContext): Outcome {
  const path = readPath(c, 2);
  const start = readInteger(c, 3);
  const stop = readInteger(c, 4);
  const entry = json.openKnown(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  const [nodes, arrays] = findArrays(c, path);
  const document = json.documentOf(c);
  const lengths = new Map<JsonNode, number>();
  for (const node of arrays) {
    const items = itemsOf(node);
    const [from, to] = keptOf(items.length, start, stop);
    if (to < items.length) document.removeItems(node, to, items.length - to);
    if (from > 0) document.removeItems(node, 0, from);
    lengths.set(node, items.length);
  }
  if (arrays.length > 0) {
    const stored = saveChanged(c, 'json.arrtrim');
    if (stored < 0) return c.refuse(stored);
  }
  return replyLengths(c, path.isLegacy, nodes, lengths);
}

/** What stays of an array: from an index up to another one, that not included. */
function keptOf(length: number, start: number, stop: number): [from: number, to: number] {
  const last = stop < 0 ? Math.max(0, length + stop) : Math.min(stop, length - 1);
  const from = start < 0 ? Math.max(0, length + start) : start;
  return length === 0 || from > last ? [0, 0] : [from, last + 1];
}
