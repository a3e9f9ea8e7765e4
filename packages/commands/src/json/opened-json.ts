// The document of the command that runs. Which form it has is known here only: its text in the hot
// table, of which the command works on a copy that is stored at its end, or a tree in its worker's
// heap, which is changed where it is.
//
//   entry = json.open(c, 1)
//   edits of json.document, after everything that can fail
//   entry = json.save(c)         may answer NOT_HERE or FULL: then nothing has changed
//   c.changedAsAsked(entry), or another of the kind

import { invariant } from '@forgekv/base';
import {
  childOf,
  compilePath,
  findInText,
  foundText,
  isContainer,
  type JsonNode,
  type JsonValue,
  jsonBytes,
  jsonCompactor,
  jsonDepth,
  jsonText,
  LargeJson,
  MOST_JSON_DEPTH,
  parseJson,
} from '@forgekv/datatypes';
import { TYPE_JSON } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { NOT_HERE, OTHER_TYPE, type Outcome } from '../outcome.ts';
import { ERR_DEPTH, ERR_NO_KEY, ERR_NOT_JSON, JsonCommandError } from './json-errors.ts';
import type { JsonPath } from './json-path.ts';

const SCRATCH_BYTES = 32 * 1024;
const scratch = Buffer.alloc(SCRATCH_BYTES);

/** One per thread. */
class OpenedJson {
  entry = 0;
  #document: LargeJson | null = null;
  #isLarge = false;

  /** Opens a key; its entry, 0: there is none, or what `refuse` takes. */
  open(c: CommandContext, index: number): number {
    this.#document = null;
    this.entry = c.openCollection(index, TYPE_JSON);
    this.#isLarge = this.entry > 0 && c.collection !== null;
    return this.entry;
  }

  /** The same for commands that only read: counts the keyspace hit or miss. */
  openRead(c: CommandContext, index: number): number {
    const entry = this.open(c, index);
    if (entry >= 0) c.countRead(entry, index);
    else if (entry === OTHER_TYPE) c.stats.hits++;
    return entry;
  }

  /** The same for commands that need one; `refuse` also says that there is none. */
  openKnown(c: CommandContext, index: number): number {
    const entry = this.open(c, index);
    if (entry === 0) throw new JsonCommandError(ERR_NO_KEY);
    return entry;
  }

  /** Ends a command whose key is not within reach, or no document. */
  refuse(c: CommandContext, answer: number): Outcome {
    return answer === OTHER_TYPE ? c.fail(ERR_NOT_JSON) : c.refuse(answer);
  }

  /** True when the text of the key that was opened last is what c's value range says. */
  get isText(): boolean {
    return !this.#isLarge;
  }

  /** Of the key that was opened last, which has one. */
  documentOf(c: CommandContext): LargeJson {
    if (this.#document === null) {
      const { collection } = c;
      if (this.#isLarge) {
        invariant(collection instanceof LargeJson, 'a document is a document');
        this.#document = collection;
      } else {
        const text = parseJson(c.valueBytes, c.valueOffset, c.valueLength);
        this.#document = new LargeJson(text, false);
      }
    }
    return this.#document;
  }

  find(c: CommandContext, path: JsonPath): JsonNode[] {
    return path.find(this.documentOf(c).root);
  }

  /**
   * Takes the changes of the document to its key.
   * @returns the entry, NOT_HERE or FULL; in these two cases nothing has changed
   */
  save(c: CommandContext): number {
    const document = this.#document!;
    if (this.#isLarge) {
      c.touchLarge(this.entry, document);
      return this.entry;
    }
    return this.store(c, this.entry, document.root);
  }

  /**
   * Looks for what a path leads to in the text of a packed document, and leaves its place in
   * `foundText`.
   * @returns 1, 0: there is nothing, or -1: this is not the way to find it
   */
  findText(c: CommandContext, path: JsonPath): number {
    if (this.#isLarge || this.#document !== null) return -1;
    const query = compilePath(path.text);
    return findInText(query, c.valueBytes, c.valueOffset, c.valueLength);
  }

  /**
   * Puts another value's text in the place of the one that `findText` has found.
   * @returns the entry, 0: the document may have to become large, and nothing has changed
   */
  replaceText(c: CommandContext, value: JsonValue): number {
    const { begin, end } = foundText;
    const text = jsonText(value);
    const bytes = jsonBytes(value);
    const grown = c.valueLength + bytes - (end - begin);
    if (grown > c.mostPackedBytes) return 0;
    const from = begin - c.valueOffset;
    const to = end - c.valueOffset;
    const before = c.valueLength;
    let entry = this.entry;
    if (grown > before) {
      entry = c.growPacked(entry, TYPE_JSON, grown);
      if (entry < 0) return 0;
    }
    const { valueBytes, valueOffset } = c;
    if (grown !== before) {
      const tail = valueOffset + to;
      valueBytes.copyWithin(valueOffset + from + bytes, tail, valueOffset + before);
    }
    valueBytes.write(text, valueOffset + from, bytes, 'utf8');
    return c.fitPacked(entry, grown);
  }

  /**
   * Makes the selected key hold the text at an argument index, if that is a simple one.
   * @returns the entry, NOT_HERE or FULL; 0: it is not, and nothing has changed
   */
  storeText(c: CommandContext, entry: number, index: number): number {
    const { request } = c;
    const length = request.length(index);
    if (length > Math.min(c.mostPackedBytes, SCRATCH_BYTES)) return 0;
    const bytes = jsonCompactor.compact(request.bytes, request.offset(index), length, scratch);
    if (bytes < 0) return 0;
    const stored = c.reserve(entry, TYPE_JSON, bytes, 0);
    if (stored > 0) scratch.copy(c.valueBytes, c.valueOffset, 0, bytes);
    return stored;
  }

  /** The same for one that replaces what the selected key holds; it belongs to the key then. */
  store(c: CommandContext, entry: number, root: JsonValue): number {
    const bytes = jsonBytes(root);
    if (bytes > c.mostPackedBytes) {
      if (!c.mayBeLarge) return NOT_HERE;
      return c.storeLarge(entry, TYPE_JSON, new LargeJson(root, true));
    }
    const stored = c.reserve(entry, TYPE_JSON, bytes, 0);
    if (stored < 0) return stored;
    const written = c.valueBytes.write(jsonText(root), c.valueOffset, bytes, 'utf8');
    invariant(written === bytes, 'a text is as long as it was measured');
    return stored;
  }
}

export const json = new OpenedJson();

/** Reads the value at an argument index. */
export function readValue(c: CommandContext, index: number): JsonValue {
  const { request } = c;
  return parseJson(request.bytes, request.offset(index), request.length(index));
}

/** Values from an argument on. */
export function readValues(c: CommandContext, first: number): JsonValue[] {
  const values: JsonValue[] = [];
  for (let i = first; i < c.request.argc; i++) values.push(readValue(c, i));
  return values;
}

/** Says so when a value that comes to lie within a node would make a document too deep. */
export function checkDepth(within: JsonNode | null, value: JsonValue): void {
  if (!isContainer(value)) return;
  let depth = jsonDepth(value);
  for (let at = within; at !== null; at = at.parent) depth++;
  if (depth > MOST_JSON_DEPTH) throw new JsonCommandError(ERR_DEPTH);
}

/** True while a node is where it was found: nothing around it was replaced or removed. */
export function isAttached(node: JsonNode, root: JsonValue): boolean {
  for (let at = node; at.parent !== null; at = at.parent) {
    const around = at.parent.value;
    if (!isContainer(around)) return false;
    const child = childOf(around, at.key);
    if (child === undefined || (at !== node && child !== at.value)) return false;
    if (at.parent.parent === null && around !== root) return false;
  }
  return true;
}

/**
 * Compares nodes so that changes from the first to the last leave the ways to the others as they
 * are: later items before earlier ones, what is inside before what is around it.
 */
export function byChange(a: JsonNode, b: JsonNode): number {
  const one = keysOf(a);
  const other = keysOf(b);
  for (let i = 0; i < one.length && i < other.length; i++) {
    const x = one[i]!;
    const y = other[i]!;
    if (x === y) continue;
    if (typeof x === 'number' && typeof y === 'number') return y - x;
    return String(x) < String(y) ? -1 : 1;
  }
  return other.length - one.length;
}

function keysOf(node: JsonNode): (number | string)[] {
  const keys: (number | string)[] = [];
  for (let at = node; at.parent !== null; at = at.parent) keys.push(at.key);
  return keys.reverse();
}
