// Thread of the stress run: random steps until told to stop, then a last look at its own keys.

import { parentPort, workerData } from 'node:worker_threads';
import { StressBase } from './stress-base.ts';
import type { StressJob, StressReport } from './stress-job.ts';
import { OwnDbs } from './stress-own-dbs.ts';
import { OwnKeys } from './stress-own-keys.ts';
import { SharedKeys } from './stress-shared-keys.ts';

const job = workerData as StressJob;
const control = new Int32Array(job.control);
const base = new StressBase(job);
const own = new OwnKeys(base);
const dbs = new OwnDbs(base, own);
const shared = new SharedKeys(base);

/** Steps and how often each is taken, in a thousand. */
const STEPS: readonly (readonly [number, () => void])[] = [
  [251, () => own.set()],
  [180, () => own.get()],
  [80, () => own.delete()],
  [90, () => own.expire()],
  [60, () => own.resize()],
  [20, () => own.makeLarge()],
  [20, () => own.dropTombstone()],
  [40, () => dbs.multi()],
  [2, () => dbs.flush()],
  [4, () => dbs.swap()],
  [4, () => dbs.scan()],
  [100, () => shared.increment()],
  [60, () => shared.readForeign()],
  [70, () => shared.chaos()],
  [1, () => shared.gate()],
  [18, () => shared.sweep()],
];

function step(): void {
  let draw = base.random.below(1000);
  for (const [weight, run] of STEPS) {
    draw -= weight;
    if (draw < 0) {
      run();
      return;
    }
  }
}

let problem = '';
try {
  while (Atomics.load(control, 0) === 0) {
    step();
    base.facts.steps++;
    Atomics.add(control, job.threadId, 1);
  }
  own.checkAll();
} catch (error) {
  problem = `thread ${job.threadId}: ${(error as Error).stack}`;
}
const { threadId } = job;
const { increments } = shared;
parentPort!.postMessage({ threadId, problem, increments, facts: base.facts } as StressReport);
