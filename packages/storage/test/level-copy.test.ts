// Copies of a store that is written to, and compacted, all the time: each has what was committed
// before it was asked for and nothing later, for good, and the store does not notice.
//
// FORGEKV_COPY_SEED repeats the sizes of batches.

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Random } from '@forgekv/base';
import { test } from 'tap';
import { ClassicLevelEngine } from '../src/store/classic-level-engine.ts';
import { MemoryEngine } from '../src/store/memory-engine.ts';
import { Store } from '../src/store/store.ts';

const KEYS = 300;
const COPIES = 10;
const seed = Number(process.env.FORGEKV_COPY_SEED ?? Date.now() % 2 ** 31);

/** Small, so that every few batches make a table, and every few tables a compaction. */
function engine(directory: string): ClassicLevelEngine {
  return new ClassicLevelEngine(directory, { writeBufferBytes: 64 << 10, verify: 'all' });
}

function commit(store: Store, lsn: number, random: Random): Promise<void> {
  const batch = store.batch();
  const value = Buffer.alloc(20 + random.below(400), lsn);
  for (let key = 0; key < KEYS; key++) {
    const head = { type: 1, flags: 0, encoding: 0, expireAtMs: 0, lsn };
    batch.put(0, 0, key * 7919, Buffer.from(`k${key}`), head, value);
  }
  return store.commit(batch, { sync: false });
}

/** The one LSN all records of a store have; fails when there is more than one. */
async function lsnIn(directory: string): Promise<number[]> {
  const store = new Store(engine(directory));
  await store.open();
  const lsns = new Set<number>();
  for (let key = 0; key < KEYS; key++) {
    lsns.add(store.read(0, 0, key * 7919, Buffer.from(`k${key}`))?.lsn ?? -1);
  }
  await store.close();
  return [...lsns];
}

test('a copy is the store as it was behind the commits before it', async (t) => {
  process.stderr.write(`copies test: FORGEKV_COPY_SEED=${seed}\n`);
  const random = new Random(seed);
  const root = mkdtempSync(path.join(tmpdir(), 'forgekv-copy-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const directory = path.join(root, 'store');
  const store = new Store(engine(directory));
  await store.open();
  let lsn = 0;
  let isWriting = true;
  const writing = (async () => {
    while (isWriting) await commit(store, ++lsn, random);
  })();
  const copies: { place: string; lsn: number }[] = [];
  for (let i = 0; i < COPIES; i++) {
    const wanted = lsn + 2 + random.below(30);
    while (lsn < wanted) await new Promise((resolve) => setImmediate(resolve));
    const place = path.join(root, `copy-${i}`);
    copies.push({ place, lsn });
    await store.copyTo(place);
  }
  isWriting = false;
  await writing;
  const links = copies.flatMap(({ place }) =>
    readdirSync(place)
      .filter((name) => name.endsWith('.ldb'))
      .map((name) => statSync(path.join(place, name)).nlink),
  );
  t.ok(links.length >= COPIES, `${links.length} tables, ${Math.max(...links)} links at most`);
  for (const copy of copies) t.same(await lsnIn(copy.place), [copy.lsn], copy.place);
  await store.close();
  t.same(await lsnIn(directory), [lsn], 'the store itself');
  t.same(await lsnIn(copies[0]!.place), [copies[0]!.lsn], 'the first copy once more');
});

test('a copy that cannot be made is an error, and the store goes on', async (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'forgekv-copy-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const random = new Random(seed);
  for (const [of, made] of [
    ['nowhere to write', engine(path.join(root, 'store'))],
    ['memory', new MemoryEngine()],
  ] as const) {
    const store = new Store(made);
    await store.open();
    await commit(store, 1, random);
    await t.rejects(store.copyTo('/dev/null/copy'), { name: 'StoreError', code: 'IO' }, of);
    await commit(store, 2, random);
    t.equal(store.read(0, 0, 0, Buffer.from('k0'))?.lsn, 2);
    t.equal(store.counters.fences, 0, 'it is no error of the store');
    await store.close();
  }
  t.notOk(existsSync('/dev/null/copy'));
});
