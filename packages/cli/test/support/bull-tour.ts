// What an application does with Bull and with bee-queue: producers, several worker processes,
// delays, retries, events over channels, and a process that dies at work.

import type { Prng } from '@forgekv/testkit';
import BeeQueue from 'bee-queue';
import Bull from 'bull';
import { Redis } from 'ioredis';
import type { Test } from 'tap';
import { JobWorkerProcess } from './job-worker-process.ts';
import { perform, runsKey, runsOf, runsOfAll, type Task } from './task.ts';
import { until } from './until.ts';

const JOBS = 80;
const PATIENCE_MS = 30_000;

interface Place {
  readonly port: number;
  readonly redis: Redis;
  readonly prng: Prng;
}

function makeTasks(prng: Prng): Task[] {
  return Array.from({ length: JOBS }, (_, n) => {
    return { n, failures: prng.chance(0.2) ? prng.between(1, 2) : 0 };
  });
}

async function runs(redis: Redis, name: string): Promise<Record<string, string>> {
  return redis.hgetall(runsKey(name));
}

function openBull(t: Test, port: number, name: string, options: Bull.QueueOptions = {}) {
  const queue = new Bull<Task>(name, { redis: { port }, ...options });
  queue.on('error', (error: Error) => t.fail(`${name}: ${error}`));
  t.teardown(() => queue.close(true));
  return queue;
}

function work(redis: Redis, queue: Bull.Queue<Task>, concurrency: number): void {
  queue.process(concurrency, (job, done) => {
    perform(redis, queue.name, job.data).then((value) => done(null, value), done);
  });
}

async function bullShared(t: Test, { port, redis, prng }: Place): Promise<void> {
  const queue = openBull(t, port, 'bull-shared');
  const completed = new Map<string, number>();
  queue.on('global:completed', (id: string) => completed.set(id, (completed.get(id) ?? 0) + 1));
  await queue.isReady();
  const queues = ['bull-shared'];
  const workers = [0, 1].map(() => {
    return JobWorkerProcess.start(t, { library: 'bull', port, concurrency: 5, queues });
  });
  const tasks = makeTasks(prng);
  await Promise.all(
    tasks.map((task, i) => {
      const backoff = { type: prng.pick(['fixed', 'exponential']), delay: prng.between(1, 40) };
      const options: Bull.JobOptions = {
        ...{ jobId: `job-${task.n}`, attempts: runsOf(task), backoff },
        ...(prng.chance(0.3) && { delay: prng.between(1, 400) }),
        ...(prng.chance(0.3) && { priority: prng.between(1, 5) }),
      };
      if (i % 5 === 0) return queue.addBulk([{ data: task, opts: options }]);
      const twice = i % 10 === 1 ? [queue.add(task, options)] : [];
      return Promise.all([queue.add(task, options), ...twice]);
    }),
  );
  work(redis, queue, 3);
  await Promise.all(workers);
  const isDone = async () => (await queue.getCompletedCount()) === JOBS;
  t.ok(await until(isDone, PATIENCE_MS), 'every job is done');
  t.same(await runs(redis, 'bull-shared'), runsOfAll(tasks), 'as often as it has to');
  t.ok(await until(() => completed.size === JOBS, PATIENCE_MS), 'each is told to those who listen');
  t.notOk([...completed.values()].some((times) => times !== 1));
  const jobs = await queue.getCompleted(0, -1);
  t.equal(jobs.filter(({ data, returnvalue }) => returnvalue === data.n * 2).length, JOBS);
  for (const worker of await Promise.all(workers)) t.equal(worker.errors, '');
}

async function bullRepeated(t: Test, { port, redis }: Place): Promise<void> {
  const queue = openBull(t, port, 'bull-repeated');
  await queue.add({ n: 1 }, { repeat: { every: 70, limit: 6 } });
  await queue.add({ n: 2 }, { repeat: { cron: '* * * * * *', limit: 1 } });
  await queue.add({ n: 3 }, { repeat: { every: 3_600_000 * 24 * 365, limit: 9 }, jobId: 'gone' });
  t.equal((await queue.getRepeatableJobs()).length, 3);
  const gone = (await queue.getRepeatableJobs()).find(({ id }) => id === 'gone');
  await queue.removeRepeatableByKey(gone!.key);
  work(redis, queue, 3);
  const isDone = async () => {
    const counts = await runs(redis, 'bull-repeated');
    return counts['1'] === '6' && counts['2'] === '1';
  };
  t.ok(await until(isDone, PATIENCE_MS));
  // One that runs once more would do so before this one.
  const last = await queue.add({ n: 5 }, { delay: 200 });
  t.equal(await last.finished(), 10);
  t.same(await runs(redis, 'bull-repeated'), { '1': '6', '2': '1', '5': '1' });
}

async function bullLimited(t: Test, { port, redis }: Place): Promise<void> {
  const limiter = { max: 4, duration: 300 };
  const queue = openBull(t, port, 'bull-limited', { limiter });
  const tasks = Array.from({ length: 12 }, (_, n) => ({ n }));
  const startMs = performance.now();
  await queue.pause();
  await queue.addBulk(tasks.map((data) => ({ data })));
  t.match(await queue.getJobCounts(), { paused: 12 });
  work(redis, queue, 2);
  await queue.resume();
  t.ok(await until(async () => (await queue.getCompletedCount()) === 12, PATIENCE_MS));
  t.ok(performance.now() - startMs >= 500, 'the third window is not open before');
  t.same(await runs(redis, 'bull-limited'), runsOfAll(tasks));
  t.equal((await queue.clean(0, 'completed')).length, 12);
  await queue.obliterate({ force: true });
  t.match(await queue.getJobCounts(), { waiting: 0, completed: 0 });
}

async function bullStalled(t: Test, { port, redis }: Place): Promise<void> {
  const settings = { stalledInterval: 300 };
  const queue = openBull(t, port, 'bull-stalled', { settings });
  const tasks = Array.from({ length: 12 }, (_, n) => ({ n, hangs: n < 3 }));
  const victim = await JobWorkerProcess.start(t, {
    ...{ library: 'bull', port, concurrency: 3, queues: ['bull-stalled'] },
  });
  await queue.addBulk(tasks.slice(0, 3).map((data) => ({ data })));
  const began = async () => (await redis.hlen(runsKey('bull-stalled'))) === 3;
  t.ok(await until(began, PATIENCE_MS), 'it hangs in three');
  await victim.kill9();
  // Its locks would go after half a minute, as nobody renews them; so would its turn to check.
  t.equal(await redis.del(await redis.keys('bull:bull-stalled:*:lock')), 3);
  await redis.del('bull:bull-stalled:stalled-check');
  await queue.addBulk(tasks.slice(3).map((data) => ({ data })));
  work(redis, queue, 2);
  t.ok(await until(async () => (await queue.getCompletedCount()) === 12, PATIENCE_MS));
  t.same(await runs(redis, 'bull-stalled'), runsOfAll(tasks));
}

function openBee(t: Test, port: number, name: string, options: BeeQueue.QueueSettings = {}) {
  const queue = new BeeQueue<Task>(name, {
    ...{ redis: { port }, activateDelayedJobs: true, removeOnSuccess: false },
    ...options,
  });
  queue.on('error', (error: Error) => t.fail(`${name}: ${error}`));
  t.teardown(() => queue.close(100).catch(() => {}));
  return queue;
}

async function beeShared(t: Test, { port, redis, prng }: Place): Promise<void> {
  const queue = openBee(t, port, 'bee-shared');
  const succeeded = new Map<string, number>();
  queue.on('job succeeded', (id) => succeeded.set(id, (succeeded.get(id) ?? 0) + 1));
  await queue.ready();
  const queues = ['bee-shared'];
  const workers = [0, 1].map(() => {
    return JobWorkerProcess.start(t, { library: 'bee', port, concurrency: 5, queues });
  });
  const tasks = makeTasks(prng);
  const jobs = tasks.map((task) => {
    const job = queue
      .createJob(task)
      .setId(`job-${task.n}`)
      .retries(runsOf(task) - 1);
    if (prng.chance(0.5)) job.backoff(prng.pick(['fixed', 'exponential']), prng.between(1, 40));
    if (prng.chance(0.3)) job.delayUntil(Date.now() + prng.between(1, 400));
    return job;
  });
  await Promise.all(jobs.slice(0, JOBS / 2).map((job) => job.save()));
  t.equal((await queue.saveAll(jobs.slice(JOBS / 2))).size, 0, 'many at once');
  queue.process(3, (job) => perform(redis, 'bee-shared', job.data));
  await Promise.all(workers);
  const isDone = async () => (await queue.checkHealth()).succeeded === JOBS;
  t.ok(await until(isDone, PATIENCE_MS), 'every job is done');
  t.same(await runs(redis, 'bee-shared'), runsOfAll(tasks), 'as often as it has to');
  t.ok(await until(() => succeeded.size === JOBS, PATIENCE_MS), 'each is told to those who listen');
  t.notOk([...succeeded.values()].some((times) => times !== 1));
  t.match(await queue.checkHealth(), { waiting: 0, active: 0, failed: 0, delayed: 0 });
  for (const worker of await Promise.all(workers)) t.equal(worker.errors, '');
}

async function beeStalled(t: Test, { port, redis }: Place): Promise<void> {
  const queue = openBee(t, port, 'bee-stalled');
  await queue.ready();
  const tasks = Array.from({ length: 12 }, (_, n) => ({ n, hangs: n < 3 }));
  const victim = await JobWorkerProcess.start(t, {
    ...{ library: 'bee', port, concurrency: 3, queues: ['bee-stalled'] },
  });
  const add = (some: readonly Task[]) => queue.saveAll(some.map((task) => queue.createJob(task)));
  await add(tasks.slice(0, 3));
  const began = async () => (await redis.hlen(runsKey('bee-stalled'))) === 3;
  t.ok(await until(began, PATIENCE_MS), 'it hangs in three');
  await victim.kill9();
  // What was in work at two looks, some time apart, is done again; that time is cut short.
  for (let looks = 0; looks < 2; looks++) {
    await redis.del('bq:bee-stalled:stallBlock');
    await queue.checkStalledJobs();
  }
  t.match(await queue.checkHealth(), { active: 0, waiting: 3 });
  await add(tasks.slice(3));
  queue.process(2, (job) => perform(redis, 'bee-stalled', job.data));
  const isDone = async () => (await queue.checkHealth()).succeeded === 12;
  t.ok(await until(isDone, PATIENCE_MS), 'all are done');
  t.same(await runs(redis, 'bee-stalled'), runsOfAll(tasks));
}

/** All of it at once. */
export async function tourWithBullAndBee(t: Test, port: number, prng: Prng): Promise<void> {
  const redis = new Redis({ port });
  t.teardown(() => redis.disconnect());
  const place = { port, redis, prng };
  const bull = { bullShared, bullRepeated, bullLimited, bullStalled };
  const all = { ...bull, beeShared, beeStalled };
  t.jobs = Object.keys(all).length;
  await Promise.all(Object.entries(all).map(([name, play]) => t.test(name, (t) => play(t, place))));
}
