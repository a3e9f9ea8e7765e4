// The one rule, for every command on hashes: where a front cannot serve the key, it changes
// nothing, writes nothing and leaves the command to a worker. And arity, for all of them.

import { SHARD_COUNT } from '@forgekv/base';
import { hashExpiryFamily, hashFamily } from '@forgekv/catalog';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { split } from '../support/run-table.ts';

const TIMES = ['httl', 'hpttl', 'hexpiretime', 'hpexpiretime', 'hpersist'];
const CALLS = [
  ...['hset h a 1', 'hmset h a 1', 'hsetnx h c 1', 'hget h a', 'hmget h a b', 'hgetall h'],
  ...['hkeys h', 'hvals h', 'hdel h a', 'hexists h a', 'hlen h', 'hstrlen h a', 'hscan h 0'],
  ...['hincrby h n 1', 'hincrbyfloat h n 1', 'hrandfield h', 'hexpire h 10 fields 1 a'],
  ...['hpexpire h 10 fields 1 a', 'hexpireat h 1800000000 fields 1 a'],
  ...['hpexpireat h 1 fields 1 a', ...TIMES.map((name) => `${name} h fields 1 a`)],
].map(split);

function filled(hotValueMaxBytes = 16_384): TestDatabase {
  const db = createTestDatabase({ hotValueMaxBytes });
  db.nowMs = 1_700_000_000_000;
  db.run('hset', 'h', 'a', '1', 'n', '5');
  db.run('hpexpire', 'h', '100000', 'fields', '1', 'n');
  return db;
}

test('the calls are complete', async (t) => {
  const names = [...Object.keys(hashFamily), ...Object.keys(hashExpiryFamily)];
  t.same(CALLS.map(([name]) => name!.toUpperCase()).sort(), names.sort());
});

test('gates, keys that may be in the store, locks', async (t) => {
  for (const call of CALLS) {
    const gated = filled();
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      gated.table.locks.lock(shard);
      gated.table.setGate(shard, 7);
      gated.table.locks.unlock(shard);
    }
    t.ok(gated.isLeftByFront(...call), call.join(' '));
    gated.audit();
    const incomplete = filled();
    for (let shard = 0; shard < SHARD_COUNT; shard++)
      incomplete.worker.databases.addAway(0, shard, 1, 0, 0);
    t.ok(incomplete.isLeftByFront(call[0]!, 'elsewhere', ...call.slice(2)));
    const locked = filled();
    const { locks } = locked.worker.table;
    for (let shard = 0; shard < SHARD_COUNT; shard++) locks.lock(shard);
    t.ok(locked.isLeftByFront(...call));
    for (let shard = 0; shard < SHARD_COUNT; shard++) locks.unlock(shard);
    locked.audit();
  }
});

test('large hashes: the answers of fronts and workers together are the same', async (t) => {
  for (const call of CALLS) {
    const [packed, large] = [filled(), filled(4)];
    const sorted = (reply: unknown) => (Array.isArray(reply) ? [...reply.flat()].sort() : reply);
    const [answer, expected] = [large.run(...call), packed.run(...call)];
    if (call[0] !== 'hrandfield') t.same(sorted(answer), sorted(expected), call.join(' '));
    const { hops } = packed;
    t.equal(hops, 0, 'small hashes never leave the front');
    t.same(sorted(large.run('hgetall', 'h')), sorted(packed.run('hgetall', 'h')));
    const times = ['hpttl', 'h', 'fields', '3', 'a', 'n', 'c'];
    t.same(large.run(...times), packed.run(...times));
    packed.audit();
    large.audit();
  }
});

test('a key that is too long is refused, and nothing has changed', async (t) => {
  const db = filled();
  const before = db.dump();
  for (const [name, , ...rest] of CALLS) {
    const reply = db.run(name!, 'k'.repeat(8001), ...rest);
    t.equal(reply, '-ERR key is longer than 8000 bytes', name!);
  }
  t.equal(db.dump(), before);
  db.audit();
});

test('arity', async (t) => {
  const db = createTestDatabase();
  const specs = { ...hashFamily, ...hashExpiryFamily };
  for (const [name, { arity }] of Object.entries(specs)) {
    const call = [name, ...Array<string>(20).fill('x')];
    const refused = `-ERR wrong number of arguments for '${name.toLowerCase()}' command`;
    t.equal(db.run(...call.slice(0, Math.abs(arity) - 1)), refused);
    if (arity > 0) t.equal(db.run(...call.slice(0, arity + 1)), refused);
  }
});
