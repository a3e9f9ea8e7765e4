// The path of a JSON command: JSONPath, or one of RedisJSON 1, which is read as JSONPath and
// replied to in another shape.

import { compilePath, evaluatePath, type JsonNode, type JsonValue } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';

export class JsonPath {
  /** As it was given. */
  readonly original: string;
  /** The same as JSONPath. */
  readonly text: string;
  /** It was not: one value is replied, not a list. */
  readonly isLegacy: boolean;

  constructor(original: string) {
    this.original = original;
    this.isLegacy = !/^\$(?:$|[.[])/.test(original);
    if (!this.isLegacy) this.text = original;
    else if (original === '.') this.text = '$';
    else this.text = original.startsWith('.') ? `$${original}` : `$.${original}`;
  }

  get isRoot(): boolean {
    return this.text === '$';
  }

  /** @throws JsonPathError */
  find(root: JsonValue): JsonNode[] {
    return evaluatePath(compilePath(this.text), root);
  }
}

const LEGACY_ROOT = new JsonPath('.');

/** Reads the path at an argument index; behind the last one: the root. */
export function readPath(c: CommandContext, index: number): JsonPath {
  const { request } = c;
  return index < request.argc ? new JsonPath(request.slice(index).toString()) : LEGACY_ROOT;
}
