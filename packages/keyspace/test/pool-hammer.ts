// Thread of slab-pool-threads.test.ts: takes and gives back pages as fast as it can, in shards
// that only it uses, and looks whether anybody else writes to them.

import { parentPort, workerData } from 'node:worker_threads';
import { invariant, Random } from '@forgekv/base';
import { type ArenaTransfer, attachArena } from '../src/arena.ts';
import { CLASS_BYTES, slotBytes } from '../src/size-classes.ts';
import { SlabPool } from '../src/slab-pool.ts';

export interface PoolJob {
  readonly arena: ArenaTransfer;
  readonly threadId: number;
  readonly steps: number;
  readonly seed: number;
}

export interface PoolReport {
  readonly problem: string;
  readonly taken: number;
  readonly full: number;
  readonly promises: number;
}

const job = workerData as PoolJob;
const arena = attachArena(job.arena);
const pool = new SlabPool(arena);
const random = new Random(job.seed);
/** Half a page and a whole one: nearly every slot means a page taken or given back. */
const classes = [CLASS_BYTES.length - 1, CLASS_BYTES.length - 5];
const held: { readonly slot: number; readonly sizeClass: number; readonly stamp: number }[] = [];
let taken = 0;
let full = 0;
let promises = 0;

function take(isPromised: boolean): void {
  const sizeClass = random.pick(classes);
  const slot = pool.allocate(job.threadId, sizeClass);
  if (slot === 0) {
    invariant(!isPromised, 'a promised page was not to be had');
    full++;
    return;
  }
  taken++;
  const stamp = (job.threadId << 24) | taken;
  const words = slotBytes(sizeClass) >> 2;
  arena.words[slot] = stamp;
  arena.words[slot + words - 1] = stamp;
  held.push({ slot, sizeClass, stamp });
}

function give(): void {
  const at = random.below(held.length);
  const { slot, sizeClass, stamp } = held[at]!;
  held[at] = held.at(-1)!;
  held.pop();
  const words = slotBytes(sizeClass) >> 2;
  const intact = arena.words[slot] === stamp && arena.words[slot + words - 1] === stamp;
  invariant(intact, 'a slot is used twice');
  arena.words.fill(0, slot, slot + words);
  pool.free(job.threadId, slot);
}

function step(): void {
  if (random.chance(0.1)) {
    const count = 1 + random.below(3);
    if (!pool.promise(count)) return;
    promises++;
    for (let i = 0; i < count; i++) take(true);
    pool.endPromise();
  } else if (held.length === 0 || random.chance(0.5)) {
    take(false);
  } else {
    give();
  }
}

let problem = '';
try {
  // On after its steps if it met too little: the others may have slept on all the pages.
  const hasMetAll = (): boolean => taken > 1000 && full > 100 && promises > 100;
  for (let i = 0; i < job.steps || (i < job.steps * 100 && !hasMetAll()); i++) step();
  while (held.length > 0) give();
} catch (error) {
  problem = (error as Error).message;
}
parentPort!.postMessage({ problem, taken, full, promises } satisfies PoolReport);
