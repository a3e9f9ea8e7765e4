// Eviction by policy, without threads: which keys go, that all that may go are found, and that the
// table stays whole.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { DatasetEvictor } from '../src/dataset-evictor.ts';
import { evictionPolicy } from '../src/eviction-policy.ts';
import { FLAG_STORED, TYPE_TOMBSTONE } from '../src/layout.ts';
import { UseFrequency } from '../src/use-frequency.ts';
import { checkIntegrity } from './integrity.ts';
import { KeyedTable, keysInShard, smallArena } from './keyed-table.ts';

const VALUE = 'x'.repeat(50);
/** What a key of these tests counts: its name has 6 bytes. */
const KEY_BYTES = 48 + 6 + 50;
const FAR_MS = 4e12;

class Setup {
  readonly keys: KeyedTable;
  readonly evictor: DatasetEvictor;
  readonly freed: [shard: number, id: number][] = [];
  buried = 0;
  readonly seed: number;

  constructor(policy: string, pages = 400, seed = Math.floor(Math.random() * 2 ** 32)) {
    this.seed = seed;
    this.keys = new KeyedTable(smallArena(pages));
    const { table } = this.keys;
    const events = {
      evicted: (shard: number) => table.nextLsn(shard),
      buried: (tombstone: number) => {
        if (table.typeOf(tombstone) === TYPE_TOMBSTONE) this.buried++;
      },
      largeFreed: (shard: number, id: number) => void this.freed.push([shard, id]),
    };
    this.evictor = new DatasetEvictor(table, events, new Random(seed));
    this.evictor.setPolicy(evictionPolicy(policy));
  }

  /** Keys of 6 bytes that begin with a letter; `use` is their last access in seconds. */
  fill(letter: string, count: number, use: (i: number) => number = () => 0): string[] {
    const names = Array.from({ length: count }, (_, i) => `${letter}${String(i).padStart(5, '0')}`);
    for (const [i, name] of names.entries()) {
      this.keys.set(name, VALUE);
      this.keys.locked(name, 0, (table) => table.use(table.find(), use(i)));
    }
    return names;
  }

  /** Evicts so many keys of KEY_BYTES. */
  evict(count: number): 'enough' | 'more' | 'soon' | 'none' {
    const target = this.keys.table.cap.bytes() - count * KEY_BYTES;
    return this.evictor.run(target, Infinity);
  }

  alive(names: readonly string[], db = 0): number {
    return names.filter((name) => this.keys.get(name, db) !== null).length;
  }

  problems(): readonly string[] {
    return checkIntegrity(this.keys.table.arena).problems;
  }
}

test('lru: the older half goes, nearly', async (t) => {
  const setup = new Setup('allkeys-lru');
  const names = setup.fill('k', 20_000, (i) => 1 + (i % 100));
  t.equal(setup.evict(10_000), 'enough');
  t.equal(setup.evictor.evicted, 10_000);
  const old = names.filter((_, i) => i % 100 < 50);
  const recent = names.filter((_, i) => i % 100 >= 50);
  t.equal(setup.alive(names), 10_000);
  const share = setup.alive(recent) / recent.length;
  t.ok(share > 0.8, `${share} of the younger half stay, seed ${setup.seed}`);
  t.ok(setup.alive(old) < old.length * 0.2);
  t.same(setup.problems(), []);
});

test('lfu: what is used often stays', async (t) => {
  const setup = new Setup('volatile-lfu');
  const frequency = new UseFrequency(new Random(1));
  setup.keys.table.frequency = frequency;
  const names = setup.fill('k', 10_000);
  const often = names.filter((_, i) => i % 2 === 0);
  for (const name of names) setup.keys.expireAt(name, FAR_MS);
  const now = Math.floor((Date.now() - setup.keys.table.arena.epochMs) / 1000);
  for (const name of often) {
    setup.keys.locked(name, 0, (table) => table.setFrequency(table.find(), 60, now));
  }
  setup.evict(4000);
  const share = setup.alive(often) / often.length;
  t.ok(share > 0.93, `${share} of those used often, seed ${setup.seed}`);
  t.same(setup.problems(), []);
});

test('ttl: what expires first goes first', async (t) => {
  const setup = new Setup('volatile-ttl');
  const names = setup.fill('k', 10_000);
  const lasting = setup.fill('l', 2000);
  for (const [i, name] of names.entries()) setup.keys.expireAt(name, FAR_MS + (i % 1000) * 1000);
  t.equal(setup.evict(3000), 'enough');
  const late = names.filter((_, i) => i % 1000 >= 500);
  const soon = names.filter((_, i) => i % 1000 < 100);
  t.ok(setup.alive(late) > late.length * 0.93, `seed ${setup.seed}`);
  t.ok(setup.alive(soon) < soon.length * 0.4);
  t.equal(setup.alive(lasting), lasting.length);
});

test('random: every key has its chance', async (t) => {
  const setup = new Setup('allkeys-random');
  const names = setup.fill('k', 16_000, (i) => i);
  setup.evict(8000);
  for (let part = 0; part < 8; part++) {
    const alive = setup.alive(names.filter((_, i) => i % 8 === part));
    t.ok(alive > 850 && alive < 1150, `${alive} of 2000 in part ${part}, seed ${setup.seed}`);
  }
  t.same(setup.problems(), []);
});

for (const policy of ['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl']) {
  test(`${policy}: few keys that may go are found, then there are none`, async (t) => {
    const setup = new Setup(policy);
    const lasting = setup.fill('l', 30_000);
    const fleeting = setup.fill('f', 7);
    for (const name of fleeting) setup.keys.expireAt(name, FAR_MS);
    t.equal(setup.evict(5), 'enough');
    t.equal(setup.alive(fleeting), 2);
    t.equal(setup.evict(5), 'none');
    t.equal(setup.alive(fleeting), 0);
    t.equal(setup.evict(1), 'none');
    t.equal(setup.alive(lasting), lasting.length);
    t.equal(setup.evictor.evicted, 7);
    t.same(setup.problems(), []);
  });
}

test('all of them, to the last', async (t) => {
  for (const policy of ['allkeys-lru', 'allkeys-random']) {
    const setup = new Setup(policy);
    setup.fill('k', 3000, (i) => i);
    t.equal(setup.evictor.run(0, Infinity), 'enough');
    t.equal(setup.keys.table.cap.bytes(), 0);
    t.equal(setup.keys.databases.keys(0), 0);
    t.equal(setup.evictor.run(-1, Infinity), 'none');
    t.same(setup.problems(), []);
  }
});

test('one large key among small ones, in one shard', async (t) => {
  const setup = new Setup('allkeys-lru');
  const names = keysInShard(setup.keys, 9, 50);
  for (const name of names) setup.keys.set(name, VALUE);
  setup.keys.set(names[0]!, '12345678');
  setup.keys.locked(names[0]!, 0, (table) => table.setLarge(table.find(), 77, 1_000_000));
  t.equal(setup.evictor.run(10_000, Infinity), 'enough');
  t.same(setup.freed, [[9, 77]]);
  t.equal(setup.keys.get(names[0]!), null);
});

test('tombstones stay where the store may have the key', async (t) => {
  const setup = new Setup('allkeys-lru');
  const names = setup.fill('k', 100);
  for (const name of names.slice(0, 40)) {
    setup.keys.locked(name, 0, (table) => table.setFlags(table.find(), 0, FLAG_STORED));
  }
  t.equal(setup.evictor.run(0, Infinity), 'enough');
  t.equal(setup.buried, 40);
  t.equal(setup.evictor.evicted, 100);
  t.equal(setup.evictor.run(-1, Infinity), 'none', 'tombstones are no victims');
  t.same(setup.problems(), []);
});

test('all databases, but not what was flushed', async (t) => {
  const setup = new Setup('allkeys-random');
  const { keys } = setup;
  const names = setup.fill('k', 2000);
  for (const name of names) keys.set(name, VALUE, 2);
  for (const name of names) keys.set(name, VALUE, 3);
  keys.databases.withAllLocks(() => keys.databases.flush(3));
  t.equal(setup.evict(2000), 'enough');
  t.equal(setup.evictor.evicted, 2000);
  for (const db of [0, 2]) {
    const alive = setup.alive(names, db);
    t.ok(alive > 800 && alive < 1200, `${alive} of 2000 in database ${db}, seed ${setup.seed}`);
  }
  t.same(setup.problems(), []);
});

test('gated shards are passed by', async (t) => {
  const setup = new Setup('allkeys-lru');
  const gated = keysInShard(setup.keys, 5, 20);
  const open = keysInShard(setup.keys, 6, 20);
  for (const name of [...gated, ...open]) setup.keys.set(name, VALUE);
  const gate = (transaction: number): void => {
    setup.keys.locked(gated[0]!, 0, (table) => table.setGate(5, transaction));
  };
  gate(3);
  t.equal(setup.evictor.run(0, Infinity), 'none');
  t.equal(setup.alive(open), 0);
  gate(0);
  t.equal(setup.alive(gated), 20);
  t.equal(setup.evictor.run(0, Infinity), 'enough');
});

test('a victim that was used meanwhile is none any more', async (t) => {
  const setup = new Setup('allkeys-lru');
  const { keys, evictor } = setup;
  const names = keysInShard(keys, 5, 16);
  for (const name of names) keys.set(name, VALUE);
  evictor.samples = 64;
  const evictOne = () => evictor.run(keys.table.cap.bytes() - 1, Infinity);
  // Those left are in the pool after this.
  for (let i = 0; i < 3; i++) t.equal(evictOne(), 'enough');
  const left = names.filter((name) => keys.get(name) !== null);
  const used = left.slice(0, 6);
  for (const name of used) keys.locked(name, 0, (table) => table.use(table.find(), 1000));
  for (let i = 0; i < 7; i++) t.equal(evictOne(), 'enough');
  t.equal(setup.alive(used), 6, `seed ${setup.seed}`);
});

test('a deadline, and a policy that evicts nothing', async (t) => {
  const setup = new Setup('allkeys-lru');
  setup.fill('k', 1000);
  const bytes = setup.keys.table.cap.bytes();
  t.equal(setup.evictor.run(0, Date.now() - 1), 'more');
  t.equal(setup.keys.table.cap.bytes(), bytes);
  setup.evictor.setPolicy(evictionPolicy('noeviction'));
  t.equal(setup.evictor.run(0, Infinity), 'none');
  t.equal(setup.evictor.run(bytes, Infinity), 'enough');
  t.equal(setup.keys.table.cap.bytes(), bytes);
});

test('others have evicted the last keys meanwhile: that is enough', async (t) => {
  const setup = new Setup('volatile-lru');
  const names = setup.fill('k', 20);
  setup.evictor.away = {
    evictNext: () => {
      for (const name of names) setup.keys.delete(name);
      return 'none';
    },
    nextExpireAtMs: Infinity,
  };
  t.equal(setup.evict(10), 'enough');
  t.equal(setup.evictor.evicted, 0);
});
