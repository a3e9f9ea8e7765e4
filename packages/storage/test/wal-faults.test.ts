// Failing operations, full disks and flipped bits: a log that cannot go on says so, loses nothing
// it had taken, goes on when it can, and damage is never replayed.

import { Random } from '@forgekv/base';
import { test } from 'tap';
import { openWalDirectory, replay, WalDamageError } from '../src/wal/index.ts';
import { FaultFileSystem, type Operation } from './fault-file-system.ts';
import { DIRECTORY, Model, Workload } from './wal-workload.ts';

const STEPS = 100;
const OPERATIONS: readonly Operation[] = [
  'write',
  'sync',
  'create',
  'open',
  'rename',
  'unlink',
  'syncDirectory',
];

/** Runs the same workload with one failing operation; returns what is wrong, or how it went. */
function runWithFault(
  seed: number,
  fault: { operation: Operation; n: number; code: string } | undefined,
): { problem: string; files: FaultFileSystem; fenced: boolean } {
  const random = new Random(seed);
  const files = new FaultFileSystem();
  const workload = new Workload(files, random, new Model(), { logs: 2, maxSegments: 8 });
  if (fault !== undefined) files.failAt(fault.operation, fault.n, fault.code);
  let fenced = false;
  for (let step = 0; step < STEPS; step++) {
    try {
      workload.step();
    } catch (error) {
      // Taking old segments away may fail; the next time goes on.
      if (!/EIO|ENOSPC/.test(String(error))) throw error;
    }
    fenced ||= [0, 1].some((log) => workload.logs.state(log) !== 0);
    if (step % 10 === 0) {
      const problem = workload.check(files.crash(random), true);
      if (problem !== '') return { problem: `step ${step}: ${problem}`, files, fenced };
    }
    workload.heal();
  }
  // The fault may come only now.
  if (!workload.finish()) workload.heal();
  if (!workload.finish()) return { problem: 'a log stays fenced', files, fenced };
  const problem =
    workload.check(files.restart(), false) || workload.check(files.crash(random), true);
  return { problem, files, fenced };
}

for (const code of ['EIO', 'ENOSPC']) {
  test(`${code} at every operation of a workload`, async (t) => {
    const seed = Date.now() & 0x7fffffff;
    t.comment(`seed ${seed}`);
    const { files, problem } = runWithFault(seed, undefined);
    t.equal(problem, '');
    let cases = 0;
    let fences = 0;
    for (const operation of OPERATIONS) {
      const count = files.count(operation);
      for (let n = 1; n <= count; n++) {
        const run = runWithFault(seed, { operation, n, code });
        if (run.problem !== '') return t.fail(`${operation} ${n}: ${run.problem}`);
        cases++;
        if (run.fenced) fences++;
      }
    }
    t.ok(fences > 5, `${cases} cases, ${fences} fenced`);
  });
}

test('a disk that is full, and has room again', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  for (let run = 0; run < 40; run++) {
    const random = new Random(seed + run);
    const files = new FaultFileSystem();
    files.spaceBytes = (64 << 10) * (1 + random.below(5)) + random.below(64 << 10);
    const workload = new Workload(files, random, new Model(), { logs: 2 });
    for (let step = 0; workload.refused < 5; step++) {
      workload.group(step & 1);
      if (step % 3 === 0) workload.finish();
      if (step > 100_000) return t.fail('never full');
    }
    t.equal(workload.logs.fenceCode(0) || workload.logs.fenceCode(1), 'ENOSPC');
    t.equal(workload.check(files.restart(), false), '');
    for (const log of [0, 1]) {
      if (workload.logs.state(log) !== 0) t.equal(workload.logs.retry(log), false, 'still full');
    }
    files.spaceBytes = Number.POSITIVE_INFINITY;
    workload.heal();
    t.ok(workload.finish(), 'open again, and all is handed over');
    for (let i = 0; i < 20; i++) t.ok(workload.group(i & 1));
    t.ok(workload.finish());
    for (const log of [0, 1]) {
      t.ok(workload.logs.sync(log));
      t.equal(workload.logs.synced(log), workload.logs.sealed(log), 'nothing was lost');
    }
    const problem = workload.check(files.crash(random), true);
    if (problem !== '') return t.fail(`seed ${seed + run}: ${problem}`);
  }
});

test('a flipped bit is found or what follows is cut, and nothing wrong is replayed', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.comment(`seed ${seed}`);
  let damages = 0;
  let cuts = 0;
  for (let run = 0; run < 400; run++) {
    const random = new Random(seed + run);
    const files = new FaultFileSystem();
    const workload = new Workload(files, random, new Model(), { logs: 2 });
    for (let step = 0; step < 40; step++) workload.step();
    workload.finish();
    for (const log of [0, 1]) workload.logs.sync(log);
    for (let flip = 0; flip < 3; flip++) {
      const left = files.restart();
      const { lives } = openWalDirectory(DIRECTORY, left);
      const life = random.pick(lives);
      const { path, start } = random.pick(life.segments);
      const used = Math.min(64 << 10, 4096 + workload.logs.handed(life.log) - start);
      const at = random.chance(0.2) ? random.below(64) : random.below(used);
      left.contents(path)[at]! ^= 1 << random.below(8);
      let problem = '';
      try {
        problem = workload.check(left, false);
      } catch (error) {
        if (!(error instanceof WalDamageError)) throw error;
        damages++;
      }
      if (problem !== '') {
        cuts++;
        if (!problem.endsWith('is lost')) return t.fail(`seed ${seed + run}: ${problem}`);
      }
      problem = workload.check(left, false, { recover: true });
      if (!/^$|is lost$|follows a hole$/.test(problem)) {
        return t.fail(`seed ${seed + run}, recovery: ${problem}`);
      }
    }
  }
  t.ok(damages > 100, `${damages} damages, ${cuts} cuts at the end of a log`);
});

test('damage names file and offset and what recovery would keep; recovery keeps it', async (t) => {
  const files = new FaultFileSystem();
  const workload = new Workload(files, new Random(7), new Model(), { logs: 1 });
  let target = 0;
  for (let i = 0; i < 30; i++) {
    workload.group(0);
    workload.seal(0);
    workload.logs.handOver(0);
    workload.logs.sync(0);
    if (i === 9) target = workload.logs.handed(0);
  }
  const { lives } = openWalDirectory(DIRECTORY, files);
  const segment = lives[0]!.segments.findLast(({ start }) => start <= target)!;
  const offset = 4096 + target - segment.start;
  files.contents(segment.path)[offset + 50]! ^= 4;
  t.throws(() => replay(openWalDirectory(DIRECTORY, files), { apply: () => {} }), {
    name: 'WalDamageError',
    file: segment.path,
    offset,
  });
  t.match(workload.check(files, false, { recover: true }), /group 10 is lost/);
  t.same(
    workload.result?.damages.map((cut) => [cut.file, cut.offset]),
    [[segment.path, offset]],
  );
  t.ok(workload.result!.applied > 19);
  files.contents(segment.path)[offset + 50]! ^= 4;
  t.equal(workload.check(files, false), '');
});
