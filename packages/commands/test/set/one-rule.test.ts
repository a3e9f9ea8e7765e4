// The one rule for every set command: what a front cannot serve it leaves to a worker with nothing
// changed; and a full pool, which refuses a change as a whole.

import { SHARD_COUNT } from '@forgekv/base';
import { test } from 'tap';
import { createTestDatabase, type TestDatabase } from '../harness.ts';
import { split } from '../support/run-table.ts';
import { registry } from '../support/test-thread.ts';
import { sorted } from './set-table.ts';

/** One call per command; `a` and `b` are sets, `none` is not there. */
const CALLS = [
  'sadd a x',
  'scard a',
  'sdiff b a',
  'sdiffstore none b a',
  'sinter b a',
  'sintercard 2 b a',
  'sinterstore none b a',
  'sismember a 1',
  'smembers a',
  'smismember a 1',
  'smove b a 3',
  'spop a',
  'srandmember a 2',
  'srem a 1',
  'sscan a 0',
  'sunion b a',
  'sunionstore none b a',
].map(split);

function filled(): TestDatabase {
  const db = createTestDatabase({ databases: 1 });
  db.run('sadd', 'a', '1', '2');
  db.run('sadd', 'b', '2', '3', 'x');
  return db;
}

test('the calls are complete', async (t) => {
  const { table } = registry;
  const names = table.names.filter((_, id) => table.specs[id]!.group === 'set');
  t.same(CALLS.map(([name]) => name).sort(), names.sort());
});

test('no front enters a shard that belongs to a transaction', async (t) => {
  for (const call of CALLS) {
    const db = filled();
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      db.table.locks.lock(shard);
      db.table.setGate(shard, 7);
      db.table.locks.unlock(shard);
    }
    t.equal(db.isLeftByFront(...call), true, call.join(' '));
    db.front.transaction = 7;
    t.equal(db.isLeftByFront(...call), false, 'but the transaction itself does');
    db.audit();
  }
});

test('no front answers for a key that may be in the store', async (t) => {
  for (const call of CALLS) {
    for (const key of ['a', 'b']) {
      const db = filled();
      const cold = call.map((arg) => (arg === key ? `cold:${arg}` : arg));
      for (let shard = 0; shard < SHARD_COUNT; shard++)
        db.worker.databases.addAway(0, shard, 1, 0, 0);
      if (cold.join() !== call.join()) t.equal(db.isLeftByFront(...cold), true, cold.join(' '));
      db.audit();
    }
  }
});

test('a key that is too long is refused, and nothing has changed', async (t) => {
  for (const call of CALLS) {
    const db = filled();
    const before = db.dump();
    const keys = call.map((arg) => (arg === 'a' ? 'k'.repeat(8001) : arg));
    t.equal(db.run(...keys), '-ERR key is longer than 8000 bytes', String(call[0]));
    t.equal(db.dump(), before);
    db.audit();
  }
});

test('a full pool', async (t) => {
  const db = createTestDatabase({ databases: 1, poolBytes: 64 * 32 * 1024 });
  const words = Array.from({ length: 60 }, (_, i) => `some word ${i}`);
  db.run('sadd', 'a', ...words);
  db.run('sadd', 'b', '1', '2');
  for (let i = 0; db.run('set', `fill:${i}`, 'x'.repeat(4000)) === '+OK'; i++);
  for (let i = 0; db.run('sadd', `small:${i}`, `${i}`) === 1 && i < 1e5; i++);
  const refused = "-OOM command not allowed when used memory > 'maxmemory'.";
  const before = db.dump().replace(/^stats.*$/gm, '');
  const changes: readonly (readonly string[])[] = [
    ['sadd', 'a', ...words.map((word) => `${word} and many more bytes`)],
    ['sunionstore', 'new', 'a', 'b'],
    ['sadd', 'b', ...words],
    ['sadd', 'b', ...Array.from({ length: 600 }, (_, i) => `${i}`)],
  ];
  let refusals = 0;
  for (const change of changes) {
    const reply = db.run(...change);
    if (reply !== refused) continue;
    refusals++;
    t.equal(db.dump().replace(/^stats.*$/gm, ''), before, String(change[0]));
  }
  t.ok(refusals >= 2, `${refusals} refusals`);
  t.same(sorted(db.run('srem', 'b', '1')), 1, 'removing works');
  t.ok(Array.isArray(db.run('spop', 'a', '30')));
  db.audit();
});
