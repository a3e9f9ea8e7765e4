// What commands have in common that take the first of several keys that holds something, and, where
// none does, may wait for one.

import type { CommandContext } from './context.ts';
import { DONE, type Outcome } from './outcome.ts';

/** A collection that can be opened: its entry, 0: there is none, below 0: what `refuse` takes. */
interface Openable {
  open(c: CommandContext, index: number): number;
}

/**
 * Opens the keys at the arguments `first` to `last`, in this order, up to one that holds something.
 * @returns the argument of that one, which is open; 0: none does; below 0: what `refuse` takes
 */
export function firstPresent(
  c: CommandContext,
  value: Openable,
  first: number,
  last: number,
): number {
  for (let i = first; i <= last; i++) {
    const entry = value.open(c, i);
    if (entry !== 0) return entry < 0 ? entry : i;
  }
  return 0;
}

/** Waits for a key of a type at the arguments `first` to `last`, or answers that there is none. */
export function waitForAny(
  c: CommandContext,
  type: number,
  first: number,
  last: number,
  timeoutMs: number,
): Outcome {
  const outcome = c.blocking.begin({ first, last, type, target: 0, timeoutMs });
  if (outcome === DONE) c.reply.nullArray();
  return outcome;
}
