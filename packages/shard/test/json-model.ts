// Documents beside plain ones: an object whose members are strings, lists and objects.

import type { Random } from '@forgekv/base';
import { JsonNode, JsonObject, jsonText, type LargeJson, parseJson } from '@forgekv/datatypes';

const VARIETY = 2000;

/** Makes a random change to both. */
export function changeJson(
  random: Random,
  value: LargeJson,
  plain: Map<string, string>,
  text: string,
): void {
  const root = new JsonNode(value.root, null, '');
  const { members } = value.root as JsonObject;
  const name = `member ${random.below(VARIETY)}`;
  const before = members.get(name);
  if (before !== undefined && random.below(3) === 0) {
    value.remove(new JsonNode(before, root, name));
    plain.delete(name);
    return;
  }
  const made = [JSON.stringify(text), `[${text.length},"${text}"]`, `{"a":{"b":"${text}"}}`];
  const chosen = made[random.below(made.length)]!;
  const fresh = parseJson(Buffer.from(chosen));
  if (before === undefined) value.addMember(root, name, fresh);
  else value.replace(new JsonNode(before, root, name), fresh);
  plain.set(name, chosen);
}

/** One text for each member. */
export function textsOfJson(value: LargeJson): string[] {
  if (!(value.root instanceof JsonObject)) return ['no object'];
  return [...value.root.members].map(([name, member]) => `${name}=${jsonText(member)}`);
}
