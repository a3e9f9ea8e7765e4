// Doorbells: who sleeps is woken, who is awake is left alone, and no wake-up is ever lost.

import { test } from 'tap';
import { createDoorbellMemory, DOORBELL_WORDS, Doorbell } from '../src/doorbell.ts';
import type { PingPongJob, PingPongReport } from './ping-pong.ts';
import { runThread } from './run-thread.ts';

const never = (): boolean => false;

test('a ring while the owner is awake does nothing', async (t) => {
  const memory = createDoorbellMemory(2);
  const words = new Int32Array(memory);
  new Doorbell(memory, 1).ring();
  t.ok(words.every((word) => word === 0));
});

test('sleep: timeout, work at hand, work that arrives while falling asleep', async (t) => {
  const memory = createDoorbellMemory(1);
  const bell = new Doorbell(memory, 0);
  const took = (run: () => void): number => {
    const startedAtMs = performance.now();
    run();
    return performance.now() - startedAtMs;
  };
  t.ok(took(() => bell.sleep(50, never)) >= 45, 'sleeps until the timeout');
  t.ok(took(() => bell.sleep(5000, () => true)) < 4000, 'does not sleep with work at hand');
  // The worst moment: published and rung after the last look at the work.
  const ringsLate = (): boolean => {
    bell.ring();
    return false;
  };
  t.ok(took(() => bell.sleep(5000, ringsLate)) < 4000, 'rung between the look and the sleep');
  t.equal(new Int32Array(memory)[1], 0, 'awake again');
});

test('sleepAsync: timeout, work at hand, rung', async (t) => {
  const memory = createDoorbellMemory(3);
  const bell = new Doorbell(memory, 2);
  const other = new Doorbell(memory, 2);
  const words = new Int32Array(memory);
  const alive = setInterval(() => {}, 1000);
  t.equal(
    bell.sleepAsync(
      5000,
      () => true,
      () => t.fail('called without a sleep'),
    ),
    false,
  );
  t.equal(words[2 * DOORBELL_WORDS + 1], 0);
  await new Promise<void>((resolve) => {
    t.equal(bell.sleepAsync(20, never, resolve), true);
    t.equal(words[2 * DOORBELL_WORDS + 1], 1);
  });
  bell.awake();
  t.equal(words[2 * DOORBELL_WORDS + 1], 0, 'awake after the timeout');
  const startedAtMs = performance.now();
  await new Promise<void>((resolve) => {
    bell.sleepAsync(5000, never, resolve);
    other.ring();
    other.ring();
  });
  t.ok(performance.now() - startedAtMs < 4000, 'woken by the ring');
  t.equal(words[2 * DOORBELL_WORDS], 1, 'one of two rings made the call');
  const ringsLate = (): boolean => {
    other.ring();
    return false;
  };
  t.equal(
    bell.sleepAsync(5000, ringsLate, () => {}),
    false,
    'rung while falling asleep',
  );
  clearInterval(alive);
});

for (const [players, turns, isAsync] of [
  [2, 20_000, false],
  [3, 6000, false],
  [2, 3000, true],
] as const) {
  test(`${players} threads take turns, ${isAsync ? 'async' : 'blocking'}`, async (t) => {
    const job = {
      doorbells: createDoorbellMemory(players),
      turn: new SharedArrayBuffer(8),
      players,
      turns,
      isAsync,
    };
    const reports = await Promise.all(
      Array.from({ length: players }, (_, self) =>
        runThread<PingPongReport>('./ping-pong.js', { ...job, self } satisfies PingPongJob),
      ),
    );
    t.ok(
      reports.some(({ sleeps }) => sleeps > turns / 100),
      'they did sleep',
    );
    t.ok(
      reports.every(({ lateWakes }) => lateWakes === 0),
      'no wake-up was lost',
    );
    t.comment(JSON.stringify(reports));
  });
}
