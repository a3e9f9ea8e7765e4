// The integrity check itself: silent on a healthy arena, and it sees every kind of damage.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import {
  COUNTER_BYTES,
  COUNTER_EXPIRES,
  COUNTER_WORDS,
  ENTRY_EXPIRE,
  ENTRY_HASH,
  ENTRY_KEY,
  ENTRY_META,
  PAGE_BUMPED,
  PAGE_EXPIRES,
  PAGE_FREE_HEAD,
  PAGE_OWNER,
  PAGE_RECORD_WORDS,
  PAGE_USED,
  POOL_FREE_COUNT,
  POOL_FREE_HEAD,
  POOL_LOCK,
  POOL_PROMISED,
  SHARD_BLOCK_WORDS,
  SHARD_CLASS_HEADS,
  SHARD_DEPTH,
  SHARD_ENTRIES,
  SHARD_LOCK,
} from '../src/layout.ts';
import { checkIntegrity } from './integrity.ts';
import { KeyedTable, keysInShard, smallArena } from './keyed-table.ts';

interface Scene {
  readonly keys: KeyedTable;
  readonly words: Int32Array;
  /** An entry with neighbours in its page, without an expiry. */
  readonly entry: number;
  readonly expiring: number;
  readonly shard: number;
  readonly block: number;
  readonly record: number;
}

function scene(): Scene {
  const keys = new KeyedTable(smallArena(40));
  const random = new Random(1);
  const names = keysInShard(keys, 2, 1500);
  for (const name of names) keys.set(name, 'x'.repeat(random.below(200)));
  for (const name of keysInShard(keys, 40, 300)) keys.set(name, 'y', 1);
  keys.expireAt(names[0]!, keys.table.arena.epochMs + 5000);
  for (let i = 100; i < 1500; i += 3) keys.delete(names[i]!);
  const find = (name: string): number => keys.locked(name, 0, (table) => table.find());
  const { arena, words, pool } = keys.table;
  const [expiring, entry] = [find(names[0]!), find(names[1]!)];
  return {
    keys,
    words,
    entry,
    expiring,
    shard: 2,
    block: arena.shards + 2 * SHARD_BLOCK_WORDS,
    record: arena.pageTable + pool.pageOf(entry) * PAGE_RECORD_WORDS,
  };
}

function put(words: Int32Array, at: number, value: number): void {
  words[at] = value;
}

function add(words: Int32Array, at: number, by: number): void {
  words[at] = words[at]! + by;
}

const DAMAGE: readonly (readonly [string, (scene: Scene) => void])[] = [
  ['an entry leads nowhere', ({ words, entry }) => add(words, entry, 1)],
  ['an entry leads to itself', ({ words, entry }) => put(words, entry, entry >> 2)],
  ['an entry is cut off', ({ keys, shard, entry }) => keys.table.index.remove(shard, entry)],
  ['an entry is linked twice', ({ keys, entry }) => void keys.table.index.insert(2, entry)],
  ['an entry is freed and linked', ({ keys, entry }) => keys.table.pool.free(2, entry)],
  [
    'a slot is freed twice',
    ({ keys, entry }) => {
      keys.table.unlinkFrom(2, entry);
      keys.table.pool.free(2, entry);
    },
  ],
  ['a slot is lost', ({ keys }) => void keys.table.pool.allocate(2, 0)],
  ['another hash', ({ words, entry }) => add(words, entry + ENTRY_HASH, 1)],
  [
    'another bucket',
    ({ words, entry }) => put(words, entry + ENTRY_HASH, words[entry + ENTRY_HASH]! ^ (1 << 31)),
  ],
  ['another key', ({ words, entry }) => add(words, entry + ENTRY_KEY, 1)],
  [
    'no type',
    ({ words, entry }) => put(words, entry + ENTRY_META, words[entry + ENTRY_META]! & ~0xff0000),
  ],
  ['another class', ({ words, entry }) => add(words, entry + ENTRY_META, 1 << 24)],
  ['an uncounted entry', ({ words, block }) => add(words, block + SHARD_ENTRIES, -1)],
  ['an uncounted key', ({ keys, words }) => add(words, keys.table.arena.counters, 1)],
  [
    'an uncounted expiry',
    ({ keys, words }) => {
      const { counters, databases } = keys.table.arena;
      add(words, counters + 2 * databases * COUNTER_WORDS + COUNTER_EXPIRES, 1);
    },
  ],
  [
    'an uncounted byte',
    ({ keys }) => {
      const { counters, floats } = keys.table.arena;
      floats[(counters + COUNTER_BYTES) >> 1] = floats[(counters + COUNTER_BYTES) >> 1]! + 1;
    },
  ],
  [
    'an expiry its page does not know',
    ({ keys, words, expiring }) => {
      const { arena, pool } = keys.table;
      add(words, arena.pageTable + pool.pageOf(expiring) * PAGE_RECORD_WORDS + PAGE_EXPIRES, 1000);
    },
  ],
  [
    'an expiry that nobody set',
    ({ keys, entry }) => {
      keys.table.arena.floats[(entry + ENTRY_EXPIRE) >> 1] = 1e15;
    },
  ],
  ['a lock', ({ words, block }) => put(words, block + SHARD_LOCK, 3)],
  ['the pool lock', ({ words }) => put(words, POOL_LOCK, 1)],
  ['a promise', ({ words }) => put(words, POOL_PROMISED, 1)],
  ['a page without owner', ({ words, record }) => put(words, record + PAGE_OWNER, -1)],
  ['a page of another shard', ({ words, record }) => add(words, record + PAGE_OWNER, 256)],
  ['a page of another class', ({ words, record }) => add(words, record + PAGE_OWNER, 1)],
  ['a used count', ({ words, record }) => add(words, record + PAGE_USED, -1)],
  ['a bumped count', ({ words, record }) => add(words, record + PAGE_BUMPED, -1)],
  ['a free chain', ({ words, record }) => add(words, record + PAGE_FREE_HEAD, 4)],
  ['a free page count', ({ words }) => add(words, POOL_FREE_COUNT, 1)],
  ['the list of free pages', ({ words }) => put(words, POOL_FREE_HEAD, 1)],
  [
    'a list of pages',
    ({ words, block }) => {
      const heads = block + SHARD_CLASS_HEADS;
      words[heads + words.subarray(heads).findIndex((head) => head !== 0)] = 0;
    },
  ],
  ['a depth', ({ words, block }) => add(words, block + SHARD_DEPTH, 1)],
  ['a shallower depth', ({ words, block }) => add(words, block + SHARD_DEPTH, -1)],
  [
    'a directory word',
    ({ keys, words }) => {
      const { directories, directoryWords } = keys.table.arena;
      words[directories + 2 * directoryWords] = words[directories + 2 * directoryWords + 1]!;
      words[directories + 2 * directoryWords + 3] = words[directories + 2 * directoryWords]!;
    },
  ],
];

test('a healthy arena', async (t) => {
  const { keys } = scene();
  const { problems, entries, deepest } = checkIntegrity(keys.table.arena);
  t.same(problems, []);
  t.equal(entries.length, 1500 - 467 + 300);
  t.ok(deepest >= 4, `depth ${deepest}`);
});

for (const [name, harm] of DAMAGE) {
  test(`damage is seen: ${name}`, async (t) => {
    const damaged = scene();
    harm(damaged);
    const { problems } = checkIntegrity(damaged.keys.table.arena);
    t.ok(problems.length > 0, problems[0] ?? 'nothing was found');
  });
}
