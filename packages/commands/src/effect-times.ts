// Times in effects: unix milliseconds, as a client may name them.

import type { RespComposer } from '@forgekv/storage';

/** The latest time a client can name; as a double it is one more. */
const LATEST_MS = 2n ** 63n - 1n;

/** Writes a time, which may lie beyond the safe integers, and as a double round to what none is. */
export function composeTime(composer: RespComposer, atMs: number): void {
  if (Number.isSafeInteger(atMs)) {
    composer.bulkInteger(atMs);
    return;
  }
  const time = BigInt(atMs);
  composer.bulkText((time > LATEST_MS ? LATEST_MS : time).toString());
}
