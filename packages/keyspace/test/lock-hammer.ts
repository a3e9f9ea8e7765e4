// Thread of shard-lock.test.ts: increments plain words, each guarded by a shard lock.

import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '@forgekv/base';
import { type ArenaTransfer, attachArena } from '../src/arena.ts';
import { ShardLocks } from '../src/shard-lock.ts';

export interface LockJob {
  readonly arena: ArenaTransfer;
  /** Word 0 is guarded by shard 10, word 1 by shard 11. */
  readonly counters: SharedArrayBuffer;
  readonly threadId: number;
  readonly rounds: number;
  readonly seed: number;
}

export interface LockReport {
  readonly counted: number;
  /** Rounds in which both locks were held. */
  readonly pairs: number;
  /** How often tryLock gave up. */
  readonly fails: number;
  readonly slowestMs: number;
}

const job = workerData as LockJob;
const locks = new ShardLocks(attachArena(job.arena), job.threadId);
const words = new Int32Array(job.counters);
const random = new Random(job.seed);
let pairs = 0;
let fails = 0;
let slowestMs = 0;

/** Not atomic, and slow enough to be interrupted. */
function increment(word: number): void {
  const before = words[word]!;
  for (let spin = random.below(20); spin > 0; spin--) if (words[word] !== before) break;
  words[word] = before + 1;
}

function take(shard: number): void {
  if (random.chance(0.5)) {
    if (locks.tryLock(shard)) return;
    fails++;
  }
  const startedAtMs = performance.now();
  locks.lock(shard);
  slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
}

for (let round = 0; round < job.rounds; round++) {
  const first = random.below(2);
  take(10 + first);
  increment(first);
  if (first === 0 && random.chance(0.3)) {
    take(11);
    increment(1);
    pairs++;
    locks.unlock(11);
  }
  locks.unlock(10 + first);
}
const report: LockReport = {
  counted: job.rounds + pairs,
  pairs,
  fails,
  slowestMs: Math.round(slowestMs),
};
parentPort!.postMessage(report);
