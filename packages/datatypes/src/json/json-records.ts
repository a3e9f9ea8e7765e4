// A document as the records it is kept as; their keys are drawn in json-record-keys.ts. Payloads
// are JSON: of the root a value, of a page values or members with commas between them. A container
// with pages of its own is a reference: a byte 1, `[` or `{`, and its id in decimal digits.

import type { JsonPage } from './json-paging.ts';
import { JsonParser, JsonSyntaxError, REFERENCE } from './json-parser.ts';
import { headKey, PAGE_KEY_BYTES, pageKey, positionOf, RECORD_PAGE } from './json-record-keys.ts';
import {
  isContainer,
  JsonArray,
  type JsonContainer,
  JsonObject,
  type JsonValue,
  jsonBytes,
  memberBytes,
} from './json-value.ts';
import { jsonText } from './json-writer.ts';
import { entriesOf, LargeJson } from './large-json.ts';

/** Takes a record; both are valid during the call. */
export type TakeJsonRecord = (key: Buffer, payload: Buffer) => void;

const MARK = String.fromCharCode(REFERENCE);

/** Returns what the record of a key says now; null: there is none such. */
export function jsonRecord(document: LargeJson, key: Buffer): Buffer | null {
  if (key.length === 1) return Buffer.from(textOf(document.root));
  const container = document.paged.get(key.readUInt32BE(1));
  const paging = container?.paging;
  if (container === undefined || !paging) return null;
  const position = positionOf(key);
  const page = paging.pages[paging.placeOf(position)];
  return page?.position === position ? pagePayload(container, page) : null;
}

function pagePayload(container: JsonContainer, page: JsonPage): Buffer {
  const parts: string[] = [];
  for (const [name, , value] of entriesOf(container, container.paging!, page)) {
    const text = textOf(value);
    parts.push(name === null ? text : `${JSON.stringify(name)}:${text}`);
  }
  return Buffer.from(parts.join(','));
}

function textOf(value: JsonValue): string {
  if (!isContainer(value) || value.paging === null) return jsonText(value);
  return `${MARK}${value instanceof JsonArray ? '[' : '{'}${value.paging.id}`;
}

/** Goes through the records in the order of keys; the document may change between two calls. */
export function* walkJsonRecords(document: LargeJson, take: TakeJsonRecord): Generator<void, void> {
  take(headKey(), Buffer.from(textOf(document.root)));
  yield;
  for (const container of document.paged.values()) {
    const paging = container.paging!;
    let place = 0;
    for (let page = paging.pages[0]; page !== undefined; page = paging.pages[place]) {
      const { position } = page;
      const payload = pagePayload(container, page);
      take(pageKey(paging.id, position), payload);
      yield;
      if (container.paging !== paging) break;
      place = paging.placeOf(position);
      if (paging.pages[place]?.position === position) place++;
    }
  }
}

/** A document that records are about to be added to. */
export function emptyJson(): LargeJson {
  return new LargeJson(null, true);
}

/**
 * Adds what a record says to a document that is read in the order of keys; false when no document
 * has such a record there.
 */
export function addJsonRecord(document: LargeJson, key: Buffer, payload: Buffer): boolean {
  try {
    return key.length === 1 ? addRoot(document, payload) : addPage(document, key, payload);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false;
    throw error;
  }
}

function addRoot(document: LargeJson, payload: Buffer): boolean {
  const parser = new JsonParser(payload, 0, payload.length, (isArray, id) =>
    resolve(document, isArray, id, null),
  );
  const root = parser.value(0);
  parser.end();
  document.loadRoot(root);
  return !isContainer(root) || root.paging !== null;
}

function resolve(
  document: LargeJson,
  isArray: boolean,
  id: number,
  parent: JsonContainer | null,
): JsonValue {
  const container = document.loadContainer(isArray, id, parent);
  if (container === null) throw new JsonSyntaxError('a container is there already');
  return container;
}

function addPage(document: LargeJson, key: Buffer, payload: Buffer): boolean {
  if (key.length !== PAGE_KEY_BYTES || key[0] !== RECORD_PAGE) return false;
  const container = document.paged.get(key.readUInt32BE(1));
  const position = positionOf(key);
  if (container === undefined || !Number.isFinite(position)) return false;
  const last = container.paging!.pages.at(-1);
  if (last !== undefined && last.position >= position) return false;
  const isObject = container instanceof JsonObject;
  const page: JsonPage = { position, count: 0, bytes: 0, names: isObject ? new Set() : null };
  const parser = new JsonParser(payload, 0, payload.length, (isArray, id) =>
    resolve(document, isArray, id, container),
  );
  let bytes = 0;
  for (;;) {
    bytes += addEntry(container, page, parser);
    if (parser.isAtEnd) break;
    parser.comma();
  }
  page.bytes = payload.length + 1;
  document.loadPage(container, page, bytes);
  return true;
}

/** Returns the bytes it adds to the container. */
function addEntry(container: JsonContainer, page: JsonPage, parser: JsonParser): number {
  page.count++;
  if (container instanceof JsonArray) {
    const value = parser.value(0);
    container.items.push(value);
    return jsonBytes(value) + (container.items.length > 1 ? 1 : 0);
  }
  const name = parser.name();
  if (container.members.has(name)) throw new JsonSyntaxError('a member is there twice');
  const value = parser.value(0);
  container.members.set(name, value);
  page.names!.add(name);
  container.paging!.pageOfName!.set(name, page);
  return memberBytes(name, value) + (container.members.size > 1 ? 1 : 0);
}

/** A copy of a large document, made record by record. */
export function copyLargeJson(
  from: LargeJson,
  wanted: number,
): { readonly copy: LargeJson; step(): boolean } {
  const copy = emptyJson();
  let isRight = true;
  const records = walkJsonRecords(from, (key, payload) => {
    isRight = isRight && addJsonRecord(copy, key, Buffer.from(payload));
  });
  return {
    copy,
    step: () => {
      for (let i = 0; i < wanted && isRight; i++) if (records.next().done) return true;
      if (!isRight) throw new Error('a document can be made again of its records');
      return false;
    },
  };
}
