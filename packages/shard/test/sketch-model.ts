// Large sketches beside plain maps that had the same done to them: the bytes that are not zero, by
// where they lie. What they would mean to a filter is not asked for here.

import type { Random } from '@forgekv/base';
import { LargeSketch, SKETCH_PAGE_BYTES } from '@forgekv/datatypes';

const MOST_PAGES = 300;

/** A sketch of zero bytes; no value is without any. */
export function emptySketch(type: number): LargeSketch {
  const sketch = new LargeSketch(type);
  sketch.memory.resize(100);
  return sketch;
}

/** Makes a random change to both. */
export function changeSketch(
  random: Random,
  { memory }: LargeSketch,
  plain: Map<string, string>,
): void {
  const draw = random.below(100);
  if (draw < 10) {
    const length = memory.length + random.below(2 * SKETCH_PAGE_BYTES);
    if (length < MOST_PAGES * SKETCH_PAGE_BYTES) memory.resize(length);
  } else if (draw < 13) {
    memory.resize(1 + random.below(memory.length));
    for (const at of plain.keys()) if (Number(at) >= memory.length) plain.delete(at);
  } else {
    const at = random.below(memory.length);
    const value = 1 + random.below(255);
    memory.setByte(at, value);
    plain.set(`${at}`, `${value}`);
  }
}

export function textsOfSketch({ memory }: LargeSketch): string[] {
  const found: string[] = [];
  for (const [at, value] of memory.slice(0, memory.length).entries()) {
    if (value !== 0) found.push(`${at}=${value}`);
  }
  return found;
}
