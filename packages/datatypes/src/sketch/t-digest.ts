// t-digests, the merging kind: Dunning, Ertl, "Computing Extremely Accurate Quantiles Using
// t-Digests" (2019). Observations lie in a buffer until it is full; then they are sorted and merged
// with the centroids, each of which may be the larger the farther it is from the ends. Nothing that
// only reads changes the bytes: it merges a copy.
//
//   version u8 | 0, 3 bytes | compression u32 | merged u32 | unmerged u32 | merged weight f64
//   least f64 | greatest f64 | compressions f64 | 0, 16 bytes
//   means, f64 each: those of the centroids, then the buffer's | weights of the centroids, f64 each

import { MOST_SKETCH_BYTES, type SketchMemory } from './sketch-memory.ts';
import { Centroids } from './t-digest-centroids.ts';

const VERSION = 1;
const COMPRESSION_AT = 4;
const MERGED_AT = 8;
const UNMERGED_AT = 12;
const WEIGHT_AT = 16;
const LEAST_AT = 24;
const GREATEST_AT = 32;
const COMPRESSIONS_AT = 40;
const HEAD_BYTES = 64;
const NUMBER_BYTES = 8;

/** Centroids and buffered observations together. */
export function digestCapacity(compression: number): number {
  return 6 * compression + 10;
}

function digestBytes(compression: number): number {
  return HEAD_BYTES + 2 * NUMBER_BYTES * digestCapacity(compression);
}

/** Makes an empty digest; false: it would be too large. */
export function createDigest(memory: SketchMemory, compression: number, most: number): boolean {
  const length = digestBytes(compression);
  if (!(length <= MOST_SKETCH_BYTES) || !memory.clear(length, most)) return false;
  memory.setByte(0, VERSION);
  memory.setUint32(COMPRESSION_AT, compression);
  resetDigest(memory);
  return true;
}

/** Forgets all observations. */
export function resetDigest(memory: SketchMemory): void {
  memory.setUint32(MERGED_AT, 0);
  memory.setUint32(UNMERGED_AT, 0);
  memory.setFloat(WEIGHT_AT, 0);
  memory.setFloat(LEAST_AT, Number.POSITIVE_INFINITY);
  memory.setFloat(GREATEST_AT, Number.NEGATIVE_INFINITY);
  memory.setFloat(COMPRESSIONS_AT, 0);
}

/** Adds a finite observation. */
export function addToDigest(memory: SketchMemory, value: number): void {
  const compression = memory.uint32(COMPRESSION_AT);
  let merged = memory.uint32(MERGED_AT);
  let unmerged = memory.uint32(UNMERGED_AT);
  if (merged + unmerged >= digestCapacity(compression)) {
    storeCentroids(memory, centroidsOf(memory));
    memory.setFloat(COMPRESSIONS_AT, memory.float(COMPRESSIONS_AT) + 1);
    merged = memory.uint32(MERGED_AT);
    unmerged = 0;
  }
  memory.setFloat(HEAD_BYTES + (merged + unmerged) * NUMBER_BYTES, value);
  memory.setUint32(UNMERGED_AT, unmerged + 1);
  if (value < memory.float(LEAST_AT)) memory.setFloat(LEAST_AT, value);
  if (value > memory.float(GREATEST_AT)) memory.setFloat(GREATEST_AT, value);
}

/** Returns the centroids of all observations; they are no part of the digest. */
export function centroidsOf(memory: SketchMemory): Centroids {
  const merged = memory.uint32(MERGED_AT);
  const unmerged = memory.uint32(UNMERGED_AT);
  const compression = memory.uint32(COMPRESSION_AT);
  const centroids = new Centroids(
    numbers(memory, HEAD_BYTES, merged),
    numbers(memory, HEAD_BYTES + digestCapacity(compression) * NUMBER_BYTES, merged),
    memory.float(LEAST_AT),
    memory.float(GREATEST_AT),
  );
  if (unmerged === 0) return centroids;
  const values = numbers(memory, HEAD_BYTES + merged * NUMBER_BYTES, unmerged).sort();
  const ones = new Float64Array(unmerged).fill(1);
  const added = new Centroids(values, ones, centroids.least, centroids.greatest);
  return centroids.mergedWith(added, compression);
}

function numbers(memory: SketchMemory, at: number, count: number): Float64Array<ArrayBuffer> {
  const found = new Float64Array(count);
  const bytes = new Uint8Array(found.buffer);
  bytes.set(memory.slice(at, count * NUMBER_BYTES));
  return found;
}

function storeCentroids(memory: SketchMemory, centroids: Centroids): void {
  const { means, weights } = centroids;
  const capacity = digestCapacity(memory.uint32(COMPRESSION_AT));
  memory.setUint32(MERGED_AT, means.length);
  memory.setUint32(UNMERGED_AT, 0);
  memory.setFloat(WEIGHT_AT, centroids.weight);
  memory.setFloat(LEAST_AT, centroids.least);
  memory.setFloat(GREATEST_AT, centroids.greatest);
  memory.write(HEAD_BYTES, bytesOf(means));
  memory.write(HEAD_BYTES + capacity * NUMBER_BYTES, bytesOf(weights));
}

function bytesOf(values: Float64Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

/** Makes `into`, a new digest, the sum of others. */
export function mergeDigests(into: SketchMemory, sources: readonly SketchMemory[]): void {
  const compression = into.uint32(COMPRESSION_AT);
  let sum = centroidsOf(into);
  let merges = 0;
  for (const source of sources) {
    const centroids = centroidsOf(source);
    if (centroids.weight === 0) continue;
    sum = sum.mergedWith(centroids, compression);
    merges++;
  }
  storeCentroids(into, sum);
  into.setFloat(COMPRESSIONS_AT, merges);
}

export interface DigestFacts {
  readonly compression: number;
  readonly capacity: number;
  readonly merged: number;
  readonly unmerged: number;
  readonly mergedWeight: number;
  readonly compressions: number;
  /** Infinite when there are no observations. */
  readonly least: number;
  readonly greatest: number;
  readonly bytes: number;
}

export function digestFacts(memory: SketchMemory): DigestFacts {
  const compression = memory.uint32(COMPRESSION_AT);
  return {
    compression,
    capacity: digestCapacity(compression),
    merged: memory.uint32(MERGED_AT),
    unmerged: memory.uint32(UNMERGED_AT),
    mergedWeight: memory.float(WEIGHT_AT),
    compressions: memory.float(COMPRESSIONS_AT),
    least: memory.float(LEAST_AT),
    greatest: memory.float(GREATEST_AT),
    bytes: memory.length,
  };
}

/** True when bytes from elsewhere are a digest that nothing here can stumble over. */
export function isDigest(memory: SketchMemory): boolean {
  if (memory.length < HEAD_BYTES || memory.byte(0) !== VERSION) return false;
  const { compression, capacity, merged, unmerged, mergedWeight } = digestFacts(memory);
  if (compression < 1 || digestBytes(compression) !== memory.length) return false;
  if (merged + unmerged > capacity || merged > 4 * compression + 4) return false;
  let weight = 0;
  for (let i = 0; i < merged + unmerged; i++) {
    if (!Number.isFinite(memory.float(HEAD_BYTES + i * NUMBER_BYTES))) return false;
  }
  for (let i = 0; i < merged; i++) {
    const at = HEAD_BYTES + i * NUMBER_BYTES;
    const each = memory.float(at + capacity * NUMBER_BYTES);
    if (!(each >= 1) || (i > 0 && memory.float(at) < memory.float(at - NUMBER_BYTES))) return false;
    weight += each;
  }
  const { least, greatest } = digestFacts(memory);
  const isEmpty = merged + unmerged === 0;
  return weight === mergedWeight && (isEmpty || (Number.isFinite(least) && least <= greatest));
}
