// One round of the stress run: a fresh small arena, some threads on it for a while, and then the
// reckoning: counters, large values, integrity, and that everything can be given back.

import { Worker } from 'node:worker_threads';
import { Random, SHARD_COUNT } from '@forgekv/base';
import type { Arena } from '../src/arena.ts';
import { Sweeper } from '../src/sweeper.ts';
import { checkIntegrity, type Integrity } from './integrity.ts';
import { KeyedTable, smallArena } from './keyed-table.ts';
import {
  COUNTERS,
  counterKey,
  databasesFor,
  FACTS,
  type Facts,
  type Fault,
  LEDGER_IDS,
  noFacts,
  readCounter,
  SHARED_DB,
  type StressJob,
  type StressReport,
} from './stress-job.ts';

export interface RoundPlan {
  readonly seed: number;
  /** The round lasts so long, and longer on a busy machine until enough steps were taken. */
  readonly durationMs: number;
  readonly fault: Fault | null;
}

export interface RoundResult {
  readonly problems: readonly string[];
  readonly facts: Facts;
  readonly threads: number;
  readonly shards: number;
  readonly pages: number;
  /** Entries, and depth of the deepest directory, at the end. */
  readonly entries: number;
  readonly depth: number;
}

/** A thread that takes no step for so long hangs: a chain in a circle, a lock never released. */
const HANGS_AFTER_MS = 8000;
const WATCH_EVERY_MS = 20;
/** Steps of all threads together in which growth, full pools and reuse surely happen. */
const LEAST_STEPS = 20_000;
const LONGEST_ROUND_MS = 30_000;

export async function runRound(plan: RoundPlan): Promise<RoundResult> {
  const random = new Random(plan.seed);
  const threads = 3 + random.below(2);
  const shards = 1 + random.below(4);
  const pages = 8 + 11 * shards + random.below(10);
  const arena = smallArena(pages, databasesFor(threads));
  const keys = new KeyedTable(arena, 255);
  const tags = chooseTags(keys, shards, random);
  const control = new SharedArrayBuffer(4 * (threads + 1));
  const ledger = new SharedArrayBuffer(LEDGER_IDS * 4);
  const job = { arena: arena.transfer, threads, seed: plan.seed, tags, control, ledger };
  const jobs = Array.from({ length: threads }, (_, i): StressJob => {
    return { ...job, threadId: i + 1, fault: plan.fault };
  });
  const { reports, problems } = await runThreads(jobs, new Int32Array(control), plan.durationMs);
  const facts = noFacts();
  for (const report of reports) for (const name of FACTS) facts[name] += report.facts[name];
  let depth = 0;
  let entries = 0;
  if (problems.length === 0) {
    const integrity = checkIntegrity(arena);
    depth = integrity.deepest;
    entries = integrity.entries.length;
    problems.push(
      ...integrity.problems,
      ...wrongCounters(keys, tags, reports),
      ...wrongLedger(new Int32Array(ledger), integrity),
    );
    if (problems.length === 0) problems.push(...leftOver(keys, arena));
  }
  return { problems, facts, threads, shards, pages, entries, depth };
}

function chooseTags(keys: KeyedTable, count: number, random: Random): [string, number][] {
  const tags = new Map<number, string>();
  while (tags.size < count) {
    const tag = `${random.below(100_000)}`;
    tags.set(keys.shardOf(`{${tag}}`), tag);
  }
  return [...tags].map(([shard, tag]) => [tag, shard]);
}

interface ThreadsResult {
  readonly reports: StressReport[];
  readonly problems: string[];
}

/** Runs the threads until the time is over, one of them reports a problem, or one hangs. */
function runThreads(
  jobs: readonly StressJob[],
  control: Int32Array,
  durationMs: number,
): Promise<ThreadsResult> {
  const reports: StressReport[] = [];
  const problems: string[] = [];
  const workers = jobs.map(
    (workerData) =>
      new Worker(new URL('./stress-worker.js', import.meta.url), { workerData, execArgv: [] }),
  );
  return new Promise((resolve) => {
    const startedAtMs = performance.now();
    const lastSteps = jobs.map(() => 0);
    const lastMoveMs = jobs.map(() => startedAtMs);
    const done = new Set<number>();
    const finish = (): void => {
      clearInterval(watch);
      void Promise.all(workers.map((worker) => worker.terminate())).then(() =>
        resolve({ reports, problems }),
      );
    };
    const fail = (text: string): void => {
      problems.push(text);
      finish();
    };
    const watch = setInterval(() => {
      const nowMs = performance.now();
      const elapsedMs = nowMs - startedAtMs;
      const steps = lastSteps.reduce((sum, count) => sum + count, 0);
      const isEnough = steps >= LEAST_STEPS || elapsedMs > LONGEST_ROUND_MS;
      if (elapsedMs >= durationMs && isEnough) Atomics.store(control, 0, 1);
      for (const [i, { threadId }] of jobs.entries()) {
        const steps = Atomics.load(control, threadId);
        if (steps !== lastSteps[i] || done.has(threadId)) lastMoveMs[i] = nowMs;
        lastSteps[i] = steps;
        if (nowMs - lastMoveMs[i]! > HANGS_AFTER_MS) return fail(`thread ${threadId} hangs`);
      }
    }, WATCH_EVERY_MS);
    for (const worker of workers) {
      worker.on('error', (error: Error) => fail(`a thread died: ${error.message}`));
      worker.on('message', (report: StressReport) => {
        reports.push(report);
        done.add(report.threadId);
        if (report.problem !== '') fail(report.problem);
        else if (done.size === jobs.length) finish();
      });
    }
  });
}

function wrongCounters(
  keys: KeyedTable,
  tags: StressJob['tags'],
  reports: readonly StressReport[],
): string[] {
  const problems: string[] = [];
  for (let counter = 0; counter < COUNTERS; counter++) {
    const key = counterKey(tags, counter);
    const value = keys.get(key, SHARED_DB);
    const count = value === null ? 0 : readCounter(Buffer.from(value, 'latin1'));
    const sum = reports.reduce((all, { increments }) => all + increments[counter]!, 0);
    if (count !== sum) problems.push(`${key} is ${count} after ${sum} increments`);
  }
  return problems;
}

/** Large values that are needed are exactly those that entries name, of flushed databases too. */
function wrongLedger(ledger: Int32Array, { entries }: Integrity): string[] {
  const named = new Map<number, number>();
  for (const { largeId } of entries) {
    if (largeId >= 0) named.set(largeId, (named.get(largeId) ?? 0) + 1);
  }
  const problems: string[] = [];
  for (let id = 0; id < ledger.length && problems.length < 5; id++) {
    const expected = named.get(id) ?? 0;
    if (ledger[id] !== expected) {
      problems.push(`large value ${id}: ${ledger[id]} times needed, ${expected} times named`);
    }
  }
  return problems;
}

/** Flushes everything and sweeps: nothing is left but the pages of the index. */
function leftOver(keys: KeyedTable, arena: Arena): string[] {
  for (let db = 0; db < arena.databases; db++) keys.flush(db);
  const sweeper = new Sweeper(keys.table, new Uint8Array(SHARD_COUNT).fill(1), {
    expired: (shard) => keys.table.nextLsn(shard),
    buried() {},
    timedParts: () => 0,
    largeFreed() {},
  });
  const isDone = sweeper.reclaim(Infinity);
  const { problems, entries, freePages, segments } = checkIntegrity(arena);
  const indexPages = arena.pageCount - freePages;
  const texts = problems.map((problem) => `after the flush: ${problem}`);
  if (!isDone || entries.length > 0) texts.push(`${entries.length} entries are left after a flush`);
  if (indexPages > segments) texts.push(`${indexPages} pages are left for ${segments} segments`);
  return texts;
}
