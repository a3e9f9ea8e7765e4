// Waiting for what happens soon, without waiting longer than needed.

import { setTimeout as sleep } from 'node:timers/promises';

/** Asks every 10 ms until the answer is yes; false when it never was. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 5000,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}
