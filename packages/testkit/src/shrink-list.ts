/**
 * Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
 * 2002): finds a short sublist that still fails. It knows nothing about what the items are.
 */

export interface ShrinkLimits {
  /** How many sublists may be tried. */
  readonly maxTrials: number;
  /** When to stop, as Date.now() counts. */
  readonly deadlineMs: number;
}

/**
 * A sublist of `items`, in order, for which `fails` says true; the whole list if nothing shorter
 * was found within the limits. `fails(items)` is taken for granted.
 */
export async function shrinkList<T>(
  items: readonly T[],
  fails: (sublist: readonly T[]) => Promise<boolean>,
  limits: ShrinkLimits,
): Promise<readonly T[]> {
  let current = items;
  let parts = 2;
  let trials = 0;
  while (current.length > 1) {
    const size = Math.ceil(current.length / parts);
    let shorter: readonly T[] | undefined;
    for (let start = 0; start < current.length && shorter === undefined; start += size) {
      if (trials++ >= limits.maxTrials || Date.now() > limits.deadlineMs) return current;
      const without = current.toSpliced(start, size);
      if (without.length > 0 && (await fails(without))) shorter = without;
    }
    if (shorter !== undefined) {
      current = shorter;
      parts = Math.max(parts - 1, 2);
    } else if (size === 1) {
      return current;
    } else {
      parts = Math.min(parts * 2, current.length);
    }
  }
  return current;
}
