// Shard locks: mutual exclusion between threads, giving up, sleeping, misuse.

import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { SHARD_BLOCK_WORDS, SHARD_LOCK } from '../src/layout.ts';
import { ShardLocks } from '../src/shard-lock.ts';
import { smallArena } from './keyed-table.ts';
import type { LockJob, LockReport } from './lock-hammer.ts';

test('one lock, two holders', async (t) => {
  const arena = smallArena(1);
  const [one, two] = [new ShardLocks(arena, 1), new ShardLocks(arena, 255)];
  t.ok(one.tryLock(3));
  t.ok(one.holds(3));
  t.notOk(two.holds(3));
  t.notOk(two.tryLock(3), 'gives up after a short spin');
  t.ok(two.tryLock(4), 'another shard');
  one.unlock(3);
  t.notOk(one.holds(3));
  t.ok(two.tryLock(3));
  two.unlock(3);
  two.unlock(4);
  t.equal(arena.words[arena.shards + 3 * SHARD_BLOCK_WORDS + SHARD_LOCK], 0);
});

test('misuse ends the process', async (t) => {
  const arena = smallArena(1);
  const [one, two] = [new ShardLocks(arena, 1), new ShardLocks(arena, 2)];
  for (const id of [0, -1, 256]) {
    t.throws(() => new ShardLocks(arena, id), { name: 'InvariantError' }, `thread id ${id}`);
  }
  one.lock(0);
  t.throws(() => one.tryLock(0), { name: 'InvariantError' }, 'twice');
  t.throws(() => one.lock(0), { name: 'InvariantError' }, 'twice');
  t.throws(() => two.unlock(0), { name: 'InvariantError' }, 'released by another');
  t.throws(() => two.unlock(5), { name: 'InvariantError' }, 'released without being held');
});

test('who was woken passes the wake-up on', async (t) => {
  const arena = smallArena(1);
  const [one, two] = [new ShardLocks(arena, 1), new ShardLocks(arena, 2)];
  const { wait, notify } = Atomics;
  let notified = 0;
  one.lock(3);
  try {
    Atomics.notify = (() => ++notified) as typeof notify;
    // While the second sleeps the first lets go; a third may be asleep on the word as well.
    Atomics.wait = (() => {
      one.unlock(3);
      return 'ok';
    }) as unknown as typeof wait;
    two.lock(3);
    t.equal(notified, 1, 'the first saw that somebody sleeps');
    two.unlock(3);
    t.equal(notified, 2, 'the second cannot know that nobody does');
    one.lock(3);
    one.unlock(3);
    t.equal(notified, 2, 'nobody sleeps');
  } finally {
    Object.assign(Atomics, { wait, notify });
  }
});

function hammer(job: LockJob): Promise<LockReport> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./lock-hammer.js', import.meta.url), {
      workerData: job,
      execArgv: [],
    });
    thread.once('message', resolve);
    thread.once('error', reject);
  });
}

test('four threads count under two locks', async (t) => {
  const arena = smallArena(1);
  const counters = new SharedArrayBuffer(8);
  const rounds = 30_000;
  const reports = await Promise.all(
    [1, 2, 3, 4].map((threadId) =>
      hammer({ arena: arena.transfer, counters, threadId, rounds, seed: threadId }),
    ),
  );
  const [both, fails] = reports.reduce(
    ([rounds, fails], report) => [rounds + report.counted, fails + report.fails],
    [0, 0],
  );
  const words = new Int32Array(counters);
  t.equal(words[0]! + words[1]!, both, 'no increment was lost');
  t.equal(both, 4 * rounds + reports.reduce((sum, { pairs }) => sum + pairs, 0));
  t.comment(`${fails} times tryLock gave up, slowest lock ${reports.map((r) => r.slowestMs)} ms`);
  for (const shard of [10, 11]) {
    t.equal(arena.words[arena.shards + shard * SHARD_BLOCK_WORDS + SHARD_LOCK], 0);
  }
});
