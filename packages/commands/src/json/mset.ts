// JSON.MSET: values at paths of several documents, all or none.

import { cloneJson, type JsonValue, jsonBytes, LargeJson } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { wrongArity } from '../errors.ts';
import { EVENT_MODULE } from '../key-events.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { ERR_NEW_AT_ROOT, JsonCommandError } from './json-errors.ts';
import { type JsonPath, readPath } from './json-path.ts';
import { checkDepth, json, readValue } from './opened-json.ts';
import { applySet, canApply, planSet } from './set.ts';

interface Triplet {
  /** Argument index. */
  readonly key: number;
  readonly path: JsonPath;
  readonly value: JsonValue;
}

/** A document that triplets go to. */
interface Target {
  readonly triplets: Triplet[];
  /** A copy that all goes to first; null: it is large, and is changed at the end. */
  made: LargeJson | null;
  readonly exists: boolean;
}

/** JSON.MSET key path value [key path value ...]. */
export function jsonMSet(c: CommandContext): Outcome {
  const { argc } = c.request;
  if (argc % 3 !== 1) return c.fail(wrongArity('json.mset'));
  const targets = new Map<string, Target>();
  let isWhole = true;
  for (let key = 1; key < argc; key += 3) {
    const entry = json.open(c, key);
    if (entry < 0) return json.refuse(c, entry);
    const triplet: Triplet = { key, path: readPath(c, key + 1), value: readValue(c, key + 2) };
    const name = c.request.text(key);
    const target = targets.get(name) ?? openTarget(c, entry);
    targets.set(name, target);
    target.triplets.push(triplet);
  }
  for (const target of targets.values()) isWhole = plan(c, target) && isWhole;
  const stored = storeAll(c, targets);
  if (stored < 0) return c.refuse(stored);
  if (isWhole) c.reply.ok();
  else c.reply.null();
  return DONE;
}

function openTarget(c: CommandContext, entry: number): Target {
  const isCopied = entry > 0 && json.isText;
  const made = isCopied ? json.documentOf(c) : null;
  return { triplets: [], made, exists: entry > 0 };
}

/** Makes what the document becomes; false: some of it has no place there. */
function plan(c: CommandContext, target: Target): boolean {
  const [first] = target.triplets;
  if (!target.exists && !first!.path.isRoot) throw new JsonCommandError(ERR_NEW_AT_ROOT);
  if (target.exists && target.made === null) {
    // Large ones are copied only when there is more than one change: each must see the others.
    json.open(c, first!.key);
    const document = json.documentOf(c);
    const isPlain = target.triplets.length === 1 && !first!.path.isRoot;
    if (isPlain) {
      const { nodes, name } = planSet(document, first!.path, '');
      for (const node of nodes) checkDepth(name === null ? node.parent : node, first!.value);
      return nodes.length > 0 && canApply({ nodes, name });
    }
    target.made = new LargeJson(cloneJson(document.root), false);
  }
  let isWhole = true;
  for (const { path, value } of target.triplets) {
    if (path.isRoot || target.made === null) {
      target.made = new LargeJson(value, false);
      continue;
    }
    const found = planSet(target.made, path, '');
    for (const node of found.nodes) checkDepth(found.name === null ? node.parent : node, value);
    if (found.nodes.length > 0 && canApply(found)) applySet(target.made, found, value);
    else isWhole = false;
  }
  return isWhole;
}

/** Stores what was made; below 0: NOT_HERE or FULL, and nothing has changed. */
function storeAll(c: CommandContext, targets: ReadonlyMap<string, Target>): number {
  c.room.begin();
  for (const { triplets, made } of targets.values()) {
    const entry = json.open(c, triplets[0]!.key);
    if (entry < 0) return entry;
    if (made === null) continue;
    const bytes = jsonBytes(made.root);
    if (bytes > c.mostPackedBytes && !c.mayBeLarge) return NOT_HERE;
    if (!c.canStore(entry, bytes)) return NOT_HERE;
  }
  if (!c.room.claim()) return c.full();
  let stored = 0;
  // What may fail after all comes first.
  const ordered = [...targets.values()].sort((a, b) => Number(!a.made) - Number(!b.made));
  for (const { triplets, made } of ordered) {
    const [{ key, path, value }] = triplets as [Triplet];
    const entry = json.open(c, key);
    if (made === null) {
      const document = json.documentOf(c);
      const found = planSet(document, path, '');
      if (found.nodes.length === 0 || !canApply(found)) continue;
      applySet(document, found, value);
      stored = json.save(c);
    } else {
      stored = json.store(c, entry, made.root);
      if (stored < 0) break;
    }
    if (triplets.length > 1) {
      c.changed(stored);
    } else {
      const log = c.changedAs(stored, 'JSON.SET', 2);
      const { request } = c;
      log?.argument(request.bytes, request.offset(key + 1), request.length(key + 1));
      log?.argument(request.bytes, request.offset(key + 2), request.length(key + 2));
      log?.endTold(stored);
    }
    c.note(EVENT_MODULE, 'json.mset', key);
  }
  c.room.end();
  return Math.min(0, stored);
}
