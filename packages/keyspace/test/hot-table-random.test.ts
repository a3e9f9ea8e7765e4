// The hot table against a map: random commands on a pool that is often full.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { checkIntegrity } from './integrity.ts';
import { KeyedTable, keysInShard, smallArena } from './keyed-table.ts';

interface Known {
  readonly value: string;
  expireAtMs: number;
}

test('random commands against a map, the pool often full', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const random = new Random(seed);
  const keys = new KeyedTable(smallArena(14));
  const names = [...keysInShard(keys, 0, 400), ...keysInShard(keys, 33, 400)];
  const model = new Map<string, Known>();
  let full = 0;
  let nowMs = keys.table.arena.epochMs;
  const seen = (id: string): Known | null => {
    const known = model.get(id);
    return known === undefined || (known.expireAtMs !== 0 && known.expireAtMs <= nowMs)
      ? null
      : known;
  };
  for (let step = 0; step < 40_000; step++) {
    nowMs += random.below(3);
    const name = random.pick(names);
    const db = random.below(4);
    const id = `${db}/${name}`;
    const action = random.below(100);
    if (action < 45) {
      const length = random.chance(0.02) ? random.below(20_000) : random.below(600);
      const value = String.fromCharCode(97 + random.below(26)).repeat(length);
      if (keys.set(name, value, db, nowMs)) model.set(id, { value, expireAtMs: 0 });
      else full++;
    } else if (action < 70) {
      const value = keys.get(name, db, nowMs);
      if (value !== (seen(id)?.value ?? null)) return t.fail(`step ${step}: GET ${id}`);
    } else if (action < 85) {
      const removed = keys.delete(name, db, nowMs);
      if (removed !== (seen(id) !== null)) return t.fail(`step ${step}: DEL ${id}`);
      model.delete(id);
    } else if (action < 99) {
      const expireAtMs = random.chance(0.3) ? 0 : nowMs + 1 + random.below(3000);
      if (keys.expireAt(name, expireAtMs, db, nowMs) !== (seen(id) !== null)) {
        return t.fail(`step ${step}: EXPIRE ${id}`);
      }
      const known = seen(id);
      if (known !== null) known.expireAtMs = expireAtMs;
    } else if (random.chance(0.5)) {
      keys.swap(0, db);
      swapModel(model, db);
    }
    if (step % 8000 === 0) t.same(checkIntegrity(keys.table.arena).problems, [], `step ${step}`);
  }
  t.ok(full > 20, `${full} times full`);
  t.same(checkIntegrity(keys.table.arena).problems, []);
  const live = [...model.keys()].filter((id) => seen(id) !== null);
  for (const id of live) if (keys.get(id.slice(2), Number(id[0]), nowMs) === null) t.fail(id);
});

/** Exchanges database 0 with another in the model. */
function swapModel(model: Map<string, Known>, db: number): void {
  const entries = [...model];
  model.clear();
  for (const [id, known] of entries) {
    const from = Number(id[0]);
    const to = from === db ? 0 : from === 0 ? db : from;
    model.set(`${to}${id.slice(1)}`, known);
  }
}
