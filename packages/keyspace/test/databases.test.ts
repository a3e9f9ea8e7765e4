// Numbered databases over namespaces: flush and swap in O(1), counters that stay right.

import { SHARD_COUNT } from '@forgekv/base';
import { test } from 'tap';
import type { NamespaceMap } from '../src/databases.ts';
import { ShardLocks } from '../src/shard-lock.ts';
import { checkIntegrity } from './integrity.ts';
import { KeyedTable, smallArena } from './keyed-table.ts';

function counts(keys: KeyedTable): (readonly [number, number])[] {
  return Array.from({ length: 4 }, (_, db) => [
    keys.databases.keys(db),
    keys.databases.expires(db),
  ]);
}

function filled(): KeyedTable {
  const keys = new KeyedTable(smallArena(200));
  for (let i = 0; i < 50; i++) keys.set(`key${i}`, `zero${i}`, 0);
  for (let i = 0; i < 30; i++) keys.set(`key${i}`, `one${i}`, 1);
  for (let i = 0; i < 20; i++) keys.expireAt(`key${i}`, 9e12, 0);
  for (let i = 0; i < 10; i++) keys.expireAt(`key${i}`, 9e12, 1);
  return keys;
}

test('counters per database and shard', async (t) => {
  const keys = filled();
  t.same(counts(keys), [
    [50, 20],
    [30, 10],
    [0, 0],
    [0, 0],
  ]);
  t.equal(keys.keysByShard(0), 50);
  keys.expireAt('key0', 8e12, 0);
  keys.expireAt('key1', 0, 0);
  keys.expireAt('key1', 0, 0);
  keys.delete('key2', 0);
  keys.set('key3', 'new', 0);
  t.same(counts(keys)[0], [49, 17], 'changed, cleared, deleted, overwritten');
  t.same(checkIntegrity(keys.table.arena).problems, []);
});

test('flush', async (t) => {
  const keys = filled();
  const before = keys.databases.namespaceOf(0);
  t.equal(keys.databases.ofNamespace(before), 0);
  t.equal(keys.flush(0), 50);
  t.same(counts(keys), [
    [0, 0],
    [30, 10],
    [0, 0],
    [0, 0],
  ]);
  t.equal(keys.databases.ofNamespace(before), -1);
  t.equal(keys.databases.ofNamespace(keys.databases.namespaceOf(0)), 0);
  t.equal(keys.get('key7', 0), null);
  t.equal(keys.get('key7', 1), 'one7');
  keys.set('key7', 'new', 0);
  t.equal(keys.get('key7', 0), 'new');
  t.equal(keys.flush(3), 0, 'an empty one');
  t.equal(keys.flush(0), 1);
  const { problems, entries } = checkIntegrity(keys.table.arena);
  t.same(problems, []);
  t.equal(entries.length, 81, 'what was flushed is still there, for the sweeper');
});

test('swap', async (t) => {
  const keys = filled();
  keys.swap(0, 1);
  t.same(counts(keys), [
    [30, 10],
    [50, 20],
    [0, 0],
    [0, 0],
  ]);
  t.equal(keys.get('key7', 0), 'one7');
  t.equal(keys.get('key7', 1), 'zero7');
  t.equal(keys.get('key40', 0), null);
  keys.delete('key7', 0);
  keys.swap(2, 2);
  keys.swap(0, 3);
  t.same(counts(keys), [
    [0, 0],
    [50, 20],
    [0, 0],
    [29, 9],
  ]);
  keys.flush(1);
  keys.swap(1, 3);
  t.same(counts(keys), [
    [0, 0],
    [29, 9],
    [0, 0],
    [0, 0],
  ]);
  t.same(checkIntegrity(keys.table.arena).problems, []);
});

test('withAllLocks holds them all, and lets go of them after an error too', async (t) => {
  const keys = filled();
  const other = new ShardLocks(keys.table.arena, 9);
  const held = keys.databases.withAllLocks(() => {
    let count = 0;
    for (let shard = 0; shard < SHARD_COUNT; shard++) if (!other.tryLock(shard)) count++;
    return count;
  });
  t.equal(held, SHARD_COUNT);
  t.throws(
    () =>
      keys.databases.withAllLocks(() => {
        throw new Error('inside');
      }),
    /inside/,
  );
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    if (!other.tryLock(shard)) t.fail(`shard ${shard} is still locked`);
    other.unlock(shard);
  }
});

test('a map of an earlier run: databases beyond it get numbers of their own', async (t) => {
  const keys = new KeyedTable(smallArena(20));
  const { databases } = keys;
  t.same(databases.map(), { next: 5, namespaces: [1, 2, 3, 4] });
  databases.restore({ next: 12, namespaces: [7, 2] });
  t.same(databases.map(), { next: 14, namespaces: [7, 2, 12, 13] });
  t.equal(databases.ofNamespace(7), 0);
  t.equal(databases.ofNamespace(1), -1);
  keys.set('a', '1');
  keys.flush(0);
  t.same(databases.map(), { next: 15, namespaces: [14, 2, 12, 13] });
  databases.restore({ next: 30, namespaces: [21, 22, 23, 24, 25, 26] });
  t.same(databases.map(), { next: 30, namespaces: [21, 22, 23, 24] }, 'there were more');
});

test('what is in force is what was made durable before', async (t) => {
  const keys = filled();
  const { databases } = keys;
  const persisted: NamespaceMap[] = [];
  const inForce: NamespaceMap[] = [];
  databases.persist = (map) => {
    persisted.push(map);
    inForce.push(databases.map());
  };
  const steps = [
    () => keys.flush(1),
    () => keys.swap(0, 2),
    () => keys.databases.withAllLocks(() => databases.flush(0, 3)),
    () => keys.swap(3, 3),
  ];
  for (const [i, step] of steps.entries()) {
    const before = databases.map();
    step();
    t.equal(persisted.length, i + 1, 'once');
    t.same(inForce[i], before);
    t.same(databases.map(), persisted[i]);
  }
});

test('a map that cannot be made durable changes nothing', async (t) => {
  const keys = filled();
  const { databases } = keys;
  const before = [databases.map(), counts(keys)];
  const values = ['0', '1', '2', '3'].map((db) => keys.get('k1', Number(db)));
  databases.persist = () => {
    throw new Error('the disk is full');
  };
  for (const step of [
    () => keys.flush(0),
    () => keys.swap(0, 1),
    () => databases.withAllLocks(() => databases.flush(0, 3)),
  ]) {
    t.throws(step, /the disk is full/);
    t.same([databases.map(), counts(keys)], before);
  }
  t.same(
    ['0', '1', '2', '3'].map((db) => keys.get('k1', Number(db))),
    values,
  );
  t.same(checkIntegrity(keys.table.arena).problems, [], 'no lock is kept');
});
