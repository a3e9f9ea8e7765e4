// The one rule, for every command on sorted sets and geo indexes: where a front cannot serve a
// key, it changes nothing, writes nothing and leaves the command to a worker. Arity, for all.

import { SHARD_COUNT } from '@forgekv/base';
import { geoFamily, sortedSetFamily, sortedSetRangeFamily } from '@forgekv/catalog';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { split } from '../support/run-table.ts';

/** One call per command: `a` and `b` are sorted sets, `g` is an index, `s` a set. */
const CALLS = [
  ...['zadd a 1 x', 'zcard a', 'zincrby a 1 x', 'zmpop 2 none a min', 'zmscore a x y', 'zpopmax a'],
  ...['zpopmin a 2', 'zrandmember a 9', 'zrank a x', 'zrem a x', 'zrevrank a x', 'zscan a 0'],
  ...['zscore a x', 'zcount a 1 2', 'zdiff 2 a b', 'zdiffstore c 2 a b', 'zinter 2 a s'],
  ...['zintercard 2 a b', 'zinterstore a 2 a b', 'zlexcount a - +', 'zrange a 0 -1'],
  ...['zrangebylex a - +', 'zrangebyscore a 1 2', 'zrangestore c a 0 -1', 'zremrangebylex a - +'],
  ...['zremrangebyrank a 0 0', 'zremrangebyscore a 1 2', 'zrevrange a 0 -1'],
  ...['zrevrangebylex a + -', 'zrevrangebyscore a 2 1', 'zunion 2 a b', 'zunionstore b 2 a s'],
  ...['geoadd g 1 2 r', 'geodist g p q', 'geohash g p', 'geopos g p', 'georadius g 1 1 9 km'],
  ...['georadius_ro g 1 1 9 km', 'georadiusbymember g p 999 km', 'georadiusbymember_ro g p 9 km'],
  ...['geosearch g frommember p byradius 9 km', 'geosearchstore c g frommember p byradius 999 km'],
].map(split);
const SPECS = { ...sortedSetFamily, ...sortedSetRangeFamily, ...geoFamily };
const KEYS = ['a', 'b', 'c', 'g', 's'];

function filled(hotValueMaxBytes = 16_384): TestDatabase {
  const db = createTestDatabase({ hotValueMaxBytes });
  db.run('zadd', 'a', '1', 'x', '2', 'y', '3', 'z');
  db.run('zadd', 'b', '5', 'y');
  db.run('sadd', 's', 'x', 'y');
  db.run('geoadd', 'g', '1', '1', 'p', '2', '2', 'q');
  return db;
}

test('the calls are complete', async (t) => {
  const names = Object.keys(SPECS).filter((name) => !name.startsWith('BZ'));
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
    const cold = call.map((arg) => (KEYS.includes(arg) ? `cold:${arg}` : arg));
    t.ok(incomplete.isLeftByFront(...cold), cold.join(' '));
    const locked = filled();
    const { locks } = locked.worker.table;
    for (let shard = 0; shard < SHARD_COUNT; shard++) locks.lock(shard);
    t.ok(locked.isLeftByFront(...call));
    for (let shard = 0; shard < SHARD_COUNT; shard++) locks.unlock(shard);
    locked.audit();
  }
});

test('large ones: the answers of fronts and workers together are the same', async (t) => {
  const sorted = (reply: unknown) => (Array.isArray(reply) ? [...reply.flat()].sort() : reply);
  for (const call of CALLS) {
    const [packed, large] = [filled(), filled(4)];
    const hops = [packed.hops, large.hops];
    const [answer, expected] = [large.run(...call), packed.run(...call)];
    t.same(sorted(answer), sorted(expected), call.join(' '));
    t.equal(packed.hops, hops[0], 'small ones never leave the front');
    t.ok(large.hops > hops[1]!);
    for (const key of KEYS) {
      const read = ['zrange', key, '0', '-1', 'withscores'] as const;
      t.same(large.run(...read), packed.run(...read));
    }
    packed.audit();
    large.audit();
  }
});

test('a key that is too long is refused, and nothing has changed', async (t) => {
  const db = filled();
  const before = db.dump();
  for (const call of CALLS) {
    const long = call.map((arg) => (KEYS.includes(arg) ? 'k'.repeat(8001) : arg));
    t.equal(db.run(...long), '-ERR key is longer than 8000 bytes', call[0]!);
  }
  t.equal(db.dump(), before);
  db.audit();
});

test('no room: nothing has changed', async (t) => {
  const db = createTestDatabase({ poolBytes: 3 * 1024 * 1024 });
  for (let i = 0; i < 40_000; i++) {
    if (db.run('set', `key:${i}`, 'v'.repeat(400)) !== '+OK') break;
  }
  let refused = 0;
  for (let i = 0; i < 200; i++) {
    const reply = db.run('zadd', `z:${i}`, '1', 'm'.repeat(60), '2', 'n'.repeat(60));
    if (reply === 2) continue;
    t.match(reply, /^-OOM/);
    t.equal(db.run('exists', `z:${i}`), 0);
    refused++;
  }
  t.ok(refused > 0, `${refused} refused`);
  db.audit();
});

test('arity', async (t) => {
  const db = createTestDatabase();
  for (const [name, { arity }] of Object.entries(SPECS)) {
    if (name.startsWith('BZ')) continue;
    const call = [name, ...Array<string>(20).fill('x')];
    const refused = `-ERR wrong number of arguments for '${name.toLowerCase()}' command`;
    t.equal(db.run(...call.slice(0, Math.abs(arity) - 1)), refused);
    if (arity > 0) t.equal(db.run(...call.slice(0, arity + 1)), refused);
  }
});
