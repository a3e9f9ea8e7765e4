// Values to JSON text, as serde_json writes it: without spaces, or with what the client wants
// between the parts. Recursion is as deep as the document, which is bounded.

import { JsonArray, JsonNumber, type JsonValue, stringText } from './json-value.ts';

/** What is written besides the values. */
export interface JsonFormat {
  readonly indent: string;
  readonly newline: string;
  readonly space: string;
}

export const COMPACT: JsonFormat = { indent: '', newline: '', space: '' };

/** The text of a value without spaces. */
export function jsonText(value: JsonValue): string {
  let text = '';
  writeJson(value, (part) => {
    text = text === '' ? part : text + part;
  });
  return text;
}

/** Takes a part of a text. */
export type TakeText = (part: string) => void;

/** Characters that are taken at once, about: longer ones are put together for long. */
const PART = 16 * 1024;

/** Gives the text of a value without spaces in parts, of which only long strings are very long. */
export function writeJson(value: JsonValue, take: TakeText): void {
  const rest = write(value, '', take);
  if (rest !== '') take(rest);
}

/** Returns what was not taken yet. */
function write(value: JsonValue, before: string, take: TakeText): string {
  let text = before;
  if (text.length > PART) {
    take(text);
    text = '';
  }
  if (typeof value === 'string') return text + stringText(value);
  if (value === null || typeof value !== 'object') return text + String(value);
  if (value instanceof JsonNumber) return text + value.text;
  let isFirst = true;
  if (value instanceof JsonArray) {
    text += '[';
    for (const item of value.items) {
      text = write(item, isFirst ? text : `${text},`, take);
      isFirst = false;
    }
    return `${text}]`;
  }
  text += '{';
  for (const [name, member] of value.members) {
    text = write(member, `${text}${isFirst ? '' : ','}${stringText(name)}:`, take);
    isFirst = false;
  }
  return `${text}}`;
}

/** The same with spaces. */
export function formatJson(value: JsonValue, format: JsonFormat, depth = 0): string {
  if (format.indent === '' && format.newline === '' && format.space === '') return jsonText(value);
  if (value === null || typeof value !== 'object' || value instanceof JsonNumber) {
    return jsonText(value);
  }
  const parts: string[] = [];
  if (value instanceof JsonArray) {
    for (const item of value.items) parts.push(formatJson(item, format, depth + 1));
    return enclose('[', parts, ']', format, depth);
  }
  for (const [name, member] of value.members) {
    const text = formatJson(member, format, depth + 1);
    parts.push(`${JSON.stringify(name)}:${format.space}${text}`);
  }
  return enclose('{', parts, '}', format, depth);
}

/** What several values are together: their texts within brackets or braces. */
export function enclose(
  open: string,
  parts: readonly string[],
  close: string,
  { indent, newline }: JsonFormat,
  depth: number,
): string {
  if (parts.length === 0) return open + close;
  const before = newline + indent.repeat(depth + 1);
  return `${open}${before}${parts.join(`,${before}`)}${newline}${indent.repeat(depth)}${close}`;
}
