// Room plans: what was claimed can be made, whatever another thread takes in the meantime.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { POOL_PROMISED } from '../src/layout.ts';
import { RoomPlan } from '../src/room-plan.ts';
import { CLASS_BYTES, CLASS_SLOTS } from '../src/size-classes.ts';
import { SlabPool } from '../src/slab-pool.ts';
import { checkIntegrity } from './integrity.ts';
import { KeyedTable, keysInShard, smallArena } from './keyed-table.ts';

/** Takes every page nobody was promised. */
function hog(pool: SlabPool): number[] {
  const taken: number[] = [];
  for (;;) {
    const slot = pool.allocate(63, CLASS_BYTES.length - 1);
    if (slot === 0) return taken;
    taken.push(slot);
  }
}

test('a plan of nothing, and of keys that have room already', async (t) => {
  const keys = new KeyedTable(smallArena(3));
  const plan = new RoomPlan(keys.table);
  plan.begin();
  t.ok(plan.claim());
  plan.end();
  keys.set('key', 'v'.repeat(100));
  const entry = keys.locked('key', 0, (table) => table.find());
  hog(new SlabPool(keys.table.arena));
  plan.begin();
  plan.add(entry, 3, 90);
  t.ok(plan.claim(), 'it stays in its slot');
  plan.end();
  plan.begin();
  plan.add(entry, 3, 1000);
  t.notOk(plan.claim(), 'it would have to move');
  plan.end();
  plan.begin();
  plan.add(0, 3, 1);
  t.notOk(plan.claim());
  plan.end();
  t.equal(keys.table.words[POOL_PROMISED], 0);
});

test('random plans: claimed means possible, and nothing stays promised', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  let claimed = 0;
  let refused = 0;
  for (let round = 0; round < 300; round++) {
    const keys = new KeyedTable(smallArena(110 + random.below(150)));
    const other = new SlabPool(keys.table.arena);
    const names = [...keysInShard(keys, 0, 40), ...keysInShard(keys, 9, 40)];
    for (let i = 0; i < 60; i++) keys.set(`some${i}`, 'z'.repeat(random.below(300)));
    for (const name of names) if (random.chance(0.5)) keys.set(name, 'a'.repeat(random.below(200)));
    const spread = random.chance(0.5);
    const wanted = new Map<string, string>();
    for (let i = 1 + random.below(40); i > 0; i--) {
      const length = random.chance(0.2) ? random.below(20_000) : random.below(300);
      wanted.set(spread ? `any${i}` : random.pick(names), 'b'.repeat(length));
    }
    const plan = new RoomPlan(keys.table);
    plan.begin();
    for (const [name, value] of wanted) {
      plan.add(
        keys.locked(name, 0, (table) => table.find()),
        name.length,
        value.length,
      );
    }
    const slots = plan.claim() ? hog(other) : null;
    if (slots === null) {
      refused++;
    } else {
      claimed++;
      for (const [name, value] of wanted) {
        if (!keys.set(name, value)) t.fail(`round ${round}: ${value.length} bytes found no room`);
      }
    }
    plan.end();
    if (keys.table.words[POOL_PROMISED] !== 0) t.fail(`round ${round}: still promised`);
    for (const slot of slots ?? []) other.free(63, slot);
    const { problems } = checkIntegrity(keys.table.arena);
    if (problems.length > 0) return t.same(problems, [], `round ${round}`);
  }
  t.ok(claimed > 30 && refused > 10, `${claimed} claimed, ${refused} refused`);
});

test('a claim is not much larger than what is needed', async (t) => {
  const keys = new KeyedTable(smallArena(400));
  const plan = new RoomPlan(keys.table);
  plan.begin();
  const names = keysInShard(keys, 5, 5000);
  for (const name of names) plan.add(0, name.length, 60);
  t.ok(plan.claim());
  const promised = keys.table.words[POOL_PROMISED]!;
  const needed = 5000 / CLASS_SLOTS[CLASS_BYTES.findIndex((bytes) => bytes >= 112)]!;
  // A page begun and a segment in each of 64 shards, for all it knows.
  t.ok(promised < needed * 2 + 5000 / 100 + 135, `${promised} pages for ${needed.toFixed(0)}`);
  plan.end();
});
