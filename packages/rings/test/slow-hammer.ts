// Thread of slow-log.test.ts: appends entries that can be checked, and reads those of all threads.

import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '@forgekv/base';
import { ShortLock } from '../src/short-lock.ts';
import { SlowLog, sealSlowCommand } from '../src/slow-log.ts';

export interface SlowJob {
  readonly memory: SharedArrayBuffer;
  readonly seed: number;
  readonly steps: number;
  /** The lock is not taken: a bug to be found. */
  readonly isPlanted: boolean;
}

const MOST_ENTRIES = 50;
const job = workerData as SlowJob;
if (job.isPlanted) {
  ShortLock.prototype.lock = () => {};
  ShortLock.prototype.unlock = () => {};
}
const random = new Random(job.seed);
const log = new SlowLog(job.memory);

function run(): string {
  for (let step = 0; step < job.steps; step++) {
    const length = random.below(600);
    const body = Buffer.alloc(length, length & 0xff);
    log.add(sealSlowCommand(step, length, [body]), `${length}`, 'me', MOST_ENTRIES);
    if (random.chance(0.01)) log.reset();
    if (!random.chance(0.1)) continue;
    let last = Number.POSITIVE_INFINITY;
    const entries = log.entries(-1);
    if (entries.length > MOST_ENTRIES) return `${entries.length} entries`;
    for (const { id, args, microseconds, address } of entries) {
      if (id >= last) return 'ids do not rise';
      last = id;
      const [arg] = args;
      const isWhole = arg?.length === microseconds && address === `${arg.length}`;
      if (!isWhole || arg.some((byte) => byte !== (arg.length & 0xff))) return 'a torn entry';
    }
  }
  return '';
}

let problem: string;
try {
  problem = run();
} catch (error) {
  problem = String(error);
}
parentPort?.postMessage(problem);
