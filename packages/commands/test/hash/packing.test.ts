// When a hash is packed and when it is large: the directives, the bytes of the hot table, and that
// both forms answer the same.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from '../harness.ts';

const SEED = Number(process.env.FORGEKV_HASH_SEED ?? Date.now() & 0x7fffffff);

function limited(maxEntries: number, maxValueBytes: number, options: TestDatabaseOptions = {}) {
  const db = createTestDatabase(options);
  for (const { limits } of [db.front, db.worker]) limits.hash = { maxEntries, maxValueBytes };
  return db;
}

const encoding = (db: TestDatabase) => db.run('object', 'encoding', 'h');

test('hash-max-listpack-entries', async (t) => {
  const db = limited(3, 64);
  db.run('hset', 'h', 'a', '1', 'b', '1', 'c', '1');
  t.equal(encoding(db), 'listpack');
  db.run('hset', 'h', 'a', '2', 'b', '2', 'c', '2');
  t.equal(encoding(db), 'listpack');
  t.equal(db.hops, 0, 'a full hash whose fields are written again stays on the front');
  db.run('hsetnx', 'h', 'a', '2');
  db.run('hincrby', 'h', 'a', '2');
  t.equal(db.hops, 0);
  db.run('hset', 'h', 'a', '3', 'd', '1');
  t.equal(encoding(db), 'hashtable');
  t.ok(db.hops > 0);
  t.same(db.run('hmget', 'h', 'a', 'b', 'c', 'd'), ['3', '2', '2', '1']);
  db.run('hdel', 'h', 'a', 'b', 'c');
  t.equal(encoding(db), 'hashtable', 'it does not come back');
  db.run('hset', 'h2', 'a', '1', 'a', '2', 'a', '3', 'a', '4');
  t.equal(db.run('object', 'encoding', 'h2'), 'hashtable', 'pairs given count, repeated or not');
  db.run('hset', 'h3', 'a', '1', 'b', '2');
  db.run('hset', 'h3', 'c', '1', 'c', '2', 'c', '3');
  t.equal(db.run('object', 'encoding', 'h3'), 'listpack', 'three fields are three, however often');
  t.same(db.run('hgetall', 'h3'), ['a', '1', 'b', '2', 'c', '3']);
  db.audit();
});

test('hash-max-listpack-value', async (t) => {
  const long = 'x'.repeat(11);
  const grow: string[][] = [
    ['hset', 'h', 'a', long],
    ['hset', 'h', long, 'a'],
    ['hmset', 'h', 'b', '1', 'a', long],
    ['hsetnx', 'h', 'b', long],
    ['hincrby', 'h', 'a', '98765432101'],
    ['hincrbyfloat', 'h', 'a', '1234567.001'],
  ];
  for (const command of grow) {
    const db = limited(512, 10);
    db.run('hset', 'h', 'a', '1', 'c', 'x'.repeat(10));
    t.equal(encoding(db), 'listpack');
    db.run(...command);
    t.equal(encoding(db), 'hashtable', command.join(' '));
    db.audit();
  }
  const db = limited(512, 10);
  db.run('hset', 'h', 'a', '1');
  db.run('hsetnx', 'h', 'a', long);
  t.equal(encoding(db), 'listpack', 'nothing is set');
  db.audit();
});

test('hashes that would be longer than the hot table takes are large', async (t) => {
  const db = createTestDatabase({ hotValueMaxBytes: 100 });
  db.run('hset', 'h', 'a', 'x'.repeat(60));
  t.equal(encoding(db), 'listpack');
  db.run('hset', 'h', 'a', 'y'.repeat(60));
  t.equal(encoding(db), 'listpack', 'overwriting takes no room');
  t.equal(db.hops, 0);
  db.run('hset', 'h', 'b', 'x'.repeat(60));
  t.equal(encoding(db), 'hashtable');
  t.equal(db.hops > 0, true);
  t.same(db.run('hmget', 'h', 'a', 'b'), ['y'.repeat(60), 'x'.repeat(60)]);
  db.audit();
});

test('a pool that is full refuses, and nothing has changed', async (t) => {
  const db = createTestDatabase({ poolBytes: 1 << 20 });
  let reply = db.run('set', 'k', 'v');
  for (let i = 0; reply === '+OK'; i++) reply = db.run('set', `k${i}`, 'x'.repeat(4000));
  for (let i = 0; ; i++) {
    if (db.run('set', `small${i}`, 'x') !== '+OK') break;
  }
  const before = db.dump();
  const answers = [
    db.run('hset', 'h', ...Array.from({ length: 100 }, (_, i) => [`f${i}`, 'x'.repeat(60)]).flat()),
    db.run('hset', 'h', 'a', 'x'.repeat(100)),
  ];
  for (const answer of answers) t.match(answer, /^-OOM/);
  t.equal(db.dump(), before);
  db.audit();
});

test(`both forms and a plain model answer the same, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  for (const [maxEntries, hotValueMaxBytes] of [
    [512, 16_384],
    [8, 16_384],
    [512, 200],
    [0, 16_384],
  ]) {
    const db = limited(maxEntries!, 20, { hotValueMaxBytes: hotValueMaxBytes! });
    const model = new Map<string, string>();
    for (let i = 0; i < 3000; i++) {
      const field = `f${random.below(14)}`;
      const value = 'v'.repeat(random.chance(0.03) ? 30 : random.below(12)) + i;
      const dice = random.below(10);
      if (dice < 5) {
        const isNew = model.has(field) ? 0 : 1;
        if (db.run('hset', 'h', field, value) !== isNew) t.fail(`HSET at ${i}`);
        model.set(field, value);
      } else if (dice < 8) {
        const was = model.delete(field) ? 1 : 0;
        if (db.run('hdel', 'h', field) !== was) t.fail(`HDEL at ${i}`);
      } else if (dice === 8) {
        if (db.run('hget', 'h', field) !== (model.get(field) ?? null)) t.fail(`HGET at ${i}`);
      } else if (random.chance(0.05)) {
        db.run('del', 'h');
        model.clear();
      }
    }
    const pairs = db.run('hgetall', 'h') as string[];
    const found = new Map(pairs.flatMap((f, i) => (i % 2 ? [] : [[f, pairs[i + 1]!] as const])));
    t.same(found, model, `${maxEntries} entries, ${hotValueMaxBytes} bytes`);
    t.equal(db.run('hlen', 'h'), model.size);
    db.audit();
  }
});
