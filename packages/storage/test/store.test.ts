// A store over the engine in memory: reading, scanning, expiry, dropping, scrubbing, pressure.

import { Random } from '@forgekv/base';
import { type Test, test } from 'tap';
import { encodeLarge } from '../src/store/large-metadata.ts';
import { MemoryEngine } from '../src/store/memory-engine.ts';
import { FLAG_LARGE, type RecordHead } from '../src/store/record.ts';
import { Store } from '../src/store/store.ts';
import { StorePressure } from '../src/store/store-pressure.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const head = (part: Partial<RecordHead> = {}): RecordHead => ({
  type: 1,
  flags: 0,
  encoding: 0,
  expireAtMs: 0,
  lsn: 1,
  ...part,
});

async function opened(t: Test): Promise<{ engine: MemoryEngine; store: Store }> {
  const engine = new MemoryEngine();
  const store = new Store(engine, { firstRetryMs: 1, maxRetryMs: 2 });
  await store.open();
  t.teardown(() => store.close());
  return { engine, store };
}

async function drain(store: Store): Promise<void> {
  for (let i = 0; i < 1000 && store.counters.pendingDrops > 0; i++) await store.step(7);
}

async function scrub(store: Store): Promise<void> {
  for (let i = 0; i < 1000; i++) if (await store.scrubStep(10)) return;
  throw new Error('a pass without an end');
}

test('a key is read back, replaced and deleted', async (t) => {
  const { store } = await opened(t);
  const batch = store.batch();
  batch.put(3, 7, -5, bytes('key'), head({ type: 4, encoding: 2, lsn: 99 }), bytes('value'));
  await store.commit(batch, { sync: false });
  const record = store.read(3, 7, -5, bytes('key'))!;
  t.match(record, { type: 4, encoding: 2, lsn: 99, expireAtMs: 0 });
  t.same(Buffer.from(record.payload), bytes('value'));
  t.ok(store.read(3, 7, 2 ** 32 - 5, bytes('key')), 'hashes are unsigned in keys');
  t.equal(store.read(3, 8, -5, bytes('key')), null);
  t.equal(store.read(4, 7, -5, bytes('key')), null);
  const long = Buffer.alloc(9000, 1);
  const next = store.batch();
  next.delete(3, 7, -5, bytes('key'));
  next.put(3, 7, 5, long, head(), bytes(''));
  t.throws(
    () => {
      batch.delete(3, 7, -5, bytes('key'));
    },
    { name: 'InvariantError' },
  );
  await store.commit(next, { sync: true });
  t.equal(store.read(3, 7, -5, bytes('key')), null);
  t.equal(store.read(3, 7, 5, long)?.payload.length, 0);
});

test('checkpoints and elements', async (t) => {
  const { store } = await opened(t);
  t.equal(store.readCheckpoint(9), null);
  const batch = store.batch();
  const checkpoint = { shard: 9, durableLsn: 5, nextObjectId: 3, counts: [] };
  batch.checkpoint(checkpoint);
  for (let i = 0; i < 30; i++) batch.putElement(9, 2, bytes(`e${i + 10}`), bytes(`v${i}`));
  batch.putElement(9, 3, bytes('other'), bytes('x'));
  await store.commit(batch, { sync: true });
  t.same(store.readCheckpoint(9), checkpoint);
  t.same(Buffer.from(store.readElement(9, 2, bytes('e11'))!), bytes('v1'));
  t.equal(store.readElement(9, 2, bytes('e9')), null);
  let from: Buffer | null = bytes('');
  const found: string[] = [];
  while (from !== null) {
    const page = await store.scanElements(9, 2, from, 7);
    found.push(...page.keys.map(String));
    from = page.next;
  }
  t.same(
    found,
    Array.from({ length: 30 }, (_, i) => `e${i + 10}`),
  );
});

test('scans give every key once, in the order of hashes, hashes whole', async (t) => {
  const { store } = await opened(t);
  const random = new Random(7);
  const wanted: [number, string][] = [];
  const batch = store.batch();
  for (let i = 0; i < 500; i++) {
    // Many keys share a hash, at both ends of the range too.
    const hash = [0, 0xffffffff, random.below(50), 0x80000000 + random.below(50)][i % 4]!;
    wanted.push([hash, `k${i}`]);
    batch.put(1, 5, hash | 0, bytes(`k${i}`), head(), bytes('v'));
    batch.put(1, 6, hash | 0, bytes(`k${i}`), head(), bytes('other namespace'));
  }
  await store.commit(batch, { sync: false });
  wanted.sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1));
  for (const limit of [1, 3, 50, 10_000]) {
    const found: [number, string][] = [];
    let from = 0;
    while (from >= 0) {
      const page = await store.scan(1, 5, from, limit);
      for (const { hash, key } of page.records) found.push([hash, key.toString()]);
      if (page.nextHash >= 0 && page.records.some(({ hash }) => hash >= page.nextHash)) {
        t.fail('a hash was cut');
      }
      from = page.nextHash;
    }
    t.same(found, wanted, `limit ${limit}`);
  }
  t.same(await store.scan(2, 5, 0, 10), { records: [], damaged: [], nextHash: -1 });
});

test('the expiry index finds what is due, and forgets what has changed', async (t) => {
  const { store } = await opened(t);
  const batch = store.batch();
  for (let i = 0; i < 40; i++) {
    batch.put(1, 2, i, bytes(`k${i}`), head({ expireAtMs: 1000 + i }), bytes('v'));
  }
  batch.put(2, 2, 1, bytes('other shard'), head({ expireAtMs: 1 }), bytes('v'));
  await store.commit(batch, { sync: false });
  const due = async (nowMs: number, limit = 100) =>
    (await store.expired(1, nowMs, limit)).map(({ key }) => key.toString());
  t.same(await due(999), []);
  t.same(await due(1000), ['k0']);
  t.same(await due(1002.5), ['k0', 'k1', 'k2']);
  t.same(await due(2000, 5), ['k0', 'k1', 'k2', 'k3', 'k4']);
  const change = store.batch();
  change.put(1, 2, 0, bytes('k0'), head({ expireAtMs: 5000 }), bytes('v'));
  change.put(1, 2, 1, bytes('k1'), head(), bytes('v'), 1001);
  change.delete(1, 2, 2, bytes('k2'));
  change.delete(1, 2, 3, bytes('k3'), 1003);
  await store.commit(change, { sync: false });
  t.same(await due(1005), ['k4', 'k5']);
  t.equal(store.counters.expiryStale, 2, 'k0 and k2: of the others the time was known');
  const [last] = (await store.expired(1, 9999, 100)).slice(-1);
  t.match(last, { namespace: 2, hash: 0, expireAtMs: 5000, lsn: 1 });
});

test('dropped namespaces and objects go in steps, over a restart', async (t) => {
  const { engine, store } = await opened(t);
  const batch = store.batch();
  for (let i = 0; i < 50; i++) {
    batch.put(1, 2, i, bytes(`k${i}`), head({ expireAtMs: 77 }), bytes('v'));
    batch.put(1, 3, i, bytes(`k${i}`), head(), bytes('v'));
    batch.putElement(1, 8, bytes(`e${i}`), bytes('v'));
    batch.putElement(1, 9, bytes(`e${i}`), bytes('v'));
    batch.putElement(1, 10, bytes(`e${i}`), bytes('v'));
  }
  const meta = encodeLarge({ objectId: 9, count: 50, byteCount: 50, extra: null });
  batch.put(1, 2, 99, bytes('large'), head({ flags: FLAG_LARGE }), meta);
  await store.commit(batch, { sync: true });
  await store.dropNamespace(1, 2);
  t.ok((await store.step(7)) <= 7);
  await store.dropObject(1, 8);
  await store.close();

  const again = new Store(engine);
  await again.open();
  t.teardown(() => again.close());
  t.equal(again.counters.pendingDrops, 2);
  await drain(again);
  t.equal(again.counters.pendingDrops, 0);
  t.equal(await again.step(5), 0);
  t.same((await again.scan(1, 2, 0, 100)).records, []);
  t.equal((await again.scan(1, 3, 0, 100)).records.length, 50);
  for (const [object, count] of [
    [8, 0],
    [9, 0],
    [10, 50],
  ] as const) {
    t.equal((await again.scanElements(1, object, bytes(''), 100)).keys.length, count, `${object}`);
  }
  t.same(await again.expired(1, 1e9, 100), []);
  t.equal(engine.stats().approximateBytes > 0, true);
  await again.close();
  await again.open();
  t.equal(again.counters.pendingDrops, 0, 'nothing is pending in the store either');
});

test('damage is an error that names the key, never other bytes', async (t) => {
  const { engine, store } = await opened(t);
  const batch = store.batch();
  batch.put(1, 2, 3, bytes('good'), head(), bytes('value'));
  batch.put(1, 2, 4, bytes('victim\xff'), head(), bytes('value'));
  await store.commit(batch, { sync: true });
  engine.flipBit(1, 200);
  t.throws(() => store.read(1, 2, 4, bytes('victim\xff')), {
    name: 'CorruptRecordError',
    message: /"victim\\xff"/,
    key: new Uint8Array(bytes('victim\xff')),
  });
  t.ok(store.read(1, 2, 3, bytes('good')));
  const page = await store.scan(1, 2, 0, 10);
  t.equal(page.records.length, 1);
  t.equal(page.damaged.length, 1);
  await scrub(store);
  await scrub(store);
  t.match(store.counters, { damages: 4, scrubPasses: 2, scrubbedRecords: 4 });
  t.equal(store.damages.length, 1, 'named once');
  t.equal(store.state, 'open', 'damage does not fence');
});

test('scrubbing puts missing expiry records back', async (t) => {
  const { engine, store } = await opened(t);
  const batch = store.batch();
  for (let i = 0; i < 30; i++) {
    batch.put(1, 2, i, bytes(`k${i}`), head({ expireAtMs: 50 }), bytes('v'));
  }
  await store.commit(batch, { sync: true });
  await engine.deleteRange(Buffer.from([0xe0]), Buffer.from([0xe1]), 12);
  t.equal((await store.expired(1, 99, 100)).length, 18);
  await scrub(store);
  t.equal(store.counters.expiryRepaired, 12);
  t.equal((await store.expired(1, 99, 100)).length, 30);
});

test('pressure rises smoothly, falls with time, and is full while fenced', async (t) => {
  const { engine, store } = await opened(t);
  t.equal(store.pressure(), 0);
  let last = 0;
  for (let files = 0; files <= 12; files++) {
    engine.levelZero = files;
    const batch = store.batch();
    batch.delete(0, 0, 0, bytes('x'));
    await store.commit(batch, { sync: false });
    const now = store.pressure();
    t.ok(now >= last && now - last < 0.2, `${files} files: ${now}`);
    last = now;
  }
  t.equal(last, 1);
  const slow = new StorePressure();
  for (let i = 0; i < 20; i++) slow.note(3000, i * 3000);
  t.ok(slow.value(57_000) > 0.5);
  t.ok(slow.value(60_000) < slow.value(57_000));
  t.equal(slow.value(70_000), 0);
});
