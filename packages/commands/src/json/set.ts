// JSON.SET and JSON.MERGE.

import {
  childOf,
  cloneJson,
  compilePath,
  isContainer,
  JsonNode,
  JsonObject,
  type JsonValue,
  type LargeJson,
  putMember,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_SYNTAX } from '../errors.ts';
import { EVENT_MODULE } from '../key-events.ts';
import { DONE, type Outcome } from '../outcome.ts';
import { ERR_NEW_AT_ROOT, JsonCommandError } from './json-errors.ts';
import { type JsonPath, readPath } from './json-path.ts';
import { checkDepth, isAttached, json, readValue } from './opened-json.ts';

/** Where a value goes: nodes that are replaced, or objects that get a member. */
export interface SetPlan {
  readonly nodes: readonly JsonNode[];
  /** Null: the nodes are replaced. */
  readonly name: string | null;
}

type Condition = '' | 'nx' | 'xx';

/** JSON.SET key path value [NX | XX]. */
export function jsonSet(c: CommandContext): Outcome {
  const condition = readCondition(c);
  if (condition === null) return c.fail(ERR_SYNTAX);
  const path = readPath(c, 2);
  const entry = json.open(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  if (path.isRoot && condition === '') {
    const stored = json.storeText(c, entry, 3);
    if (stored < 0) return c.refuse(stored);
    if (stored > 0) return replyStored(c, stored, 'json.set');
  }
  const value = readValue(c, 3);
  if (entry === 0 && condition !== 'xx' && !path.isRoot) {
    throw new JsonCommandError(ERR_NEW_AT_ROOT);
  }
  if (path.isRoot || entry === 0) {
    const isKept = entry === 0 ? condition === 'xx' : condition === 'nx';
    return isKept ? replyNull(c) : setRoot(c, entry, value, 'json.set');
  }
  // The depth of containers is looked at in values.
  if (condition !== 'nx' && !isContainer(value) && json.findText(c, path) === 1) {
    const stored = json.replaceText(c, value);
    if (stored > 0) return replyStored(c, stored, 'json.set');
  }
  const document = json.documentOf(c);
  const plan = planSet(document, path, condition);
  if (plan.nodes.length === 0 || !canApply(plan)) return replyNull(c);
  for (const node of plan.nodes) checkDepth(plan.name === null ? node.parent : node, value);
  applySet(document, plan, value);
  return finish(c, 'json.set');
}

function readCondition(c: CommandContext): Condition | null {
  const { request } = c;
  let condition: Condition = '';
  for (let i = 4; i < request.argc; i++) {
    if (condition === '' && request.is(i, 'nx')) condition = 'nx';
    else if (condition === '' && request.is(i, 'xx')) condition = 'xx';
    else if (request.is(i, 'format') && i + 1 < request.argc && isText(c, i + 1)) i++;
    else return null;
  }
  return condition;
}

/** The values of FORMAT that say what is always so. */
function isText(c: CommandContext, index: number): boolean {
  return c.request.is(index, 'json') || c.request.is(index, 'string');
}

function setRoot(c: CommandContext, entry: number, value: JsonValue, event: string): Outcome {
  const stored = json.store(c, entry, value);
  return stored < 0 ? c.refuse(stored) : replyStored(c, stored, event);
}

function replyStored(c: CommandContext, stored: number, event: string): Outcome {
  c.changedAsAsked(stored);
  c.note(EVENT_MODULE, event);
  c.reply.ok();
  return DONE;
}

/** @throws JsonCommandError when nothing is there, and nothing can be added */
export function planSet(document: LargeJson, path: JsonPath, condition: Condition): SetPlan {
  if (condition !== 'nx') {
    const nodes = path.find(document.root);
    if (nodes.length > 0 || condition === 'xx') return { nodes, name: null };
  }
  const { segments, isStatic } = compilePath(path.text);
  if (!isStatic) throw new JsonCommandError('ERR wrong static path');
  const last = segments.at(-1)?.selectors[0];
  if (last?.kind !== 'name') {
    if (path.find(document.root).length > 0) return { nodes: [], name: null };
    throw new JsonCommandError('ERR array index out of range');
  }
  const around = followTo(document.root, path);
  return { nodes: around === null ? [] : [around], name: last.name };
}

/** What lies around the last part of a static path; null: nothing does. */
function followTo(root: JsonValue, path: JsonPath): JsonNode | null {
  const { segments } = compilePath(path.text);
  let node = new JsonNode(root, null, '');
  for (const { selectors } of segments.slice(0, -1)) {
    const selector = selectors[0]!;
    let key: number | string = '';
    if (selector.kind === 'name') key = selector.name;
    else if (selector.kind === 'index') {
      const { value } = node;
      const length = isContainer(value) && 'items' in value ? value.items.length : 0;
      key = selector.index < 0 ? selector.index + length : selector.index;
    }
    const child = childOf(node.value, key);
    if (child === undefined) return null;
    node = new JsonNode(child, node, key);
  }
  return node;
}

/** False when a member is to be added where none can be. */
export function canApply({ nodes, name }: SetPlan): boolean {
  if (name === null) return true;
  return nodes.every(({ value }) => value instanceof JsonObject && !value.members.has(name));
}

export function applySet(document: LargeJson, { nodes, name }: SetPlan, value: JsonValue): void {
  for (const [i, node] of nodes.entries()) {
    const own = i === nodes.length - 1 ? value : cloneJson(value);
    if (name !== null) document.addMember(node, name, own);
    else if (isAttached(node, document.root)) document.replace(node, own);
  }
}

/** JSON.MERGE key path value. */
export function jsonMerge(c: CommandContext): Outcome {
  if (c.request.argc > 4 && !(c.request.argc === 6 && isText(c, 5))) return c.fail(ERR_SYNTAX);
  const path = readPath(c, 2);
  const entry = json.open(c, 1);
  if (entry < 0) return json.refuse(c, entry);
  const patch = readValue(c, 3);
  if (entry === 0) {
    if (!path.isRoot) throw new JsonCommandError(ERR_NEW_AT_ROOT);
    return setRoot(c, 0, patch, 'json.merge');
  }
  const document = json.documentOf(c);
  const plan = planSet(document, path, '');
  if (plan.nodes.length === 0 || !canApply(plan)) return replyNull(c);
  for (const node of plan.nodes) checkDepth(plan.name === null ? node.parent : node, patch);
  if (plan.name !== null) applySet(document, plan, patch);
  else {
    for (const node of plan.nodes) {
      if (isAttached(node, document.root)) merge(document, node, patch);
    }
  }
  return finish(c, 'json.merge');
}

/** RFC 7396. */
function merge(document: LargeJson, node: JsonNode, patch: JsonValue): void {
  if (!(patch instanceof JsonObject)) {
    document.replace(node, cloneJson(patch));
    return;
  }
  if (!(node.value instanceof JsonObject)) {
    document.replace(node, withoutNulls(patch));
    return;
  }
  for (const [name, value] of patch.members) {
    const before = node.value.members.get(name);
    if (before !== undefined) {
      const child = new JsonNode(before, node, name);
      if (value === null) document.remove(child);
      else merge(document, child, value);
    } else if (value !== null) {
      document.addMember(node, name, withoutNulls(value));
    }
  }
}

/** What a patch makes of nothing. */
function withoutNulls(patch: JsonValue): JsonValue {
  if (!(patch instanceof JsonObject)) return cloneJson(patch);
  const made = new JsonObject();
  for (const [name, value] of patch.members) {
    if (value !== null) putMember(made, name, withoutNulls(value));
  }
  return made;
}

function replyNull(c: CommandContext): Outcome {
  c.reply.null();
  return DONE;
}

function finish(c: CommandContext, event: string): Outcome {
  const stored = json.save(c);
  return stored < 0 ? c.refuse(stored) : replyStored(c, stored, event);
}
