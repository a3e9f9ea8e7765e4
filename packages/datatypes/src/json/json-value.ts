// What a JSON document is made of in memory. Scalars are JavaScript's own; numbers whose text those
// would not give back keep it. Containers know how long they are as text. No paths, no storage.

import type { JsonPaging } from './json-paging.ts';

/** A number that is written otherwise than JavaScript would write it: `1.0`, 2^60, `1E5`. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export class JsonArray {
  readonly items: JsonValue[] = [];
  /** Of its text, without spaces. */
  bytes = 2;
  /** How it is cut into records; null: it is a part of what it lies in. */
  paging: JsonPaging | null = null;
}

export class JsonObject {
  /** In the order in which they were added. */
  readonly members = new Map<string, JsonValue>();
  bytes = 2;
  paging: JsonPaging | null = null;
}

export type JsonContainer = JsonArray | JsonObject;
export type JsonValue = null | boolean | number | string | JsonNumber | JsonContainer;

/** Containers within each other, at most. */
export const MOST_JSON_DEPTH = 128;

export function isContainer(value: JsonValue | undefined): value is JsonContainer {
  return value instanceof JsonArray || value instanceof JsonObject;
}

export function isJsonNumber(value: JsonValue): value is number | JsonNumber {
  return typeof value === 'number' || value instanceof JsonNumber;
}

const ESCAPED = /[^ !#-[\]-~]/;

/** A string as JSON text. */
export function stringText(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** Bytes of a string as JSON text. */
export function stringBytes(text: string): number {
  return ESCAPED.test(text) ? Buffer.byteLength(JSON.stringify(text)) : text.length + 2;
}

/** Bytes of a value as JSON text. */
export function jsonBytes(value: JsonValue): number {
  if (value === null || value === true) return 4;
  if (value === false) return 5;
  if (typeof value === 'string') return stringBytes(value);
  if (typeof value === 'number') return String(value).length;
  return value instanceof JsonNumber ? value.text.length : value.bytes;
}

/** Bytes of a member: name, colon, value. */
export function memberBytes(name: string, value: JsonValue): number {
  return stringBytes(name) + 1 + jsonBytes(value);
}

/** Values in a container. */
export function sizeOf(container: JsonContainer): number {
  return container instanceof JsonArray ? container.items.length : container.members.size;
}

/** The value at an index or name; undefined: there is none. */
export function childOf(container: JsonValue, key: number | string): JsonValue | undefined {
  if (container instanceof JsonArray) {
    return typeof key === 'number' ? container.items[key] : undefined;
  }
  if (container instanceof JsonObject && typeof key === 'string') return container.members.get(key);
  return undefined;
}

/** Adds to a container that lies in none yet. */
export function pushItem(array: JsonArray, value: JsonValue): void {
  array.bytes += jsonBytes(value) + (array.items.length > 0 ? 1 : 0);
  array.items.push(value);
}

/** The same; of two members with a name the last one counts, where the first one was. */
export function putMember(object: JsonObject, name: string, value: JsonValue): void {
  const { members } = object;
  const before = members.get(name);
  if (before !== undefined) object.bytes += jsonBytes(value) - jsonBytes(before);
  else object.bytes += memberBytes(name, value) + (members.size > 0 ? 1 : 0);
  members.set(name, value);
}

/** What JSON.TYPE calls a value. */
export function jsonTypeName(value: JsonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  if (value instanceof JsonArray) return 'array';
  if (value instanceof JsonObject) return 'object';
  return isIntegerNumber(value) ? 'integer' : 'number';
}

/** True for numbers that are written without a point and an exponent. */
export function isIntegerNumber(value: number | JsonNumber): boolean {
  return typeof value === 'number' ? Number.isInteger(value) : !/[.eE]/.test(value.text);
}

export function toDouble(value: number | JsonNumber): number {
  return typeof value === 'number' ? value : Number(value.text);
}

/** The value of a number's text, which is valid JSON. */
export function numberOf(text: string): number | JsonNumber {
  const number = Number(text);
  // The sign of zero is not written.
  return String(number) === text && Number.isFinite(number) ? number : new JsonNumber(text);
}

/** The value of an integer. */
export function integerValue(value: bigint): number | JsonNumber {
  return numberOf(value.toString());
}

/** The value of a finite double that counts as no integer, whatever it is. */
export function floatValue(value: number): number | JsonNumber {
  if (!Number.isInteger(value)) return value;
  if (Object.is(value, -0)) return new JsonNumber('-0.0');
  const text = String(value);
  return new JsonNumber(text.includes('e') ? text.replace('e+', 'e') : `${text}.0`);
}

/** A copy that shares no container. */
export function cloneJson(value: JsonValue): JsonValue {
  if (value instanceof JsonArray) {
    const copy = new JsonArray();
    for (const item of value.items) copy.items.push(cloneJson(item));
    copy.bytes = value.bytes;
    return copy;
  }
  if (value instanceof JsonObject) {
    const copy = new JsonObject();
    for (const [name, member] of value.members) copy.members.set(name, cloneJson(member));
    copy.bytes = value.bytes;
    return copy;
  }
  return value;
}

/** True when two values are the same; numbers by what they are, not by how they are written. */
export function equalJson(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  if (isJsonNumber(a)) return isJsonNumber(b) && compareNumbers(a, b) === 0;
  if (a instanceof JsonArray) {
    if (!(b instanceof JsonArray) || a.items.length !== b.items.length) return false;
    return a.items.every((item, i) => equalJson(item, b.items[i]!));
  }
  if (!(a instanceof JsonObject && b instanceof JsonObject)) return false;
  if (a.members.size !== b.members.size) return false;
  for (const [name, member] of a.members) {
    const other = b.members.get(name);
    if (other === undefined || !equalJson(member, other)) return false;
  }
  return true;
}

/** Below 0, 0 or above 0; integers exactly. */
export function compareNumbers(a: number | JsonNumber, b: number | JsonNumber): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (isIntegerNumber(a) && isIntegerNumber(b)) {
    const x = bigIntOf(a);
    const y = bigIntOf(b);
    if (x === y) return 0;
    return x < y ? -1 : 1;
  }
  return toDouble(a) - toDouble(b);
}

/** Of an integer. */
export function bigIntOf(value: number | JsonNumber): bigint {
  return BigInt(typeof value === 'number' ? value : value.text);
}

/** How many containers lie within each other, the value included. */
export function jsonDepth(value: JsonValue): number {
  if (!isContainer(value)) return 0;
  let most = 0;
  const inner = value instanceof JsonArray ? value.items : value.members.values();
  for (const child of inner) if (isContainer(child)) most = Math.max(most, jsonDepth(child));
  return most + 1;
}
