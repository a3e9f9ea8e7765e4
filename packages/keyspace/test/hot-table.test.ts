// The hot table in one thread: entries against a model, what moves and what stays, counters,
// tombstones, flags, stamps, and a pool that is too small.

import { InvariantError, Random } from '@forgekv/base';
import { test } from 'tap';
import { HotTable } from '../src/hot-table.ts';
import {
  FLAG_DIRTY,
  FLAG_LARGE,
  FLAG_STORED,
  LARGE_BYTES,
  MAX_KEY_BYTES,
  MAX_PACKED_BYTES,
  TYPE_HASH,
  TYPE_STRING,
  TYPE_TOMBSTONE,
} from '../src/layout.ts';
import { checkIntegrity } from './integrity.ts';
import { KeyedTable, keysInShard, smallArena } from './keyed-table.ts';

const NOW = 1_000_000;

test('keys and values of every length around the word limits, at odd places', async (t) => {
  const keys = new KeyedTable(smallArena(200));
  const random = new Random(1);
  const text = (length: number): string =>
    Array.from({ length }, () => String.fromCharCode(random.below(256))).join('');
  const tag = keysInShard(keys, 9, 1)[0]!;
  const model = new Map<string, string>();
  for (const keyLength of [...Array.from({ length: 140 }, (_, i) => i), 1000, MAX_KEY_BYTES]) {
    const key = keyLength < tag.length ? '' : tag + text(keyLength - tag.length);
    for (const length of [0, 1, 2, 3, 4, 5, 127, 128, 129, 511, 513, MAX_PACKED_BYTES]) {
      if (length > 1000 && keyLength % 8 !== 0) continue;
      const value = text(length);
      if (!keys.set(key, value)) t.fail(`no room for ${keyLength} and ${length}`);
      model.set(key, value);
      if (keys.get(key) !== value) t.fail(`key of ${keyLength}, value of ${length} bytes`);
    }
  }
  for (const [key, value] of model) if (keys.get(key) !== value) t.fail(`key of ${key.length}`);
  t.same(checkIntegrity(keys.table.arena).problems, []);
});

test('keys that differ in one bit, in length or in database are different', async (t) => {
  const keys = new KeyedTable(smallArena(64));
  const base = '{t}abcdefg';
  const names = [base, `${base}\0`, base.slice(0, -1), ''];
  for (let bit = 0; bit < 32; bit++) {
    const bytes = Buffer.from(base, 'latin1');
    bytes[6 + (bit >> 3)]! ^= 1 << (bit & 7);
    names.push(bytes.toString('latin1'));
  }
  for (const [i, name] of names.entries())
    for (let db = 0; db < 4; db++) keys.set(name, `${i}/${db}`, db);
  for (const [i, name] of names.entries()) {
    for (let db = 0; db < 4; db++)
      if (keys.get(name, db) !== `${i}/${db}`) t.fail(`${name} in ${db}`);
  }
  t.equal(keys.databases.keys(2), names.length);
});

test('an entry without the shard lock is refused', async (t) => {
  const keys = new KeyedTable(smallArena(4));
  keys.select('a', 0);
  t.throws(() => keys.table.find(), InvariantError);
  t.throws(() => keys.table.setGate(3, 1), InvariantError);
});

test('resize keeps what it should, in place and moving, and the facts of the entry', async (t) => {
  const sizes = [0, 1, 3, 4, 20, 100, 500, 501, 700, 3000, MAX_PACKED_BYTES];
  for (const from of sizes) {
    for (const to of sizes) {
      const keys = new KeyedTable(smallArena(8));
      const value = 'abcdefghij'.repeat(3000).slice(0, from);
      keys.set('key', value);
      const facts = keys.locked('key', 0, (table) => {
        const entry = table.find();
        table.setExpireAtMs(entry, 2e12);
        table.setFlags(entry, 0, FLAG_STORED | (3 << 8));
        table.use(entry, 77);
        const fits = table.fitsInPlace(entry, to);
        const lsn = table.lsnOf(entry);
        const keep = Math.min(from, to);
        const moved = table.resize(entry, to, keep);
        return {
          stays: fits === (moved === entry),
          found: table.find() === moved,
          length: table.valueLength(moved),
          kept: keys.valueOf(moved).toString('latin1', 0, keep) === value.slice(0, keep),
          type: table.typeOf(moved),
          flags: table.flagsOf(moved),
          expire: table.expireAtMs(moved),
          used: table.usedAt(moved),
          lsn: table.lsnOf(moved) === lsn,
        };
      });
      const expected = {
        stays: true,
        found: true,
        length: to,
        kept: true,
        type: TYPE_STRING,
        flags: FLAG_DIRTY | FLAG_STORED | (3 << 8),
        expire: 2e12,
        used: 77,
        lsn: true,
      };
      if (JSON.stringify(facts) !== JSON.stringify(expected))
        t.same(facts, expected, `${from}-${to}`);
      const { problems } = checkIntegrity(keys.table.arena);
      if (problems.length > 0) t.same(problems, [], `${from}-${to}`);
    }
  }
  t.pass(`${sizes.length ** 2} pairs`);
});

test('a full pool: nothing changes, and shrinking still works', async (t) => {
  const keys = new KeyedTable(smallArena(3));
  const [a, b, c] = keysInShard(keys, 1, 3) as [string, string, string];
  t.ok(keys.set(a, 'x'.repeat(20_000)));
  t.ok(keys.set(b, 'small'));
  t.equal(keys.table.pool.freePages, 0);
  t.notOk(keys.set(c, 'x'.repeat(1000)), 'a new key of a class without a page');
  t.notOk(keys.set(b, 'x'.repeat(1000)), 'a value that would have to move');
  t.notOk(keys.set('elsewhere', 'x'), 'another shard has no page for its index');
  t.equal(keys.get(b), 'small');
  t.equal(keys.get(c), null);
  t.equal(keys.databases.keys(0), 2);
  t.ok(keys.set(c, 'tiny'), 'its class has a page');
  t.ok(keys.set(a, 'y'.repeat(100)), 'shrinks where it is when no smaller slot is to be had');
  t.equal(keys.get(a), 'y'.repeat(100));
  t.same(checkIntegrity(keys.table.arena).problems, []);
  keys.delete(a);
  t.ok(keys.set(b, 'x'.repeat(1000)), 'room again');
  t.same(checkIntegrity(keys.table.arena).problems, []);
});

test('room for an entry but none for the index: the slot is given back', async (t) => {
  const keys = new KeyedTable(smallArena(1));
  t.notOk(keys.set('key', 'value'));
  t.equal(keys.table.pool.freePages, 1);
  t.equal(keys.databases.keys(0), 0);
  t.same(checkIntegrity(keys.table.arena).problems, []);
});

test('a tombstone stays where the store may hold the key, and is revived', async (t) => {
  const keys = new KeyedTable(smallArena(64));
  keys.set('gone', 'v');
  keys.delete('gone');
  t.equal(
    keys.locked('gone', 0, (table) => table.find()),
    0,
  );
  keys.set('stored', 'v'.repeat(LARGE_BYTES));
  keys.expireAt('stored', NOW * 2);
  const flags = keys.locked('stored', 0, (table) => {
    const entry = table.find();
    table.setLarge(entry, 1, 1000);
    table.setFlags(entry, FLAG_DIRTY, FLAG_STORED);
    table.remove(entry, table.nextLsn(table.shard));
    t.equal(table.find(), entry);
    t.equal(table.typeOf(entry), TYPE_TOMBSTONE);
    t.equal(table.expireAtMs(entry), 0);
    t.equal(table.valueLength(entry), 0);
    return table.flagsOf(entry);
  });
  t.equal(flags, FLAG_STORED | FLAG_DIRTY);
  t.equal(keys.databases.keys(0), 0);
  t.equal(keys.databases.expires(0), 0);
  t.equal(keys.get('stored'), null);
  t.same(checkIntegrity(keys.table.arena).problems, []);
  keys.set('stored', 'again');
  t.equal(keys.get('stored'), 'again');
  t.equal(keys.databases.keys(0), 1);
  t.equal(
    keys.locked('stored', 0, (table) => table.flagsOf(table.find()) & FLAG_STORED),
    FLAG_STORED,
  );
  const { problems, entries } = checkIntegrity(keys.table.arena);
  t.same(problems, []);
  t.equal(entries.length, 1);
});

test('types, flags, clocks and stamps', async (t) => {
  const keys = new KeyedTable(smallArena(64));
  keys.set('k', 'value');
  keys.locked('k', 0, (table) => {
    const entry = table.find();
    t.equal(table.keyLength(entry), 1);
    t.equal(table.bytes[table.keyWord(entry) * 4], 'k'.charCodeAt(0));
    t.equal(table.namespaceOf(entry), keys.databases.namespaceOf(0));
    table.setType(entry, TYPE_HASH);
    t.equal(table.typeOf(entry), TYPE_HASH);
    t.equal(table.valueLength(entry), 5);
    table.setFlags(entry, 0xffff, FLAG_LARGE);
    t.equal(table.flagsOf(entry), FLAG_LARGE);
    t.ok(table.isLarge(entry));
    table.setFlags(entry, FLAG_LARGE, 0xff00);
    t.equal(table.flagsOf(entry), 0xff00);
    t.notOk(table.isLarge(entry));
    t.equal(table.valueLength(entry), 5, 'flags leave the length alone');
    const lsn = table.lsnOf(entry);
    table.stamp(entry);
    t.equal(table.lsnOf(entry), lsn + 1);
    t.equal(table.nextLsn(table.shard), lsn + 2);
    t.equal(table.flagsOf(entry), 0xff00 | FLAG_DIRTY);
    table.use(entry, 5);
    t.equal(table.usedAt(entry), 5);
    table.setGate(table.shard, 9);
    t.equal(table.gateOf(table.shard), 9);
    table.setGate(table.shard, 0);
  });
  const ids = [keys.table.nextLargeId(), new HotTable(keys.table.arena, 2).nextLargeId()];
  t.not(ids[0], ids[1]);
});

test('what the touch pass reads is a hint: it never throws', async (t) => {
  const keys = new KeyedTable(smallArena(8));
  for (const key of keysInShard(keys, 0, 200)) keys.set(key, 'v');
  const random = new Random(1);
  let sum = 0;
  for (let i = 0; i < 5000; i++) {
    const head = keys.table.touchBucket(random.below(64), random.uint32() | 0);
    sum += keys.table.touchEntry(head);
    // As read from a bucket that is being changed: any word at all.
    sum += keys.table.touchEntry(random.uint32() | 0) | 0;
  }
  t.type(sum, 'number');
});

test('keys of one hash live side by side', async (t) => {
  const keys = new KeyedTable(smallArena(4));
  const { table } = keys;
  const bytes = Buffer.from('one-two-six');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = [0, 4, 8];
  const select = (offset: number): void => table.selectHashed(bytes, view, offset, 3, 0, 6, 999);
  table.locks.lock(6);
  const entries = at.map((offset) => {
    select(offset);
    return table.find() === 0 ? table.create(TYPE_STRING, 0) : 0;
  });
  const found = at.map((offset) => {
    select(offset);
    return table.find();
  });
  t.same(found, entries);
  t.equal(new Set(entries).size, 3);
  select(4);
  table.remove(table.find(), table.nextLsn(table.shard));
  t.equal(table.find(), 0);
  select(8);
  t.equal(table.find(), entries[2]);
  table.locks.unlock(6);
});
