// A document, and how it is changed. One that is kept in records has pages, and every change is
// told to a listener by the keys of the records it concerns: a page, or a few. One that is packed
// is read from its text, changed, and written again; it has no pages. Knows no paths but those of
// nodes.

import type { ElementListener } from '../large/element-listener.ts';
import {
  type JsonPage,
  JsonPaging,
  MOST_INLINE_BYTES,
  PAGE_BYTES,
  POSITION_GAP,
  REFERENCE_BYTES,
} from './json-paging.ts';
import { headKey, pageKey } from './json-record-keys.ts';
import {
  isContainer,
  JsonArray,
  type JsonContainer,
  JsonObject,
  type JsonValue,
  jsonBytes,
  memberBytes,
  sizeOf,
} from './json-value.ts';
import type { JsonNode } from './path-evaluator.ts';

/** What values take in memory, as a multiple of their text. */
const MEMORY_FACTOR = 4;
const BASE_BYTES = 400;
const PAGE_MEMORY = 120;

export class LargeJson {
  /** Told of the records that changed. */
  listener: ElementListener | null = null;
  #root: JsonValue = null;
  readonly #isPaged: boolean;
  /** Containers with pages, by id: what is around one is before it, and has a smaller id. */
  readonly paged = new Map<number, JsonContainer>();
  #nextId = 1;
  #pageCount = 0;

  /** @param isPaged it is kept in records */
  constructor(root: JsonValue, isPaged: boolean) {
    this.#isPaged = isPaged;
    this.setRoot(root);
  }

  get root(): JsonValue {
    return this.#root;
  }

  /** Bytes of its text. */
  get textBytes(): number {
    return jsonBytes(this.#root);
  }

  get memoryBytes(): number {
    return BASE_BYTES + MEMORY_FACTOR * this.textBytes + PAGE_MEMORY * this.#pageCount;
  }

  /** Records that it is kept as. */
  get recordCount(): number {
    return 1 + this.#pageCount;
  }

  /** The same, by the name that all collections have. */
  get count(): number {
    return this.recordCount;
  }

  // --- changes; values that are given belong to the document then ---

  setRoot(value: JsonValue): void {
    this.#discard(this.#root);
    this.#root = value;
    if (this.#isPaged && isContainer(value)) this.#adopt(value, null);
    this.listener?.changed(headKey(), 0, headKey().length);
  }

  /** Replaces what is at a node. */
  replace(node: JsonNode, value: JsonValue): void {
    const { parent, key } = node;
    if (parent === null) {
      this.setRoot(value);
      return;
    }
    const container = parent.value as JsonContainer;
    if (container instanceof JsonArray) {
      const index = key as number;
      const before = container.items[index]!;
      container.items[index] = value;
      this.#replaced(parent, key, value, before);
      return;
    }
    const before = container.members.get(key as string)!;
    container.members.set(key as string, value);
    this.#replaced(parent, key, value, before);
  }

  /** Adds a member that an object does not have. */
  addMember(node: JsonNode, name: string, value: JsonValue): void {
    const object = node.value as JsonObject;
    const bytes = memberBytes(name, value);
    const { paging } = object;
    object.members.set(name, value);
    if (paging !== null) {
      const page = this.#lastPage(object, paging);
      page.names!.add(name);
      paging.pageOfName!.set(name, page);
      page.count++;
    }
    const comma = object.members.size > 1 ? 1 : 0;
    this.#changed(node, name, value, bytes + comma);
  }

  /** Puts values in front of the one at an index of an array. */
  insert(node: JsonNode, index: number, values: readonly JsonValue[]): void {
    const array = node.value as JsonArray;
    const { items } = array;
    let at = index;
    for (const value of values) {
      // One by one: each may need a page of its own.
      if (at === items.length) items.push(value);
      else items.splice(at, 0, value);
      // It may have got pages with the value before.
      const { paging } = array;
      if (paging !== null) {
        const page = paging.pageAt(at) ?? this.#lastPage(array, paging);
        page.count++;
      }
      const comma = items.length > 1 ? 1 : 0;
      this.#changed(node, at, value, jsonBytes(value) + comma);
      at++;
    }
  }

  /** Removes what is at a node, which is not the document. */
  remove({ parent, key }: JsonNode): void {
    const container = parent!.value as JsonContainer;
    if (container instanceof JsonArray) {
      this.removeItems(parent!, key as number, 1);
      return;
    }
    const name = key as string;
    const value = container.members.get(name)!;
    const bytes = memberBytes(name, value);
    this.#discard(value);
    container.members.delete(name);
    const { paging } = container;
    if (paging !== null) {
      const page = paging.pageOfName!.get(name)!;
      paging.pageOfName!.delete(name);
      page.names!.delete(name);
      this.#took(paging, page, 1);
      if (page.count > 0) page.bytes = this.#measure(container, page);
    }
    this.#shrunk(parent!, bytes + (container.members.size > 0 ? 1 : 0));
  }

  /** Removes values of an array. */
  removeItems(node: JsonNode, first: number, count: number): void {
    const array = node.value as JsonArray;
    const removed = array.items.splice(first, count);
    let bytes = 0;
    for (const value of removed) {
      bytes += jsonBytes(value) + 1;
      this.#discard(value);
    }
    if (array.items.length === 0 && removed.length > 0) bytes--;
    const { paging } = array;
    if (paging !== null) this.#tookItems(array, paging, first, removed.length);
    this.#shrunk(node, bytes);
  }

  /** Removes all that is in a container. */
  clear(node: JsonNode): void {
    const container = node.value as JsonContainer;
    const { paging } = container;
    const bytes = container.bytes - 2;
    const inner = container instanceof JsonArray ? container.items : container.members.values();
    for (const value of inner) this.#discard(value);
    if (container instanceof JsonArray) container.items.length = 0;
    else container.members.clear();
    if (paging !== null) {
      for (const page of paging.pages) this.#tellRemoved(paging, page);
      paging.pages.length = 0;
      paging.pageOfName?.clear();
    }
    this.#shrunk(node, bytes);
  }

  // --- pages ---

  #replaced(node: JsonNode, key: number | string, value: JsonValue, before: JsonValue): void {
    const wasPaged = isContainer(before) && before.paging !== null;
    this.#discard(before);
    this.#changed(node, key, value, jsonBytes(value) - jsonBytes(before), wasPaged);
  }

  /**
   * A value of a container has another size now.
   * @param value the one that is at the key
   */
  #changed(
    node: JsonNode,
    key: number | string,
    value: JsonValue,
    delta: number,
    wasPaged = false,
  ): void {
    const container = node.value as JsonContainer;
    for (let at: JsonNode | null = node; at !== null; at = at.parent) {
      (at.value as JsonContainer).bytes += delta;
    }
    if (!this.#isPaged) return;
    const [owner, inner] = this.#ownerOf(node, key);
    if (owner === container && isContainer(value)) this.#adoptLarge(value, owner);
    const page = this.#pageOf(owner, inner);
    if (page === undefined) return;
    const isPaged = owner === container && isContainer(value) && value.paging !== null;
    if (wasPaged || isPaged) page.bytes = this.#measure(owner, page);
    else page.bytes += delta;
    this.#settle(owner, page);
  }

  /** A container has fewer bytes now, and its pages, if it has any, know. */
  #shrunk(node: JsonNode, bytes: number): void {
    for (let at: JsonNode | null = node; at !== null; at = at.parent) {
      (at.value as JsonContainer).bytes -= bytes;
    }
    if (!this.#isPaged) return;
    const container = node.value as JsonContainer;
    if (container.paging !== null) return;
    const [owner, inner] = this.#ownerOf(node, '');
    const around = this.#pageOf(owner, inner);
    if (around === undefined) return;
    around.bytes -= bytes;
    this.#tell(owner.paging!, around);
  }

  /**
   * The container whose pages a node's text is in, and the key there that leads to it. Containers
   * on the way that have become large get pages of their own.
   */
  #ownerOf(node: JsonNode, key: number | string): [JsonContainer, number | string] {
    const path: JsonNode[] = [];
    for (let at: JsonNode | null = node; at !== null; at = at.parent) path.push(at);
    let owner = path.pop()!.value as JsonContainer;
    for (let next = path.pop(); next !== undefined; next = path.pop()) {
      const container = next.value as JsonContainer;
      if (container.paging === null) {
        if (container.bytes <= MOST_INLINE_BYTES) return [owner, next.key];
        const page = this.#pageOf(owner, next.key);
        this.#adopt(container, owner);
        if (page !== undefined) {
          page.bytes = this.#measure(owner, page);
          this.#tell(owner.paging!, page);
        }
      }
      owner = container;
    }
    return [owner, key];
  }

  #pageOf(container: JsonContainer, key: number | string): JsonPage | undefined {
    const paging = container.paging!;
    return typeof key === 'number' ? paging.pageAt(key) : paging.pageOfName!.get(key);
  }

  /** Gives a container pages, and all large ones in it. */
  #adopt(container: JsonContainer, parent: JsonContainer | null): void {
    const isObject = container instanceof JsonObject;
    const paging = new JsonPaging(this.#nextId++, parent, isObject);
    container.paging = paging;
    this.paged.set(paging.id, container);
    const page = newPage(0, isObject);
    if (isObject) {
      for (const [name, value] of container.members) {
        this.#adoptLarge(value, container);
        page.names!.add(name);
        paging.pageOfName!.set(name, page);
      }
    } else {
      for (const value of container.items) this.#adoptLarge(value, container);
    }
    page.count = sizeOf(container);
    if (page.count === 0) return;
    paging.pages.push(page);
    this.#pageCount++;
    page.bytes = PAGE_BYTES * 2 + 1;
    this.#settle(container, page);
  }

  #adoptLarge(value: JsonValue, parent: JsonContainer): void {
    if (!isContainer(value) || value.paging !== null) return;
    if (value.bytes > MOST_INLINE_BYTES) this.#adopt(value, parent);
  }

  /** The page that the next value goes to. */
  #lastPage(container: JsonContainer, paging: JsonPaging): JsonPage {
    const last = paging.pages.at(-1);
    if (last !== undefined && last.bytes < PAGE_BYTES) return last;
    const page = newPage((last?.position ?? -POSITION_GAP) + POSITION_GAP, isObject(container));
    paging.pages.push(page);
    this.#pageCount++;
    return page;
  }

  /** A page has changed: it is cut when it has become too long. */
  #settle(container: JsonContainer, page: JsonPage): void {
    const paging = container.paging!;
    if (page.bytes > 2 * PAGE_BYTES && page.count > 1) {
      this.#cut(container, paging, page);
      return;
    }
    this.#tell(paging, page);
  }

  /** Cuts a page into such of about PAGE_BYTES; the first keeps the position. */
  #cut(container: JsonContainer, paging: JsonPaging, page: JsonPage): void {
    const place = paging.pages.indexOf(page);
    const next = paging.pages[place + 1];
    const parts: JsonPage[] = [];
    let part = newPage(page.position, isObject(container));
    for (const [name, bytes] of entriesOf(container, paging, page)) {
      if (part.count > 0 && part.bytes + bytes > PAGE_BYTES) {
        parts.push(part);
        part = newPage(0, isObject(container));
      }
      part.count++;
      part.bytes += bytes;
      if (name !== null) {
        part.names!.add(name);
        paging.pageOfName!.set(name, part);
      }
    }
    parts.push(part);
    const gap = next === undefined ? POSITION_GAP : (next.position - page.position) / parts.length;
    parts.forEach((one, i) => {
      one.position = page.position + i * gap;
    });
    const behind = paging.pages.splice(place);
    // One by one: there may be more than a call takes as arguments.
    for (const one of parts) paging.pages.push(one);
    for (const one of behind) if (one !== page) paging.pages.push(one);
    this.#pageCount += parts.length - 1;
    if (areDistinct(parts, next)) for (const one of parts) this.#tell(paging, one);
    else this.#renumber(paging);
  }

  /** Positions lie too close to each other for another one between them. */
  #renumber(paging: JsonPaging): void {
    for (const page of paging.pages) {
      this.#tellGone(paging, page.position);
    }
    paging.pages.forEach((page, i) => {
      page.position = i * POSITION_GAP;
    });
    for (const page of paging.pages) this.#tell(paging, page);
  }

  #measure(container: JsonContainer, page: JsonPage): number {
    let bytes = 0;
    for (const entry of entriesOf(container, container.paging!, page)) bytes += entry[1];
    return bytes;
  }

  /** A page has fewer values now. */
  #took(paging: JsonPaging, page: JsonPage, count: number): void {
    page.count -= count;
    if (page.count > 0) {
      this.#tell(paging, page);
      return;
    }
    paging.pages.splice(paging.pages.indexOf(page), 1);
    this.#tellRemoved(paging, page);
  }

  #tookItems(array: JsonArray, paging: JsonPaging, first: number, count: number): void {
    let begin = 0;
    const end = first + count;
    for (const page of [...paging.pages]) {
      const next = begin + page.count;
      const taken = Math.min(next, end) - Math.max(begin, first);
      begin = next;
      if (taken <= 0) continue;
      this.#took(paging, page, taken);
      if (page.count > 0) page.bytes = this.#measure(array, page);
    }
  }

  /** Values leave the document: their records go. */
  #discard(value: JsonValue): void {
    if (!isContainer(value) || value.paging === null) return;
    const { paging } = value;
    const inner = value instanceof JsonArray ? value.items : value.members.values();
    for (const child of inner) this.#discard(child);
    for (const page of paging.pages) this.#tellRemoved(paging, page);
    this.paged.delete(paging.id);
    value.paging = null;
  }

  #tell(paging: JsonPaging, { position }: JsonPage): void {
    if (this.listener === null) return;
    const key = pageKey(paging.id, position);
    this.listener.changed(key, 0, key.length);
  }

  #tellRemoved(paging: JsonPaging, { position }: JsonPage): void {
    this.#pageCount--;
    this.#tellGone(paging, position);
  }

  #tellGone(paging: JsonPaging, position: number): void {
    if (this.listener === null) return;
    const key = pageKey(paging.id, position);
    this.listener.removed(key, 0, key.length);
  }

  // --- what is read from records, in the order of their keys; see json-records.ts ---

  /** Sets an empty root. */
  loadRoot(value: JsonValue): void {
    this.#root = value;
  }

  /** Makes the container that a reference stands for; null: none of that id may be there. */
  loadContainer(isArray: boolean, id: number, parent: JsonContainer | null): JsonContainer | null {
    if (this.paged.has(id) || id <= (parent?.paging?.id ?? 0)) return null;
    const container = isArray ? new JsonArray() : new JsonObject();
    container.paging = new JsonPaging(id, parent, !isArray);
    this.paged.set(id, container);
    this.#nextId = Math.max(this.#nextId, id + 1);
    return container;
  }

  /** Adds a page behind the others; its values are in the container. */
  loadPage(container: JsonContainer, page: JsonPage, bytes: number): void {
    const paging = container.paging!;
    paging.pages.push(page);
    this.#pageCount++;
    for (let at: JsonContainer | null = container; at !== null; at = at.paging!.parent) {
      at.bytes += bytes;
    }
  }
}

function isObject(container: JsonContainer): boolean {
  return container instanceof JsonObject;
}

function newPage(position: number, ofObject: boolean): JsonPage {
  return { position, count: 0, bytes: 0, names: ofObject ? new Set() : null };
}

function areDistinct(parts: readonly JsonPage[], next: JsonPage | undefined): boolean {
  return parts.every((part, i) => {
    const after = parts[i + 1] ?? next;
    return after === undefined || part.position < after.position;
  });
}

/** The values of a page: name, null in an array, and bytes there. */
export function* entriesOf(
  container: JsonContainer,
  paging: JsonPaging,
  page: JsonPage,
): Generator<readonly [string | null, number, JsonValue], void> {
  if (container instanceof JsonArray) {
    const first = paging.firstOf(page);
    for (let i = first; i < first + page.count; i++) {
      const value = container.items[i]!;
      yield [null, bytesInPage(value) + 1, value];
    }
    return;
  }
  for (const name of page.names!) {
    const value = container.members.get(name)!;
    yield [name, memberBytes(name, null) - 4 + bytesInPage(value) + 1, value];
  }
}

function bytesInPage(value: JsonValue): number {
  return isContainer(value) && value.paging !== null ? REFERENCE_BYTES : jsonBytes(value);
}
