// What an application does with BullMQ: producers, several worker processes, events, schedules,
// flows, limits, and a process that dies at work.

import type { Prng } from '@forgekv/testkit';
import {
  FlowProducer,
  type Job,
  type JobsOptions,
  Queue,
  QueueEvents,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import type { Test } from 'tap';
import { JobWorkerProcess } from './job-worker-process.ts';
import { perform, runsKey, runsOf, runsOfAll, type Task } from './task.ts';
import { until } from './until.ts';

const JOBS = 80;
const TREES = 6;
const PATIENCE_MS = 30_000;

/** Opens what one test needs of BullMQ, and closes it with the test. */
class Bench {
  readonly redis: Redis;
  readonly #test: Test;
  readonly #port: number;

  constructor(t: Test, port: number) {
    this.#test = t;
    this.#port = port;
    this.redis = new Redis({ port });
    t.teardown(() => this.redis.disconnect());
  }

  queue(name: string): Queue<Task> {
    const queue = new Queue<Task>(name, { connection: { port: this.#port } });
    this.#test.teardown(() => queue.close());
    return queue;
  }

  worker(name: string, options: Partial<WorkerOptions> = {}): Worker {
    return this.workerThat((job: Job<Task>) => perform(this.redis, name, job.data), name, options);
  }

  workerThat<T>(
    run: (job: Job<T>) => Promise<unknown>,
    name: string,
    options: Partial<WorkerOptions> = {},
  ): Worker {
    const worker = new Worker<T>(name, run, { connection: { port: this.#port }, ...options });
    worker.on('error', (error) => this.#test.fail(`${name}: ${error}`));
    this.#test.teardown(() => worker.close(true));
    return worker;
  }

  /** How often each event of a queue came for each job, from the first one on. */
  events(name: string): Map<string, Map<string, number>> {
    const seen = new Map<string, Map<string, number>>();
    const connection = { port: this.#port };
    const events = new QueueEvents(name, { connection, lastEventId: '0-0' });
    this.#test.teardown(() => events.close());
    for (const kind of ['added', 'active', 'completed', 'failed', 'stalled'] as const) {
      const counts = new Map<string, number>();
      seen.set(kind, counts);
      events.on(kind, ({ jobId }: { jobId: string }) => {
        counts.set(jobId, (counts.get(jobId) ?? 0) + 1);
      });
    }
    return seen;
  }
}

function optionsOf(task: Task, prng: Prng): JobsOptions {
  const delay = prng.chance(0.3) ? { delay: prng.between(1, 400) } : {};
  const priority = prng.chance(0.3) ? { priority: prng.between(1, 5) } : {};
  const type = prng.pick(['fixed', 'exponential']);
  const retries = { attempts: runsOf(task), backoff: { type, delay: prng.between(1, 40) } };
  return { ...delay, ...priority, lifo: prng.chance(0.1), ...(task.failures ? retries : {}) };
}

function makeTasks(prng: Prng, count: number): Task[] {
  return Array.from({ length: count }, (_, n) => {
    return { n, failures: prng.chance(0.2) ? prng.between(1, 2) : 0 };
  });
}

/** Two processes and this one share the jobs of two producers. */
async function shared(t: Test, port: number, prng: Prng): Promise<void> {
  const bench = new Bench(t, port);
  const producers = [bench.queue('shared'), bench.queue('shared')];
  const [queue] = producers as [Queue<Task>, Queue<Task>];
  const events = bench.events('shared');
  const options = { library: 'bullmq', port, concurrency: 5, queues: ['shared'] } as const;
  const processes = [0, 1].map(() => JobWorkerProcess.start(t, options));
  const tasks = makeTasks(prng, JOBS);
  const adds = tasks.map((task, i) => {
    const producer = prng.pick(producers);
    const name = 'task';
    const opts = { ...optionsOf(task, prng), jobId: `job-${task.n}` };
    if (i % 3 === 0) return producer.addBulk([{ name, data: task, opts }]);
    // What is added twice is there once.
    const twice = i % 10 === 1 ? [producer.add(name, task, opts)] : [];
    return Promise.all([producer.add(name, task, opts), ...twice]);
  });
  bench.worker('shared', { concurrency: 3 });
  await Promise.all(adds);
  await Promise.all(processes);
  t.ok(
    await until(async () => (await queue.getCompletedCount()) === JOBS, PATIENCE_MS),
    `every job is done: ${JSON.stringify(await queue.getJobCounts())}`,
  );
  t.same(await bench.redis.hgetall(runsKey('shared')), runsOfAll(tasks), 'as often as it has to');
  const completed = events.get('completed')!;
  t.ok(await until(() => completed.size === JOBS, PATIENCE_MS), 'each is told to those who listen');
  t.same(
    [...completed.values()].filter((times) => times !== 1),
    [],
    'once',
  );
  const active = events.get('active')!;
  for (const task of tasks) {
    const times = active.get(`job-${task.n}`);
    if (times !== runsOf(task)) t.fail(`job ${task.n} became active ${times} times`);
  }
  const jobs = await queue.getCompleted(0, -1);
  t.equal(jobs.filter(({ data, returnvalue }) => returnvalue === data.n * 2).length, JOBS);
  for (const one of await Promise.all(processes)) t.equal(one.errors, '');
}

/** Those that fail for good, what is told of them, and that they can be tried again. */
async function failing(t: Test, port: number): Promise<void> {
  const bench = new Bench(t, port);
  const queue = bench.queue('failing');
  const tasks = Array.from({ length: 20 }, (_, n) => ({ n, failures: 2 }));
  await queue.addBulk(tasks.map((data) => ({ name: 'task', data, opts: { attempts: 2 } })));
  bench.worker('failing', { concurrency: 4 });
  t.ok(await until(async () => (await queue.getFailedCount()) === 20, PATIENCE_MS), 'all fail');
  const [one] = await queue.getFailed();
  t.match(one, { attemptsMade: 2, failedReason: 'run 2 fails' });
  await queue.retryJobs({ state: 'failed' });
  t.ok(await until(async () => (await queue.getCompletedCount()) === 20, PATIENCE_MS), 'again');
  t.same(await bench.redis.hgetall(runsKey('failing')), runsOfAll(tasks));
}

/** Schedules: so many jobs and no more. */
async function scheduled(t: Test, port: number): Promise<void> {
  const bench = new Bench(t, port);
  const queue = bench.queue('scheduled');
  await queue.upsertJobScheduler('often', { every: 60, limit: 7 }, { data: { n: 1 } });
  await queue.upsertJobScheduler('cron', { pattern: '* * * * * *', limit: 1 }, { data: { n: 2 } });
  await queue.upsertJobScheduler('never', { every: 3_600_000 * 24 * 365 }, { data: { n: 3 } });
  await queue.upsertJobScheduler('gone', { every: 3_600_000 * 24 * 365 }, { data: { n: 4 } });
  t.equal(await queue.getJobSchedulersCount(), 4);
  t.equal(await queue.removeJobScheduler('gone'), true);
  bench.worker('scheduled', { concurrency: 3 });
  const runs = () => bench.redis.hgetall(runsKey('scheduled'));
  await until(async () => (await runs())['1'] === '7' && (await runs())['2'] === '1', PATIENCE_MS);
  // One that runs once more would do so before this one.
  await queue.add('last', { n: 5 }, { delay: 200 });
  t.ok(await until(async () => (await runs())['5'] === '1', PATIENCE_MS));
  const { '3': never, '4': gone, ...rest } = await runs();
  t.same(rest, { '1': '7', '2': '1', '5': '1' });
  t.ok(Number(never ?? 0) <= 1 && Number(gone ?? 0) <= 1);
}

interface Node {
  readonly name: string;
}

/** Trees of jobs: parents after all of their children, with what these have made. */
async function flows(t: Test, port: number): Promise<void> {
  const bench = new Bench(t, port);
  const flow = new FlowProducer({ connection: { port } });
  t.teardown(() => flow.close());
  const order: string[] = [];
  const made = new Map<string, number>();
  const run = async (job: Job<Node>): Promise<number> => {
    const values: number[] = Object.values(await job.getChildrenValues());
    made.set(job.data.name, values.length);
    order.push(job.data.name);
    return values.reduce((sum, value) => sum + value, 1);
  };
  for (const name of ['root', 'leaves']) bench.workerThat<Node>(run, name, { concurrency: 4 });
  const trees = await Promise.all(
    Array.from({ length: TREES }, (_, tree) => {
      const children = Array.from({ length: 4 }, (_, i) => ({
        ...{ name: 'child', queueName: i % 2 ? 'root' : 'leaves', data: { name: `${tree}.${i}` } },
        children: Array.from({ length: 3 }, (_, j) => {
          const data = { name: `${tree}.${i}.${j}` };
          return { name: 'leaf', queueName: 'leaves', data };
        }),
      }));
      return flow.add({ name: 'top', queueName: 'root', data: { name: `${tree}` }, children });
    }),
  );
  const queue = bench.queue('root');
  const done = async () => {
    const jobs = await Promise.all(trees.map(({ job }) => queue.getJob(job.id!)));
    return jobs.every((job) => job?.returnvalue === 17);
  };
  t.ok(await until(done, PATIENCE_MS), 'every tree has summed up all of its nodes');
  t.equal(order.length, 17 * TREES, 'each node ran once');
  t.equal(made.size, 17 * TREES);
  for (let tree = 0; tree < TREES; tree++) {
    t.equal(made.get(`${tree}`), 4);
    t.equal(order.filter((name) => name.startsWith(`${tree}.`)).length, 16);
    const at = order.indexOf(`${tree}`);
    t.notOk(
      order.some((name, i) => i > at && name.startsWith(`${tree}.`)),
      'children first',
    );
  }
}

/** A limit of jobs in a time: everything is done, but not sooner than it may be. */
async function limited(t: Test, port: number): Promise<void> {
  const bench = new Bench(t, port);
  const queue = bench.queue('limited');
  const tasks = Array.from({ length: 12 }, (_, n) => ({ n }));
  await queue.addBulk(tasks.map((data) => ({ name: 'task', data })));
  const startMs = performance.now();
  for (let i = 0; i < 2; i++) bench.worker('limited', { limiter: { max: 4, duration: 300 } });
  t.ok(await until(async () => (await queue.getCompletedCount()) === 12, PATIENCE_MS));
  t.ok(performance.now() - startMs >= 500, 'the third window is not open before');
  t.same(await bench.redis.hgetall(runsKey('limited')), runsOfAll(tasks));
}

/** A process dies at work: others do what it had begun. */
async function stalled(t: Test, port: number): Promise<void> {
  const bench = new Bench(t, port);
  const queue = bench.queue('stalled');
  const events = bench.events('stalled');
  const tasks = Array.from({ length: 12 }, (_, n) => ({ n, hangs: n < 3 }));
  const queues = ['stalled'];
  const options = { library: 'bullmq', port, concurrency: 3 } as const;
  const victim = await JobWorkerProcess.start(t, { ...options, queues });
  await queue.addBulk(tasks.slice(0, 3).map((data) => ({ name: 'task', data })));
  const began = async () => (await bench.redis.hlen(runsKey('stalled'))) === 3;
  t.ok(await until(began, PATIENCE_MS), 'it hangs in three');
  await victim.kill9();
  // Its locks would go after half a minute, as nobody renews them; so would its turn to check.
  const locks = await bench.redis.keys('bull:stalled:*:lock');
  t.equal(await bench.redis.del(locks), 3);
  await bench.redis.del('bull:stalled:stalled-check');
  await queue.addBulk(tasks.slice(3).map((data) => ({ name: 'task', data })));
  bench.worker('stalled', { concurrency: 2, stalledInterval: 300 });
  t.ok(await until(async () => (await queue.getCompletedCount()) === 12, PATIENCE_MS));
  t.same(await bench.redis.hgetall(runsKey('stalled')), runsOfAll(tasks));
  t.ok(
    await until(() => events.get('stalled')!.size === 3, PATIENCE_MS),
    'and are told to have stalled',
  );
}

/** What an operator does: pause, look, log, clean, empty, remove. */
async function operated(t: Test, port: number): Promise<void> {
  const bench = new Bench(t, port);
  const queue = bench.queue('operated');
  const connection = { port };
  const events = new QueueEvents('operated', { connection });
  t.teardown(() => events.close());
  await events.waitUntilReady();
  const worker = bench.workerThat<Task>(async (job) => {
    await job.updateProgress(50);
    await job.log(`at ${job.data.n}`);
    return perform(bench.redis, 'operated', job.data);
  }, 'operated');
  await queue.pause();
  const jobs = await queue.addBulk(
    Array.from({ length: 5 }, (_, n) => ({ name: 'task', data: { n } })),
  );
  const deduplication = { id: 'one' };
  const kept = await queue.add('only', { n: 10 }, { deduplication });
  const dropped = await queue.add('only', { n: 11 }, { deduplication });
  t.equal(dropped.id, kept.id, 'the same again is dropped');
  t.equal(await queue.isPaused(), true);
  t.equal(await queue.count(), 6);
  await jobs[0]!.remove();
  await jobs[1]!.updateData({ n: 12 });
  await queue.resume();
  const rest = [...jobs.slice(1), kept];
  t.same(
    await Promise.all(rest.map((job) => job.waitUntilFinished(events, PATIENCE_MS))),
    [24, 4, 6, 8, 20],
  );
  t.match(await queue.getJobLogs(jobs[2]!.id!), { logs: ['at 2'], count: 1 });
  t.equal((await queue.getJob(jobs[2]!.id!))?.progress, 50);
  const runs = await bench.redis.hgetall(runsKey('operated'));
  t.same(runs, { '2': '1', '3': '1', '4': '1', '10': '1', '12': '1' });
  t.equal((await queue.getWorkers()).length, 1);
  await worker.close();
  await queue.add('late', { n: 20 }, { delay: 1_000_000 });
  await queue.add('prior', { n: 21 }, { priority: 3 });
  await queue.drain(true);
  t.match(await queue.getJobCounts(), { delayed: 0, prioritized: 0, waiting: 0, completed: 5 });
  t.equal((await queue.clean(0, 3, 'completed')).length, 3);
  t.match(await queue.getJobCounts(), { completed: 2 });
  await queue.obliterate({ force: true });
  t.same(await bench.redis.keys('bull:operated:*'), []);
}

/** All of it at once. */
export async function tourWithBullMq(t: Test, port: number, prng: Prng): Promise<void> {
  const all = { shared, failing, scheduled, flows, limited, stalled, operated };
  t.jobs = Object.keys(all).length;
  await Promise.all(
    Object.entries(all).map(([name, play]) => t.test(name, (t) => play(t, port, prng))),
  );
}
