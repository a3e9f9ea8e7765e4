// The evictor: which values go cold, which never do, and that what stays of them is whole. The
// values' way back is packages/shard's.

import { Random, SHARD_COUNT } from '@forgekv/base';
import { test } from 'tap';
import { attachArena } from '../src/arena.ts';
import { Evictor } from '../src/evictor.ts';
import { HotTable } from '../src/hot-table.ts';
import { FLAG_COLD, FLAG_DIRTY, FLAG_STORED, LARGE_BYTES, TYPE_STRING } from '../src/layout.ts';
import { checkIntegrity } from './integrity.ts';
import { KeyedTable, keysInShard, smallArena } from './keyed-table.ts';

const VALUE = 'v'.repeat(300);
const AGE_MS = 3_600_000;

class Setup {
  readonly keys: KeyedTable;
  readonly evictor: Evictor;
  readonly #table: HotTable;
  readonly freed: number[] = [];

  constructor(pages: number, owned: (shard: number) => boolean = () => true) {
    // Not in the first second of its clock, in which no lap has begun yet.
    const arena = attachArena({ ...smallArena(pages).transfer, epochMs: Date.now() - AGE_MS });
    this.keys = new KeyedTable(arena);
    this.#table = new HotTable(arena, 1);
    const shards = Uint8Array.from({ length: SHARD_COUNT }, (_, shard) => Number(owned(shard)));
    this.evictor = new Evictor(this.#table, shards, (id) => void this.freed.push(id));
  }

  /** Gives a key a value that its store has. */
  store(key: string, value = VALUE): void {
    this.keys.set(key, value);
    this.clean(key);
  }

  clean(key: string): void {
    const clean = (table: HotTable): void => table.setFlags(table.find(), FLAG_DIRTY, FLAG_STORED);
    this.keys.locked(key, 0, clean);
  }

  makeLarge(key: string, id: number, length: number): void {
    this.store(key, 'x'.repeat(LARGE_BYTES));
    this.keys.locked(key, 0, (table) => {
      table.setLarge(table.find(), id, length);
    });
  }

  use(key: string, seconds: number): void {
    this.keys.locked(key, 0, (table) => table.use(table.find(), seconds));
  }

  /** The length of a cold value, or -1: it is hot. */
  coldLength(key: string): number {
    return this.keys.locked(key, 0, (table) => {
      const entry = table.find();
      return table.isCold(entry) ? table.words[table.valueWord(entry)]! : -1;
    });
  }

  /** Whether a key's entry has left. */
  isAway(key: string): boolean {
    return this.keys.locked(key, 0, (table) => table.find() === 0);
  }

  /** Makes an entry that left again; false: there is no room. */
  bringBack(key: string, value: string, expireAtMs: number): boolean {
    return this.keys.locked(key, 0, (table) => {
      const entry = table.restore(TYPE_STRING, value.length, 0, expireAtMs, 1);
      if (entry !== 0) table.bytes.write(value, table.valueWord(entry) * 4, 'latin1');
      return entry !== 0;
    });
  }

  /** One lap over all pages. */
  lap(all = false): 'enough' | 'more' | 'dirty' {
    return this.evictor.run(Number.MAX_SAFE_INTEGER, Infinity, all);
  }

  problems(): readonly string[] {
    this.#table.pool.endPromise();
    return checkIntegrity(this.keys.table.arena).problems;
  }
}

test('clean values go cold: key, length, expiry, LSN and flags stay', async (t) => {
  const setup = new Setup(100);
  const { keys } = setup;
  setup.store('a');
  keys.expireAt('a', 123_456);
  setup.clean('a');
  const about = (): unknown =>
    keys.locked('a', 0, (table) => {
      const entry = table.find();
      return [table.expireAtMs(entry), table.lsnOf(entry), table.typeOf(entry)];
    });
  const before = about();
  t.equal(setup.lap(), 'more');
  t.equal(setup.coldLength('a'), 300);
  t.same(about(), before);
  t.equal(keys.databases.keys(0), 1);
  t.equal(keys.databases.expires(0), 1);
  t.equal(setup.evictor.evicted, 1);
  t.equal(setup.lap(true), 'dirty', 'there is nothing more to do');
  t.same(setup.problems(), []);
});

test('what is dirty, never stored, short, or a tombstone stays', async (t) => {
  const setup = new Setup(100);
  const { keys } = setup;
  keys.set('dirty', VALUE);
  keys.locked('dirty', 0, (table) => table.setFlags(table.find(), 0, FLAG_STORED));
  keys.set('new', VALUE);
  keys.locked('new', 0, (table) => table.setFlags(table.find(), FLAG_DIRTY, 0));
  setup.store('short', 'x'.repeat(23));
  setup.store('gone');
  keys.delete('gone');
  t.equal(setup.lap(true), 'dirty');
  t.equal(setup.evictor.evicted, 0);
  for (const key of ['dirty', 'new', 'short']) t.equal(setup.coldLength(key), -1, key);
  t.equal(keys.get('dirty'), VALUE);
  setup.clean('dirty');
  t.equal(setup.lap(true), 'more');
  t.equal(setup.coldLength('dirty'), 300);
  t.same(setup.problems(), []);
});

test('second chance: what was used since the hand came by the last time stays', async (t) => {
  const setup = new Setup(100);
  const [longAgo, recently] = [10, 10_000];
  setup.store('old');
  setup.store('used');
  // The first lap knows of no time before it.
  t.equal(setup.lap(), 'more');
  setup.store('old');
  setup.store('used');
  for (let i = 0; i < 2; i++) {
    setup.use('old', longAgo);
    setup.use('used', recently);
    setup.lap();
  }
  t.equal(setup.coldLength('old'), 300);
  t.equal(setup.coldLength('used'), -1);
  setup.lap(true);
  t.equal(setup.coldLength('used'), 300, 'unless there is no room otherwise');
});

test('only its own shards, and not while they are gated', async (t) => {
  const setup = new Setup(100, (shard) => shard !== 2);
  const { keys } = setup;
  const [mine, foreign, gated] = [1, 2, 3].map((shard) => keysInShard(keys, shard, 1)[0]!);
  for (const key of [mine!, foreign!, gated!]) setup.store(key);
  keys.locked(gated!, 0, (table) => table.setGate(3, 9));
  setup.lap(true);
  t.same(
    [mine!, foreign!, gated!].map((key) => setup.coldLength(key)),
    [300, -1, -1],
  );
  keys.locked(gated!, 0, (table) => table.setGate(3, 0));
  setup.lap(true);
  t.equal(setup.coldLength(gated!), 300);
  t.equal(setup.coldLength(foreign!), -1);
});

test('large values: only when they are asked for; then they are forgotten once', async (t) => {
  const setup = new Setup(100);
  setup.makeLarge('big', 77, 3_000_000_000);
  setup.lap(true);
  t.equal(setup.coldLength('big'), -1);
  setup.evictor.largeToo = true;
  setup.lap(true);
  t.equal(setup.coldLength('big') >>> 0, 3_000_000_000);
  t.same(setup.freed, [77]);
  setup.lap(true);
  t.same(setup.freed, [77]);
  t.same(setup.problems(), []);
});

test('a full pool: the pages set aside are enough to begin with', async (t) => {
  const setup = new Setup(100);
  const { keys } = setup;
  const names = keysInShard(keys, 5, 100_000);
  let count = 0;
  while (keys.set(names[count]!, VALUE)) count++;
  t.equal(keys.table.pool.availablePages, 0);
  t.ok(keys.table.pool.freePages > 0, 'promised to the evictor');
  for (let i = 0; i < count; i++) setup.clean(names[i]!);
  t.equal(keys.set('another', VALUE), false);
  t.equal(setup.evictor.run(20, Infinity, true), 'enough');
  t.ok(keys.table.pool.freePages >= 20);
  t.ok(setup.evictor.evicted < count, 'no more than was asked for');
  let cold = 0;
  for (let i = 0; i < count; i++) {
    if (setup.coldLength(names[i]!) === 300) cold++;
    else if (keys.get(names[i]!) !== VALUE) t.fail(`${names[i]} has another value`);
  }
  t.equal(cold, setup.evictor.evicted);
  t.equal(keys.databases.keys(0), count);
  while (setup.lap(true) === 'more');
  t.ok(setup.evictor.evicted === count, 'all of them in the end');
  t.same(setup.problems(), []);
});

test('a full pool without clean values is dirty', async (t) => {
  const setup = new Setup(100);
  const { keys } = setup;
  const names = keysInShard(keys, 5, 10_000);
  for (let i = 0; keys.set(names[i]!, VALUE); i++);
  t.equal(setup.evictor.run(10, Infinity, true), 'dirty');
  t.equal(setup.evictor.evicted, 0);
});

test('without a page for small slots nothing goes cold in vain', async (t) => {
  // So few shards of so small a pool that no page is set aside.
  const setup = new Setup(40, (shard) => shard === 5);
  const { keys } = setup;
  const names = keysInShard(keys, 5, 10_000);
  let count = 0;
  while (keys.set(names[count]!, VALUE)) count++;
  for (let i = 0; i < count; i++) setup.clean(names[i]!);
  t.equal(keys.table.pool.freePages, 0);
  t.equal(setup.evictor.run(10, Infinity, true), 'dirty');
  t.equal(setup.evictor.evicted, 0);
  for (let i = 0; i < count; i++) if (keys.get(names[i]!) !== VALUE) t.fail(`${names[i]}`);
  for (let i = 0; i < 200; i++) {
    keys.locked(names[i]!, 0, (table) => table.setFlags(table.find(), FLAG_STORED, 0));
    keys.delete(names[i]!);
  }
  t.not(setup.evictor.run(30, Infinity, true), 'dirty', 'room again, and it goes on');
  t.ok(setup.evictor.evicted > 0);
});

test('it stops at its time', async (t) => {
  const setup = new Setup(400);
  for (let i = 0; i < 3000; i++) setup.store(`key:${i}`);
  t.equal(setup.evictor.run(1000, 0, true), 'more');
  t.ok(setup.evictor.evicted < 3000);
});

test('random writes and laps: the model holds', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  const random = new Random(seed);
  const setup = new Setup(300);
  const { keys } = setup;
  const model = new Map<string, { value: string; clean: boolean; expireAtMs: number }>();
  for (let i = 0; i < 20_000; i++) {
    const key = `key:${random.below(800)}`;
    const known = model.get(key);
    const draw = random.below(100);
    if (known !== undefined && setup.isAway(key)) {
      if (!known.clean) t.fail(`${key} left before its store had it`);
      if (!setup.bringBack(key, known.value, known.expireAtMs)) continue;
      known.clean = true;
    }
    if (draw === 98) setup.evictor.keysToo = !setup.evictor.keysToo;
    if (draw < 50) {
      const value = `${i}.`.repeat(random.below(150));
      if (!keys.set(key, value)) continue;
      model.set(key, { value, clean: false, expireAtMs: 0 });
    } else if (draw < 75 && known !== undefined) {
      setup.clean(key);
      known.clean = true;
    } else if (draw < 80 && known !== undefined) {
      known.expireAtMs = 1 + random.below(1e9);
      keys.expireAt(key, known.expireAtMs);
    } else if (draw < 85) {
      keys.delete(key);
      model.delete(key);
    } else if (draw === 99) {
      setup.evictor.run(random.below(300), Infinity, random.chance(0.5));
    } else if (known !== undefined) {
      const cold = setup.coldLength(key);
      if (cold >= 0 && (!known.clean || cold !== known.value.length)) t.fail(`${key}: ${cold}`);
      // A cold value is written anew: this level cannot bring it back.
      if (cold >= 0 && keys.locked(key, 0, (table) => coldToHot(table, known.value)) === 0)
        continue;
      if (keys.get(key) !== known.value) t.fail(`${key} has another value`);
    }
  }
  t.equal(keys.databases.keys(0), model.size);
  const expiring = [...model.values()].filter(({ expireAtMs }) => expireAtMs > 0).length;
  t.equal(keys.databases.expires(0), expiring);
  t.ok(setup.evictor.evicted > 100, `${setup.evictor.evicted} went cold, seed ${seed}`);
  t.ok(setup.evictor.evictedKeys > 100, `${setup.evictor.evictedKeys} keys left`);
  t.equal(sum(setup.evictor.left), setup.evictor.evictedKeys);
  t.same(setup.problems(), []);
});

test('keys go too, when there are hardly any values: they are counted all the same', async (t) => {
  const setup = new Setup(100);
  const { keys } = setup;
  const names = Array.from({ length: 40_000 }, (_, i) => `key:${i}`);
  let count = 0;
  while (keys.set(names[count]!, 'short')) count++;
  for (let i = 0; i < count; i += 2) setup.clean(names[i]!);
  keys.expireAt(names[0]!, 5);
  setup.clean(names[0]!);
  setup.evictor.run(10, Infinity, true);
  while (setup.evictor.run(10, Infinity, true) === 'more');
  t.ok(setup.evictor.evictedKeys > 0, `${setup.evictor.evictedKeys} of ${count}`);
  t.equal(keys.databases.keys(0), count);
  t.equal(keys.databases.expires(0), 1);
  t.equal(keys.databases.away, setup.evictor.evictedKeys);
  const away = names.slice(0, count).filter((name) => setup.isAway(name));
  t.equal(away.length, setup.evictor.evictedKeys);
  t.ok(away.every((name) => names.indexOf(name) % 2 === 0));
  const shard = keys.shardOf(away[0]!);
  t.notOk(keys.databases.isComplete(0, shard));
  t.ok(keys.databases.isComplete(1, shard));
  for (const name of away) t.ok(setup.bringBack(name, 'short', name === names[0] ? 5 : 0));
  t.ok(keys.databases.isComplete(0, shard));
  t.same(setup.problems(), []);
});

test('marks of keys that do not exist go in the next lap, unless gated', async (t) => {
  const setup = new Setup(100);
  const { keys } = setup;
  const [free, gated] = [1, 3].map((shard) => keysInShard(keys, shard, 1)[0]!);
  for (const key of [free!, gated!]) keys.locked(key, 0, (table) => table.markAbsent());
  keys.locked(gated!, 0, (table) => table.setGate(3, 9));
  setup.lap();
  t.ok(setup.isAway(free!));
  t.notOk(setup.isAway(gated!));
  keys.locked(gated!, 0, (table) => table.setGate(3, 0));
  t.ok(keys.set(gated!, 'made'), 'a mark is taken over by the key');
  t.equal(keys.databases.keys(0), 1);
  t.equal(keys.get(gated!), 'made');
  t.same(setup.problems(), []);
});

function sum(counts: Uint32Array): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** Puts a selected key's value back into its cold entry; 0: there is no room. */
function coldToHot(table: HotTable, value: string): number {
  const moved = table.resize(table.find(), value.length, 0);
  if (moved === 0) return 0;
  table.bytes.write(value, table.valueWord(moved) * 4, 'latin1');
  table.setFlags(moved, FLAG_COLD, 0);
  return moved;
}
