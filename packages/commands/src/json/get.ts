// JSON.GET and JSON.MGET: values as text, and as types of RESP3.

import {
  bigIntOf,
  COMPACT,
  enclose,
  formatJson,
  foundText,
  isContainer,
  isIntegerNumber,
  JsonArray,
  type JsonFormat,
  type JsonNode,
  type JsonNumber,
  JsonObject,
  JsonPathError,
  JsonSyntaxError,
  type JsonValue,
  jsonBytes,
  jsonText,
  toDouble,
  writeJson,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { DONE, OTHER_TYPE, type Outcome } from '../outcome.ts';
import { ERR_TOO_LONG, JsonCommandError, pathMissing } from './json-errors.ts';
import { type JsonPath, readPath } from './json-path.ts';
import { json } from './opened-json.ts';

/** How JSON.GET and JSON.ARRPOP reply: text, or types of RESP3 down to some depth. */
export type ReplyForm = 'string' | 'expand1' | 'expand';

interface GetOptions {
  format: JsonFormat;
  form: ReplyForm;
  paths: JsonPath[];
}

/** JSON.GET key [INDENT indent] [NEWLINE newline] [SPACE space] [path [path ...]]. */
export function jsonGet(c: CommandContext): Outcome {
  const options = readOptions(c);
  if (options === null) return c.fail(ERR_SYNTAX);
  const entry = json.openRead(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  if (entry === 0) {
    c.reply.null();
    return DONE;
  }
  const { format, form, paths } = options;
  if (form !== 'string') {
    c.reply.array(paths.length);
    for (const path of paths) replyTypes(c, json.find(c, path), form);
    return DONE;
  }
  const [path] = paths;
  if (paths.length > 1) replyText(c, textOfAll(c, paths, format));
  else if (path!.isRoot && json.isText && format === COMPACT) {
    replyPart(c, path!.isLegacy, c.valueOffset, c.valueLength);
  } else if (format === COMPACT && json.findText(c, path!) === 1) {
    replyPart(c, path!.isLegacy, foundText.begin, foundText.end - foundText.begin);
  } else if (path!.isRoot && format === COMPACT) {
    replyValue(c, json.documentOf(c).root, path!.isLegacy);
  } else replyText(c, textOf(c, path!, format));
  return DONE;
}

function readOptions(c: CommandContext): GetOptions | null {
  const { request, reply } = c;
  const given = { indent: '', newline: '', space: '' };
  let isPlain = true;
  let form: ReplyForm = 'string';
  const paths: JsonPath[] = [];
  for (let i = 2; i < request.argc; i++) {
    const option = (['indent', 'newline', 'space'] as const).find((name) => request.is(i, name));
    if (option !== undefined) {
      if (++i >= request.argc) return null;
      given[option] = request.slice(i).toString();
      isPlain = false;
    } else if (request.is(i, 'format')) {
      if (!reply.resp3 && paths.length === 0) {
        throw new JsonCommandError('ERR FORMAT argument is not supported on RESP2');
      }
      form = readForm(c, ++i, 'string');
    } else if (!request.is(i, 'noescape')) {
      paths.push(readPath(c, i));
    }
  }
  if (paths.length === 0) paths.push(readPath(c, request.argc));
  return { format: isPlain ? COMPACT : given, form, paths };
}

/** Reads the value of FORMAT. */
export function readForm(c: CommandContext, index: number, text: string): ReplyForm {
  const { request } = c;
  const isThere = index < request.argc;
  if (isThere && request.is(index, text)) return 'string';
  if (isThere && request.is(index, 'expand1')) return 'expand1';
  if (isThere && request.is(index, 'expand')) return 'expand';
  throw new JsonCommandError('ERR wrong reply format');
}

const BRACKETS = Buffer.from('[]');

/** A part of the text as it lies in the table. */
function replyPart(c: CommandContext, isLegacy: boolean, offset: number, length: number): void {
  const { reply, valueBytes } = c;
  if (isLegacy) {
    reply.bulk(valueBytes, offset, length);
    return;
  }
  reply.bulkHead(length + 2);
  reply.encoded(BRACKETS, 0, 1);
  reply.encoded(valueBytes, offset, length);
  reply.encoded(BRACKETS, 1, 1);
  reply.bulkEnd();
}

/** Replies the text of a value, without making one string of it. */
function replyValue(c: CommandContext, value: JsonValue, isLegacy: boolean): void {
  const { reply } = c;
  reply.bulkHead(jsonBytes(value) + (isLegacy ? 0 : 2));
  if (!isLegacy) reply.encoded(BRACKETS, 0, 1);
  writeJson(value, (part) => {
    const bytes = Buffer.from(part);
    reply.encoded(bytes, 0, bytes.length);
  });
  if (!isLegacy) reply.encoded(BRACKETS, 1, 1);
  reply.bulkEnd();
}

/** Replies a bulk string. */
export function replyText(c: CommandContext, text: string): void {
  c.reply.utf8(text);
}

function textOf(c: CommandContext, path: JsonPath, format: JsonFormat): string {
  const nodes = json.find(c, path);
  if (!path.isLegacy) return textOfNodes(nodes, format, 0);
  const [node] = nodes;
  if (node === undefined) throw pathMissing(path.text);
  return formatJson(node.value, format);
}

/** Bytes of a text that is put together; a path may lead to a value many times. */
const MOST_TEXT_BYTES = 2 ** 28;

function textOfNodes(nodes: readonly JsonNode[], format: JsonFormat, depth: number): string {
  const bytes = nodes.reduce((sum, { value }) => sum + jsonBytes(value), 0);
  if (bytes > MOST_TEXT_BYTES) throw new JsonCommandError(ERR_TOO_LONG);
  const parts = nodes.map(({ value }) => formatJson(value, format, depth + 1));
  return enclose('[', parts, ']', format, depth);
}

/** An object with a member for each path. */
function textOfAll(c: CommandContext, paths: readonly JsonPath[], format: JsonFormat): string {
  const isLegacy = paths.every((path) => path.isLegacy);
  const parts = new Map<string, string>();
  for (const path of paths) {
    const nodes = findOrNone(c, path);
    if (nodes === null) continue;
    if (isLegacy && nodes.length === 0) throw pathMissing(path.original);
    const text = isLegacy ? formatJson(nodes[0]!.value, format, 1) : textOfNodes(nodes, format, 1);
    parts.set(path.original, `${JSON.stringify(path.original)}:${format.space}${text}`);
  }
  return enclose('{', [...parts.values()], '}', format, 0);
}

/** Null: the path is none. */
function findOrNone(c: CommandContext, path: JsonPath): JsonNode[] | null {
  try {
    return json.find(c, path);
  } catch (error) {
    if (error instanceof JsonPathError) return null;
    throw error;
  }
}

function replyTypes(c: CommandContext, nodes: readonly JsonNode[], form: ReplyForm): void {
  c.reply.array(nodes.length);
  for (const { value } of nodes) replyTyped(c, value, form);
}

/** Replies a value as a type of RESP3. */
export function replyTyped(c: CommandContext, value: JsonValue, form: ReplyForm): void {
  const { reply } = c;
  if (value instanceof JsonArray && form === 'expand') {
    reply.array(value.items.length);
    for (const item of value.items) replyTyped(c, item, form);
  } else if (value instanceof JsonObject && form === 'expand') {
    reply.map(value.members.size);
    for (const [name, member] of value.members) {
      reply.utf8(name);
      replyTyped(c, member, form);
    }
  } else if (isContainer(value)) {
    reply.utf8(jsonText(value));
  } else if (typeof value === 'boolean') {
    reply.boolean(value);
  } else if (typeof value === 'string') {
    reply.utf8(form === 'expand' ? value : jsonText(value));
  } else {
    replyScalar(c, value);
  }
}

/** Replies null or a number; one beyond 64 bits as a double. */
export function replyScalar(c: CommandContext, value: null | number | JsonNumber): void {
  const { reply } = c;
  if (value === null) {
    reply.null();
  } else if (typeof value === 'number' && Number.isInteger(value)) {
    reply.integer(value);
  } else {
    const integer = isIntegerNumber(value) ? bigIntOf(value) : null;
    const fits = integer !== null && BigInt.asIntN(64, integer) === integer;
    if (fits) reply.bigInteger(integer);
    else reply.double(toDouble(value));
  }
}

/** JSON.MGET key [key ...] path. */
export function jsonMGet(c: CommandContext): Outcome {
  const { reply, request } = c;
  const last = request.argc - 1;
  const path = readPath(c, last);
  for (let i = 1; i < last; i++) {
    const entry = json.open(c, i);
    if (entry < 0 && entry !== OTHER_TYPE) return c.refuse(entry);
  }
  reply.array(last - 1);
  for (let i = 1; i < last; i++) {
    const entry = json.openRead(c, i);
    const text = entry <= 0 ? null : textOrNull(c, path);
    if (text === null) reply.null();
    else replyText(c, text);
  }
  return DONE;
}

function textOrNull(c: CommandContext, path: JsonPath): string | null {
  try {
    return textOf(c, path, COMPACT);
  } catch (error) {
    const isKnown = error instanceof JsonPathError || error instanceof JsonCommandError;
    if (isKnown || error instanceof JsonSyntaxError) return null;
    throw error;
  }
}
