// The one rule for every command on lists: a front that cannot serve a key changes nothing. That of
// large values is part of every test here; these are gates, locks, and keys that may be in a store.

import { SHARD_COUNT } from '@forgekv/base';
import { FLAG_STORED } from '@forgekv/keyspace';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { split } from '../support/run-table.ts';
import { registry } from '../support/test-thread.ts';

/** One call per command; `l` and `m` are lists, `none` is none. */
const CALLS = [
  'blmove l m left right 0',
  'blmpop 0 2 none l left',
  'blpop none l 0',
  'brpop l 0',
  'brpoplpush l none 0',
  'lindex l 0',
  'linsert l before a x',
  'llen l',
  'lmove l m left right',
  'lmove l l left right',
  'lmpop 2 none l left',
  'lpop l',
  'lpop l 5',
  'lpos l b',
  'lpush none x',
  'lpushx l x',
  'lrange l 0 -1',
  'lrem l 0 a',
  'lset l 0 x',
  'ltrim l 1 1',
  'rpop l',
  'rpoplpush l none',
  'rpush l x',
  'rpushx m x',
  'sort l alpha store m',
  'sort l by w_* get v_* store l',
  'sort_ro l alpha get #',
].map(split);

function filled(): TestDatabase {
  const db = createTestDatabase();
  db.run('rpush', 'l', 'a', 'b', 'a');
  db.run('rpush', 'm', '1');
  return db;
}

test('the calls are complete', async (t) => {
  const { table } = registry;
  const ofLists = table.names.filter((_, id) => table.specs[id]!.group === 'list');
  const called = new Set(CALLS.map(([name]) => name!));
  t.same([...called].sort(), [...ofLists, 'sort', 'sort_ro'].sort());
});

test('gates', async (t) => {
  for (const call of CALLS) {
    const db = filled();
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      db.table.locks.lock(shard);
      db.table.setGate(shard, 7);
      db.table.locks.unlock(shard);
    }
    t.equal(db.isLeftByFront(...call), true, call.join(' '));
    db.front.transaction = 7;
    t.equal(db.isLeftByFront(...call), false, 'but the transaction itself does it');
    db.audit();
  }
});

test('locks', async (t) => {
  for (const call of CALLS) {
    const db = filled();
    const { locks } = db.worker.table;
    for (let shard = 0; shard < SHARD_COUNT; shard++) locks.lock(shard);
    t.equal(db.isLeftByFront(...call), true, call.join(' '));
    for (let shard = 0; shard < SHARD_COUNT; shard++) locks.unlock(shard);
    db.audit();
  }
});

test('a key that may be in its store, and tombstones', async (t) => {
  for (const call of CALLS) {
    const cold = filled();
    cold.run('del', 'l', 'm');
    for (let shard = 0; shard < SHARD_COUNT; shard++)
      cold.worker.databases.addAway(0, shard, 1, 0, 0);
    t.equal(cold.isLeftByFront(...call), true, call.join(' '));
    const [fresh, buried] = [createTestDatabase(), filled()];
    for (const key of ['l', 'm']) {
      const { table } = buried.front;
      buried.run('llen', key);
      table.locks.lock(table.shard);
      table.setFlags(table.find(), 0, FLAG_STORED);
      table.locks.unlock(table.shard);
      buried.run('del', key);
    }
    t.strictSame(buried.run(...call), fresh.run(...call));
    t.strictSame(buried.run('keys', '*'), fresh.run('keys', '*'));
    buried.audit();
  }
});
