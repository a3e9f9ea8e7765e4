// Thread of hot-keys.test.ts: adds ever new keys, each of one letter.

import { parentPort, workerData } from 'node:worker_threads';
import { HotKeySketch } from '../src/hot-keys.ts';

export interface HotKeyJob {
  readonly memory: SharedArrayBuffer;
  readonly steps: number;
  /** The version is never raised: a bug to be found. */
  readonly isPlanted: boolean;
}

const job = workerData as HotKeyJob;
if (job.isPlanted) Atomics.add = ((words: Int32Array, at: number) => words[at]) as never;
const sketch = new HotKeySketch(job.memory);
for (let i = 0; i < job.steps; i++) {
  const key = Buffer.alloc(128, 97 + (i % 26));
  sketch.add(key, 0, 1 + ((i * 7) % 128), i, 0, Date.now());
}
parentPort?.postMessage('');
