// Thread of doorbell.test.ts: passes a turn back and forth, sleeping whenever it is the other's.

import { parentPort, workerData } from 'node:worker_threads';
import { Doorbell } from '../src/doorbell.ts';

export interface PingPongJob {
  readonly doorbells: SharedArrayBuffer;
  /** Word 0: whose turn it is. Word 1: how many turns were taken. */
  readonly turn: SharedArrayBuffer;
  readonly self: number;
  readonly players: number;
  readonly turns: number;
  /** Sleeps through the event loop instead of blocking. */
  readonly isAsync: boolean;
}

export interface PingPongReport {
  readonly sleeps: number;
  readonly lateWakes: number;
}

const SLEEP_MS = 5000;
const job = workerData as PingPongJob;
const words = new Int32Array(job.turn);
const bells = Array.from({ length: job.players }, (_, i) => new Doorbell(job.doorbells, i));
const own = bells[job.self]!;
let sleeps = 0;
let lateWakes = 0;

const hasWork = (): boolean =>
  Atomics.load(words, 0) === job.self || Atomics.load(words, 1) >= job.turns;

function timed(startedAtMs: number): void {
  if (performance.now() - startedAtMs >= SLEEP_MS * 0.9) lateWakes++;
}

async function waitForTurn(): Promise<void> {
  while (!hasWork()) {
    sleeps++;
    const startedAtMs = performance.now();
    if (!job.isAsync) {
      own.sleep(SLEEP_MS, hasWork);
    } else {
      await new Promise<void>((resolve) => {
        // The timer keeps the thread alive: a pending waitAsync does not.
        const alive = setTimeout(() => {}, SLEEP_MS * 2);
        const woken = (): void => {
          clearTimeout(alive);
          resolve();
        };
        if (!own.sleepAsync(SLEEP_MS, hasWork, woken)) woken();
      });
      own.awake();
    }
    timed(startedAtMs);
  }
}

for (;;) {
  await waitForTurn();
  if (Atomics.load(words, 1) >= job.turns) break;
  Atomics.add(words, 1, 1);
  const next = (job.self + 1) % job.players;
  Atomics.store(words, 0, next);
  bells[next]!.ring();
}
for (const bell of bells) bell.ring();
parentPort!.postMessage({ sleeps, lateWakes } satisfies PingPongReport);
