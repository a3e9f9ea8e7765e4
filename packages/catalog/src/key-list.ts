// Where key extraction writes the argument indexes it finds.

/** Returned instead of a count when the arguments contradict themselves. */
export const KEYS_INVALID = -1;

/** Where the indexes go; it must have room for one entry for each argument. */
export type IndexList = Int32Array | number[];

/** Writes `first`, `first + step`, ... up to `last` from position `count` on; the new count. */
export function pushRange(
  out: IndexList,
  count: number,
  first: number,
  last: number,
  step: number,
): number {
  for (let index = first; index <= last; index += step) out[count++] = index;
  return count;
}
