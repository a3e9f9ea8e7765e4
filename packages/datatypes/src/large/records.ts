// Element records: what one element of a large hash, set or sorted set is in memory. The only
// file that knows their bytes; it does not know where records are listed.
//
//   word 0        bytes of the member (30 bits) | TIMED | APART
//        1..      facts: what the kind of value keeps beside the member (a hash: bytes of the
//                 value; a sorted set: the score), `facts` words
//        then     TIMED: expireAtMs, two words
//        then     the payload: member bytes, tail bytes (a hash's value)
//                 APART: one word instead, the number of a buffer that holds the payload
//
// Every record starts at a unit of 8 bytes.

import { ByteRange, compareBytes, copyBytes, equalBytes } from './byte-range.ts';
import { MAX_RECORD_UNITS, recordClass, UNIT_BYTES } from './record-classes.ts';
import { RecordHeap, segmentOf, wordOf } from './record-heap.ts';

const LENGTH_MASK = 0x3fff_ffff;
const TIMED = 0x4000_0000;
const APART = 0x8000_0000 | 0;
/** Longer payloads lie in buffers of their own: a copy of one costs more than its buffer. */
const APART_ABOVE_BYTES = 16_384;

const scratch = new DataView(new ArrayBuffer(8));

/** Makes, reads, compares and moves records of one value. */
export class Records {
  readonly heap = new RecordHeap();
  /** Words of facts per record. */
  readonly facts: number;
  readonly #hasTail: boolean;
  readonly #apart: (Buffer | null)[] = [];
  readonly #unusedApart: number[] = [];
  readonly #range = new ByteRange();
  #apartBytes = 0;

  /** @param facts words kept beside the member @param hasTail fact 0 is the tail's bytes */
  constructor(facts: number, hasTail: boolean) {
    this.facts = facts;
    this.#hasTail = hasTail;
  }

  get memoryBytes(): number {
    return this.heap.memoryBytes + this.#apartBytes + this.#apart.length * 8;
  }

  /**
   * Returns a new record with a copy of the member; facts, time and tail are still to be written.
   * Lengths are at most MAX_ELEMENT_BYTES (checked by the caller).
   */
  create(
    bytes: Uint8Array,
    offset: number,
    length: number,
    tailBytes: number,
    timed: boolean,
  ): number {
    const payload = length + tailBytes;
    const apart = payload > APART_ABOVE_BYTES;
    const head = 4 + 4 * (this.facts + (timed ? 2 : 0));
    const record = this.heap.allocate(unitsFor(head, apart ? 4 : payload));
    const words = this.heap.words[segmentOf(record)]!;
    const at = wordOf(record);
    words[at] = length | (timed ? TIMED : 0) | (apart ? APART : 0);
    if (this.#hasTail) words[at + 1] = tailBytes;
    if (apart) words[at + (head >> 2)] = this.#keepApart(payload);
    const range = this.payload(record);
    copyBytes(bytes, offset, range.bytes, range.offset, length);
    return record;
  }

  /** Gives a record and its bytes back. */
  destroy(record: number): void {
    const words = this.heap.words[segmentOf(record)]!;
    const at = wordOf(record);
    if (words[at]! < 0) {
      const index = words[at + this.#headWords(words[at]!)]!;
      this.#apartBytes -= this.#apart[index]!.length;
      this.#apart[index] = null;
      this.#unusedApart.push(index);
    }
    this.heap.free(record, this.#units(words, at));
  }

  /** Copies a record out of an old segment; returns where it is now. */
  move(record: number): number {
    const units = this.#units(this.heap.words[segmentOf(record)]!, wordOf(record));
    const moved = this.heap.allocate(units);
    const from = this.heap.words[segmentOf(record)]!;
    const to = this.heap.words[segmentOf(moved)]!;
    const fromWord = wordOf(record);
    const toWord = wordOf(moved);
    for (let i = 0; i < units * 2; i++) to[toWord + i] = from[fromWord + i]!;
    this.heap.movedFrom(units);
    return moved;
  }

  /** Bytes of the member. */
  length(record: number): number {
    return this.heap.words[segmentOf(record)]![wordOf(record)]! & LENGTH_MASK;
  }

  /** Bytes of the tail. */
  tailLength(record: number): number {
    return this.#hasTail ? this.heap.words[segmentOf(record)]![wordOf(record) + 1]! : 0;
  }

  /** Points `out` at the member. */
  member(record: number, out: ByteRange): void {
    const range = this.payload(record);
    out.point(range.bytes, range.offset, this.length(record));
  }

  /** Points `out` at the tail. */
  tail(record: number, out: ByteRange): void {
    const range = this.payload(record);
    out.point(range.bytes, range.offset + this.length(record), this.tailLength(record));
  }

  /** Writes the tail, whose length is the record's already. */
  writeTail(record: number, bytes: Uint8Array, offset: number): void {
    const range = this.payload(record);
    const to = range.offset + this.length(record);
    copyBytes(bytes, offset, range.bytes, to, this.tailLength(record));
  }

  /** Gives the tail another length when the record has the room; its bytes are undefined then. */
  resizeTail(record: number, tailBytes: number): boolean {
    const words = this.heap.words[segmentOf(record)]!;
    const at = wordOf(record);
    const word = words[at]!;
    const payload = (word & LENGTH_MASK) + tailBytes;
    if (word < 0) return words[at + 1] === tailBytes;
    if (payload > APART_ABOVE_BYTES) return false;
    const units = unitsFor(4 * this.#headWords(word), payload);
    if (recordClass(units) !== recordClass(this.#units(words, at))) return false;
    words[at + 1] = tailBytes;
    return true;
  }

  /** True when the member is these bytes. */
  equals(record: number, bytes: Uint8Array, offset: number, length: number): boolean {
    const segment = segmentOf(record);
    const words = this.heap.words[segment]!;
    const at = wordOf(record);
    const word = words[at]!;
    if ((word & LENGTH_MASK) !== length) return false;
    const payloadWord = at + this.#headWords(word);
    if (word < 0) return equalBytes(this.#apart[words[payloadWord]!]!, 0, bytes, offset, length);
    return equalBytes(this.heap.bytes[segment]!, payloadWord << 2, bytes, offset, length);
  }

  /** Negative, zero or positive as the member is below, at or above these bytes. */
  compare(record: number, bytes: Uint8Array, offset: number, length: number): number {
    const segment = segmentOf(record);
    const words = this.heap.words[segment]!;
    const at = wordOf(record);
    const word = words[at]!;
    const payloadWord = at + this.#headWords(word);
    const own = word < 0 ? this.#apart[words[payloadWord]!]! : this.heap.bytes[segment]!;
    const from = word < 0 ? 0 : payloadWord << 2;
    return compareBytes(own, from, word & LENGTH_MASK, bytes, offset, length);
  }

  /** True when the record has room for a time. */
  isTimed(record: number): boolean {
    return (this.heap.words[segmentOf(record)]![wordOf(record)]! & TIMED) !== 0;
  }

  /** The time of a record, 0 without. */
  expireAtMs(record: number): number {
    return this.isTimed(record) ? this.#readDouble(record, 1 + this.facts) : 0;
  }

  /** Writes the time of a timed record. */
  setExpireAtMs(record: number, expireAtMs: number): void {
    this.#writeDouble(record, 1 + this.facts, expireAtMs);
  }

  /** The score: facts 0 and 1 as a double. */
  score(record: number): number {
    return this.#readDouble(record, 1);
  }

  setScore(record: number, score: number): void {
    this.#writeDouble(record, 1, score);
  }

  /** Where member and tail begin; the range returned is reused (its length means nothing). */
  payload(record: number): ByteRange {
    const segment = segmentOf(record);
    const words = this.heap.words[segment]!;
    const at = wordOf(record);
    const word = words[at]!;
    const payloadWord = at + this.#headWords(word);
    const range = this.#range;
    if (word >= 0) range.point(this.heap.bytes[segment]!, payloadWord << 2, 0);
    else range.point(this.#apart[words[payloadWord]!]!, 0, 0);
    return range;
  }

  #headWords(word: number): number {
    return 1 + this.facts + ((word & TIMED) === 0 ? 0 : 2);
  }

  #units(words: Int32Array, at: number): number {
    const word = words[at]!;
    const head = 4 * this.#headWords(word);
    if (word < 0) return unitsFor(head, 4);
    return unitsFor(head, (word & LENGTH_MASK) + (this.#hasTail ? words[at + 1]! : 0));
  }

  /** The bytes are zeroed: a tail that is never written must not show old memory. */
  #keepApart(bytes: number): number {
    const index = this.#unusedApart.pop() ?? this.#apart.length;
    this.#apart[index] = Buffer.alloc(bytes);
    this.#apartBytes += bytes;
    return index;
  }

  #readDouble(record: number, word: number): number {
    const words = this.heap.words[segmentOf(record)]!;
    const at = wordOf(record) + word;
    scratch.setInt32(0, words[at]!, true);
    scratch.setInt32(4, words[at + 1]!, true);
    return scratch.getFloat64(0, true);
  }

  #writeDouble(record: number, word: number, value: number): void {
    const words = this.heap.words[segmentOf(record)]!;
    const at = wordOf(record) + word;
    scratch.setFloat64(0, value, true);
    words[at] = scratch.getInt32(0, true);
    words[at + 1] = scratch.getInt32(4, true);
  }
}

/** At least one unit; APART_ABOVE_BYTES keeps it far below MAX_RECORD_UNITS. */
function unitsFor(headBytes: number, payloadBytes: number): number {
  return Math.min(MAX_RECORD_UNITS, Math.ceil((headBytes + payloadBytes) / UNIT_BYTES));
}
