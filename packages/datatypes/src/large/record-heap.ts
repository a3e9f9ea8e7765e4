// Memory for the records of one large value: byte strings of a few units of 8 bytes at 32-bit
// addresses, in segments of up to 256 KB, with a free list per size. It knows nothing about what
// the records say.
//
//   address = segment (high bits) | unit in the segment (15 bits);  address 0 is nowhere
//
// Holes of one size do not serve another, so a value whose elements changed their sizes would
// grow for ever. Therefore the owner moves: `startMoving` makes all segments old, the owner
// copies its records one by one (`isOld`, `allocate`), and `finishMoving` drops the old ones. No
// step takes long, and at least half of the memory is in use afterwards.

import { invariant } from '@forgekv/base';
import { LargeValueError } from './large-value-error.ts';
import { classUnits, RECORD_CLASSES, recordClass, UNIT_BYTES } from './record-classes.ts';

const SEGMENT_BITS = 15;
const SEGMENT_UNITS = 1 << SEGMENT_BITS;
const UNIT_MASK = SEGMENT_UNITS - 1;
const FIRST_UNITS = 512;
/** 16 GB of records: addresses stay below 2^31. */
const MAX_SEGMENTS = 1 << (31 - SEGMENT_BITS);
/** Waste below this (64 KB) is not worth moving anything. */
const TOLERATED_UNITS = 8192;
const NO_BYTES = Buffer.alloc(0);
const NO_WORDS = new Int32Array(0);

/** Returns the segment of an address. */
export function segmentOf(address: number): number {
  return address >>> SEGMENT_BITS;
}

/** Returns the index of the record's first word in its segment's words. */
export function wordOf(address: number): number {
  return (address & UNIT_MASK) << 1;
}

/** Allocates and frees; `words[segmentOf(a)]` and `bytes[segmentOf(a)]` hold the record at a. */
export class RecordHeap {
  /** Views of each segment. Taken again after every `allocate`: a young segment is replaced. */
  readonly words: Int32Array[] = [];
  readonly bytes: Buffer[] = [];
  readonly #old: boolean[] = [];
  readonly #unusedSegments: number[] = [];
  readonly #free = new Int32Array(RECORD_CLASSES);
  #current = -1;
  #next = 0;
  #totalUnits = 0;
  #usedUnits = 0;
  #moving = false;

  /** Bytes of all segments. */
  get memoryBytes(): number {
    return this.#totalUnits * UNIT_BYTES;
  }

  /** True between `startMoving` and `finishMoving`. */
  get moving(): boolean {
    return this.#moving;
  }

  /** True when most of the memory is holes, so that moving the records would pay. */
  get wasteful(): boolean {
    const waste = this.#totalUnits - this.#usedUnits;
    return !this.#moving && waste > this.#usedUnits && waste > TOLERATED_UNITS;
  }

  /**
   * Returns the address of a new record of at least `units` (1..MAX_RECORD_UNITS); what is in it
   * is undefined. Throws LargeValueError when the address space is used up.
   */
  allocate(units: number): number {
    const index = recordClass(units);
    const size = classUnits(index);
    const address = this.#free[index]!;
    if (address !== 0) {
      this.#free[index] = this.words[segmentOf(address)]![wordOf(address)]!;
      this.#usedUnits += size;
      return address;
    }
    this.#makeRoom(size);
    const bumped = (this.#current << SEGMENT_BITS) | this.#next;
    this.#next += size;
    this.#usedUnits += size;
    return bumped;
  }

  /** Gives a record of `units` (as given to `allocate`) back. */
  free(address: number, units: number): void {
    const index = recordClass(units);
    this.#usedUnits -= classUnits(index);
    if (!this.isOld(address)) this.#putFree(address, index);
  }

  /** Makes all segments old: nothing is allocated in them any more. */
  startMoving(): void {
    this.#moving = true;
    this.#free.fill(0);
    this.#old.fill(true);
    this.#current = -1;
  }

  /** True while the record waits to be moved. */
  isOld(address: number): boolean {
    return this.#moving && this.#old[segmentOf(address)] === true;
  }

  /** Says that a record was copied: the old place counts no more. */
  movedFrom(units: number): void {
    this.#usedUnits -= classUnits(recordClass(units));
  }

  /** Drops the old segments; every record in use was moved before. */
  finishMoving(): void {
    for (let segment = 0; segment < this.#old.length; segment++) {
      const units = this.words[segment]!.length >> 1;
      if (!this.#old[segment] || units === 0) continue;
      this.#totalUnits -= units;
      this.words[segment] = NO_WORDS;
      this.bytes[segment] = NO_BYTES;
      this.#old[segment] = false;
      this.#unusedSegments.push(segment);
    }
    this.#moving = false;
    invariant(this.#totalUnits >= this.#usedUnits, 'a record heap lost count');
  }

  #putFree(address: number, index: number): void {
    this.words[segmentOf(address)]![wordOf(address)] = this.#free[index]!;
    this.#free[index] = address;
  }

  /** Leaves room for `size` units behind `#next` in the current segment. */
  #makeRoom(size: number): void {
    if (this.#current < 0) {
      this.#openSegment(size);
      return;
    }
    const units = this.words[this.#current]!.length >> 1;
    if (this.#next + size <= units) return;
    if (units < SEGMENT_UNITS) {
      this.#growSegment(this.#next + size);
      return;
    }
    const from = this.#next;
    const segment = this.#current;
    this.#openSegment(size);
    this.#freeTail(segment, from);
  }

  /** A value's first segments are small, so that small values stay small. */
  #openSegment(size: number): void {
    const segment = this.#unusedSegments.pop() ?? this.words.length;
    if (segment >= MAX_SEGMENTS) {
      this.#unusedSegments.push(segment);
      throw new LargeValueError('value-too-large');
    }
    const wanted = Math.max(FIRST_UNITS, size + 1, this.#usedUnits >> 1);
    this.#setSegment(segment, roundUp(wanted));
    this.#old[segment] = false;
    this.#current = segment;
    this.#next = segment === 0 ? 1 : 0;
  }

  #growSegment(wanted: number): void {
    const before = this.bytes[this.#current]!;
    this.#totalUnits -= before.length / UNIT_BYTES;
    this.#setSegment(this.#current, roundUp(wanted));
    this.bytes[this.#current]!.set(before);
  }

  #setSegment(segment: number, units: number): void {
    const memory = new ArrayBuffer(units * UNIT_BYTES);
    this.words[segment] = new Int32Array(memory);
    this.bytes[segment] = Buffer.from(memory);
    this.#totalUnits += units;
  }

  /** Cuts what is left of a full segment into free records. */
  #freeTail(segment: number, from: number): void {
    let at = from;
    while (at < SEGMENT_UNITS) {
      const left = SEGMENT_UNITS - at;
      let index = recordClass(left);
      if (classUnits(index) > left) index--;
      this.#putFree((segment << SEGMENT_BITS) | at, index);
      at += classUnits(index);
    }
  }
}

/** The next power of two, at most a whole segment. */
function roundUp(units: number): number {
  return Math.min(SEGMENT_UNITS, 2 ** (32 - Math.clz32(units - 1)));
}
