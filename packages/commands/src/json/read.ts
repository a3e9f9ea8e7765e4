// What is asked about the values at a path: types, lengths, names, and RESP of them.

import {
  isContainer,
  isJsonNumber,
  JsonArray,
  type JsonNode,
  JsonObject,
  type JsonValue,
  jsonTypeName,
  sizeOf,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { wrongArity } from '../errors.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { replyScalar } from './get.ts';
import {
  ERR_NO_KEY,
  ERR_NO_PATH,
  JsonCommandError,
  pathMissing,
  wrongValue,
} from './json-errors.ts';
import { type JsonPath, readPath } from './json-path.ts';
import { json } from './opened-json.ts';

/** Writes an element of the reply, of a value that may be of the wrong type: then null. */
type ReplyOne = (c: CommandContext, value: JsonValue) => void;

/** Replies one element for each value a path leads to. */
function replyEach(c: CommandContext, nodes: readonly JsonNode[], one: ReplyOne): Outcome {
  c.reply.array(nodes.length);
  for (const { value } of nodes) one(c, value);
  return DONE;
}

function replyNull(c: CommandContext): Outcome {
  c.reply.null();
  return DONE;
}

/** The first value a path leads to. */
function firstOf(c: CommandContext, path: JsonPath): JsonValue {
  const [node] = json.find(c, path);
  if (node === undefined) throw pathMissing(path.text);
  return node.value;
}

/** JSON.TYPE key [path]. */
export function jsonType(c: CommandContext): Outcome {
  const path = readPath(c, 2);
  const entry = json.openRead(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  const { reply } = c;
  const nodes = entry === 0 ? null : json.find(c, path);
  // Redis: an array more in RESP3.
  if (reply.resp3) reply.array(1);
  if (nodes === null) return replyNull(c);
  if (!path.isLegacy) {
    return replyEach(c, nodes, (_, value) => reply.text(jsonTypeName(value)));
  }
  const [node] = nodes;
  if (node === undefined) return replyNull(c);
  reply.text(jsonTypeName(node.value));
  return DONE;
}

/** JSON.STRLEN key [path]. */
export function jsonStrLen(c: CommandContext): Outcome {
  const path = readPath(c, 2);
  const entry = json.openRead(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  if (entry === 0) {
    if (path.isLegacy) return replyNull(c);
    throw new JsonCommandError(ERR_NO_KEY);
  }
  if (!path.isLegacy) return replyEach(c, json.find(c, path), replyTextLength);
  const value = firstOf(c, path);
  if (typeof value !== 'string') throw wrongValue('string', jsonTypeName(value));
  replyTextLength(c, value);
  return DONE;
}

function replyTextLength({ reply }: CommandContext, value: JsonValue): void {
  if (typeof value === 'string') reply.integer(Buffer.byteLength(value));
  else reply.null();
}

/** JSON.ARRLEN key [path]. */
export function jsonArrLen(c: CommandContext): Outcome {
  const path = readPath(c, 2);
  const entry = json.openRead(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  if (entry === 0) {
    if (path.isLegacy) return replyNull(c);
    throw new JsonCommandError(ERR_NO_KEY);
  }
  if (!path.isLegacy) {
    return replyEach(c, json.find(c, path), (_, value) => {
      if (value instanceof JsonArray) c.reply.integer(sizeOf(value));
      else c.reply.null();
    });
  }
  const value = firstOf(c, path);
  if (!(value instanceof JsonArray)) throw pathMissing(path.text, 'not an array');
  c.reply.integer(sizeOf(value));
  return DONE;
}

/** JSON.OBJLEN key [path]. */
export function jsonObjLen(c: CommandContext): Outcome {
  const path = readPath(c, 2);
  const entry = json.openRead(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  if (entry === 0) {
    if (path.isLegacy) return replyNull(c);
    throw pathMissing(path.text, 'not an object');
  }
  const nodes = json.find(c, path);
  if (!path.isLegacy) {
    return replyEach(c, nodes, (_, value) => {
      if (value instanceof JsonObject) c.reply.integer(sizeOf(value));
      else c.reply.null();
    });
  }
  const [node] = nodes;
  if (node === undefined) return replyNull(c);
  if (!(node.value instanceof JsonObject)) {
    throw wrongValue('object', jsonTypeName(node.value));
  }
  c.reply.integer(sizeOf(node.value));
  return DONE;
}

/** JSON.OBJKEYS key [path]. */
export function jsonObjKeys(c: CommandContext): Outcome {
  const path = readPath(c, 2);
  const entry = json.openRead(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  if (entry === 0) {
    if (path.isLegacy) return replyNull(c);
    throw new JsonCommandError(ERR_NO_KEY);
  }
  const nodes = json.find(c, path);
  if (!path.isLegacy) return replyEach(c, nodes, replyNames);
  const [node] = nodes;
  if (node === undefined) return replyNull(c);
  if (!(node.value instanceof JsonObject)) throw pathMissing(path.text, 'not an object');
  replyNames(c, node.value);
  return DONE;
}

function replyNames({ reply }: CommandContext, value: JsonValue): void {
  if (!(value instanceof JsonObject)) {
    reply.null();
    return;
  }
  reply.array(value.members.size);
  for (const name of value.members.keys()) reply.utf8(name);
}

/** JSON.RESP key [path]. */
export function jsonResp(c: CommandContext): Outcome {
  const path = readPath(c, 2);
  const entry = json.openRead(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  if (entry === 0) return replyNull(c);
  if (!path.isLegacy) return replyEach(c, json.find(c, path), replyResp);
  replyResp(c, firstOf(c, path));
  return DONE;
}

function replyResp(c: CommandContext, value: JsonValue): void {
  const { reply } = c;
  if (value instanceof JsonArray) {
    reply.array(value.items.length + 1);
    reply.simple('[');
    for (const item of value.items) replyResp(c, item);
  } else if (value instanceof JsonObject) {
    reply.array(2 * value.members.size + 1);
    reply.simple('{');
    for (const [name, member] of value.members) {
      reply.utf8(name);
      replyResp(c, member);
    }
  } else if (typeof value === 'boolean') {
    reply.simple(String(value));
  } else if (typeof value === 'string') {
    reply.utf8(value);
  } else {
    replyScalar(c, value);
  }
}

// About what a value takes in memory.
const VALUE_BYTES = 8;
const NUMBER_BYTES = 16;
const MEMBER_BYTES = 24;

/** JSON.DEBUG MEMORY key [path]. */
export function jsonDebugMemory(c: CommandContext): Outcome {
  if (c.request.argc > 4) return c.fail(wrongArity('json.debug|memory'));
  const path = readPath(c, 3);
  const entry = json.openRead(c, 2);
  if (entry < 0) return json.refuse(c, entry);
  const nodes = entry === 0 ? [] : json.find(c, path);
  if (!path.isLegacy) {
    return replyEach(c, nodes, (_, value) => c.reply.integer(memoryOf(value)));
  }
  const [node] = nodes;
  if (entry > 0 && node === undefined) throw new JsonCommandError(ERR_NO_PATH);
  c.reply.integer(node === undefined ? 0 : memoryOf(node.value));
  return DONE;
}

function memoryOf(value: JsonValue): number {
  if (typeof value === 'string') return VALUE_BYTES + Buffer.byteLength(value);
  if (value !== null && isJsonNumber(value)) return NUMBER_BYTES;
  if (!isContainer(value)) return VALUE_BYTES;
  let bytes = VALUE_BYTES;
  if (value instanceof JsonArray) {
    for (const item of value.items) bytes += memoryOf(item) + VALUE_BYTES;
    return bytes;
  }
  for (const [name, member] of value.members) {
    bytes += MEMBER_BYTES + Buffer.byteLength(name) + memoryOf(member);
  }
  return bytes;
}

/** JSON.DEBUG HELP. */
export function jsonDebugHelp(c: CommandContext): Outcome {
  c.reply.array(2);
  c.reply.text('MEMORY <key> [path] - reports memory usage');
  c.reply.text('HELP                - this message');
  return DONE;
}
