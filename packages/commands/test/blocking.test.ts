// Commands that wait, on one thread: who may, who must go elsewhere, and that keys somebody waits
// for are not made where nobody would be served.

import { TYPE_LIST, TYPE_ZSET } from '@forgekv/keyspace';
import { test } from 'tap';
import { BLOCKED, BLOCKS_ELSEWHERE, BLOCKS_HERE, DONE, NOT_HERE } from '../src/index.ts';
import { createTestDatabase } from './harness.ts';

const WAIT = { first: 1, last: 1, type: TYPE_LIST, target: 0, timeoutMs: 0 };

test('who finds nothing waits, goes elsewhere, or answers at once', async (t) => {
  const { blocking } = createTestDatabase().front;
  t.equal(blocking.begin(WAIT), DONE);
  blocking.mode = BLOCKS_ELSEWHERE;
  t.equal(blocking.begin(WAIT), NOT_HERE);
  t.ok(blocking.takeWantsGates());
  t.notOk(blocking.takeWantsGates());
  blocking.mode = BLOCKS_HERE;
  t.equal(blocking.begin(WAIT), BLOCKED);
  t.same(blocking.takeWait(), WAIT);
  t.equal(blocking.takeWait(), null);
});

test('in a transaction they answer as if their time were over', async (t) => {
  const db = createTestDatabase();
  t.equal(db.run('blpop', 'k', '0'), null);
  t.equal(db.run('blmove', 'k', 'l', 'left', 'left', '0'), null);
  t.equal(db.run('bzmpop', '0', '1', 'k', 'min'), null);
});

test('a key that is awaited is made behind gates only, and noted', async (t) => {
  const db = createTestDatabase();
  const { table } = db.worker;
  const key = Buffer.from('k');
  const hash = table.hasher.digest(key, new DataView(key.buffer, key.byteOffset, 1), 0, 1);
  const shard = table.hasher.digestShard;
  table.awaited.add(shard, hash);
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  table.selectKey(key, view, 0, key.length, 3);
  const { blocking } = db.worker;
  t.notOk(blocking.mayTurn(table, TYPE_ZSET));
  t.ok(blocking.takeWantsGates());
  t.ok(blocking.mayTurn(table, 0), 'strings are nothing that is waited for');
  blocking.ready = [];
  t.ok(blocking.mayTurn(table, TYPE_LIST));
  t.same(blocking.ready, [{ key, db: 3 }]);
  blocking.turned(5);
  t.same(blocking.ready[1], { key: null, db: 5 });
  table.awaited.remove(shard, hash);
});

test('timeouts', async (t) => {
  const db = createTestDatabase();
  const refused = (timeout: string): unknown => db.run('blpop', 'k', timeout);
  for (const timeout of ['0', '1', '0.5', '1e3', '0x10', '-0.0001', '9223372036']) {
    t.equal(refused(timeout), null, timeout);
  }
  t.match(refused('x'), /not a float/);
  t.match(refused(''), /not a float/);
  t.match(refused('nan'), /not a float/);
  t.match(refused('-1'), /negative/);
  t.match(refused('-inf'), /negative/);
  t.match(refused('inf'), /out of range/);
  t.match(refused('1e20'), /out of range/);
});
