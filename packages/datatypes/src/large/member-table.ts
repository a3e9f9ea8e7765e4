// Finds records by their members: an extendible hash table ordered by hash. It is what makes
// O(1) lookups, fair random picks and scans that need no state; what a record says beside its
// member is not its business.
//
//   directory (2^depth)  ->  page of 256 slots {hash, record}, linear probing within the page
//     top `depth` bits         home slot = next 8 bits
//
// A page that is too full is split by its next bit, so growth never pauses anybody. Pages in
// order are hash ranges in order, and the records of a home slot are found by walking from it to
// the next empty slot: a scan position is a hash, and everything below it has been visited. As
// splits and merges keep hash order, an element that is there all the time is visited exactly
// once, however the table changes meanwhile.

import { invariant, type KeyHasher, type Random } from '@forgekv/base';
import { LargeValueError } from './large-value-error.ts';
import { PagePool } from './page-pool.ts';
import type { Records } from './records.ts';

const SLOT_BITS = 8;
const SLOTS = 1 << SLOT_BITS;
const SLOT_MASK = SLOTS - 1;
/** Word 0 of a page: its records. Word 1: unused. Then the slots. */
const HEAD_WORDS = 2;
const PAGE_WORDS = HEAD_WORDS + 2 * SLOTS;
/** Above this a page is split: probing costs some 4 slots then. */
const SPLIT_ABOVE = 208;
/** Two neighbours that have at most this together are one page again. */
const MERGE_BELOW = 112;
const DEPTH_BITS = 5;
const DEPTH_MASK = (1 << DEPTH_BITS) - 1;
/** Home slots take the other 8 of 32 bits. */
const MAX_DEPTH = 32 - SLOT_BITS;
const HASH_END = 4294967296;
/** Tries before a random pick counts instead. */
const RANDOM_TRIES = 256;

/** The bytes last hashed: members come from the same buffer again and again. One per thread. */
let viewed: Uint8Array | null = null;
let view: DataView = new DataView(new ArrayBuffer(0));

/** The table of one large value. Records are added and removed here after they were made. */
export class MemberTable {
  readonly #records: Records;
  readonly #hasher: KeyHasher;
  readonly #scratch = new Int32Array(2 * SLOTS);
  #pool = new PagePool(PAGE_WORDS);
  #directory: Int32Array = new Int32Array(1);
  #depth = 0;
  #count = 0;
  /** Where `find` found a record: valid until the next change. */
  #foundPage = 0;
  #foundSlot = 0;

  constructor(records: Records, hasher: KeyHasher) {
    this.#records = records;
    this.#hasher = hasher;
    this.#directory[0] = this.#pool.allocate() << DEPTH_BITS;
  }

  get count(): number {
    return this.#count;
  }

  get memoryBytes(): number {
    return this.#pool.memoryBytes + this.#directory.byteLength;
  }

  /** Returns the hash of a member. */
  hash(bytes: Uint8Array, offset: number, length: number): number {
    if (viewed !== bytes) {
      viewed = bytes;
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.#hasher.digest(bytes, view, offset, length);
  }

  /** Returns the record of a member with this hash, 0 when there is none. */
  find(hash: number, bytes: Uint8Array, offset: number, length: number): number {
    const reference = this.#directory[this.#slotOf(hash)]!;
    const page = reference >>> DEPTH_BITS;
    const words = this.#pool.wordsOf(page);
    const base = this.#pool.at(page) + HEAD_WORDS;
    let slot = homeSlot(hash, reference & DEPTH_MASK);
    for (;;) {
      const record = words[base + 2 * slot + 1]!;
      if (record === 0) return 0;
      if (words[base + 2 * slot] === hash && this.#records.equals(record, bytes, offset, length)) {
        this.#foundPage = page;
        this.#foundSlot = slot;
        return record;
      }
      slot = (slot + 1) & SLOT_MASK;
    }
  }

  /** Puts another record in the place of the one `find` has just found. */
  replaceFound(record: number): void {
    const base = this.#pool.at(this.#foundPage) + HEAD_WORDS;
    this.#pool.wordsOf(this.#foundPage)[base + 2 * this.#foundSlot + 1] = record;
  }

  /**
   * Adds a record whose member is not in the table. Throws LargeValueError, with nothing changed,
   * when 256 members share 24 bits of their secret hash.
   */
  insert(hash: number, record: number): void {
    let reference = this.#directory[this.#slotOf(hash)]!;
    while (this.#pool.wordsOf(reference >>> DEPTH_BITS)[this.#pageAt(reference)]! > SPLIT_ABOVE) {
      if ((reference & DEPTH_MASK) === MAX_DEPTH) break;
      this.#split(hash);
      reference = this.#directory[this.#slotOf(hash)]!;
    }
    const page = reference >>> DEPTH_BITS;
    const words = this.#pool.wordsOf(page);
    const at = this.#pool.at(page);
    // One slot stays empty: probing ends there.
    if (words[at]! >= SLOTS - 1) throw new LargeValueError('value-too-large');
    words[at] = words[at]! + 1;
    place(words, at + HEAD_WORDS, hash, record, reference & DEPTH_MASK);
    this.#count++;
  }

  /** Removes the record `find` has just found. */
  removeFound(hash: number): void {
    const page = this.#foundPage;
    const words = this.#pool.wordsOf(page);
    const at = this.#pool.at(page);
    const depth = this.#directory[this.#slotOf(hash)]! & DEPTH_MASK;
    closeGap(words, at + HEAD_WORDS, this.#foundSlot, depth);
    words[at] = words[at]! - 1;
    this.#count--;
    if (depth > 0 && words[at]! <= MERGE_BELOW / 2) this.#merge(hash);
  }

  /**
   * Visits records in hash order from `cursor`, whole home slots at a time, until `wanted` were
   * visited or ten times as many slots were looked at.
   * @param cursor 0..2^32-1: 0 begins, others are what the last call returned (any is harmless)
   * @param visit may not change the value
   * @returns the cursor to go on with, 0 at the end
   */
  scan(cursor: number, wanted: number, visit: (record: number, hash: number) => void): number {
    let at = cursor;
    let visited = 0;
    let steps = 10 * wanted + SLOTS;
    while (at < HASH_END && visited < wanted && steps-- > 0) {
      const reference = this.#directory[this.#slotOf(at | 0)]!;
      const depth = reference & DEPTH_MASK;
      const words = this.#pool.wordsOf(reference >>> DEPTH_BITS);
      const base = this.#pageAt(reference) + HEAD_WORDS;
      if (words[base - HEAD_WORDS] === 0) {
        const width = 2 ** (32 - depth);
        at = (Math.floor(at / width) + 1) * width;
        continue;
      }
      const home = homeSlot(at | 0, depth);
      for (let slot = home; ; slot = (slot + 1) & SLOT_MASK) {
        const record = words[base + 2 * slot + 1]!;
        if (record === 0) break;
        const hash = words[base + 2 * slot]!;
        // Of a coarser home slot than last time, the part below the position was visited.
        if (homeSlot(hash, depth) !== home || hash >>> 0 < at) continue;
        visit(record, hash);
        visited++;
      }
      const width = 2 ** (32 - depth - SLOT_BITS);
      at = (Math.floor(at / width) + 1) * width;
    }
    return at >= HASH_END ? 0 : at;
  }

  /**
   * Returns a record, each with the same probability; 0 when there is none. Slots are tried until
   * one is taken: expected two tries, as pages are nearly as full as each other.
   */
  random(random: Random): number {
    if (this.#count === 0) return 0;
    for (let tries = 0; tries < RANDOM_TRIES; tries++) {
      const page = random.below(this.#pool.pageEnd);
      const record =
        this.#pool.wordsOf(page)[this.#pool.at(page) + HEAD_WORDS + 2 * random.below(SLOTS) + 1]!;
      if (record !== 0) return record;
    }
    return this.#countedRecord(random.below(this.#count));
  }

  /** Calls `move` for the records of a home slot and notes where they are now. */
  moveRecords(cursor: number, wanted: number, move: (record: number) => number): number {
    return this.scan(cursor, wanted, (record, hash) => {
      const moved = move(record);
      if (moved === record) return;
      const reference = this.#directory[this.#slotOf(hash)]!;
      const words = this.#pool.wordsOf(reference >>> DEPTH_BITS);
      const base = this.#pageAt(reference) + HEAD_WORDS;
      let slot = homeSlot(hash, reference & DEPTH_MASK);
      while (words[base + 2 * slot + 1] !== record) slot = (slot + 1) & SLOT_MASK;
      words[base + 2 * slot + 1] = moved;
    });
  }

  #slotOf(hash: number): number {
    return this.#depth === 0 ? 0 : hash >>> (32 - this.#depth);
  }

  #pageAt(reference: number): number {
    return this.#pool.at(reference >>> DEPTH_BITS);
  }

  /** The record at a place in directory order: exact, and slow. */
  #countedRecord(place: number): number {
    for (let i = 0; i < this.#directory.length; ) {
      const reference = this.#directory[i]!;
      const words = this.#pool.wordsOf(reference >>> DEPTH_BITS);
      const at = this.#pageAt(reference);
      if (place < words[at]!) {
        for (let slot = 0; slot < SLOTS; slot++) {
          const record = words[at + HEAD_WORDS + 2 * slot + 1]!;
          if (record !== 0 && place-- === 0) return record;
        }
      }
      place -= words[at]!;
      i += 2 ** (this.#depth - (reference & DEPTH_MASK));
    }
    invariant(false, 'a member table lost count');
  }

  /** Points the directory's part for this hash and depth at a page. */
  #setRange(hash: number, depth: number, page: number): void {
    const width = 2 ** (this.#depth - depth);
    const first = depth === 0 ? 0 : (hash >>> (32 - depth)) * width;
    this.#directory.fill((page << DEPTH_BITS) | depth, first, first + width);
  }

  #split(hash: number): void {
    const reference = this.#directory[this.#slotOf(hash)]!;
    const depth = reference & DEPTH_MASK;
    if (depth === this.#depth) this.#doubleDirectory();
    const left = reference >>> DEPTH_BITS;
    const right = this.#pool.allocate();
    const bit = 0x8000_0000 >>> depth;
    this.#setRange(hash & ~bit, depth + 1, left);
    this.#setRange(hash | bit, depth + 1, right);
    this.#replace(left, left, right, depth + 1);
  }

  /** Deals the records of page `from` out to two pages (of which one may be `from`) again. */
  #replace(from: number, left: number, right: number, depth: number): void {
    const source = this.#pool.wordsOf(from);
    const at = this.#pool.at(from);
    const slots = this.#scratch;
    for (let i = 0; i < 2 * SLOTS; i++) slots[i] = source[at + HEAD_WORDS + i]!;
    source.fill(0, at, at + PAGE_WORDS);
    for (let i = 0; i < 2 * SLOTS; i += 2) {
      const record = slots[i + 1]!;
      if (record === 0) continue;
      const hash = slots[i]!;
      const page = depth > 0 && hash << (depth - 1) < 0 ? right : left;
      const words = this.#pool.wordsOf(page);
      const base = this.#pool.at(page);
      words[base] = words[base]! + 1;
      place(words, base + HEAD_WORDS, hash, record, depth);
    }
  }

  /** Joins the page of a hash with its neighbour while both are nearly empty. */
  #merge(hash: number): void {
    for (;;) {
      const mine = this.#directory[this.#slotOf(hash)]!;
      const depth = mine & DEPTH_MASK;
      if (depth === 0) break;
      const bit = 0x8000_0000 >>> (depth - 1);
      const other = this.#directory[this.#slotOf(hash ^ bit)]!;
      if ((other & DEPTH_MASK) !== depth) break;
      const mineCount = this.#pool.wordsOf(mine >>> DEPTH_BITS)[this.#pageAt(mine)]!;
      const otherCount = this.#pool.wordsOf(other >>> DEPTH_BITS)[this.#pageAt(other)]!;
      if (mineCount + otherCount > MERGE_BELOW) break;
      const page = mine >>> DEPTH_BITS;
      const emptied = other >>> DEPTH_BITS;
      this.#replace(page, page, page, depth - 1);
      this.#replace(emptied, page, page, depth - 1);
      this.#setRange(hash, depth - 1, page);
      this.#pool.free(emptied);
    }
    if (this.#pool.used * 8 <= this.#pool.pageEnd) this.#rebuild();
  }

  #doubleDirectory(): void {
    const before = this.#directory;
    this.#directory = new Int32Array(before.length * 2);
    for (let i = 0; i < before.length; i++) {
      this.#directory[2 * i] = before[i]!;
      this.#directory[2 * i + 1] = before[i]!;
    }
    this.#depth++;
  }

  /**
   * Copies what is left after a great many removals into a small pool, behind a directory as
   * short as possible. It costs an eighth of what the removals freed, so nobody waits for long.
   */
  #rebuild(): void {
    const from = this.#pool;
    const pool = new PagePool(PAGE_WORDS);
    let deepest = 0;
    for (const reference of this.#directory) deepest = Math.max(deepest, reference & DEPTH_MASK);
    const directory = new Int32Array(2 ** deepest);
    const step = this.#directory.length / directory.length;
    for (let i = 0; i < directory.length; ) {
      const reference = this.#directory[i * step]!;
      const page = pool.allocate();
      const source = from.at(reference >>> DEPTH_BITS);
      const words = from.wordsOf(reference >>> DEPTH_BITS);
      pool.wordsOf(page).set(words.subarray(source, source + PAGE_WORDS), pool.at(page));
      const width = 2 ** (deepest - (reference & DEPTH_MASK));
      directory.fill((page << DEPTH_BITS) | (reference & DEPTH_MASK), i, i + width);
      i += width;
    }
    this.#pool = pool;
    this.#directory = directory;
    this.#depth = deepest;
  }
}

/** The slot a hash belongs into, in a page of this depth. */
function homeSlot(hash: number, depth: number): number {
  return (hash << depth) >>> (32 - SLOT_BITS);
}

/** Puts a record into the first empty slot from its home; there is one. */
function place(words: Int32Array, base: number, hash: number, record: number, depth: number): void {
  let slot = homeSlot(hash, depth);
  while (words[base + 2 * slot + 1] !== 0) slot = (slot + 1) & SLOT_MASK;
  words[base + 2 * slot] = hash;
  words[base + 2 * slot + 1] = record;
}

/** Empties a slot and moves up what probing would not find any more (Knuth 6.4, algorithm R). */
function closeGap(words: Int32Array, base: number, slot: number, depth: number): void {
  let gap = slot;
  for (let next = (gap + 1) & SLOT_MASK; ; next = (next + 1) & SLOT_MASK) {
    const record = words[base + 2 * next + 1]!;
    if (record === 0) break;
    const hash = words[base + 2 * next]!;
    const home = homeSlot(hash, depth);
    if (((next - home) & SLOT_MASK) < ((next - gap) & SLOT_MASK)) continue;
    words[base + 2 * gap] = hash;
    words[base + 2 * gap + 1] = record;
    gap = next;
  }
  words[base + 2 * gap + 1] = 0;
}
