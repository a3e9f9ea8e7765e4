// Power losses at random moments of random workloads: everything synced is found, nothing is
// invented, no group is torn, the order holds. And proof that these tests would find a bug.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import type { FileSystem } from '../src/file-system.ts';
import { FaultFileSystem } from './fault-file-system.ts';
import { Model, Workload } from './wal-workload.ts';

/** FORGEKV_CRASHES=20000 for a long run. */
const CRASHES = Number(process.env.FORGEKV_CRASHES ?? 5000);
const STEPS = 120;

/** Runs workloads until so many power losses were looked at; returns the first problem. */
function crashMany(seed: number, crashes: number, files: (inner: FaultFileSystem) => FileSystem) {
  let looked = 0;
  let workloads = 0;
  let segments = 0;
  for (; looked < crashes; workloads++) {
    const random = new Random(seed + workloads);
    const disk = new FaultFileSystem();
    if (random.chance(0.3)) disk.short = new Random(seed - workloads);
    const logs = 1 + random.below(3);
    const workload = new Workload(files(disk), random, new Model(), { logs, smallBytes: 400 });
    let problem = '';
    disk.beforeChange = () => {
      if (problem !== '' || !random.chance(0.2)) return;
      looked++;
      const isPowerLoss = random.chance(0.9);
      const left = isPowerLoss ? disk.crash(random) : disk.restart();
      try {
        problem = workload.check(left, isPowerLoss);
      } catch (error) {
        problem = String(error);
      }
    };
    for (let step = 0; step < STEPS && problem === ''; step++) workload.step();
    if (problem !== '') return { problem: `seed ${seed + workloads}: ${problem}`, looked };
    for (let log = 0; log < logs; log++) segments += workload.logs.counters(log).segments;
  }
  return { problem: '', looked, workloads, segments };
}

test('power losses', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  const { problem, ...figures } = crashMany(seed, CRASHES, (disk) => disk);
  t.equal(problem, '');
  t.comment(JSON.stringify(figures));
});

/** A file system on which one call is overridden. */
function broken(disk: FaultFileSystem, call: Partial<FileSystem>): FileSystem {
  return new Proxy(disk, {
    get: (target, name) => {
      const own = call[name as keyof FileSystem];
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('a sync that does not sync is found', async (t) => {
  const { problem, looked } = crashMany(1, 2000, (disk) => broken(disk, { fdatasync: () => {} }));
  t.match(problem, /is lost|was durable is not whole/);
  t.comment(`after ${looked} crashes: ${problem}`);
});

test('names that are not made durable are found', async (t) => {
  const { problem, looked } = crashMany(1, 2000, (disk) =>
    broken(disk, { syncDirectory: () => {} }),
  );
  t.not(problem, '');
  t.comment(`after ${looked} crashes: ${problem}`);
});

test('several lives, each ended by a power loss', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  for (let run = 0; run < 60; run++) {
    const random = new Random(seed + run);
    let disk = new FaultFileSystem();
    for (let life = 0; life < 4; life++) {
      // Each life writes lsns of its own; what came before is covered.
      const model = new Model();
      model.lastLsn.fill(life * 100_000);
      model.floor.fill(life * 100_000);
      const workload = new Workload(disk, random, model, { logs: 1 + random.below(3) });
      for (let step = 0; step < 60; step++) workload.step();
      workload.finish();
      disk = disk.crash(random);
      const problem = workload.check(disk, true);
      if (problem !== '') return t.fail(`seed ${seed + run} life ${life}: ${problem}`);
    }
  }
  t.pass();
});
