// Large collections and their store: every batch is a crash point, batches fail, values go cold and
// come back, and changes go on meanwhile.

import { Random } from '@forgekv/base';
import { StoreError } from '@forgekv/storage';
import { t as file, test } from 'tap';
import { CollectionTraffic } from './collection-traffic.ts';
import { TestDisk, TestWorker } from './test-worker.ts';
import { countElements, miscounts, misweighed, reclaimAll, unflushed } from './worker-state.ts';

const SEED = Number(process.env.FORGEKV_LARGE_SEED ?? Date.now() & 0x7fffffff);
const ROUNDS = 3;
const PASSES = 4;
const CHANGES_BETWEEN = 25;
const CHANGES_MEANWHILE = 40;

file.setTimeout(120_000);

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets some batches not be taken at all, as by a store that cannot be opened again. */
function refuseSome({ stores }: TestWorker, isRefused: () => boolean): void {
  for (const store of stores.all) {
    const commit = store.commit.bind(store);
    store.commit = async (batch, options) => {
      if (isRefused()) throw new StoreError('IO', 'planned refusal');
      await commit(batch, options);
    };
  }
}

/** Makes a pass while the traffic goes on; true unless it was rejected. */
async function passUnderTraffic(traffic: CollectionTraffic): Promise<boolean> {
  let isDone = false;
  let isWhole = true;
  const pass = traffic.worker.flusher
    .pass()
    .catch(() => {
      isWhole = false;
    })
    .finally(() => {
      isDone = true;
    });
  for (let i = 0; !isDone; i++) {
    if (i < CHANGES_MEANWHILE) traffic.step();
    await turn();
  }
  await pass;
  return isWhole;
}

test(`each batch leaves collections as of one LSN, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  let points = 0;
  let changes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const disk = new TestDisk(t);
    const traffic = new CollectionTraffic(await TestWorker.start(disk), random);
    const { engine } = disk;
    const write = engine.writeBatch.bind(engine);
    engine.writeBatch = async (batch, options) => {
      await write(batch, options);
      points++;
      const problems = await traffic.storeProblems();
      if (problems.length > 0) t.same(problems, [], `batch ${points}`);
    };
    for (let pass = 0; pass < PASSES; pass++) {
      for (let i = 0; i < CHANGES_BETWEEN; i++) traffic.step();
      await passUnderTraffic(traffic);
      t.same(await miscounts(traffic.worker), [], `round ${round}, pass ${pass}: bytes`);
    }
    engine.writeBatch = write;
    await traffic.worker.flusher.pass();
    t.equal(unflushed(traffic.worker), 0);
    t.same(await traffic.storeProblems(), []);
    traffic.worker.evictAll();
    t.equal(traffic.worker.large.bytes, 0);
    t.same(await traffic.differences(), [], `round ${round}: what went cold comes back`);
    t.same(await misweighed(traffic.worker), [], `round ${round}: bytes of what came back`);
    // They are clean now, and count what their records say.
    for (let i = 0; i < 500; i++) traffic.worker.run('set', `beside:${i}`, 'v');
    await traffic.worker.flusher.pass();
    t.same(await miscounts(traffic.worker), [], `round ${round}: bytes beside them`);
    changes += traffic.changes;
    await disk.crash();
  }
  t.comment(`${points} batches looked at, ${changes} changes`);
});

test(`batches fail, the power goes, and it goes on, seed ${SEED}`, async (t) => {
  const random = new Random(SEED + 1);
  let rejected = 0;
  let failures = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const disk = new TestDisk(t);
    const traffic = new CollectionTraffic(await TestWorker.start(disk), random);
    let isFaulty = false;
    for (let life = 0; life < 3; life++) {
      refuseSome(traffic.worker, () => isFaulty && random.below(8) === 0);
      for (let pass = 0; pass < PASSES; pass++) {
        for (let i = 0; i < CHANGES_BETWEEN; i++) traffic.step();
        const rate = random.below(3) === 0 ? 2 : 12;
        disk.faults = (operation) => {
          if (operation === 'read' || operation === 'scan' || random.below(rate) > 0) return null;
          failures++;
          return 'IO';
        };
        isFaulty = true;
        const isWhole = await passUnderTraffic(traffic);
        if (!isWhole) rejected++;
        isFaulty = false;
        disk.faults = () => null;
        if (isWhole) t.same(await miscounts(traffic.worker), [], 'bytes');
        for (const store of traffic.worker.stores.all) {
          if (store.state !== 'open') await store.flush();
        }
        const problems = await traffic.storeProblems();
        if (problems.length > 0) t.same(problems, [], `round ${round}, life ${life}`);
      }
      t.same(await traffic.differences(), [], `round ${round}, life ${life}`);
      await disk.crash(random.below(2) === 0);
      const next = await TestWorker.start(disk);
      t.same(await misweighed(next), [], 'bytes behind a restart');
      t.same(await traffic.restart(next), [], 'what the store has');
    }
    await traffic.worker.flusher.pass();
    await reclaimAll(traffic.worker);
    t.equal(await countElements(traffic.worker), 0, 'nothing is left of what is gone');
    await disk.crash();
  }
  t.ok(failures > 10 && rejected > 10, `${failures} failures, ${rejected} passes rejected`);
});
