// Random changes of documents beside plain JavaScript values that have the same done to them: in
// the table, as large documents, and on the border between the two; copied, moved, dumped and
// restored; and made again of the effects that were logged.

import { Random } from '@forgekv/base';
import { t as file, test } from 'tap';
import { createTestDatabase, type Plain, type TestDatabase } from '../harness.ts';
import { LoggedDatabase, replayInto } from '../support/logged-database.ts';

const SEED = Number(process.env.FORGEKV_JSON_SEED ?? Date.now() & 0x7fffffff);
const COMMANDS = 600;

file.setTimeout(60_000);

type Model = null | boolean | number | string | Model[] | { [name: string]: Model };

/** A place in a document: what is around it, and the key there. */
interface Place {
  readonly path: string;
  readonly around: Model[] | { [name: string]: Model } | null;
  readonly key: number | string;
}

function isObject(value: Model): value is { [name: string]: Model } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

class Documents {
  readonly #random: Random;
  readonly #db: TestDatabase;
  readonly models = new Map<string, Model>();

  constructor(random: Random, db: TestDatabase) {
    this.#random = random;
    this.#db = db;
  }

  fresh(depth: number): Model {
    const random = this.#random;
    const kind = random.below(depth > 2 ? 4 : 7);
    if (kind === 0) return random.below(2) === 0;
    if (kind === 1) return random.below(1e6) - 5e5;
    if (kind === 2) return null;
    if (kind === 3) return 'é"x\n'.repeat(random.below(random.below(8) === 0 ? 200 : 6));
    const count = random.below(random.below(5) === 0 ? 40 : 5);
    if (kind === 4) return Array.from({ length: count }, () => this.fresh(depth + 1));
    const names = Array.from({ length: count }, () => `n${random.below(60)}`);
    return Object.fromEntries(names.map((name) => [name, this.fresh(depth + 1)]));
  }

  place(root: Model): Place {
    const random = this.#random;
    let place: Place = { path: '$', around: null, key: '' };
    let value = root;
    for (let depth = random.below(5); depth > 0; depth--) {
      const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
      if (keys.length === 0) break;
      const name = keys[random.below(keys.length)]!;
      if (Array.isArray(value)) {
        place = { path: `${place.path}[${name}]`, around: value, key: Number(name) };
        value = value[Number(name)]!;
      } else if (isObject(value)) {
        place = { path: `${place.path}.${name}`, around: value, key: name };
        value = value[name]!;
      }
    }
    return place;
  }

  at({ around, key }: Place, root: Model): Model {
    if (around === null) return root;
    return Array.isArray(around) ? around[Number(key)]! : around[key]!;
  }

  put({ around, key }: Place, name: string, value: Model): void {
    if (around === null) this.models.set(name, value);
    else if (Array.isArray(around)) around[Number(key)] = value;
    else around[key] = value;
  }

  /** Runs a random command and does the same to the model. */
  change(name: string): void {
    const random = this.#random;
    const db = this.#db;
    const root = this.models.get(name);
    if (root === undefined) {
      const value = this.fresh(0);
      db.run('JSON.SET', name, '$', JSON.stringify(value));
      this.models.set(name, value);
      return;
    }
    const place = this.place(root);
    const { path } = place;
    const value = this.at(place, root);
    const added = this.fresh(1);
    const text = JSON.stringify(added);
    const kind = random.below(8);
    if (kind === 0 && (place.around !== null || random.below(10) === 0)) {
      db.run('JSON.SET', name, path, text);
      this.put(place, name, added);
    } else if (kind === 1 && place.around !== null) {
      this.remove(name, place);
    } else if (typeof value === 'number') {
      db.run('JSON.NUMINCRBY', name, path, '7');
      this.put(place, name, value + 7);
    } else if (typeof value === 'boolean') {
      db.run('JSON.TOGGLE', name, path);
      this.put(place, name, !value);
    } else if (typeof value === 'string') {
      db.run('JSON.STRAPPEND', name, path, '"é+"');
      this.put(place, name, `${value}é+`);
    } else if (Array.isArray(value)) {
      this.changeArray(name, path, value, added);
    } else if (isObject(value)) {
      this.changeObject(name, path, value, added);
    }
  }

  remove(name: string, { path, around, key }: Place): void {
    this.#db.run('JSON.DEL', name, path);
    if (Array.isArray(around)) around.splice(Number(key), 1);
    else if (around !== null) delete around[key];
    const root = this.models.get(name)!;
    // A document that becomes empty is gone.
    if (around === root && Object.keys(around as object).length === 0) this.models.delete(name);
  }

  changeArray(name: string, path: string, value: Model[], added: Model): void {
    const db = this.#db;
    const random = this.#random;
    const text = JSON.stringify(added);
    const kind = random.below(5);
    if (kind === 0) {
      db.run('JSON.ARRAPPEND', name, path, text, '1');
      value.push(added, 1);
    } else if (kind === 1) {
      const index = random.below(value.length + 1);
      db.run('JSON.ARRINSERT', name, path, `${index}`, '"i"', text);
      value.splice(index, 0, 'i', added);
    } else if (kind === 2 && value.length > 0) {
      const index = random.below(value.length);
      db.run('JSON.ARRPOP', name, path, `${index}`);
      value.splice(index, 1);
    } else if (kind === 3 && value.length > 3) {
      db.run('JSON.ARRTRIM', name, path, '1', '-2');
      value.splice(0, value.length, ...value.slice(1, -1));
    } else if (random.below(4) === 0) {
      db.run('JSON.CLEAR', name, path);
      value.length = 0;
    }
  }

  changeObject(name: string, path: string, value: { [name: string]: Model }, added: Model): void {
    const member = `n${this.#random.below(60)}`;
    const db = this.#db;
    if (this.#random.below(2) === 0) {
      db.run('JSON.SET', name, `${path}.${member}`, JSON.stringify(added));
      value[member] = added;
      return;
    }
    const gone = Object.keys(value)[0] ?? 'none';
    if (gone === member) return;
    db.run('JSON.MERGE', name, path, JSON.stringify({ [gone]: null, [member]: 'merged' }));
    delete value[gone];
    value[member] = 'merged';
  }

  /** Moves documents between keys. */
  move(from: string, to: string): void {
    const db = this.#db;
    const value = this.models.get(from);
    if (value === undefined || from === to) return;
    const copy = JSON.parse(JSON.stringify(value)) as Model;
    const kind = this.#random.below(4);
    if (kind === 0) {
      db.run('RENAME', from, to);
      this.models.delete(from);
    } else if (kind === 1) {
      db.run('COPY', from, to, 'REPLACE');
    } else if (kind === 2) {
      const payload = Buffer.from(`${db.run('DUMP', from)}`, 'latin1');
      db.run('RESTORE', to, '0', payload, 'REPLACE');
    } else {
      db.run('JSON.MSET', to, '$', JSON.stringify(copy), from, '$', JSON.stringify(value));
    }
    this.models.set(to, copy);
  }
}

function utf8(reply: Plain): string | null {
  return reply === null ? null : Buffer.from(`${reply}`, 'latin1').toString();
}

for (const hotValueMaxBytes of [16384, 600, 1]) {
  test(`packed up to ${hotValueMaxBytes} bytes, seed ${SEED}`, (t) => {
    const logged = new LoggedDatabase(t, { hotValueMaxBytes });
    const { db } = logged;
    const random = new Random(SEED);
    const documents = new Documents(random, db);
    for (let ran = 0; ran < COMMANDS; ran++) {
      const name = `k${random.below(3)}`;
      db.isInline = ran % 7 === 0;
      if (random.below(40) === 0) documents.move(name, `k${random.below(3)}`);
      else documents.change(name);
      if (ran % 5 === 0) logged.settle();
      const text = utf8(db.run('JSON.GET', name));
      const model = documents.models.get(name);
      if (text === (model === undefined ? null : JSON.stringify(model))) continue;
      t.equal(text, JSON.stringify(model), `command ${ran}`);
      break;
    }
    db.isInline = false;
    const copy = createTestDatabase({ hotValueMaxBytes });
    const effects = logged.all();
    replayInto(copy, effects);
    for (const name of ['k0', 'k1', 'k2']) {
      t.equal(utf8(copy.run('JSON.GET', name)), utf8(db.run('JSON.GET', name)), `${name} again`);
    }
    t.ok(effects.length > COMMANDS / 3, `${effects.length} effects`);
    db.audit();
    copy.audit();
    t.end();
  });
}

test('payloads: of RedisJSON, of others, damaged', (t) => {
  const db = createTestDatabase();
  db.run('JSON.SET', 'k', '$', '{"a":[1,2.0,"é"]}');
  const payload = Buffer.from(`${db.run('DUMP', 'k')}`, 'latin1');
  // Type 7, the id of ReJSON-RL version 3 as 64 bits.
  t.equal(payload[0], 7);
  t.equal(payload[1], 0x81);
  t.equal(db.run('RESTORE', 'copy', '0', payload), '+OK');
  t.equal(utf8(db.run('JSON.GET', 'copy')), '{"a":[1,2.0,"é"]}');
  const random = new Random(SEED);
  for (let i = 0; i < 500; i++) {
    const damaged = Buffer.from(payload);
    damaged[random.below(damaged.length)] = random.below(256);
    t.match(db.run('RESTORE', 'x', '0', damaged, 'REPLACE'), /^(-ERR|\+OK)/);
  }
  db.audit();
  t.end();
});

test('what would be too long is refused', (t) => {
  const db = createTestDatabase({ maxStringBytes: 1000 });
  db.run('JSON.SET', 'k', '$', `{"s":"${'x'.repeat(900)}"}`);
  t.match(db.run('JSON.STRAPPEND', 'k', '$.s', `"${'y'.repeat(101)}"`), /^-ERR string exceeds/);
  t.match(db.run('JSON.STRAPPEND', 'k', '$["s","s"]', `"${'y'.repeat(60)}"`), /^-ERR string/);
  t.same(db.run('JSON.STRAPPEND', 'k', '$.s', `"${'y'.repeat(100)}"`), [1000]);
  db.run('JSON.SET', 'large', '$', `["${'x'.repeat(200_000)}"]`);
  const many = `$[${Array.from({ length: 2000 }, () => '0').join(',')}]`;
  t.equal(db.run('JSON.GET', 'large', many), '-ERR the text is too long');
  db.audit();
  t.end();
});

test('what is too deep is refused, and what is there stays readable', (t) => {
  const db = createTestDatabase();
  db.run('JSON.SET', 'k', '$', `${'['.repeat(100)}${']'.repeat(100)}`);
  const deep = `${'['.repeat(60)}${']'.repeat(60)}`;
  const path = `$${'[0]'.repeat(99)}`;
  t.equal(db.run('JSON.ARRAPPEND', 'k', path, deep), '-ERR recursion limit exceeded');
  t.equal(db.run('JSON.SET', 'k', path, deep), '-ERR recursion limit exceeded');
  t.equal(db.run('JSON.MERGE', 'k', path, deep), '-ERR recursion limit exceeded');
  t.equal(utf8(db.run('JSON.GET', 'k'))?.length, 200);
  t.end();
});
