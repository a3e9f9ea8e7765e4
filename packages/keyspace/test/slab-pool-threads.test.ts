// The list of free pages under several threads, which share nothing else here.

import { Worker } from 'node:worker_threads';
import { test } from 'tap';
import { POOL_PROMISED } from '../src/layout.ts';
import { SlabPool } from '../src/slab-pool.ts';
import { smallArena } from './keyed-table.ts';
import { Problems, walkPages } from './page-walk.ts';
import type { PoolJob, PoolReport } from './pool-hammer.ts';

function hammer(workerData: PoolJob): Promise<PoolReport> {
  return new Promise((resolve, reject) => {
    const url = new URL('./pool-hammer.js', import.meta.url);
    const thread = new Worker(url, { workerData, execArgv: [] });
    thread.once('message', resolve);
    thread.once('error', reject);
  });
}

test('three threads take and give back pages', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const arena = smallArena(12);
  const reports = await Promise.all(
    [1, 2, 3].map((threadId) =>
      hammer({ arena: arena.transfer, threadId, steps: 150_000, seed: seed + threadId }),
    ),
  );
  for (const { problem, taken, full, promises } of reports) {
    t.equal(problem, '');
    t.ok(taken > 1000 && full > 100 && promises > 100, `${taken}, ${full}, ${promises}`);
  }
  const problems = new Problems();
  walkPages(arena, problems);
  t.same(problems.list, []);
  t.equal(arena.words[POOL_PROMISED], 0);
  t.equal(new SlabPool(arena).freePages, 12);
});
