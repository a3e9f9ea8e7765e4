// Documents that are kept in records, beside plain values: the same random changes to both; the
// records that were told of, taken to a store, make the same document again at any moment.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  addJsonRecord,
  compilePath,
  copyLargeJson,
  emptyJson,
  evaluatePath,
  isContainer,
  JsonArray,
  type JsonNode,
  JsonObject,
  jsonBytes,
  jsonRecord,
  jsonText,
  LargeJson,
  parseJson,
  walkJsonRecords,
} from '../src/index.ts';

const SEED = Number(process.env.FORGEKV_JSON_SEED ?? 6901);
const STEPS = 2500;

class Store {
  readonly records = new Map<string, Buffer>();
  readonly dirty = new Set<string>();

  listen(document: LargeJson): void {
    const note = (bytes: Uint8Array, offset: number, length: number): void => {
      this.dirty.add(Buffer.from(bytes.subarray(offset, offset + length)).toString('latin1'));
    };
    document.listener = { changed: note, removed: note };
  }

  fill(document: LargeJson): void {
    this.records.clear();
    const records = walkJsonRecords(document, (key, payload) => {
      this.records.set(key.toString('latin1'), Buffer.from(payload));
    });
    while (!records.next().done);
  }

  /** Returns how many records were written. */
  flush(document: LargeJson): number {
    for (const name of this.dirty) {
      const payload = jsonRecord(document, Buffer.from(name, 'latin1'));
      if (payload === null) this.records.delete(name);
      else this.records.set(name, payload);
    }
    const count = this.dirty.size;
    this.dirty.clear();
    return count;
  }

  load(): LargeJson {
    const document = emptyJson();
    const keys = [...this.records.keys()].map((name) => Buffer.from(name, 'latin1'));
    keys.sort(Buffer.compare);
    for (const key of keys) {
      if (!addJsonRecord(document, key, this.records.get(key.toString('latin1'))!)) {
        throw new Error(`a record is refused: ${key.toString('hex')}`);
      }
    }
    return document;
  }
}

function nodesOf(document: LargeJson, path: string): JsonNode[] {
  return evaluatePath(compilePath(path), document.root);
}

function randomText(random: Random, depth: number): string {
  const kind = random.below(depth > 3 ? 4 : 8);
  if (kind === 0) return String(random.below(1e9) - 5e8);
  if (kind === 1) return ['true', 'null', '1.0', '12345678901234567890'][random.below(4)]!;
  if (kind < 4)
    return JSON.stringify('é"x'.repeat(random.below(random.below(10) === 0 ? 3000 : 30)));
  const parts: string[] = [];
  for (let i = random.below(depth < 2 && random.below(6) === 0 ? 100 : 5); i > 0; i--) {
    const value = randomText(random, depth + 1);
    parts.push(kind < 6 ? value : `"m${random.below(1000)}":${value}`);
  }
  return kind < 6 ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

/** Any container, found by going down at random. */
function randomNode(random: Random, document: LargeJson): JsonNode {
  let [node] = nodesOf(document, '$');
  for (let depth = random.below(5); depth > 0; depth--) {
    const { value } = node!;
    if (!isContainer(value)) break;
    const inner = value instanceof JsonArray ? value.items : [...value.members.values()];
    const child = nodesOf(document, '$').length === 0 ? [] : inner;
    if (child.length === 0) break;
    const at = random.below(child.length);
    const key = value instanceof JsonArray ? at : [...value.members.keys()][at]!;
    node = { value: child[at]!, parent: node!, key };
  }
  return node!;
}

function change(random: Random, document: LargeJson): void {
  const node = randomNode(random, document);
  const { value } = node;
  const fresh = parseJson(Buffer.from(randomText(random, random.below(4))));
  const kind = random.below(10);
  if (value instanceof JsonArray && kind < 5) {
    const at = random.below(value.items.length + 1);
    document.insert(node, at, random.below(3) === 0 ? [fresh, 1, 'x'] : [fresh]);
  } else if (value instanceof JsonObject && kind < 5) {
    let name = `n${random.below(1e6)}`;
    while (value.members.has(name)) name += 'x';
    document.addMember(node, name, fresh);
  } else if (value instanceof JsonArray && kind === 6 && value.items.length > 0) {
    const first = random.below(value.items.length);
    document.removeItems(node, first, random.below(value.items.length - first + 1));
  } else if (isContainer(value) && kind === 7 && random.below(20) === 0) {
    document.clear(node);
  } else if (node.parent !== null && kind === 8) {
    document.remove(node);
  } else if (node.parent !== null || random.below(100) === 0) {
    document.replace(node, fresh);
  }
}

test('a document and its records go together through random changes', (t) => {
  const random = new Random(SEED);
  t.comment(`seed ${SEED}`);
  const document = new LargeJson(parseJson(Buffer.from('{"a":[],"o":{}}')), true);
  const store = new Store();
  store.fill(document);
  store.listen(document);
  let largest = 0;
  for (let step = 0; step < STEPS; step++) {
    change(random, document);
    if (document.textBytes > 400_000) {
      const inner = nodesOf(document, '$.*');
      if (inner.length > 0) document.remove(inner[0]!);
      else document.setRoot(parseJson(Buffer.from('{"a":[]}')));
    }
    largest = Math.max(largest, document.textBytes);
    if (random.below(30) !== 0) continue;
    store.flush(document);
    const text = jsonText(document.root);
    t.equal(Buffer.byteLength(text), jsonBytes(document.root));
    t.equal(store.records.size, document.recordCount);
    const loaded = store.load();
    t.ok(jsonText(loaded.root) === text, 'the same again');
    t.equal(jsonBytes(loaded.root), Buffer.byteLength(text));
    t.equal(loaded.recordCount, document.recordCount);
    const longest = Math.max(...[...store.records.values()].map(({ length }) => length));
    t.ok(longest < 32_768, 'no record is very long');
    const copying = copyLargeJson(document, 3);
    while (!copying.step());
    t.ok(jsonText(copying.copy.root) === text, 'a copy');
  }
  t.ok(largest > 100_000);
  t.end();
});

test('a small change of a large document is one record', (t) => {
  const parts = Array.from(
    { length: 2000 },
    (_, i) => `"k${i}":{"n":${i},"t":"${'x'.repeat(40)}"}`,
  );
  const document = new LargeJson(parseJson(Buffer.from(`{${parts.join(',')}}`)), true);
  const store = new Store();
  store.fill(document);
  store.listen(document);
  const [node] = nodesOf(document, '$.k1234.n');
  document.replace(node!, 42);
  t.equal(store.flush(document), 1);
  t.ok(jsonText(store.load().root).includes('"k1234":{"n":42,'));
  const [root] = nodesOf(document, '$');
  document.addMember(root!, 'new', 1);
  t.equal(store.flush(document), 1);
  const array = new LargeJson(parseJson(Buffer.from(`[${'1,'.repeat(50_000)}1]`)), true);
  const items = new Store();
  items.fill(array);
  items.listen(array);
  const [all] = nodesOf(array, '$');
  for (let i = 0; i < 3000; i++) array.insert(all!, 25_000, ['between']);
  t.ok(items.flush(array) < 100);
  t.ok(jsonText(items.load().root) === jsonText(array.root));
  t.end();
});

test('records that no document has are refused', (t) => {
  const document = new LargeJson(parseJson(Buffer.from(`[${'{"a":"bcd"},'.repeat(3000)}1]`)), true);
  const store = new Store();
  store.fill(document);
  const random = new Random(SEED);
  const keys = [...store.records.keys()];
  for (let run = 0; run < 300; run++) {
    const loaded = emptyJson();
    for (const name of keys.sort()) {
      const key = Buffer.from(name, 'latin1');
      const payload = Buffer.from(store.records.get(name)!);
      if (random.below(20) === 0) key[random.below(key.length)] = random.below(256);
      if (random.below(4) === 0) payload[random.below(payload.length)] = random.below(256);
      if (!addJsonRecord(loaded, key, payload)) break;
    }
  }
  t.pass('nothing but true or false');
  t.end();
});
