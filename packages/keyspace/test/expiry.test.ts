// The expiry word of a page: the earliest of its entries, in ticks.

import { test } from 'tap';
import { Expiry } from '../src/expiry.ts';
import { EXPIRE_TICK_MS, PAGE_NEVER_EXPIRES } from '../src/layout.ts';
import { KeyedTable, keysInShard, smallArena } from './keyed-table.ts';

test('ticks', async (t) => {
  const { table } = new KeyedTable(smallArena(2));
  const expiry = new Expiry(table.arena, table.pool);
  const { epochMs } = table.arena;
  const cases = [
    [epochMs, 0],
    [epochMs - 1, 0],
    [0.5, 0],
    [-1e15, 0],
    [epochMs + EXPIRE_TICK_MS - 1, 0],
    [epochMs + EXPIRE_TICK_MS, 1],
    [epochMs + 10 * EXPIRE_TICK_MS + 5, 10],
    [epochMs + (2 ** 31 + 5) * EXPIRE_TICK_MS, 2 ** 31 + 5],
    [epochMs + 2 ** 33 * EXPIRE_TICK_MS, PAGE_NEVER_EXPIRES - 1],
    [9e15, PAGE_NEVER_EXPIRES - 1],
  ] as const;
  for (const [timeMs, tick] of cases) t.equal(expiry.tickOf(timeMs), tick, `${timeMs}`);
});

test('setting an expiry lowers the word of its page, never raises it', async (t) => {
  const keys = new KeyedTable(smallArena(4));
  const { table } = keys;
  const expiry = new Expiry(table.arena, table.pool);
  const [a, b, c] = keysInShard(keys, 3, 3) as [string, string, string];
  for (const key of [a, b, c]) keys.set(key, 'v');
  const page = keys.locked(a, 0, () => table.pool.pageOf(table.find()));
  const at = (tick: number): number => table.arena.epochMs + tick * EXPIRE_TICK_MS;
  t.equal(expiry.pageTick(page), PAGE_NEVER_EXPIRES);
  keys.expireAt(a, at(2 ** 31 + 9));
  t.equal(expiry.pageTick(page), 2 ** 31 + 9, 'ticks are unsigned');
  keys.expireAt(b, at(50));
  t.equal(expiry.pageTick(page), 50);
  keys.expireAt(c, at(70));
  t.equal(expiry.pageTick(page), 50);
  keys.expireAt(b, 0);
  t.equal(expiry.pageTick(page), 50, 'too early is allowed: the sweep corrects it');
  expiry.setPageTick(page, PAGE_NEVER_EXPIRES);
  t.equal(expiry.pageTick(page), PAGE_NEVER_EXPIRES);
});

test('an entry that moves takes its expiry to the other page', async (t) => {
  const keys = new KeyedTable(smallArena(4));
  const { table } = keys;
  const expiry = new Expiry(table.arena, table.pool);
  keys.set('k', 'v');
  keys.expireAt('k', table.arena.epochMs + 1000 * EXPIRE_TICK_MS);
  const page = keys.locked('k', 0, () => table.pool.pageOf(table.resize(table.find(), 500, 1)));
  t.equal(expiry.pageTick(page), 1000);
});
