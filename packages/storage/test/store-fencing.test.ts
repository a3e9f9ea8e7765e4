// Errors of the engine, at every place of a workload: nothing acknowledged is lost, nothing is
// written with a handle that failed, and the state is visible.

import { Random } from '@forgekv/base';
import { type Test, test } from 'tap';
import { type FaultPlan, MemoryEngine } from '../src/store/memory-engine.ts';
import type { RecordHead } from '../src/store/record.ts';
import { Store } from '../src/store/store.ts';
import { StoreError, type StoreErrorCode } from '../src/store/store-errors.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const head: RecordHead = { type: 1, flags: 0, encoding: 0, expireAtMs: 0, lsn: 1 };
const QUICK = { firstRetryMs: 1, maxRetryMs: 2, retainBytes: 3000 };

/** Fails the operations whose numbers, from 0, are in the set. */
function failing(numbers: ReadonlySet<number>, code: StoreErrorCode): FaultPlan {
  let n = 0;
  return () => (numbers.has(n++) ? code : null);
}

/** Random batches; returns what was acknowledged. Checks every value on the way. */
async function workload(t: Test, store: Store, seed: number): Promise<Map<string, string>> {
  const random = new Random(seed);
  const model = new Map<string, string>();
  for (let round = 0; round < 12; round++) {
    const batch = store.batch();
    for (let i = 0; i < 6; i++) {
      const key = `k${random.below(25)}`;
      if (random.below(4) === 0) {
        batch.delete(1, 2, 3, bytes(key));
        model.delete(key);
      } else {
        const value = `${key} of ${round}`.repeat(random.below(20));
        batch.put(1, 2, 3, bytes(key), head, bytes(value));
        model.set(key, value);
      }
    }
    await store.commit(batch, { sync: random.below(5) === 0 });
    await readAll(t, store, model, `round ${round} of seed ${seed}`);
  }
  return model;
}

async function readAll(
  t: Test,
  store: Store,
  model: ReadonlyMap<string, string>,
  where: string,
): Promise<void> {
  for (let i = 0; i < 25; i++) {
    const found = await readPatiently(store, `k${i}`);
    if (found !== model.get(`k${i}`)) t.fail(`k${i} is ${found}, ${where}`);
  }
}

/** Reads may fail while the store is being opened again. */
async function readPatiently(store: Store, key: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      const record = store.read(1, 2, 3, bytes(key));
      return record === null ? undefined : Buffer.from(record.payload).toString('latin1');
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  throw new Error(`${key} cannot be read`);
}

test('one failure at every place of the workload', async (t) => {
  let places = 0;
  for (const code of ['IO', 'NO_SPACE', 'CORRUPT'] as const) {
    // The last places are behind the end of the workload: nothing failed.
    for (let n = 1; n < 340; n += code === 'IO' ? 1 : 7, places++) {
      const engine = new MemoryEngine(failing(new Set([n]), code));
      const store = new Store(engine, QUICK);
      try {
        await store.open();
      } catch {
        await store.open();
      }
      const model = await workload(t, store, n);
      await store.flush();
      await store.close().catch(() => undefined);
      engine.losePower();
      await store.open().catch(() => store.open());
      await readAll(t, store, model, `after a power loss, failure ${n}`);
      if (engine.writesAfterFailure > 0) t.fail(`wrote to a failed handle, failure ${n}`);
      await store.close().catch(() => undefined);
    }
  }
  t.pass(`${places} places`);
});

test('many failures, reopening included', async (t) => {
  for (let seed = 0; seed < 60; seed++) {
    const random = new Random(seed);
    const numbers = new Set(Array.from({ length: 40 }, () => 3 + random.below(500)));
    const engine = new MemoryEngine(failing(numbers, 'IO'));
    const store = new Store(engine, { ...QUICK, retryLimit: 100 });
    await store.open();
    const model = await workload(t, store, seed);
    await store.flush();
    await readAll(t, store, model, `seed ${seed}`);
    if (engine.writesAfterFailure > 0) t.fail(`wrote to a failed handle, seed ${seed}`);
    await store.close().catch(() => undefined);
  }
  t.pass('60 seeds');
});

test('retries end, the state is visible, and what was retained goes first', async (t) => {
  let isBroken = false;
  const engine = new MemoryEngine((operation) => (isBroken && operation !== 'read' ? 'IO' : null));
  const store = new Store(engine, { ...QUICK, retryLimit: 3 });
  await store.open();
  t.equal(store.state, 'open');
  const before = store.batch();
  before.put(1, 2, 3, bytes('unsynced'), head, bytes('1'));
  await store.commit(before, { sync: false });
  isBroken = true;
  const failed = store.batch();
  failed.put(1, 2, 3, bytes('failed'), head, bytes('2'));
  await t.rejects(store.commit(failed, { sync: false }), { name: 'StoreError', code: 'IO' });
  t.equal(store.state, 'fenced');
  t.equal(store.pressure(), 1);
  t.match(store.lastError, { code: 'IO' });
  t.match(store.counters, { fences: 1, attempts: 3, reopenings: 0 });
  t.throws(() => store.read(1, 2, 3, bytes('unsynced')), { code: 'CLOSED' });
  const refused = store.batch();
  refused.put(1, 2, 3, bytes('refused'), head, bytes('3'));
  await t.rejects(store.commit(refused, { sync: false }), { code: 'IO' });
  isBroken = false;
  const next = store.batch();
  next.put(1, 2, 3, bytes('failed'), head, bytes('4'));
  await store.commit(next, { sync: false });
  t.equal(store.state, 'open');
  t.match(store.counters, { reopenings: 1 });
  t.equal(await readPatiently(store, 'unsynced'), '1');
  t.equal(await readPatiently(store, 'failed'), '4');
  t.equal(await readPatiently(store, 'refused'), undefined, 'not taken, as it was said');
  await store.close();
  t.equal(store.state, 'closed');
  await t.rejects(store.commit(store.batch(), { sync: true }), { code: 'CLOSED' });
});

test('while the disk is full reads go on, and writes resume by themselves', async (t) => {
  let isFull = false;
  const engine = new MemoryEngine((operation) =>
    isFull && operation === 'write' ? 'NO_SPACE' : null,
  );
  const store = new Store(engine, { ...QUICK, retryLimit: 100_000 });
  await store.open();
  const batch = store.batch();
  batch.put(1, 2, 3, bytes('old'), head, bytes('1'));
  await store.commit(batch, { sync: true });
  isFull = true;
  engine.room = false;
  const more = store.batch();
  more.put(1, 2, 3, bytes('new'), head, bytes('2'));
  const waits = store.commit(more, { sync: false });
  while (store.counters.attempts < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  t.equal(store.state, 'fenced');
  t.equal(store.read(1, 2, 3, bytes('old'))?.payload[0], 0x31);
  isFull = false;
  engine.room = true;
  await waits;
  t.equal(store.state, 'open');
  t.equal(await readPatiently(store, 'new'), '2');
  await store.close();
});

test('closing ends a back-off that would go on', async (t) => {
  let isBroken = false;
  const engine = new MemoryEngine(() => (isBroken ? 'IO' : null));
  const store = new Store(engine, { firstRetryMs: 1e6, maxRetryMs: 1e6 });
  await store.open();
  isBroken = true;
  const commits = t.rejects(store.flush(), { code: 'CLOSED' });
  while (store.counters.attempts < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setTimeout(resolve, 5));
  await store.close();
  await commits;
});
