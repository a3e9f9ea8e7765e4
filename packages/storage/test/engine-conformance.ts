// What every storage engine must pass, run over each of them by store-engines.test.ts. Knows the
// contract of store-engine.ts and nothing of our records.

import { Random } from '@forgekv/base';
import type { Test } from 'tap';
import type { StoreEngine } from '../src/store/store-engine.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const LAST = Buffer.alloc(40, 255);

/** @param make an engine, not open; with the same place, one that finds what the last one left */
export async function conformance(t: Test, make: (place: string) => StoreEngine): Promise<void> {
  await t.test('closed engines say so', async (t) => {
    const engine = make('closed');
    t.equal(engine.isOpen, false);
    t.throws(() => engine.getSync(bytes('a')), { code: 'CLOSED' });
    await t.rejects(engine.writeBatch([], { sync: false }), { code: 'CLOSED' });
    await t.rejects(engine.scanPage(bytes(''), LAST, 1, 1), { code: 'CLOSED' });
    t.throws(() => engine.stats(), { code: 'CLOSED' });
    await engine.close();
    await engine.open();
    t.equal(engine.isOpen, true);
    await t.rejects(engine.open(), { name: 'InvariantError' });
    await engine.close();
    await engine.close();
  });

  await t.test('reads what was written, once closed and opened too', async (t) => {
    const engine = make('reads');
    await engine.open();
    const key = bytes('key');
    const value = Buffer.alloc(3, 7);
    const written = engine.writeBatch([{ key, value }], { sync: false });
    await written;
    key.fill(0);
    value.fill(0);
    t.same(engine.getSync(bytes('key')), Buffer.alloc(3, 7));
    t.same(engine.getSync(new Uint8Array(bytes('key'))), Buffer.alloc(3, 7));
    t.equal(engine.getSync(bytes('kez')), undefined);
    await engine.writeBatch([{ key: bytes('empty'), value: new Uint8Array(0) }], { sync: true });
    await engine.close();
    await engine.open();
    t.same(engine.getSync(bytes('key')), Buffer.alloc(3, 7));
    t.same(engine.getSync(bytes('empty')), Buffer.alloc(0));
    const put = { key: bytes('key'), value: bytes('1') };
    await engine.writeBatch([put, { key: bytes('key'), value: null }], { sync: false });
    t.equal(engine.getSync(bytes('key')), undefined, 'the last change of a batch counts');
    await engine.flush();
    t.ok(engine.stats().filesPerLevel.length > 0);
    t.ok(engine.levelZeroFiles() >= 0);
    t.equal(await engine.hasRoom(), true);
    await engine.close();
  });

  await t.test('pages: order, bounds, limits', async (t) => {
    const engine = make('pages');
    await engine.open();
    const keys = ['', 'a', 'a\0', 'aa', 'b', '\x7f', '\x80', '\xff', '\xff\xff'].slice(1);
    for (const key of keys.toReversed()) {
      await engine.writeBatch([{ key: bytes(key), value: bytes(`v${key}`) }], { sync: false });
    }
    const scan = async (from: string, before: string, count: number, size: number) => {
      const page = await engine.scanPage(bytes(from), bytes(before), count, size);
      for (const [i, key] of page.keys.entries()) {
        t.same(page.values[i], Buffer.concat([bytes('v'), key]));
      }
      return { keys: page.keys.map((key) => key.toString('latin1')), next: page.next };
    };
    t.same(await scan('', '\xff\xff\xff', 100, 1e6), { keys, next: null });
    t.same(await scan('a', 'b', 100, 1e6), { keys: ['a', 'a\0', 'aa'], next: null });
    t.same((await scan('a', 'b', 2, 1e6)).next, bytes('a\0\0'));
    t.same((await scan('a', 'b', 3, 1e6)).next, bytes('aa\0'), 'full, and nothing behind');
    t.same(await scan('aa\0', 'b', 3, 1e6), { keys: [], next: null });
    t.same((await scan('a', 'b', 100, 0)).keys, ['a'], 'at least one entry');
    t.same((await scan('a', '\xff', 100, 6)).keys, ['a', 'a\0'], 'stops behind the bytes');
    t.same(await scan('c', 'c', 5, 100), { keys: [], next: null });
    t.same(await engine.deleteRange(bytes('a'), bytes('\x80'), 3), bytes('aa\0'));
    t.same((await scan('', '\xff\xff\xff', 100, 1e6)).keys, keys.slice(3));
    t.same(await engine.deleteRange(bytes('aa\0'), bytes('\x80'), 100), null);
    t.same((await scan('', '\xff\xff\xff', 100, 1e6)).keys, keys.slice(5));
    await engine.close();
  });

  await t.test('random changes equal a map, over reopenings', async (t) => {
    const seed = 20261;
    const random = new Random(seed);
    const model = new Map<string, string>();
    const engine = make('random');
    await engine.open();
    for (let round = 0; round < 60; round++) {
      const batch = Array.from({ length: 1 + random.below(60) }, () => {
        const key = `k${random.below(400)}`;
        const value = random.below(3) === 0 ? null : 'x'.repeat(random.below(2000)) + round;
        if (value === null) model.delete(key);
        else model.set(key, value);
        return { key: bytes(key), value: value === null ? null : bytes(value) };
      });
      await engine.writeBatch(batch, { sync: random.below(8) === 0 });
      if (random.below(12) === 0) {
        await engine.close();
        await engine.open();
      }
      const found: [string, string][] = [];
      let from: Buffer | null = bytes('');
      while (from !== null) {
        const page = await engine.scanPage(
          from,
          LAST,
          1 + random.below(50),
          1 + random.below(9999),
        );
        for (const [i, key] of page.keys.entries()) {
          found.push([key.toString('latin1'), page.values[i]!.toString('latin1')]);
        }
        from = page.next;
      }
      const wanted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
      if (JSON.stringify(found) !== JSON.stringify(wanted)) t.fail(`round ${round}, seed ${seed}`);
      for (let i = 0; i < 20; i++) {
        const key = `k${random.below(400)}`;
        const got = engine.getSync(bytes(key))?.toString('latin1');
        if (got !== model.get(key)) t.fail(`${key} in round ${round}, seed ${seed}`);
      }
    }
    t.pass(`60 rounds, seed ${seed}`);
    await engine.close();
  });

  await ranges(t, make);
}

async function ranges(t: Test, make: (place: string) => StoreEngine): Promise<void> {
  await t.test('keys of a range, found without waiting while others are written', async (t) => {
    const seed = 41;
    const random = new Random(seed);
    const engine = make('ranges');
    await engine.open();
    const model = new Set<string>();
    const all = [bytes('r'), bytes('s')] as const;
    const value = Buffer.alloc(60, 'v');
    for (let round = 0; round < 60; round++) {
      const batch = Array.from({ length: 60 }, () => {
        const name = `r${random.below(4000)}`;
        const isPut = random.below(3) > 0;
        if (isPut) model.add(name);
        else model.delete(name);
        return { key: bytes(name), value: isPut ? value : null };
      });
      await engine.writeBatch(batch, { sync: false });
      const elsewhere = Array.from({ length: 400 }, () => {
        return { key: bytes(`q${random.below(1e6)}`), value };
      });
      const writing = engine.writeBatch(elsewhere, { sync: false });
      const low = `r${random.below(4000)}`;
      const ranges = [all, [bytes(low), bytes(`${low}:`)] as const];
      for (const [from, before] of ranges) {
        const found = engine.listKeysSync(from, before);
        t.ok(
          found.every((key, i) => i === 0 || found[i - 1]!.compare(key) < 0),
          'in order',
        );
        const there = found.filter((key) => engine.getSync(key) !== undefined);
        const expected = [...model].filter((name) => {
          const key = bytes(name);
          return from.compare(key) <= 0 && before.compare(key) > 0;
        });
        if (there.length !== expected.length) t.fail(`${there.length} of ${expected.length}`);
        t.ok(
          there.every((key) => model.has(key.toString('latin1'))),
          `seed ${seed}`,
        );
      }
      await writing;
    }
    t.same(engine.listKeysSync(bytes('x'), bytes('y')), []);
    await engine.close();
    t.throws(() => engine.listKeysSync(bytes('x'), bytes('y')), { code: 'CLOSED' });
  });
}
