// Keys that only the store has, against a plain map: random commands on a table that keys leave
// all the time, walks over the database meanwhile, restarts, crashes. What the counts of records
// say is compared with the records.

import { Random } from '@forgekv/base';
import { t as file, test } from 'tap';
import { Model } from './key-model.ts';
import { ALL_SHARDS, TestDisk, TestWorker } from './test-worker.ts';
import { miscounts, misweighed, recordsOf } from './worker-state.ts';

const SEED = Number(process.env.FORGEKV_AWAY_SEED ?? Date.now() & 0x7fffffff);
const ROUNDS = 8;
const STEPS = 400;

file.setTimeout(120_000);

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a key that left comes back when somebody asks, and only then', async (t) => {
  const worker = await TestWorker.start(new TestDisk(t));
  const { databases } = worker.context;
  worker.run('set', 'a', 'v'.repeat(300), 'px', '100000');
  worker.run('set', 'b', 'w'.repeat(5000));
  worker.run('set', 'n', '41');
  await worker.flusher.pass();
  worker.evictKeys();
  t.equal(databases.away, 3);
  t.equal(worker.run('dbsize'), ':3\r\n');
  t.equal(worker.run('exists', 'a', 'none', 'n'), ':2\r\n');
  t.equal(databases.away, 1);
  t.equal(worker.run('pttl', 'a'), ':100000\r\n');
  t.equal(worker.run('incr', 'n'), ':42\r\n');
  t.equal(worker.run('strlen', 'b'), ':5000\r\n');
  t.equal(worker.run('get', 'b').length, 5000 + 9);
  t.equal(databases.away, 0);
  const { absences } = worker.stored;
  t.equal(worker.run('get', 'none'), '$-1\r\n');
  t.equal(worker.stored.absences, absences, 'a miss is final again');
  t.equal(databases.expires(0), 1);
  await worker.flusher.pass();
  t.same(await miscounts(worker), []);
});

test('an old store without counts is counted once', async (t) => {
  const disk = new TestDisk(t);
  const worker = await TestWorker.start(disk);
  for (let i = 0; i < 100; i++) worker.run('set', `key:${i}`, 'v', 'px', `${1e6 + i}`);
  await worker.flusher.pass();
  for (const shard of ALL_SHARDS) {
    const { durableLsn, nextObjectId } = worker.stores.of(shard).readCheckpoint(shard) ?? {
      ...{ durableLsn: 0, nextObjectId: 0 },
    };
    const batch = worker.stores.of(shard).batch();
    batch.checkpoint({ shard, durableLsn, nextObjectId, counts: null });
    await worker.stores.of(shard).commit(batch, { sync: true });
  }
  await disk.crash();
  const next = await TestWorker.start(disk, { warms: false });
  t.equal(next.context.databases.keys(0), 100);
  t.equal(next.context.databases.expires(0), 100);
  t.same(await miscounts(next), []);
  const shard = next.shardOf('key:1');
  t.ok(next.stores.of(shard).readCheckpoint(shard)!.counts !== null);
});

test(`random commands, keys leaving, restarts: as a map has it, seed ${SEED}`, async (t) => {
  const random = new Random(SEED);
  let left = 0;
  let fetched = 0;
  let expired = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const disk = new TestDisk(t);
    let worker = await TestWorker.start(disk, { warms: random.chance(0.5) });
    const model = new Model(random);
    for (let life = 0; life < 4; life++) {
      let isPassing = false;
      for (let step = 0; step < STEPS; step++) {
        const problem = await model.step(worker);
        if (problem !== '') t.fail(`round ${round}, life ${life}, step ${step}: ${problem}`);
        const draw = random.below(100);
        if (draw < 10) worker.evictKeys();
        else if (draw < 14) worker.evictAll();
        else if (draw < 18) await worker.warmUp.step();
        else if (draw < 20) expired += await worker.expireAway();
        else if (draw < 40) await turn();
        else if (draw < 50 && !isPassing) {
          isPassing = true;
          void worker.flusher.pass().finally(() => {
            isPassing = false;
          });
        }
      }
      // Now and then it ends in the middle of a pass.
      const isAbandoned = isPassing && random.chance(0.5);
      if (isAbandoned) void worker.flusher.abandon();
      while (isPassing) await turn();
      left += worker.evictor.evictedKeys;
      fetched += worker.stored.fetches;
      if (random.chance(0.5)) {
        await worker.flusher.pass();
        await worker.flusher.dropFlushed();
        t.same(await miscounts(worker, !isAbandoned), []);
      }
      await disk.crash();
      worker = await TestWorker.start(disk, { warms: random.chance(0.3) });
      worker.nowMs = model.nowMs;
      const name = `round ${round}, life ${life}: after a restart`;
      t.same(await misweighed(worker), [], name);
      t.same(await model.differences(worker), [], name);
    }
    await disk.crash();
  }
  t.ok(left > 100 && fetched > 100, `${left} keys left, ${fetched} came back, ${expired} expired`);
});

test(`SCAN: what stays is given exactly once, seed ${SEED}`, async (t) => {
  const random = new Random(SEED + 1);
  const worker = await TestWorker.start(new TestDisk(t));
  const stable = new Set<string>();
  for (let i = 0; i < 600; i++) {
    worker.run('set', `stable:${i}`, `${i}`);
    stable.add(`stable:${i}`);
  }
  for (let walk = 0; walk < 12; walk++) {
    const seen = new Map<string, number>();
    let cursor = '0';
    let calls = 0;
    let isPassing = false;
    do {
      const reply = worker.runPaged(0, 'scan', cursor, 'count', `${1 + random.below(40)}`);
      // While the page is read, too.
      for (let i = 0; i < 6; i++) {
        const draw = random.below(100);
        const key = `${random.below(200)}`;
        if (draw < 25) worker.run('set', `moving:${key}`, 'x');
        else if (draw < 40) worker.run('del', `moving:${key}`);
        else if (draw < 55) worker.run('set', `stable:${key}`, `${walk}`);
        else if (draw < 65) worker.run('get', `stable:${key}`);
        else if (draw < 85) worker.evictKeys();
        else if (draw < 90) await turn();
        else if (!isPassing) {
          isPassing = true;
          void worker.flusher.pass().finally(() => {
            isPassing = false;
          });
        }
      }
      const parts = (await reply).split('\r\n');
      cursor = parts[2]!;
      for (let i = 5; i < parts.length; i += 2) seen.set(parts[i]!, (seen.get(parts[i]!) ?? 0) + 1);
      calls++;
    } while (cursor !== '0' && calls < 10_000);
    for (const key of stable) {
      if (seen.get(key) !== 1) t.fail(`walk ${walk}: ${key} ${seen.get(key) ?? 0} times`);
    }
    while (isPassing) await turn();
  }
  t.ok(worker.evictor.evictedKeys > 1000, `${worker.evictor.evictedKeys} keys left meanwhile`);
});

test('keys that expire while only the store has them', async (t) => {
  const disk = new TestDisk(t);
  const worker = await TestWorker.start(disk);
  for (let i = 0; i < 50; i++) worker.run('set', `key:${i}`, 'v'.repeat(i * 5), 'px', '1000');
  for (let i = 0; i < 50; i++) worker.run('set', `other:${i}`, 'v');
  await worker.flusher.pass();
  worker.evictKeys();
  t.equal(await worker.expireAway(), 0);
  worker.nowMs += 2000;
  t.equal(worker.run('get', 'key:7'), '$-1\r\n', 'whoever asks removes it');
  t.equal(await worker.expireAway(), 49);
  t.equal(worker.run('dbsize'), ':50\r\n');
  t.equal(worker.context.databases.expires(0), 0);
  await worker.flusher.pass();
  t.same(await miscounts(worker), []);
  t.equal((await recordsOf(worker)).size, 50);
  await disk.crash();
  t.equal((await TestWorker.start(disk, { warms: false })).run('dbsize'), ':50\r\n');
});
