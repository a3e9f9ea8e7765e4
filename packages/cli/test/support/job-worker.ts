// A process that works for queues until it is killed: `LIBRARY PORT CONCURRENCY QUEUE...`.
// It says `ready` when it does. The tests start it with job-worker-process.ts.

import { Redis } from 'ioredis';
import { perform, type Task } from './task.ts';

interface Place {
  readonly port: number;
  readonly concurrency: number;
  readonly queue: string;
  readonly redis: Redis;
}

const STARTS: Readonly<Record<string, (place: Place) => Promise<unknown>>> = {
  bullmq: async ({ port, concurrency, queue, redis }) => {
    const { Worker } = await import('bullmq');
    const run = (job: { data: Task }) => perform(redis, queue, job.data);
    const worker = new Worker(queue, run, { connection: { port }, concurrency });
    worker.on('error', complain);
    await worker.waitUntilReady();
  },
  bull: async ({ port, concurrency, queue, redis }) => {
    const { default: Bull } = await import('bull');
    const bull = new Bull<Task>(queue, { redis: { port } });
    bull.on('error', complain);
    await bull.isReady();
    bull.process(concurrency, (job, done) => {
      perform(redis, queue, job.data).then((value) => done(null, value), done);
    });
  },
  bee: async ({ port, concurrency, queue, redis }) => {
    const { default: BeeQueue } = await import('bee-queue');
    const bee = new BeeQueue<Task>(queue, { redis: { port }, activateDelayedJobs: true });
    bee.on('error', complain);
    await bee.ready();
    bee.process(concurrency, (job) => perform(redis, queue, job.data));
  },
};

function complain(error: Error): void {
  process.stderr.write(`${error.stack}\n`);
}

async function main(args: readonly string[]): Promise<void> {
  const [library = '', port, concurrency, ...queues] = args;
  const start = STARTS[library];
  if (start === undefined) throw new Error(`no library ${library}`);
  const redis = new Redis({ port: Number(port) });
  const numbers = { port: Number(port), concurrency: Number(concurrency) };
  for (const queue of queues) await start({ ...numbers, queue, redis });
  process.stdout.write('ready\n');
}

await main(process.argv.slice(2));
