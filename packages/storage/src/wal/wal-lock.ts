// A lock in one word of shared memory, for work that may take a while: whoever finds it taken
// sleeps. Not for short sections on hot paths; those have spin locks of their own.
//
// States: 0 free, 1 held, 2 held and somebody may sleep. A waiter takes the lock with 2, since
// it cannot know whether others still sleep; the release then wakes one thread too many at
// worst. The timeout of a sleep only bounds what a lost wake-up would cost.

import { invariant } from '@forgekv/base';

const FREE = 0;
const HELD = 1;
const WAITED_FOR = 2;
const SLEEP_MS = 20;

/**
 * Takes the lock, sleeping when it must.
 * @param timeoutMs after which it gives up: its holder may have died with the lock
 * @returns false when it gave up
 */
export function takeLock(words: Int32Array, index: number, timeoutMs: number): boolean {
  if (Atomics.compareExchange(words, index, FREE, HELD) === FREE) return true;
  const giveUpAtMs = performance.now() + timeoutMs;
  while (Atomics.exchange(words, index, WAITED_FOR) !== FREE) {
    if (performance.now() >= giveUpAtMs) return false;
    Atomics.wait(words, index, WAITED_FOR, SLEEP_MS);
  }
  return true;
}

/** Gives back a lock this thread holds. */
export function releaseLock(words: Int32Array, index: number): void {
  const before = Atomics.exchange(words, index, FREE);
  invariant(before !== FREE, 'a lock of the log is released by a stranger');
  if (before === WAITED_FOR) Atomics.notify(words, index, 1);
}
