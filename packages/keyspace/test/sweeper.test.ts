// The sweeper: expires on time, reclaims what flushes left behind, leaves alone what is not its.

import { SHARD_COUNT } from '@forgekv/base';
import { test } from 'tap';
import { FLAG_COLD, FLAG_LARGE, FLAG_STORED, LARGE_BYTES, TYPE_STRING } from '../src/layout.ts';
import { Sweeper } from '../src/sweeper.ts';
import { checkIntegrity } from './integrity.ts';
import { KeyedTable, keysInShard, smallArena } from './keyed-table.ts';

class Sweep {
  readonly expired: string[] = [];
  readonly freed: number[] = [];
  timedParts: (db: number, entry: number, nowMs: number) => number = () => 0;
  readonly sweeper: Sweeper;

  constructor(keys: KeyedTable, owned: (shard: number) => boolean = () => true) {
    const { table } = keys;
    const shards = Uint8Array.from({ length: SHARD_COUNT }, (_, shard) => Number(owned(shard)));
    this.sweeper = new Sweeper(table, shards, {
      expired: (shard, db, entry) => {
        if (!table.locks.holds(shard)) throw new Error('told without the lock');
        const at = table.keyWord(entry) * 4;
        this.expired.push(
          `${db}/${table.bytes.toString('latin1', at, at + table.keyLength(entry))}`,
        );
        return table.lsnOf(entry);
      },
      buried: () => {},
      timedParts: (db, entry, nowMs) => this.timedParts(db, entry, nowMs),
      largeFreed: (id) => void this.freed.push(id),
    });
  }

  expire(nowMs: number): number {
    return this.sweeper.expire(nowMs, Infinity);
  }
}

/** Turns a key's entry into that of a large value with an id. */
function makeLarge(keys: KeyedTable, key: string, id: number, db = 0): void {
  keys.set(key, Buffer.alloc(LARGE_BYTES), db);
  keys.locked(key, db, (table) => {
    const entry = table.find();
    table.words[table.valueWord(entry)] = id;
    table.setFlags(entry, 0, FLAG_LARGE);
  });
}

test('keys expire at their time, not before, in all databases', async (t) => {
  const keys = new KeyedTable(smallArena(100));
  const { epochMs } = keys.table.arena;
  const names = [...keysInShard(keys, 1, 500), ...keysInShard(keys, 50, 500)];
  for (const [i, name] of names.entries()) {
    keys.set(name, 'v'.repeat(i), i % 4);
    if (i % 10 !== 0) keys.expireAt(name, epochMs + i * 10, i % 4);
  }
  const sweep = new Sweep(keys);
  t.equal(sweep.expire(epochMs), 0);
  let removed = 0;
  for (let nowMs = epochMs; nowMs <= epochMs + 10_500; nowMs += 333) {
    removed += sweep.expire(nowMs);
    const due = names.filter((_, i) => i % 10 !== 0 && i * 10 <= nowMs - epochMs);
    if (removed !== due.length)
      return t.fail(`${removed} of ${due.length} at ${nowMs - epochMs} ms`);
  }
  t.equal(removed, 900);
  const expected = names.map((name, i) => `${i % 4}/${name}`).filter((_, i) => i % 10 !== 0);
  t.same([...sweep.expired].sort(), expected.sort());
  t.equal(keys.databases.expires(0), 0);
  t.equal(
    [0, 1, 2, 3].reduce((sum, db) => sum + keys.databases.keys(db), 0),
    100,
  );
  t.same(checkIntegrity(keys.table.arena).problems, []);
});

test('what was changed in between: later, never, deleted, made anew', async (t) => {
  const keys = new KeyedTable(smallArena(20));
  const { epochMs } = keys.table.arena;
  const [later, never, gone, anew, moved] = keysInShard(keys, 4, 5) as [
    string,
    string,
    string,
    string,
    string,
  ];
  for (const key of [later, never, gone, anew, moved]) {
    keys.set(key, 'v');
    keys.expireAt(key, epochMs + 1000);
  }
  keys.expireAt(later, epochMs + 5000);
  keys.expireAt(never, 0);
  keys.delete(gone);
  keys.set(anew, 'new');
  keys.locked(moved, 0, (table) => table.resize(table.find(), 900, 1));
  const sweep = new Sweep(keys);
  t.equal(sweep.expire(epochMs + 2000), 1);
  t.same(sweep.expired, [`0/${moved}`], 'the one that moved to another page');
  t.equal(sweep.expire(epochMs + 4999), 0);
  t.equal(sweep.expire(epochMs + 5000), 1);
  t.equal(keys.databases.keys(0), 2);
  t.same(checkIntegrity(keys.table.arena).problems, []);
});

test('pages go back to the pool', async (t) => {
  const keys = new KeyedTable(smallArena(100));
  const { epochMs } = keys.table.arena;
  for (const name of keysInShard(keys, 7, 2000)) {
    keys.set(name, 'x'.repeat(1000));
    keys.expireAt(name, epochMs + 100);
  }
  t.ok(keys.table.pool.freePages < 40);
  const sweep = new Sweep(keys);
  t.equal(sweep.expire(epochMs + 1000), 2000);
  t.equal(keys.table.pool.freePages, 99, 'all but the page of the index');
  t.same(checkIntegrity(keys.table.arena).problems, []);
});

test('only its own shards, and not while they are gated', async (t) => {
  const keys = new KeyedTable(smallArena(20));
  const { table } = keys;
  const { epochMs } = table.arena;
  const [mine, foreign, gated] = [1, 2, 3].map((shard) => keysInShard(keys, shard, 1)[0]!) as [
    string,
    string,
    string,
  ];
  for (const key of [mine, foreign, gated]) {
    keys.set(key, 'v');
    keys.expireAt(key, epochMs + 10);
    keys.set(key, 'v', 1);
  }
  keys.flush(1);
  const gate = (transaction: number): void => {
    keys.locked(gated, 0, () => table.setGate(3, transaction));
  };
  gate(5);
  const sweep = new Sweep(keys, (shard) => shard !== 2);
  t.equal(sweep.expire(epochMs + 1000), 1);
  t.same(sweep.expired, [`0/${mine}`]);
  t.equal(sweep.sweeper.reclaim(Infinity), false, 'something is left behind the gate');
  t.ok(sweep.sweeper.hasStale);
  gate(0);
  t.equal(sweep.expire(epochMs + 1000), 1, 'the gate has opened');
  t.equal(sweep.sweeper.reclaim(Infinity), true);
  t.notOk(sweep.sweeper.hasStale);
  const { problems, entries } = checkIntegrity(table.arena);
  t.same(problems, []);
  t.same(
    entries.map(({ key }) => key),
    [foreign, foreign],
    'not its own: expired and flushed',
  );
});

test('what flushes left is reclaimed, in slices', async (t) => {
  const keys = new KeyedTable(smallArena(120));
  const names = keysInShard(keys, 20, 1500);
  for (const name of names) keys.set(name, 'x'.repeat(1000), 1);
  for (const name of names.slice(0, 100)) keys.set(name, 'kept', 2);
  makeLarge(keys, 'large', 4711, 1);
  keys.locked(names[5]!, 1, (table) => table.setFlags(table.find(), 0, FLAG_STORED));
  keys.delete(names[5]!, 1);
  const sweep = new Sweep(keys);
  t.notOk(sweep.sweeper.hasStale);
  t.equal(sweep.sweeper.reclaim(Infinity), true, 'nothing to do');
  const before = keys.table.pool.freePages;
  keys.flush(1);
  t.ok(sweep.sweeper.hasStale);
  let slices = 1;
  while (!sweep.sweeper.reclaim(0)) slices++;
  t.ok(slices > 40, `${slices} slices of a page`);
  t.same(sweep.freed, [4711]);
  t.ok(keys.table.pool.freePages > before + 40);
  const { problems, entries } = checkIntegrity(keys.table.arena);
  t.same(problems, []);
  t.equal(entries.length, 100, 'tombstones of a flushed database go too');
  t.equal(keys.get(names[7]!, 2), 'kept');
});

test('another flush while reclaiming starts over', async (t) => {
  const keys = new KeyedTable(smallArena(120));
  const names = keysInShard(keys, 20, 600);
  for (const name of names) keys.set(name, 'x'.repeat(1000), 1);
  for (const name of names) keys.set(name, 'y'.repeat(1000), 2);
  const sweep = new Sweep(keys);
  keys.flush(1);
  for (let i = 0; i < 10; i++) t.equal(sweep.sweeper.reclaim(0), false);
  keys.flush(2);
  while (!sweep.sweeper.reclaim(0)) {}
  t.equal(checkIntegrity(keys.table.arena).entries.length, 0);
  keys.swap(1, 2);
  t.notOk(sweep.sweeper.hasStale, 'a swap leaves nothing behind');
});

test('large values and stored keys that expire', async (t) => {
  const keys = new KeyedTable(smallArena(20));
  const { epochMs } = keys.table.arena;
  makeLarge(keys, 'large', 42);
  keys.expireAt('large', epochMs + 1);
  keys.set('stored', 'v');
  keys.locked('stored', 0, (table) => table.setFlags(table.find(), 0, FLAG_STORED));
  keys.expireAt('stored', epochMs + 1);
  const sweep = new Sweep(keys);
  t.equal(sweep.expire(epochMs + 1000), 2);
  t.same(sweep.freed, [42]);
  const { entries, problems } = checkIntegrity(keys.table.arena);
  t.same(problems, []);
  t.same(
    entries.map(({ key, isTombstone }) => [key, isTombstone]),
    [['stored', true]],
  );
  t.equal(sweep.expire(epochMs + 2000), 0, 'a tombstone does not expire again');
});

test('a deadline ends a sweep between two pages, and the next goes on there', async (t) => {
  const keys = new KeyedTable(smallArena(100));
  const { epochMs } = keys.table.arena;
  for (const name of keysInShard(keys, 30, 500)) {
    keys.set(name, 'x'.repeat(3000));
    keys.expireAt(name, epochMs + 1);
  }
  const sweep = new Sweep(keys);
  let calls = 0;
  let removed = 0;
  for (; removed < 500 && calls < 1000; calls++) removed += sweep.sweeper.expire(epochMs + 1000, 0);
  t.equal(removed, 500);
  t.ok(calls > 40, `${calls} calls`);
  t.equal(keys.table.lastLsn(30), 500, 'expiring takes no LSN by itself');
  t.equal(keys.locked('x', 0, (table) => table.create(TYPE_STRING, 1)) !== 0, true);
});

test('a page that changed hands while the sweep waited for its lock is left alone', async (t) => {
  const keys = new KeyedTable(smallArena(6));
  const { table } = keys;
  const { epochMs } = table.arena;
  const [first, next] = [keysInShard(keys, 1, 1)[0]!, keysInShard(keys, 2, 1)[0]!];
  keys.set(next, 'makes the page of the index');
  keys.set(first, 'x'.repeat(10_000));
  keys.expireAt(first, epochMs + 10);
  const sweep = new Sweep(keys);
  const lock = table.locks.lock.bind(table.locks);
  // The owner of the page was read; before the lock is had, shard 2 has the page, and an expired
  // key of its own in it: the wrong lock is held for that.
  table.locks.lock = (shard) => {
    table.locks.lock = lock;
    const page = keys.locked(first, 0, () => table.pool.pageOf(table.find()));
    keys.delete(first);
    keys.set(next, 'y'.repeat(10_000));
    keys.expireAt(next, epochMs + 10);
    t.equal(
      keys.locked(next, 0, () => table.pool.pageOf(table.find())),
      page,
    );
    lock(shard);
  };
  t.equal(sweep.expire(epochMs + 1000), 0);
  t.same(sweep.expired, []);
  t.equal(sweep.expire(epochMs + 1000), 1, 'the next round has the right lock');
  t.same(sweep.expired, [`0/${next}`]);
});

test('a page that the sweep gave back belongs to whoever takes it next', async (t) => {
  const keys = new KeyedTable(smallArena(6));
  const { table } = keys;
  const { epochMs } = table.arena;
  const [first, next] = [keysInShard(keys, 1, 1)[0]!, keysInShard(keys, 2, 1)[0]!];
  keys.set(next, 'makes the page of the index');
  keys.set(first, 'x'.repeat(10_000));
  keys.expireAt(first, epochMs + 10);
  const free = table.pool.free.bind(table.pool);
  table.pool.free = (shard, slot) => {
    table.pool.free = free;
    free(shard, slot);
    // Another thread would do this: shard 2 takes the page at once, for a key that expires.
    keys.set(next, 'y'.repeat(10_000));
    keys.expireAt(next, epochMs + 5000);
  };
  const sweep = new Sweep(keys);
  t.equal(sweep.expire(epochMs + 1000), 1);
  t.same(checkIntegrity(table.arena).problems, []);
  t.equal(sweep.expire(epochMs + 6000), 1);
});

test('values with parts that expire are looked at when the first of them is due', async (t) => {
  const keys = new KeyedTable(smallArena(100));
  const { table } = keys;
  const { epochMs } = table.arena;
  const at = (ms: number) => epochMs + ms;
  let firstMs = at(1000);
  const seen: number[] = [];
  const sweep = new Sweep(keys);
  sweep.timedParts = (db, entry, nowMs) => {
    t.ok(table.locks.holds(table.shard), 'under the lock');
    t.equal(db, 2);
    t.ok(table.hasTimedParts(entry));
    seen.push(nowMs - epochMs);
    return firstMs;
  };
  keys.set('h', 'x'.repeat(50), 2);
  const note = (ms: number) =>
    keys.locked('h', 2, () => table.noteTimedParts(table.find(), at(ms)));
  note(1000);
  sweep.expire(at(500));
  t.same(seen, [], 'not before');
  sweep.expire(at(1000));
  sweep.expire(at(1010));
  t.same(seen, [1000, 1010], 'again and again while something is due');
  firstMs = at(5000);
  sweep.expire(at(1020));
  sweep.expire(at(1030));
  t.same(seen.slice(2), [1020]);
  keys.set('h', 'y'.repeat(3000), 2);
  sweep.expire(at(1040));
  t.same(seen.slice(3), [1040], 'the value has moved');
  keys.locked('h', 2, () => table.setFlags(table.find(), 0, FLAG_COLD));
  sweep.expire(at(6000));
  keys.locked('h', 2, () => table.setFlags(table.find(), FLAG_COLD, 0));
  t.equal(seen.length, 4, 'it lies in its store');
  firstMs = 0;
  note(7000);
  sweep.expire(at(7000));
  sweep.expire(at(8000));
  t.same(seen.slice(4), [7000], 'there are no parts that expire any more');
  keys.locked('h', 2, () => t.notOk(table.hasTimedParts(table.find())));
  t.same(checkIntegrity(table.arena).problems, []);
});
