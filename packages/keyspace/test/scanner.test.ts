// Walking a shard: every key that is there all the time is visited exactly once, whatever comes
// and goes meanwhile; walks are short however many keys of others lie in between.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { FLAG_STORED } from '../src/layout.ts';
import { Scanner, SHARD_END } from '../src/scanner.ts';
import { KeyedTable, keysInShard, smallArena } from './keyed-table.ts';

const SHARD = 12;

class Walk {
  readonly seen = new Map<string, number>();
  readonly #keys: KeyedTable;
  readonly #scanner: Scanner;
  position = 0;
  longest = 0;

  constructor(keys: KeyedTable) {
    this.#keys = keys;
    this.#scanner = new Scanner(keys.table, keys.databases);
  }

  get steps(): number {
    return this.#scanner.steps;
  }

  /** One call of SCAN; returns the number of keys it saw. */
  step(wanted: number, db = 0, nowMs = 0): number {
    const { table } = this.#keys;
    let count = 0;
    table.locks.lock(SHARD);
    const next = this.#scanner.walk(SHARD, db, this.position, wanted, nowMs, (entry) => {
      count++;
      const at = table.keyWord(entry) * 4;
      const key = table.bytes.toString('latin1', at, at + table.keyLength(entry));
      this.seen.set(key, (this.seen.get(key) ?? 0) + 1);
    });
    table.locks.unlock(SHARD);
    if (next <= this.position) throw new Error(`stands at ${next}`);
    this.position = next;
    this.longest = Math.max(this.longest, count);
    return count;
  }
}

test('an empty shard is done at once', async (t) => {
  const walk = new Walk(new KeyedTable(smallArena(2)));
  t.equal(walk.step(10), 0);
  t.equal(walk.position, SHARD_END);
});

test('a shard that does not change: every key once, about as many as wanted', async (t) => {
  const keys = new KeyedTable(smallArena(40));
  const names = keysInShard(keys, SHARD, 5000);
  for (const name of names) keys.set(name, '');
  for (const wanted of [1, 10, 100, 100_000]) {
    const walk = new Walk(keys);
    let calls = 0;
    for (; walk.position < SHARD_END; calls++) walk.step(wanted);
    t.same([...walk.seen.keys()].sort(), [...names].sort(), `COUNT ${wanted}`);
    t.ok([...walk.seen.values()].every((times) => times === 1));
    t.ok(walk.longest < wanted + 12, `${walk.longest} keys in a call`);
    t.ok(calls <= names.length / wanted + 2);
  }
});

test('keys that come and go, and growth: stable ones exactly once', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 20; round++) {
    const keys = new KeyedTable(smallArena(60));
    const names = keysInShard(keys, SHARD, 4000);
    const stable = names.slice(0, random.below(500));
    const others = names.slice(500);
    const there = new Set<string>();
    for (const name of stable) keys.set(name, 'stable');
    const walk = new Walk(keys);
    while (walk.position < SHARD_END) {
      walk.step(1 + random.below(30));
      // The table grows on the whole: segments are split behind and before the position.
      for (let i = random.below(200); i > 0; i--) {
        const name = random.pick(others);
        if (random.chance(0.8) && keys.set(name, 'x')) there.add(name);
        else if (keys.delete(name)) there.delete(name);
      }
      // Entries move when their values grow.
      for (let i = random.below(20); i > 0; i--) {
        if (stable.length > 0) keys.set(random.pick(stable), 'y'.repeat(random.below(300)));
      }
    }
    const wrong = stable.filter((name) => walk.seen.get(name) !== 1);
    t.same(wrong, [], `round ${round}: ${stable.length} stable of ${there.size} at the end`);
    const twice = [...walk.seen].filter(([name, times]) => times > 1 && stable.includes(name));
    t.same(twice, []);
  }
});

test('a walk from any position visits the keys whose hash is not below it', async (t) => {
  const keys = new KeyedTable(smallArena(40));
  const names = keysInShard(keys, SHARD, 500);
  const hashOf = (name: string): number =>
    keys.table.hasher.hash(Buffer.from(name), 0, name.length) >>> 0;
  for (const name of names) keys.set(name, '');
  for (const from of names.slice(0, 100).flatMap((name) => [hashOf(name), hashOf(name) + 1])) {
    const walk = new Walk(keys);
    walk.position = from;
    while (walk.position < SHARD_END) walk.step(1000);
    const expected = names.filter((name) => hashOf(name) >= from);
    if (walk.seen.size !== expected.length || !expected.every((name) => walk.seen.has(name))) {
      t.fail(`from ${from}: ${walk.seen.size} of ${expected.length}`);
    }
  }
  t.pass('200 positions');
});

test('other databases, tombstones and expired keys are not visited', async (t) => {
  const keys = new KeyedTable(smallArena(40));
  const names = keysInShard(keys, SHARD, 40);
  for (const [i, name] of names.entries()) keys.set(name, '', i % 4);
  keys.expireAt(names[0]!, 1000, 0);
  keys.expireAt(names[4]!, 2000, 0);
  keys.locked(names[8]!, 0, (table) => {
    table.setFlags(table.find(), 0, FLAG_STORED);
    table.remove(table.find(), table.nextLsn(table.shard));
  });
  const walk = new Walk(keys);
  while (walk.position < SHARD_END) walk.step(100, 0, 1000);
  const expected = names.filter((_, i) => i % 4 === 0 && i !== 0 && i !== 8);
  t.same([...walk.seen.keys()].sort(), expected.sort());
});

test('a walk among a great many keys of another database is cut short', async (t) => {
  const keys = new KeyedTable(smallArena(200));
  const names = keysInShard(keys, SHARD, 30_000);
  for (const name of names) keys.set(name, '', 1);
  for (const name of names.slice(0, 20)) keys.set(name, '', 0);
  const walk = new Walk(keys);
  let calls = 0;
  for (; walk.position < SHARD_END; calls++) {
    walk.step(10);
    if (walk.steps > 8192 + 200) t.fail(`${walk.steps} steps under the lock`);
  }
  t.equal(walk.seen.size, 20);
  t.ok(calls > 3, `${calls} calls`);
});

/** Visits by entry's `namespace/key`, in slices of some steps; `between` comes after each. */
function walkAll(keys: KeyedTable, steps: number, between: (slice: number) => void): string[] {
  const { table } = keys;
  const scanner = new Scanner(table, keys.databases);
  const seen: string[] = [];
  let slice = 0;
  for (let position = 0; position < SHARD_END; slice++) {
    table.locks.lock(SHARD);
    const next = scanner.walkAll(SHARD, position, steps, (entry) => {
      const at = table.keyWord(entry) * 4;
      const key = table.bytes.toString('latin1', at, at + table.keyLength(entry));
      seen.push(`${table.namespaceOf(entry)}/${key}`);
      return true;
    });
    table.locks.unlock(SHARD);
    if (next <= position) throw new Error(`stands at ${next}`);
    position = next;
    between(slice);
  }
  return seen;
}

test('walkAll: everything there is, of all databases, dead and expired too', async (t) => {
  const keys = new KeyedTable(smallArena(40));
  const names = keysInShard(keys, SHARD, 300);
  for (const [i, name] of names.entries()) {
    keys.set(name, '', i % 2);
    if (i % 5 === 0) keys.expireAt(name, 1, i % 2);
    if (i % 7 !== 0) continue;
    keys.locked(name, i % 2, (table) => table.setFlags(table.find(), 0, FLAG_STORED));
    keys.delete(name, i % 2);
  }
  keys.flush(1);
  const seen = walkAll(keys, 50, () => {});
  t.same([...seen].sort(), names.map((name, i) => `${1 + (i % 2)}/${name}`).sort());
});

test('walkAll: exactly once while the index grows and entries move', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  const random = new Random(seed);
  for (const steps of [1, 7, 100, 2048]) {
    const keys = new KeyedTable(smallArena(200));
    const names = keysInShard(keys, SHARD, 6000);
    const stable = names.slice(0, 500);
    for (const name of stable) keys.set(name, '');
    let added = 500;
    const seen = walkAll(keys, steps, () => {
      for (let i = 0; i < 12 && added < names.length; i++) keys.set(names[added++]!, '');
      keys.set(random.pick(stable), 'x'.repeat(random.below(400)));
      const gone = names[500 + random.below(added - 500)]!;
      if (added > 600) keys.delete(gone);
    });
    const counts = new Map<string, number>();
    for (const name of seen) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const name of stable) {
      if (counts.get(`1/${name}`) !== 1) t.fail(`${name}: ${counts.get(`1/${name}`)} times`);
    }
    t.ok(seen.length >= 500, `${steps} steps a slice, ${added} keys in the end, seed ${seed}`);
  }
});

test('walkAll stops behind the bucket in which it is told to', async (t) => {
  const keys = new KeyedTable(smallArena(40));
  const names = keysInShard(keys, SHARD, 1000);
  for (const name of names) keys.set(name, '');
  const scanner = new Scanner(keys.table, keys.databases);
  const seen: number[] = [];
  let most = 0;
  for (let position = 0; position < SHARD_END; ) {
    let count = 0;
    keys.table.locks.lock(SHARD);
    position = scanner.walkAll(SHARD, position, 1e9, (entry) => {
      seen.push(entry);
      count++;
      return false;
    });
    keys.table.locks.unlock(SHARD);
    most = Math.max(most, count);
  }
  t.equal(new Set(seen).size, 1000);
  t.equal(seen.length, 1000);
  t.ok(most < 20, `${most} in a bucket at most`);
});
