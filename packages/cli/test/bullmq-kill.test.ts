// kill -9 of the server while BullMQ adds and works: every job whose add was answered is completed
// after the restart, and one whose completion was answered never runs again.
//
// FORGEKV_KILL_SEED repeats a run, FORGEKV_KILL_ROUNDS makes it longer.

import { setTimeout as sleep } from 'node:timers/promises';
import { Prng } from '@forgekv/testkit';
import { type Job, Queue, Worker } from 'bullmq';
import { test } from 'tap';
import { serve } from './support/servers.ts';
import { until } from './support/until.ts';

const firstSeed = Number(process.env.FORGEKV_KILL_SEED ?? Date.now() % 2 ** 31);
const ROUNDS = Number(process.env.FORGEKV_KILL_ROUNDS ?? 1);
const PRODUCERS = 4;
const PATIENCE_MS = 40_000;
/** How soon somebody else does what nobody does any more. */
const LOCK = { lockDuration: 5000, stalledInterval: 1000, maxStalledCount: 1000 };

process.stderr.write(`bullmq kill: FORGEKV_KILL_SEED=${firstSeed}\n`);

for (const [index, layout] of [
  { fronts: 1, workers: 1 },
  { fronts: 2, workers: 4 },
].entries()) {
  test(`kill -9, ${layout.fronts} fronts, ${layout.workers} workers`, async (t) => {
    const prng = new Prng(firstSeed + index);
    const server = await serve(t, layout);
    const forEver = { maxRetriesPerRequest: null, retryStrategy: () => 50 };
    const connection = { port: server.port, ...forEver };
    const queue = new Queue('jobs', { connection });
    queue.on('error', () => {});
    t.teardown(() => queue.close());
    /** Jobs whose add was answered. */
    const added = new Set<string>();
    /** Jobs whose completion was answered. */
    const completed = new Set<string>();
    const problems: string[] = [];
    const run = async (job: Job<number>): Promise<number> => {
      if (completed.has(job.id!)) problems.push(`${job.id} runs again`);
      await sleep(job.data % 7);
      return job.data;
    };
    const workers = [0, 1, 2].map(() => {
      const worker = new Worker('jobs', run, { connection, concurrency: 4, ...LOCK });
      worker.on('error', () => {});
      worker.on('completed', (job) => completed.add(job.id!));
      return worker;
    });
    t.teardown(() => Promise.all(workers.map((worker) => worker.close(true))));

    let isOver = false;
    const produce = async (who: number): Promise<void> => {
      for (let n = 0; !isOver; n++) {
        const jobId = `${who}-${n}`;
        const delay = prng.chance(0.2) ? { delay: prng.between(1, 300) } : {};
        const priority = prng.chance(0.2) ? { priority: prng.between(1, 3) } : {};
        // What was in flight is sent again, and then must not be there twice.
        await queue.add('job', n, { jobId, ...delay, ...priority });
        added.add(jobId);
        // Some of them are still there when the server is gone.
        if (n % 3 === 0) await sleep(4);
      }
    };
    const producers = Array.from({ length: PRODUCERS }, (_, who) => produce(who));
    for (let round = 0; round < ROUNDS; round++) {
      const before = added.size;
      t.ok(await until(() => added.size > before + 50 && completed.size > 20, PATIENCE_MS));
      await sleep(prng.between(0, 200));
      await server.kill9();
      await server.restart();
    }
    isOver = true;
    await Promise.all(producers);
    const isDone = async () =>
      (await queue.getCompletedCount()) + (await queue.getFailedCount()) === added.size;
    t.ok(await until(isDone, PATIENCE_MS), JSON.stringify(await queue.getJobCounts()));
    const reasons = (await queue.getFailed()).map((job) => job.failedReason);
    t.same(reasons, [], 'and none fails');
    const jobs = await queue.getCompleted(0, -1);
    const ids = new Set(jobs.map(({ id }) => id));
    t.same(
      [...added].filter((id) => !ids.has(id)),
      [],
      `none of ${added.size} is lost`,
    );
    t.notOk(jobs.some(({ data, returnvalue }) => data !== returnvalue));
    t.same(problems, [], 'nothing that was done is done again');
    t.ok(completed.size > 0, `${completed.size} completions were answered`);
  });
}
