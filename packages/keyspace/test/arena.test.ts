// Making an arena, and the views of another thread on it.

import { SHARD_COUNT } from '@forgekv/base';
import { test } from 'tap';
import { attachArena, createArena } from '../src/arena.ts';
import { Databases } from '../src/databases.ts';
import { HotTable } from '../src/hot-table.ts';
import { PAGE_BYTES } from '../src/layout.ts';
import { checkIntegrity } from './integrity.ts';
import { KeyedTable, smallArena } from './keyed-table.ts';

test('a new arena is whole and empty', async (t) => {
  const arena = smallArena(8, 16);
  t.same(checkIntegrity(arena), {
    problems: [],
    entries: [],
    segments: 0,
    deepest: 0,
    freePages: 8,
  });
  const table = new HotTable(arena, 1);
  const databases = new Databases(table);
  const namespaces = Array.from({ length: 16 }, (_, db) => databases.namespaceOf(db));
  t.equal(new Set(namespaces).size, 16);
  t.ok(namespaces.every((namespace) => namespace > 0));
  for (let shard = 0; shard < SHARD_COUNT; shard++) {
    if (!databases.isComplete(0, shard) || table.gateOf(shard) !== 0) t.fail(`shard ${shard}`);
  }
  t.ok(Math.abs(arena.epochMs - Date.now()) < 10_000);
});

test('another thread attaches to what it was sent', async (t) => {
  const arena = smallArena(8);
  const one = new KeyedTable(arena, 1);
  const other = new KeyedTable(attachArena(structuredClone(arena.transfer)), 2);
  one.set('key', 'value', 3);
  t.equal(other.get('key', 3), 'value');
  t.equal(other.get('key', 2), null);
  t.equal(other.table.arena.epochMs, arena.epochMs);
});

test('sizes', async (t) => {
  const options = { databases: 16, hashSecret: [1, 2] as const };
  t.equal(createArena({ ...options, poolBytes: 0 }).pageCount, 1, 'at least a page');
  t.equal(createArena({ ...options, poolBytes: PAGE_BYTES * 2.9 }).pageCount, 2);
  t.throws(() => createArena({ ...options, poolBytes: 2 ** 32 }), { code: 'ARENA_SIZE' });
  t.throws(() => createArena({ ...options, poolBytes: 2 ** 50 }), { code: 'ARENA_SIZE' });
  const usual = createArena({ ...options, poolBytes: 512 * 1024 * 1024 });
  t.ok(usual.words.length < 2 ** 30);
  t.ok(usual.directoryWords * 64 >= (512 * 1024 * 1024) / 40, 'one shard may hold every entry');
});
