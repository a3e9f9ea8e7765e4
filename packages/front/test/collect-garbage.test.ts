// MEMORY PURGE collects on all fronts at once; the flag that takes is the process's. Thirty rounds:
// a race was found in one of ten.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'tap';

const THREADS = 4;
const ROUNDS = 30;
const MODULE = new URL('../src/collect-garbage.js', import.meta.url).href;
const BODY = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(${JSON.stringify(MODULE)}).then(({ collectGarbage }) => {
    Atomics.add(workerData, 0, 1);
    while (Atomics.load(workerData, 0) < ${THREADS});
    collectGarbage();
    parentPort.postMessage('collected');
  });
`;

test('several threads collect for the first time at once', async (t) => {
  for (let round = 0; round < ROUNDS; round++) {
    const workerData = new Int32Array(new SharedArrayBuffer(4));
    const workers = Array.from({ length: THREADS }, () => {
      return new Worker(BODY, { eval: true, workerData });
    });
    const answers = workers.map((worker) => once(worker, 'message'));
    t.same(await Promise.all(answers), Array(THREADS).fill(['collected']));
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
});
