// Cuckoo filters: Fan, Andersen, Kaminsky, Mitzenmacher, "Cuckoo Filter: Practically Better Than
// Bloom" (2014). An item is a fingerprint of 16 bits in one of two buckets, each of which tells the
// other. A filter that is full gets another, larger one behind it; numbers of buckets are powers of
// two, so that a fingerprint finds its buckets in each of them.
//
//   version u8 | bucket size u8 | filters u16 | iterations u16 | expansion u16 | buckets f64
//   items f64 | deletes f64 | then the fingerprints, u16 each, 0: none, filter by filter
//
// Nothing is left to chance: which fingerprint has to move follows from what is there.

import { itemHash, mix } from './item-hash.ts';
import { MOST_SKETCH_BYTES, type SketchMemory } from './sketch-memory.ts';

export interface CuckooOptions {
  readonly capacity: number;
  /** Fingerprints of a bucket, 1 to 255. */
  readonly bucketSize: number;
  /** Moves until a filter counts as full, 1 to 65535. */
  readonly maxIterations: number;
  /** How much larger each filter is than the one before, 0: there is only one; up to 32768. */
  readonly expansion: number;
}

export const CUCKOO_ADDED = 1;
export const CUCKOO_FOUND = 0;
/** The filter is not allowed more. */
export const CUCKOO_NO_ROOM = -1;
/** It has no place, and does not expand. */
export const CUCKOO_FULL = -2;

const VERSION = 1;
const HEAD_BYTES = 32;
const BUCKET_SIZE_AT = 1;
const FILTERS_AT = 2;
const ITERATIONS_AT = 4;
const EXPANSION_AT = 6;
const BUCKETS_AT = 8;
const ITEMS_AT = 16;
const DELETES_AT = 24;
const PRINT_BYTES = 2;

export const MOST_CUCKOO_FILTERS = 32;
const MOST_EXPANSION = 32768;
/** With more deletions than this share of the items, filters are emptied into the ones before. */
const COMPACT_SHARE = 0.1;

/** Makes an empty filter; false: it would be too large. */
export function createCuckoo(memory: SketchMemory, options: CuckooOptions, most: number): boolean {
  const { capacity, bucketSize, maxIterations, expansion } = options;
  const buckets = powerOfTwo(Math.floor(capacity / bucketSize));
  const length = HEAD_BYTES + buckets * bucketSize * PRINT_BYTES;
  if (length > MOST_SKETCH_BYTES || !memory.clear(length, most)) return false;
  memory.setByte(0, VERSION);
  memory.setByte(BUCKET_SIZE_AT, bucketSize);
  memory.setUint16(FILTERS_AT, 1);
  memory.setUint16(ITERATIONS_AT, maxIterations);
  memory.setUint16(EXPANSION_AT, expansion === 0 ? 0 : powerOfTwo(expansion));
  memory.setFloat(BUCKETS_AT, buckets);
  return true;
}

function powerOfTwo(atLeast: number): number {
  let power = 1;
  while (power < atLeast) power *= 2;
  return power;
}

// The filters of the value that is worked on, newest last; set by `open`.
const starts = new Float64Array(MOST_CUCKOO_FILTERS);
const buckets = new Float64Array(MOST_CUCKOO_FILTERS);
let filters = 0;
let bucketSize = 0;
let print = 0;

function open(memory: SketchMemory): void {
  filters = memory.uint16(FILTERS_AT);
  bucketSize = memory.byte(BUCKET_SIZE_AT);
  const expansion = memory.uint16(EXPANSION_AT);
  let at = HEAD_BYTES;
  let count = memory.float(BUCKETS_AT);
  for (let i = 0; i < filters; i++) {
    starts[i] = at;
    buckets[i] = count;
    at += count * bucketSize * PRINT_BYTES;
    count *= expansion;
  }
  print = ((itemHash.c >>> 0) % 0xffff) + 1;
}

/** The other bucket of a fingerprint. */
function otherOf(bucket: number, fingerprint: number, mask: number): number {
  return ((bucket ^ mix(fingerprint)) & mask) >>> 0;
}

/** Where a fingerprint of a bucket lies. */
function slotOf(filter: number, bucket: number): number {
  return starts[filter]! + bucket * bucketSize * PRINT_BYTES;
}

/** Where a bucket has a fingerprint, below 0: nowhere. */
function findIn(memory: SketchMemory, filter: number, bucket: number, wanted: number): number {
  let at = slotOf(filter, bucket);
  for (let i = 0; i < bucketSize; i++, at += PRINT_BYTES) {
    if (memory.uint16(at) === wanted) return at;
  }
  return -1;
}

/** The same for both buckets of a filter. */
function findBoth(memory: SketchMemory, filter: number, home: number, wanted: number): number {
  const mask = buckets[filter]! - 1;
  const bucket = (home & mask) >>> 0;
  const at = findIn(memory, filter, bucket, wanted);
  return at >= 0 ? at : findIn(memory, filter, otherOf(bucket, print, mask), wanted);
}

/**
 * Adds the item that was hashed last.
 * @param isUnique only if it does not seem to be there
 */
export function addToCuckoo(memory: SketchMemory, isUnique: boolean): number {
  open(memory);
  const home = itemHash.a;
  if (isUnique && findAny(memory, home)) return CUCKOO_FOUND;
  for (;;) {
    for (let filter = filters - 1; filter >= 0; filter--) {
      const at = findBoth(memory, filter, home, 0);
      if (at < 0) continue;
      memory.setUint16(at, print);
      memory.setFloat(ITEMS_AT, memory.float(ITEMS_AT) + 1);
      return CUCKOO_ADDED;
    }
    if (displace(memory, filters - 1, home)) {
      memory.setFloat(ITEMS_AT, memory.float(ITEMS_AT) + 1);
      return CUCKOO_ADDED;
    }
    if (memory.uint16(EXPANSION_AT) === 0) return CUCKOO_FULL;
    if (!expand(memory)) return CUCKOO_NO_ROOM;
  }
}

/** Moves others until there is a place; false: there was none, and nothing has changed. */
function displace(memory: SketchMemory, filter: number, home: number): boolean {
  const mask = buckets[filter]! - 1;
  const most = memory.uint16(ITERATIONS_AT);
  let bucket = (home & mask) >>> 0;
  let moving = print;
  let victim = 0;
  for (let i = 0; i < most; i++) {
    const at = slotOf(filter, bucket) + victim * PRINT_BYTES;
    const evicted = memory.uint16(at);
    memory.setUint16(at, moving);
    moving = evicted;
    bucket = otherOf(bucket, moving, mask);
    const free = findIn(memory, filter, bucket, 0);
    if (free >= 0) {
      memory.setUint16(free, moving);
      return true;
    }
    victim = (victim + 1) % bucketSize;
  }
  // Back the way it went.
  for (let i = 0; i < most; i++) {
    victim = (victim + bucketSize - 1) % bucketSize;
    bucket = otherOf(bucket, moving, mask);
    const at = slotOf(filter, bucket) + victim * PRINT_BYTES;
    const evicted = memory.uint16(at);
    memory.setUint16(at, moving);
    moving = evicted;
  }
  return false;
}

/** Puts another filter behind the others. */
function expand(memory: SketchMemory): boolean {
  if (filters >= MOST_CUCKOO_FILTERS) return false;
  const next = buckets[filters - 1]! * memory.uint16(EXPANSION_AT);
  const length = memory.length + next * bucketSize * PRINT_BYTES;
  if (length > MOST_SKETCH_BYTES || !memory.resize(length)) return false;
  memory.setUint16(FILTERS_AT, filters + 1);
  open(memory);
  return true;
}

function findAny(memory: SketchMemory, home: number): boolean {
  for (let filter = filters - 1; filter >= 0; filter--) {
    if (findBoth(memory, filter, home, print) >= 0) return true;
  }
  return false;
}

/** True when the item that was hashed last may be there; false: surely not. */
export function isInCuckoo(memory: SketchMemory): boolean {
  open(memory);
  return findAny(memory, itemHash.a);
}

/** How often it may be there; never too low. */
export function countInCuckoo(memory: SketchMemory): number {
  open(memory);
  let count = 0;
  for (let filter = 0; filter < filters; filter++) {
    const mask = buckets[filter]! - 1;
    const bucket = (itemHash.a & mask) >>> 0;
    const other = otherOf(bucket, print, mask);
    count += countIn(memory, filter, bucket);
    if (other !== bucket) count += countIn(memory, filter, other);
  }
  return count;
}

function countIn(memory: SketchMemory, filter: number, bucket: number): number {
  let at = slotOf(filter, bucket);
  let count = 0;
  for (let i = 0; i < bucketSize; i++, at += PRINT_BYTES) {
    if (memory.uint16(at) === print) count++;
  }
  return count;
}

/**
 * Takes one occurrence of it out; false: it was not there. Of a value with several filters whose
 * bytes are not its own, nothing becomes shorter.
 */
export function removeFromCuckoo(memory: SketchMemory): boolean {
  open(memory);
  for (let filter = filters - 1; filter >= 0; filter--) {
    const at = findBoth(memory, filter, itemHash.a, print);
    if (at < 0) continue;
    memory.setUint16(at, 0);
    const items = memory.float(ITEMS_AT) - 1;
    const deletes = memory.float(DELETES_AT) + 1;
    memory.setFloat(ITEMS_AT, items);
    memory.setFloat(DELETES_AT, deletes);
    if (filters > 1 && deletes > items * COMPACT_SHARE) compactCuckoo(memory, false);
    return true;
  }
  return false;
}

/**
 * Moves fingerprints to older filters, and drops the newest ones once they are empty.
 * @param isThorough also where a filter cannot be emptied
 */
export function compactCuckoo(memory: SketchMemory, isThorough: boolean): void {
  open(memory);
  for (let filter = filters - 1; filter > 0; filter--) {
    if (!empty(memory, filter)) {
      if (!isThorough) break;
    } else if (filter === memory.uint16(FILTERS_AT) - 1) {
      memory.setUint16(FILTERS_AT, filter);
      memory.resize(starts[filter]!);
    }
  }
  memory.setFloat(DELETES_AT, 0);
}

/** Moves all of a filter's fingerprints; false: some have stayed. */
function empty(memory: SketchMemory, filter: number): boolean {
  let isEmpty = true;
  for (let bucket = 0; bucket < buckets[filter]!; bucket++) {
    let at = slotOf(filter, bucket);
    for (let i = 0; i < bucketSize; i++, at += PRINT_BYTES) {
      const moving = memory.uint16(at);
      if (moving === 0) continue;
      const to = placeBelow(memory, filter, bucket, moving);
      if (to < 0) {
        isEmpty = false;
        continue;
      }
      memory.setUint16(to, moving);
      memory.setUint16(at, 0);
    }
  }
  return isEmpty;
}

function placeBelow(memory: SketchMemory, filter: number, bucket: number, moving: number): number {
  for (let older = 0; older < filter; older++) {
    const mask = buckets[older]! - 1;
    const first = (bucket & mask) >>> 0;
    let to = findIn(memory, older, first, 0);
    if (to < 0) to = findIn(memory, older, otherOf(first, moving, mask), 0);
    if (to >= 0) return to;
  }
  return -1;
}

export interface CuckooFacts {
  readonly bytes: number;
  readonly buckets: number;
  readonly filters: number;
  readonly items: number;
  readonly deletes: number;
  readonly bucketSize: number;
  readonly expansion: number;
  readonly maxIterations: number;
}

export function cuckooFacts(memory: SketchMemory): CuckooFacts {
  return {
    bytes: memory.length,
    buckets: memory.float(BUCKETS_AT),
    filters: memory.uint16(FILTERS_AT),
    items: memory.float(ITEMS_AT),
    deletes: memory.float(DELETES_AT),
    bucketSize: memory.byte(BUCKET_SIZE_AT),
    expansion: memory.uint16(EXPANSION_AT),
    maxIterations: memory.uint16(ITERATIONS_AT),
  };
}

/** Where the fingerprints lie: what the head does not say. */
export function cuckooRanges(memory: SketchMemory): { at: number; length: number }[] {
  return [{ at: HEAD_BYTES, length: memory.length - HEAD_BYTES }];
}

/** Returns what a filter without fingerprints is made of. */
export function cuckooHead(memory: SketchMemory): Buffer {
  return Buffer.from(memory.slice(0, HEAD_BYTES));
}

/** Makes a filter without fingerprints from such a head; false: it is none, or there is no room. */
export function loadCuckooHead(memory: SketchMemory, head: Buffer, most: number): boolean {
  if (head.length !== HEAD_BYTES) return false;
  const length = lengthOf(memory.point(head, 0, HEAD_BYTES));
  if (length === 0 || !memory.clear(length, most)) return false;
  memory.write(0, head);
  return true;
}

/** True when bytes from elsewhere are a filter that nothing here can stumble over. */
export function isCuckoo(memory: SketchMemory): boolean {
  return memory.length > HEAD_BYTES && lengthOf(memory) === memory.length;
}

/** How long a filter is by its head; 0: it cannot be. */
function lengthOf(memory: SketchMemory): number {
  const facts = cuckooFacts(memory);
  if (memory.byte(0) !== VERSION || facts.bucketSize < 1 || facts.maxIterations < 1) return 0;
  if (facts.filters < 1 || facts.filters > MOST_CUCKOO_FILTERS) return 0;
  if (facts.expansion === 0 ? facts.filters > 1 : !isPower(facts.expansion, MOST_EXPANSION)) {
    return 0;
  }
  if (!isPower(facts.buckets, MOST_SKETCH_BYTES)) return 0;
  if (!Number.isSafeInteger(facts.items) || !Number.isSafeInteger(facts.deletes)) return 0;
  let length = HEAD_BYTES;
  let count = facts.buckets;
  for (let i = 0; i < facts.filters; i++, count *= facts.expansion) {
    length += count * facts.bucketSize * PRINT_BYTES;
  }
  return length <= MOST_SKETCH_BYTES ? length : 0;
}

function isPower(value: number, most: number): boolean {
  return value >= 1 && value <= most && powerOfTwo(value) === value;
}
