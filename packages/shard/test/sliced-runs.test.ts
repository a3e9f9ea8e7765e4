// Commands in slices beside others that change the same values: no reply is ever torn, everybody
// comes to an end, nothing stays held. And the same with bugs that it must find.

import { test } from 'tap';
import { type Planted, SlicedTraffic } from './sliced-traffic.ts';
import { TestDisk, TestWorker } from './test-worker.ts';

const STEPS = 8000;

for (const seed of [1, 2, 3]) {
  test(`long commands are atomic, seed ${seed}`, async (t) => {
    const traffic = new SlicedTraffic(await TestWorker.start(new TestDisk(t)), seed, 'nothing');
    traffic.run(STEPS);
    t.equal(traffic.problem, '');
    t.ok(traffic.done > 500, `${traffic.done} commands`);
    t.ok(traffic.waits > 20, `${traffic.waits} waits`);
    t.ok(traffic.pauses > 0, `${traffic.pauses} pauses`);
    t.ok(traffic.restarts > 0, `${traffic.restarts} restarts`);
    t.ok(traffic.left > 10, `${traffic.left} replies that nobody read`);
    t.comment(`${traffic.done} commands, ${traffic.slices} rounds, ${traffic.waits} waits`);
  });
}

for (const planted of ['no holds', 'no versions'] satisfies Planted[]) {
  test(`a planted bug is found: ${planted}`, async (t) => {
    const traffic = new SlicedTraffic(await TestWorker.start(new TestDisk(t)), 1, planted);
    traffic.run(STEPS);
    t.not(traffic.problem, '');
    t.comment(traffic.problem.slice(0, 80));
  });
}
