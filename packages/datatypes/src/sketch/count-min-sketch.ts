// Count-min sketches: Cormode, Muthukrishnan, "An Improved Data Stream Summary: The Count-Min
// Sketch and its Applications" (2005). Rows of counters, one per row and item; the least of an
// item's counters is never below its count.
//
//   version u8 | 0, 3 bytes | depth u32 | width f64 | count f64 | depth rows of width counters, u32

import { itemHash, mix } from './item-hash.ts';
import { MOST_SKETCH_BYTES, type SketchMemory } from './sketch-memory.ts';

const VERSION = 1;
const DEPTH_AT = 4;
const WIDTH_AT = 8;
const COUNT_AT = 16;
const HEAD_BYTES = 24;
const COUNTER_BYTES = 4;
/** A counter that has come to this has stopped. */
export const MOST_COUNTED = 2 ** 32 - 1;

/** Bytes of a sketch; above MOST_SKETCH_BYTES: there is none such. */
export function countMinBytes(width: number, depth: number): number {
  return HEAD_BYTES + width * depth * COUNTER_BYTES;
}

/**
 * Width and depth for an error, relative to all counts, and the probability of a larger one: two
 * over the error, and a row for every halving.
 */
export function countMinSize(error: number, probability: number): [number, number] {
  return [Math.ceil(2 / error), Math.ceil(Math.log10(probability) / Math.log10(0.5))];
}

/** Makes an empty sketch; false: it would be too large. */
export function createCountMin(
  memory: SketchMemory,
  width: number,
  depth: number,
  most: number,
): boolean {
  const length = countMinBytes(width, depth);
  if (!(length <= MOST_SKETCH_BYTES) || !memory.clear(length, most)) return false;
  memory.setByte(0, VERSION);
  memory.setUint32(DEPTH_AT, depth);
  memory.setFloat(WIDTH_AT, width);
  return true;
}

/** Where the counter of the item that was hashed last lies in a row. */
function counterAt(row: number, width: number): number {
  const spread = mix((itemHash.a + Math.imul(row, itemHash.b | 1)) | 0) >>> 0;
  const column = Math.floor((spread / 2 ** 32) * width);
  return HEAD_BYTES + (row * width + column) * COUNTER_BYTES;
}

/** Adds to the counts of the item that was hashed last; returns its estimate then. */
export function addToCountMin(memory: SketchMemory, increment: number): number {
  const width = memory.float(WIDTH_AT);
  const depth = memory.uint32(DEPTH_AT);
  let least = MOST_COUNTED;
  for (let row = 0; row < depth; row++) {
    const at = counterAt(row, width);
    const count = Math.min(MOST_COUNTED, memory.uint32(at) + increment);
    memory.setUint32(at, count);
    if (count < least) least = count;
  }
  setCount(memory, memory.float(COUNT_AT) + increment);
  return least;
}

/** The estimate of the item that was hashed last. */
export function countInCountMin(memory: SketchMemory): number {
  const width = memory.float(WIDTH_AT);
  const depth = memory.uint32(DEPTH_AT);
  let least = MOST_COUNTED;
  for (let row = 0; row < depth; row++) {
    least = Math.min(least, memory.uint32(counterAt(row, width)));
  }
  return least;
}

function setCount(memory: SketchMemory, count: number): void {
  memory.setFloat(COUNT_AT, Math.min(Number.MAX_SAFE_INTEGER, count));
}

export interface CountMinFacts {
  readonly width: number;
  readonly depth: number;
  readonly count: number;
}

export function countMinFacts(memory: SketchMemory): CountMinFacts {
  return {
    width: memory.float(WIDTH_AT),
    depth: memory.uint32(DEPTH_AT),
    count: memory.float(COUNT_AT),
  };
}

/**
 * Makes `into`, a new sketch, the weighted sum of others of its size.
 * @returns false when a counter would leave its range: `into` is of no use then
 */
export function mergeCountMin(
  into: SketchMemory,
  sources: readonly SketchMemory[],
  weights: readonly number[],
): boolean {
  let total = 0;
  for (const [i, source] of sources.entries()) total += source.float(COUNT_AT) * weights[i]!;
  if (!(total >= 0 && total <= Number.MAX_SAFE_INTEGER)) return false;
  setCount(into, total);
  const counters = countersOf(into);
  const terms = sources.map(countersOf);
  for (let at = 0; at < counters.length; at++) {
    let sum = 0;
    for (let i = 0; i < terms.length; i++) sum += terms[i]![at]! * weights[i]!;
    if (!(sum >= 0 && sum <= MOST_COUNTED)) return false;
    counters[at] = sum;
  }
  into.touchRange(HEAD_BYTES, into.length - HEAD_BYTES);
  return true;
}

/** A view of all counters; a sketch begins at a whole word. */
function countersOf({ bytes, base, length }: SketchMemory): Uint32Array {
  const count = (length - HEAD_BYTES) / COUNTER_BYTES;
  return new Uint32Array(bytes.buffer, bytes.byteOffset + base + HEAD_BYTES, count);
}

/** True when bytes from elsewhere are a sketch that nothing here can stumble over. */
export function isCountMin(memory: SketchMemory): boolean {
  if (memory.length <= HEAD_BYTES || memory.byte(0) !== VERSION) return false;
  const { width, depth, count } = countMinFacts(memory);
  if (!Number.isSafeInteger(width) || width < 1 || depth < 1) return false;
  return countMinBytes(width, depth) === memory.length && count >= 0 && Number.isSafeInteger(count);
}
