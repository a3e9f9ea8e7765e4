// A store that fails at any of the operations of a pass, once or from then on. Whatever happens:
// what a checkpoint claims is there after a crash, and store and log together give back the
// state that clients were told of.

import { Random } from '@forgekv/base';
import { t as file, test } from 'tap';
import { randomCommand } from './random-traffic.ts';
import { ALL_SHARDS, TestDisk, TestWorker } from './test-worker.ts';
import { differences, differencesFromStore, stateOf, unflushed } from './worker-state.ts';

const SEED = Number(process.env.FORGEKV_FLUSHER_SEED ?? Date.now() & 0x7fffffff);
const COMMANDS = 70;
/** Commands of which the pass under test begins while others follow. */
const MEANWHILE = 20;
/** Longer runs are all alike. */
const MOST_OPERATIONS = 400;

file.setTimeout(200_000);

interface Scenario {
  readonly worker: TestWorker;
  readonly disk: TestDisk;
  /** Operations of the pass, failed ones included. */
  readonly operations: number;
  readonly failures: number;
  /** What the pass threw, or null. */
  readonly error: Error | null;
}

/** Runs the same commands, and a pass that meets a failure at operation `at` of the engine. */
async function scenario(
  disk: TestDisk,
  seed: number,
  fails: (operation: number) => boolean,
): Promise<Scenario> {
  const random = new Random(seed);
  const worker = await TestWorker.start(disk);
  worker.nowMs = 1_700_000_000_000;
  for (let i = 0; i < COMMANDS; i++) randomCommand(worker, random);
  await worker.flusher.pass();
  for (let i = 0; i < COMMANDS; i++) randomCommand(worker, random);
  let operations = 0;
  let failures = 0;
  let isDone = false;
  let error: Error | null = null;
  disk.faults = () => {
    if (isDone || !fails(operations++)) return null;
    failures++;
    return 'IO';
  };
  const pass = worker.flusher
    .pass()
    .then(() => worker.flusher.dropFlushed())
    .catch((thrown: Error) => {
      error = thrown;
    })
    .finally(() => {
      isDone = true;
    });
  for (let i = 0; !isDone; i++) {
    // Commands that need no store: those are tested elsewhere.
    if (i < MEANWHILE) worker.run('set', `key:${random.below(40)}`, `${random.uint32()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await pass;
  return { worker, disk, operations, failures, error };
}

/** Crashes, starts again, and compares with what there was. */
async function recovered({ worker, disk }: Scenario, power: boolean): Promise<string[]> {
  disk.faults = () => null;
  const claimed = Float64Array.from(worker.durable);
  const state = await readable(worker);
  await disk.crash(power);
  const next = await TestWorker.start(disk);
  const problems = differences(state, stateOf(next));
  for (const shard of ALL_SHARDS) {
    if (next.durable[shard]! < claimed[shard]!) {
      problems.push(`shard ${shard}: ${claimed[shard]} claimed, ${next.durable[shard]} there`);
    }
  }
  if (next.replayed.holes > 0) problems.push(`${next.replayed.holes} holes`);
  await next.flusher.pass();
  await next.flusher.dropFlushed();
  problems.push(...(await differencesFromStore(next)));
  await disk.crash();
  return problems;
}

/** The state once a store that was given up is open again: cold values are in it. */
async function readable(worker: TestWorker): Promise<ReturnType<typeof stateOf>> {
  for (const store of worker.stores.all) if (store.state !== 'open') await store.flush();
  return stateOf(worker);
}

test(`one failed operation, wherever it is, seed ${SEED}`, async (t) => {
  let at = 0;
  let rejected = 0;
  for (; at < MOST_OPERATIONS; at++) {
    const run = await scenario(new TestDisk(t), SEED, (operation) => operation === at);
    if (run.failures === 0) break;
    if (run.error !== null) rejected++;
    t.equal(run.disk.engine.writesAfterFailure, 0);
    const problems = await recovered(run, at % 2 === 0);
    if (problems.length > 0) {
      t.same(problems, [], `operation ${at} of ${run.operations} failed: ${run.error?.message}`);
      return;
    }
  }
  t.ok(at > 20, `${at} operations, each failed once; ${rejected} passes were rejected`);
});

test(`an engine that is broken from some operation on, seed ${SEED}`, async (t) => {
  let at = 0;
  for (; at < MOST_OPERATIONS; at += 3) {
    const run = await scenario(new TestDisk(t), SEED, (operation) => operation >= at);
    if (run.failures === 0) break;
    t.ok(run.error, `the pass says so: ${run.error?.message}`);
    const problems = await recovered(run, at % 2 === 0);
    if (problems.length > 0) {
      t.same(problems, [], `broken from operation ${at} on: ${run.error?.message}`);
      return;
    }
  }
  t.ok(at > 20, `${at} operations`);
});

test(`a broken engine that works again: the next pass catches up, seed ${SEED}`, async (t) => {
  let at = 0;
  for (; at < MOST_OPERATIONS; at += 2) {
    const run = await scenario(new TestDisk(t), SEED, (operation) => operation >= at);
    if (run.failures === 0) break;
    const { worker, disk } = run;
    disk.faults = () => null;
    await worker.flusher.pass();
    // What came after the failing pass made its own way.
    worker.run('set', 'last', 'x');
    await worker.flusher.pass();
    await worker.flusher.dropFlushed();
    t.equal(unflushed(worker), 0);
    const state = stateOf(worker);
    await disk.crash(true);
    // A drop in a batch that was given up, and written all the same, is known to the next run.
    const next = await TestWorker.start(disk);
    const problems = differences(state, stateOf(next));
    await next.flusher.dropFlushed();
    problems.push(...(await differencesFromStore(next)));
    if (problems.length > 0) {
      t.same(problems, [], `broken from operation ${at} on: ${run.error?.message}`);
      return;
    }
    await disk.crash();
  }
  t.ok(at > 20, `${at} operations`);
});

test('damage met by a pass: the rest is flushed, the key stays dirty', async (t) => {
  const worker = await TestWorker.start(new TestDisk(t));
  worker.run('set', 'a', 'v'.repeat(300));
  await worker.flusher.pass();
  worker.evictAll();
  worker.disk.engine.flipBit(0, 300);
  worker.run('pexpireat', 'a', `${worker.nowMs + 100_000}`);
  worker.run('set', 'b', 'x');
  await worker.flusher.pass();
  t.equal(unflushed(worker), 1);
  t.match(worker.run('get', 'a'), /^-ERR damaged record \(checksum\) of key "a"/);
  t.equal(worker.run('get', 'b'), '$1\r\nx\r\n');
  t.equal(worker.run('set', 'a', 'healed'), '+OK\r\n');
  await worker.flusher.pass();
  t.same(await differencesFromStore(worker), []);
});
