// Residents that are more than a library for Redis: jobs with BullMQ, redis-cli as a program of a
// shell, and clients that come, leave something half done, and go.

import { setTimeout as sleep } from 'node:timers/promises';
import { encodeCommand, RespClient, type ServerHandle } from '@forgekv/testkit';
import { type Job, Queue, Worker } from 'bullmq';
import { run } from '../run-program.ts';
import { until } from '../until.ts';
import { must, type Resident, Tally } from './resident.ts';

const MOST_WAITING_JOBS = 50;
const JOBS_PATIENCE_MS = 30_000;
const LOCK = { lockDuration: 5000, stalledInterval: 1000, maxStalledCount: 1000 };

/** Every job whose add was answered is run, and none is left over. */
export async function jobs({ port }: ServerHandle, index: number): Promise<Resident> {
  const name = `jobs-${index}`;
  const prefix = '{bull}';
  const connection = { port, maxRetriesPerRequest: null, retryStrategy: () => 50 };
  const queue = new Queue(name, { connection, prefix, streams: { events: { maxLen: 500 } } });
  /** Added, and not run yet. */
  const waiting = new Set<string>();
  /** Run before the answer to their add came, or again: a crash may take a completion. */
  const early = new Set<string>();
  const runJob = async (job: Job): Promise<void> => {
    if (!waiting.delete(job.id as string)) early.add(job.id as string);
  };
  const worker = new Worker(name, runJob, {
    ...{ connection, prefix, ...LOCK },
    concurrency: 4,
    removeOnComplete: { count: 20 },
  });
  queue.on('error', () => {});
  worker.on('error', () => {});
  const isDone = async (): Promise<boolean> => {
    const { completed, ...others } = await queue.getJobCounts();
    return waiting.size === 0 && Object.values(others).every((count) => count === 0);
  };
  let n = 0;
  return {
    name: `BullMQ ${index}`,
    async work() {
      const jobId = `job-${n++}`;
      // What was in flight is sent again by the library, and then is there once.
      await queue.add('job', n, { jobId, ...(n % 7 === 0 ? { delay: 100 } : {}) });
      if (!early.delete(jobId)) waiting.add(jobId);
      if (waiting.size > MOST_WAITING_JOBS) await sleep(20);
    },
    async settle() {
      if (await until(isDone, JOBS_PATIENCE_MS)) return early.clear();
      const counts = JSON.stringify(await queue.getJobCounts());
      must(false, () => `jobs that nobody does: ${[...waiting].slice(0, 10)}, ${counts}`);
    },
    async close() {
      await Promise.all([worker.close(true), queue.close()]);
    },
  };
}

/** A script of a shell: a new process, and a new connection, for every five commands. */
export async function shell({ port }: ServerHandle, index: number): Promise<Resident> {
  const tally = new Tally();
  const key = `shell:${index}`;
  const ask = async (input: string): Promise<string[]> => {
    const { code, stdout, stderr } = await run('redis-cli', ['-p', String(port)], { input });
    const lines = stdout.trim().split('\n');
    if (code !== 0 || stderr !== '') throw new Error(`redis-cli: ${code} ${stderr}`);
    return lines;
  };
  return {
    name: `redis-cli ${index}`,
    async work() {
      tally.tried += 5;
      const counts = (await ask(`INCR ${key}\n`.repeat(5))).map(Number);
      const answered = counts.filter((count) => Number.isInteger(count) && count > 0);
      must(
        answered.every((count) => count > tally.acked && count <= tally.tried),
        () => `${key} is ${counts} behind ${tally.acked}`,
      );
      tally.acked = answered.at(-1) ?? tally.acked;
      if (answered.length < 5) throw new Error(`redis-cli: ${counts}`);
      await sleep(200);
    },
    async settle() {
      const [count] = await ask(`GET ${key}\n`);
      if (!/^\d*$/.test(count ?? '')) throw new Error(`redis-cli: ${count}`);
      tally.settle(Number(count), key);
    },
    async close() {},
  };
}

/** Leaves keys that expire, a transaction, a subscription, a wait, half a command. */
export async function passersBy({ port }: ServerHandle, index: number): Promise<Resident> {
  let n = 0;
  return {
    name: `passers-by ${index}`,
    async work() {
      const client = await RespClient.connect({ port, timeoutMs: 30_000 });
      try {
        const key = `passing:${index}:${n++ % 1000}`;
        await client.pipeline([
          ['SET', key, 'x'.repeat(n % 3000), 'PX', 500],
          ['PUBLISH', 'news', String(n)],
          ['SADD', `${key}:set`, ...Array.from({ length: 600 }, (_, i) => i + n)],
          ['PEXPIRE', `${key}:set`, 300],
        ]);
        if (n % 4 === 0) await client.pipeline([['WATCH', key], ['MULTI'], ['INCR', key]]);
        if (n % 4 === 1) await client.command('BLPOP', `${key}:list`, '0.05');
        if (n % 4 === 2) await client.command('SCAN', '0', 'COUNT', '500');
        if (n % 4 === 3) client.send(encodeCommand(['BRPOP', `${key}:list`, '0']));
      } finally {
        client.destroy();
      }
      await sleep(5);
    },
    async settle() {},
    async close() {},
  };
}
