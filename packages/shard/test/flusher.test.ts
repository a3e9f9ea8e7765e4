// The flusher while nothing fails: what a pass guarantees, with writes in between, for values of
// all sizes, removals and flushed databases. Faults are in flusher-faults.test.ts.

import { Random } from '@forgekv/base';
import { FLAG_DIRTY } from '@forgekv/keyspace';
import { t as file, test } from 'tap';
import { randomCommand } from './random-traffic.ts';
import { ALL_SHARDS, TestDisk, TestWorker } from './test-worker.ts';
import {
  countElements,
  differences,
  differencesFromStore,
  miscounts,
  reclaimAll,
  recordsOf,
  stateOf,
  unflushed,
} from './worker-state.ts';

const SEED = Number(process.env.FORGEKV_FLUSHER_SEED ?? Date.now() & 0x7fffffff);
const ROUNDS = 12;
const MEGABYTE = 1 << 20;

file.setTimeout(120_000);

/** Lets other things happen between two slices of a pass. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a pass makes everything clean, and the store equal to the table', async (t) => {
  const worker = await TestWorker.start(new TestDisk(t));
  worker.run('set', 'a', 'short');
  worker.run('set', 'n', '12');
  worker.runIn(1, 'set', 'a', 'x'.repeat(300), 'px', '100000');
  worker.run('set', 'large', 'y'.repeat(200_000));
  worker.run('set', 'gone', 'z');
  worker.run('del', 'gone');
  t.ok(unflushed(worker) >= 4);
  await worker.flusher.pass();
  t.equal(unflushed(worker), 0);
  t.same(await differencesFromStore(worker), []);
  t.equal(await countElements(worker), 2);
  const { records } = worker.flusher.counts;
  await worker.flusher.pass();
  t.equal(worker.flusher.counts.records, records, 'what is clean is not written again');
});

test('removals: tombstones stay until the store knows, then they go', async (t) => {
  const worker = await TestWorker.start(new TestDisk(t));
  for (const key of ['a', 'b', 'c', 'd']) worker.run('set', key, key.repeat(500));
  await worker.flusher.pass();
  worker.run('del', 'a');
  worker.run('del', 'b');
  worker.run('set', 'b', 'new');
  worker.run('set', 'c', 'small');
  worker.run('rename', 'd', 'e');
  t.equal(unflushed(worker), 5, 'two tombstones and three values');
  await worker.flusher.pass();
  t.equal(unflushed(worker), 0);
  t.same([...(await recordsOf(worker)).keys()].sort(), ['1 b', '1 c', '1 e']);
  t.same(await differencesFromStore(worker), []);
  t.equal(await countElements(worker), 1, 'elements of values that are gone went too');
});

test(`after a pass each record is as new as at its beginning, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  let commands = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const disk = new TestDisk(t);
    const worker = await TestWorker.start(disk);
    for (let pass = 0; pass < 4; pass++) {
      for (let i = 0; i < 60; i++) randomCommand(worker, random);
      const before = stateOf(worker);
      const lsns = ALL_SHARDS.map((shard) => worker.table.lastLsn(shard));
      let isDone = false;
      const running = worker.flusher.pass().finally(() => {
        isDone = true;
      });
      for (let i = 0; !isDone; i++) {
        if (i < 40) randomCommand(worker, random);
        commands++;
        await turn();
      }
      await running;
      t.same(await miscounts(worker), [], `round ${round}, pass ${pass}`);
      const records = await recordsOf(worker);
      const after = stateOf(worker);
      for (const [name, { lsn }] of before) {
        if (after.get(name)?.lsn !== lsn) continue;
        if (records.get(name) !== lsn) t.fail(`${name} has ${records.get(name)}, not ${lsn}`);
      }
      for (const shard of ALL_SHARDS) {
        const durable = worker.durable[shard]!;
        if (durable < lsns[shard]!) t.fail(`shard ${shard}: ${durable} is durable`);
      }
    }
    await worker.flusher.pass();
    await worker.flusher.dropFlushed();
    t.equal(unflushed(worker), 0);
    t.same(await differencesFromStore(worker), [], `round ${round}`);
    const state = stateOf(worker);
    await disk.crash();
    const next = await TestWorker.start(disk);
    t.same(differences(state, stateOf(next)), [], 'the loader restores exactly that');
    t.equal(next.replayed.counts.applied, 0, 'and no log is needed');
    t.equal(unflushed(next), 0);
    await disk.crash();
  }
  t.comment(`${ROUNDS} rounds, ${commands} turns with writes in between`);
});

test('a large value that changes while it is written: the pass has it as it was', async (t) => {
  const disk = new TestDisk(t);
  const worker = await TestWorker.start(disk);
  const value = Buffer.alloc(9 * MEGABYTE, 'large value ');
  worker.run('set', 'big', value);
  const { engine } = disk;
  const write = engine.writeBatch.bind(engine);
  let batches = 0;
  engine.writeBatch = (batch, options) => {
    // Twice while it is written by reference, then while a copy is.
    if (++batches % 2 === 0 && batches < 9) {
      worker.run('setrange', 'big', `${(batches - 1) * MEGABYTE}`, `changed ${batches}`);
    }
    return write(batch, options);
  };
  const lsn = stateOf(worker).get('1 big')!.lsn;
  await worker.flusher.pass();
  engine.writeBatch = write;
  t.same(await miscounts(worker), []);
  t.ok(batches >= 9, `${batches} batches`);
  t.equal(unflushed(worker), 1, 'it is dirty: it has changed since');
  t.ok((await recordsOf(worker)).get('1 big')! > lsn, 'what the checkpoint covers is there');
  await reclaimAll(worker);
  t.equal(await countElements(worker), 72, 'what was written in vain is gone again');
  for (let i = 2; i < 9; i += 2) value.write(`changed ${i}`, (i - 1) * MEGABYTE);
  // The log has what came after.
  await disk.crash();
  const next = await TestWorker.start(disk);
  t.ok(stateOf(next).get('1 big')!.value.equals(value));
  t.equal(next.replayed.holes, 0);
  await next.flusher.pass();
  t.equal(unflushed(next), 0);
  t.same(await differencesFromStore(next), []);
  next.evictAll();
  t.equal(next.large.bytes, 0);
  t.ok(stateOf(next).get('1 big')!.value.equals(value));
});

test('a large value that is replaced or removed while it is written', async (t) => {
  for (const last of [
    ['set', 'big', 'small'],
    ['del', 'big'],
    ['set', 'big', 'x'.repeat(5000)],
    ['append', 'big', 'and more'],
  ]) {
    const disk = new TestDisk(t);
    const worker = await TestWorker.start(disk);
    worker.run('set', 'big', Buffer.alloc(5 * MEGABYTE, 'large value '));
    const { engine } = disk;
    const write = engine.writeBatch.bind(engine);
    let batches = 0;
    engine.writeBatch = (batch, options) => {
      if (++batches === 2) worker.run(...last);
      return write(batch, options);
    };
    await worker.flusher.pass();
    engine.writeBatch = write;
    t.equal(unflushed(worker), 0);
    t.same(await miscounts(worker), []);
    // For the checkpoint, which does not cover what came after the beginning.
    await worker.flusher.pass();
    t.same(await differencesFromStore(worker), [], last.join(' ').slice(0, 20));
    await disk.crash();
  }
});

test('a gate in the middle of a large value: the pass waits, and writes it whole', async (t) => {
  for (const closeAt of [1, 2, 3, 4, 5]) {
    const worker = await TestWorker.start(new TestDisk(t));
    const value = Buffer.alloc(5 * MEGABYTE, 'gated value ');
    worker.run('set', 'big', value);
    const shard = worker.shardOf('big');
    const { engine } = worker.disk;
    const write = engine.writeBatch.bind(engine);
    let batches = 0;
    engine.writeBatch = (batch, options) => {
      batches++;
      if (batches === closeAt) worker.gate(shard, 7);
      return write(batch, options);
    };
    for (const value of ['1', '2', '3']) {
      let isDone = false;
      const pass = worker.flusher.pass().finally(() => {
        isDone = true;
      });
      for (let i = 0; i < 30 && !isDone; i++) await turn();
      worker.gate(shard, 0);
      await pass;
      worker.run('set', '{big}other', value);
    }
    await worker.flusher.pass();
    t.same(await differencesFromStore(worker), [], `closed at batch ${closeAt} of ${batches}`);
    worker.evictAll();
    t.equal(worker.large.bytes, 0);
    t.ok(stateOf(worker).get('1 big')!.value.equals(value));
  }
});

test('expiry of a cold value: the record changes, the value stays where it is', async (t) => {
  const worker = await TestWorker.start(new TestDisk(t));
  worker.run('set', 'a', 'v'.repeat(300));
  worker.run('set', 'b', 'w'.repeat(300_000));
  await worker.flusher.pass();
  worker.evictAll();
  const atMs = worker.nowMs + 100_000;
  worker.run('pexpireat', 'a', `${atMs}`);
  worker.run('pexpireat', 'b', `${atMs}`);
  t.equal(unflushed(worker), 2);
  await worker.flusher.pass();
  t.equal(worker.stored.loads, 0);
  t.same(await differencesFromStore(worker), []);
  const state = stateOf(worker);
  t.equal(state.get('1 a')!.expireAtMs, atMs);
  t.equal(state.get('1 b')!.value.length, 300_000);
});

test('a flushed database goes from the stores, also one flushed in the middle', async (t) => {
  for (const flushAt of [0, 1, 2]) {
    const worker = await TestWorker.start(new TestDisk(t));
    worker.runIn(1, 'set', 'kept', 'x');
    for (let i = 0; i < 50; i++) worker.run('set', `k${i}`, 'v'.repeat(i * 20));
    if (flushAt === 0) await worker.flusher.pass();
    let waits = 0;
    worker.sync = async () => {
      if (++waits === flushAt) await flushAndDrop(worker);
    };
    if (flushAt === 0) await flushAndDrop(worker);
    await worker.flusher.pass();
    await worker.flusher.dropFlushed();
    await reclaimAll(worker);
    t.same([...(await recordsOf(worker)).keys()], ['2 kept'], `flushed at wait ${flushAt}`);
    t.equal(await countElements(worker), 0);
    t.same(await differencesFromStore(worker), []);
  }
});

async function flushAndDrop(worker: TestWorker): Promise<void> {
  worker.run('flushdb');
  await worker.flusher.dropFlushed();
  await reclaimAll(worker);
}

test('a pass waits at a gate, and for effects that are not sealed', async (t) => {
  const worker = await TestWorker.start(new TestDisk(t));
  worker.run('set', 'a', 'x');
  const shard = worker.shardOf('a');
  worker.gate(shard, 3);
  let isDone = false;
  const pass = (): Promise<void> => {
    isDone = false;
    return worker.flusher.pass().finally(() => {
      isDone = true;
    });
  };
  const gated = pass();
  for (let i = 0; i < 50; i++) await turn();
  t.equal(isDone, false, 'the gate is closed');
  t.equal(worker.flusher.pass() instanceof Promise && worker.flusher.isRunning, true);
  worker.gate(shard, 0);
  await gated;
  worker.runUnsettled(0, 'set', 'a', 'y');
  const unsealed = pass();
  for (let i = 0; i < 50; i++) await turn();
  t.equal(isDone, false, 'the effect is not sealed');
  t.equal(isDirty(worker, 'a'), true);
  worker.settle();
  await unsealed;
  t.same(await differencesFromStore(worker), []);
});

test('a tombstone stays while its gate is closed: others know a missing key by it', async (t) => {
  const worker = await TestWorker.start(new TestDisk(t));
  worker.run('set', 'a', 'x');
  await worker.flusher.pass();
  worker.run('del', 'a');
  const shard = worker.shardOf('a');
  const { engine } = worker.disk;
  const write = engine.writeBatch.bind(engine);
  engine.writeBatch = (batch, options) => {
    worker.gate(shard, 3);
    return write(batch, options);
  };
  const pass = worker.flusher.pass();
  for (let i = 0; i < 50; i++) await turn();
  t.equal(entryOf(worker, 'a') !== 0, true, 'the gate is closed');
  worker.gate(shard, 0);
  await pass;
  t.equal(entryOf(worker, 'a'), 0);
  t.same(await differencesFromStore(worker), []);
});

function isDirty(worker: TestWorker, key: string): boolean {
  return (worker.table.flagsOf(entryOf(worker, key)) & FLAG_DIRTY) !== 0;
}

/** The entry of a key of one byte, a tombstone, too; 0: there is none. */
function entryOf(worker: TestWorker, key: string): number {
  const bytes = Buffer.from(key);
  const { table } = worker;
  const shard = worker.shardOf(key);
  table.locks.lock(shard);
  table.selectKey(bytes, new DataView(bytes.buffer, bytes.byteOffset, 1), 0, 1, 0);
  const entry = table.find();
  table.locks.unlock(shard);
  return entry;
}
