// How long keys have to live, as a sample of pages tells.

import { test } from 'tap';
import { HotTable } from '../src/hot-table.ts';
import { meanTtls } from '../src/mean-ttl.ts';
import { KeyedTable, keysInShard, smallArena } from './keyed-table.ts';

test('all keys of a small table, by database', async (t) => {
  const keys = new KeyedTable(smallArena(100));
  const nowMs = keys.table.arena.epochMs + 1000;
  t.same(meanTtls(keys.table, keys.databases, nowMs), [0, 0, 0, 0], 'no key at all');
  const names = [...keysInShard(keys, 1, 300), ...keysInShard(keys, 50, 300)];
  for (const [i, name] of names.entries()) {
    keys.set(name, 'v'.repeat(i), i % 3);
    if (i % 3 === 1) keys.expireAt(name, nowMs + i * 1000, 1);
    if (i % 3 === 2) keys.expireAt(name, nowMs + (i < 300 ? -1 : 5000), 2);
  }
  // 1, 4, ... 598 seconds; in database 2 half have expired and were not removed yet.
  t.same(meanTtls(keys.table, keys.databases, nowMs), [0, 299_500, 5000, 0]);
  keys.flush(1);
  t.same(meanTtls(keys.table, keys.databases, nowMs), [0, 0, 5000, 0], 'flushed, not swept yet');
});

test('one key that expires among many that do not is found', async (t) => {
  const keys = new KeyedTable(smallArena(400));
  const nowMs = keys.table.arena.epochMs;
  for (let i = 0; i < 5000; i++) keys.set(`k${i}`, 'v'.repeat(i % 900));
  keys.expireAt('k77', nowMs + 1234, 0);
  for (let i = 0; i < 20; i++) t.equal(meanTtls(keys.table, keys.databases, nowMs)[0], 1234);
});

test('a sample of many is near the mean', async (t) => {
  const keys = new KeyedTable(smallArena(1500));
  const nowMs = keys.table.arena.epochMs;
  for (let i = 0; i < 40_000; i++) {
    keys.set(`k${i}`, 'v'.repeat(i % 500));
    keys.expireAt(`k${i}`, nowMs + 1_000_000 + (i % 1000) * 1000, 0);
  }
  for (let i = 0; i < 20; i++) {
    const ttlMs = meanTtls(keys.table, keys.databases, nowMs)[0]!;
    t.ok(Math.abs(ttlMs - 1_499_500) < 100_000, `${ttlMs} ms`);
  }
});

test('shards that are busy are passed by', async (t) => {
  const keys = new KeyedTable(smallArena(100));
  const nowMs = keys.table.arena.epochMs;
  const [[locked = ''], [gated = ''], [free = '']] = [3, 4, 5].map((shard) =>
    keysInShard(keys, shard, 1),
  ) as [string[], string[], string[]];
  for (const [i, name] of [locked, gated, free].entries()) {
    keys.set(name, 'v');
    keys.expireAt(name, nowMs + 10 ** (i + 3), 0);
  }
  const other = new HotTable(keys.table.arena, 2);
  other.locks.lock(3);
  other.locks.lock(4);
  other.setGate(4, 1);
  other.locks.unlock(4);
  t.equal(meanTtls(keys.table, keys.databases, nowMs)[0], 100_000);
  other.locks.unlock(3);
  t.equal(meanTtls(keys.table, keys.databases, nowMs)[0], 50_500);
});
