// The one rule, for every command of keys there is: where a front cannot serve a key, it changes
// nothing, writes nothing and leaves the command to a worker. And arity, for all of them.

import { SHARD_COUNT } from '@forgekv/base';
import { FLAG_STORED } from '@forgekv/keyspace';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from './harness.ts';
import { split } from './support/run-table.ts';
import { registry } from './support/test-thread.ts';

/** One call per command that works on keys; `a` and `b` exist, `none` does not. */
const CALLS = [
  'append a x',
  'bitcount a',
  'bitfield a incrby u8 0 1',
  'bitfield_ro a get u8 0',
  'bitop or b a n',
  'bitpos a 1',
  'copy a b replace',
  'debug|object a',
  'decr n',
  'decrby n 5',
  'del n a',
  'dump a',
  'exists n a',
  'expire a 100',
  'expireat a 1',
  'expiretime a',
  'get a',
  'getbit a 9',
  'getdel a',
  'getex a ex 10',
  'getrange a 0 -1',
  'getset a x',
  'incr n',
  'incrby n 5',
  'incrbyfloat n 1.5',
  'lcs n a',
  'memory|usage a',
  'mget n a',
  'move a 1',
  'mset n 1 a 2',
  'msetnx none 1 none2 2',
  'object|encoding a',
  'object|freq a',
  'object|idletime a',
  'object|refcount a',
  'persist a',
  'pexpire a 100',
  'pexpireat a 1',
  'pexpiretime a',
  'pfadd none x',
  'pfcount none',
  'pfdebug getreg none',
  'pfmerge none none2',
  'psetex a 100 x',
  'pttl a',
  'rename a b',
  'renamenx a none',
  // The text "bjma", version 10; its checksum has letters and digits only.
  'restore none 0 \0\x04bjma\n\x008eZ5sFtz',
  'set a x get',
  'setbit a 9 1',
  'setex a 100 x',
  'setnx none x',
  'setrange a 1 x',
  'sort none by w_* get n store a',
  'sort_ro none get *',
  'strlen a',
  'substr a 0 -1',
  'touch n a',
  'ttl a',
  'type a',
  'unlink n a',
].map((call) => split(call).flatMap((arg, i) => (i === 0 ? arg.split('|') : [arg])));

const nameOf = (call: readonly string[]) =>
  ['object', 'memory', 'debug'].includes(String(call[0]))
    ? `${call[0]}|${call[1]}`
    : (call[0] as string);

/** Families whose tests are elsewhere in this folder. */
const GROUPS = new Set(['string', 'generic', 'bitmap', 'hyperloglog', 'server']);

function filled(hotValueMaxBytes: number, nowMs = Date.now()): TestDatabase {
  const db = createTestDatabase({ hotValueMaxBytes });
  db.nowMs = nowMs;
  db.run('mset', 'n', '1', 'a', 'x'.repeat(100), 'b', 'y'.repeat(100));
  db.run('pexpire', 'b', 100_000);
  return db;
}

test('the calls are complete', async (t) => {
  const { table } = registry;
  const keyed = table.names.filter(
    (_, id) => table.specs[id]!.keys.length > 0 && GROUPS.has(table.specs[id]!.group),
  );
  t.same(CALLS.map(nameOf).sort(), keyed.sort());
});

test('no front enters a shard that belongs to a transaction', async (t) => {
  for (const call of CALLS) {
    const db = filled(1000);
    const setGates = (transaction: number) => {
      for (let shard = 0; shard < SHARD_COUNT; shard++) {
        db.table.locks.lock(shard);
        db.table.setGate(shard, transaction);
        db.table.locks.unlock(shard);
      }
    };
    setGates(7);
    t.equal(db.isLeftByFront(...call), true, call.join(' '));
    db.front.transaction = 7;
    t.equal(db.isLeftByFront(...call), false, 'but the transaction itself does');
    db.audit();
  }
});

test('no front answers for a key that may be in the store', async (t) => {
  for (const call of CALLS) {
    const db = filled(1000);
    const cold = call.map((arg) => (['a', 'b', 'n'].includes(arg) ? `cold:${arg}` : arg));
    const { databases } = db.worker;
    for (let shard = 0; shard < SHARD_COUNT; shard++) databases.addAway(0, shard, 1, 0, 0);
    t.equal(db.isLeftByFront(...cold), true, cold.join(' '));
    db.audit();
  }
});

test('a key that is too long is refused by whoever sees it, and nothing has changed', async (t) => {
  const long = 'k'.repeat(8001);
  for (const call of CALLS) {
    const db = filled(1000);
    const before = db.dump();
    const keys = call.map((arg) => (['a', 'none2', 'none'].includes(arg) ? long : arg));
    if (!keys.includes(long)) keys[1] = long;
    t.equal(db.run(...keys), '-ERR key is longer than 8000 bytes', keys[0] as string);
    t.equal(db.dump(), before);
    db.audit();
  }
});

test('no front waits for a lock', async (t) => {
  for (const call of CALLS) {
    const db = filled(1000);
    const { locks } = db.worker.table;
    for (let shard = 0; shard < SHARD_COUNT; shard++) locks.lock(shard);
    t.equal(db.isLeftByFront(...call), true, call.join(' '));
    t.ok(db.front.stats.lockMisses > 0);
    for (let shard = 0; shard < SHARD_COUNT; shard++) locks.unlock(shard);
    db.audit();
  }
});

test('large values: the answers of fronts and workers together are the same', async (t) => {
  for (const call of CALLS) {
    const nowMs = Date.now();
    const [packed, large] = [filled(1000, nowMs), filled(8, nowMs)];
    const [answer, expected] = [large.run(...call), packed.run(...call)];
    // A large value takes other room than a packed one: that is what it is asked.
    if (call[0] !== 'memory') t.same(answer, expected, call.join(' '));
    for (const key of ['n', 'a', 'b', 'none']) {
      t.same(large.run('get', key), packed.run('get', key), `${call.join(' ')}, then ${key}`);
      t.same(large.run('pttl', key), packed.run('pttl', key));
      t.same(large.run('object', 'encoding', key), packed.run('object', 'encoding', key));
    }
    t.equal(packed.hops, 0, 'small values never leave the front');
    packed.audit();
    large.audit();
  }
});

test('tombstones are keys that are not there, and their slots are used again', async (t) => {
  const nowMs = Date.now();
  for (const call of CALLS) {
    const [fresh, buried] = [createTestDatabase(), filled(1000, nowMs)];
    fresh.nowMs = nowMs;
    for (const key of ['a', 'b', 'n']) bury(buried, key);
    t.same(buried.run(...call), fresh.run(...call), call.join(' '));
    const live = (fresh.run('keys', '*') as string[]).sort();
    t.same((buried.run('keys', '*') as string[]).sort(), live);
    t.same(buried.run('mget', ...live, 'x'), fresh.run('mget', ...live, 'x'));
    // Gone again, there is one tombstone per key, not one beside a forgotten one.
    buried.run('del', 'a', 'b', 'n');
    for (const key of ['a', 'b', 'n']) t.equal(entriesOf(buried, key).length, 1, key);
    buried.audit();
  }
});

/** Deletes a key as if its store had it. */
function bury(db: TestDatabase, key: string): void {
  for (const entry of entriesOf(db, key)) db.front.table.setFlags(entry, 0, FLAG_STORED);
  db.run('del', key);
}

/** Entries of a key of one character, tombstones included. */
function entriesOf(db: TestDatabase, key: string): number[] {
  const { table } = db.front;
  db.run('get', key);
  const entries: number[] = [];
  const bucket = table.index.bucket(table.shard, table.hash);
  for (let entry = table.words[bucket]! << 2; entry !== 0; entry = table.words[entry]! << 2) {
    if (table.words[table.keyWord(entry)] === key.charCodeAt(0)) entries.push(entry);
  }
  return entries;
}

test('arity', async (t) => {
  const db = createTestDatabase();
  const { table } = registry;
  for (const [id, name] of table.names.entries()) {
    if (!GROUPS.has(table.specs[id]!.group) || table.isContainer[id]) continue;
    const arity = table.arity[id]!;
    const least = Math.abs(arity);
    const call = [...name.split('|'), ...Array<string>(20).fill('x')];
    const refused = `-ERR wrong number of arguments for '${name}' command`;
    const words = name.split('|').length;
    if (least > words) t.equal(db.run(...call.slice(0, least - 1)), refused);
    if (arity > 0) t.equal(db.run(...call.slice(0, least + 1)), refused);
  }
});
