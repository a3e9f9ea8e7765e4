// The slot sizes of the slab pool: four steps per doubling, so at most a fifth is wasted.

import { invariant } from '@forgekv/base';
import { PAGE_BYTES, SEGMENT_BYTES } from './layout.ts';

const sizes: number[] = [];
for (let bytes = 48; bytes <= 128; bytes += 16) sizes.push(bytes);
for (let step = 32; sizes.at(-1)! < PAGE_BYTES; step *= 2) {
  for (let i = 0; i < 4 && sizes.at(-1)! < PAGE_BYTES; i++) sizes.push(sizes.at(-1)! + step);
}

/** Bytes of a slot per size class, ascending, multiples of 16. */
export const CLASS_BYTES: Int32Array = Int32Array.from(sizes);
/** The class of index segments: its own, so that walks over entries skip their pages. */
export const INDEX_CLASS: number = CLASS_BYTES.length;
/** Slots in a page per class, the index class last. */
export const CLASS_SLOTS: Int32Array = Int32Array.from([...sizes, SEGMENT_BYTES], (bytes) =>
  Math.floor(PAGE_BYTES / bytes),
);

const UNIT_CLASS = new Uint8Array(PAGE_BYTES / 16 + 1);
for (let unit = 0, index = 0; unit < UNIT_CLASS.length; unit++) {
  while (unit * 16 > CLASS_BYTES[index]!) index++;
  UNIT_CLASS[unit] = index;
}

/** Returns the smallest class whose slots hold `bytes` (1..PAGE_BYTES). */
export function classFor(bytes: number): number {
  invariant(bytes <= PAGE_BYTES, 'an entry is larger than a page');
  return UNIT_CLASS[(bytes + 15) >>> 4]!;
}

/** Returns the bytes of a slot of a class, the index class included. */
export function slotBytes(sizeClass: number): number {
  return sizeClass === INDEX_CLASS ? SEGMENT_BYTES : CLASS_BYTES[sizeClass]!;
}
