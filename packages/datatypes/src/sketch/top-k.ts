// The items that are seen most often: HeavyKeeper. Yang, Zhang, Li, Gong, Uhlig, Chen, Li,
// "HeavyKeeper: An Accurate Algorithm for Finding Top-k Elephant Flows" (2018, 2019). Each bucket
// of a row counts for one fingerprint; others make its count decay, seldom where it is high, until
// they may have the bucket. The items that come to the highest counts are kept in a heap, the least
// first.
//
//   version u8 | 0, 3 bytes | k u32 | width u32 | depth u32 | decay f64 | listed u32 | chance u32
//   bytes of items f64 | 0, 8 bytes
//   depth rows of width buckets: fingerprint u32 | count u32
//   k places of the heap: fingerprint u32 | count u32 | offset of the item u32 | its length u32
//   the items, one behind the other
//
// What is left to chance is drawn from `chance`, so that the same commands make the same bytes.

import { itemHash, mix } from './item-hash.ts';
import { MOST_SKETCH_BYTES, type SketchMemory } from './sketch-memory.ts';

const VERSION = 1;
const K_AT = 4;
const WIDTH_AT = 8;
const DEPTH_AT = 12;
const DECAY_AT = 16;
const LISTED_AT = 24;
const CHANCE_AT = 28;
const ITEMS_AT = 32;
const HEAD_BYTES = 48;
const BUCKET_BYTES = 8;
const COUNT = 4;
const PLACE_BYTES = 16;
const ITEM_OFFSET = 8;
const ITEM_LENGTH = 12;
const MOST_COUNT = 2 ** 32 - 1;
const FIRST_CHANCE = 0x9e3779b9;
/** Decays that are looked up; above, they are powers of the last. */
const KNOWN_DECAYS = 256;

/** Bytes of an empty list; above MOST_SKETCH_BYTES: there is none such. */
export function topKBytes(k: number, width: number, depth: number): number {
  return HEAD_BYTES + width * depth * BUCKET_BYTES + k * PLACE_BYTES;
}

/** Makes an empty list; false: it would be too large. */
export function createTopK(
  memory: SketchMemory,
  k: number,
  width: number,
  depth: number,
  decay: number,
  most: number,
): boolean {
  const length = topKBytes(k, width, depth);
  if (!(length <= MOST_SKETCH_BYTES) || !memory.clear(length, most)) return false;
  memory.setByte(0, VERSION);
  memory.setUint32(K_AT, k);
  memory.setUint32(WIDTH_AT, width);
  memory.setUint32(DEPTH_AT, depth);
  memory.setFloat(DECAY_AT, decay);
  memory.setUint32(CHANCE_AT, FIRST_CHANCE);
  return true;
}

let decays = new Float64Array(0);
let decaysOf = 0;

/** How likely a count is to decay. */
function decayOf(decay: number, count: number): number {
  if (decaysOf !== decay) {
    decays = Float64Array.from({ length: KNOWN_DECAYS }, (_, i) => decay ** i);
    decaysOf = decay;
  }
  return count < KNOWN_DECAYS ? decays[count]! : decay ** count;
}

export class TopK {
  readonly #memory: SketchMemory;
  readonly #k: number;
  readonly #width: number;
  readonly #depth: number;
  readonly #heap: number;
  readonly #items: number;
  /** The item that the last `add` pushed off the list, or null. */
  expelled: Buffer | null = null;

  constructor(memory: SketchMemory) {
    this.#memory = memory;
    this.#k = memory.uint32(K_AT);
    this.#width = memory.uint32(WIDTH_AT);
    this.#depth = memory.uint32(DEPTH_AT);
    this.#heap = HEAD_BYTES + this.#width * this.#depth * BUCKET_BYTES;
    this.#items = this.#heap + this.#k * PLACE_BYTES;
  }

  get k(): number {
    return this.#k;
  }

  get width(): number {
    return this.#width;
  }

  get depth(): number {
    return this.#depth;
  }

  get decay(): number {
    return this.#memory.float(DECAY_AT);
  }

  /** Items on the list. */
  get listed(): number {
    return this.#memory.uint32(LISTED_AT);
  }

  /** Adds to the count of an item; false: there is no room for the item on the list. */
  add(bytes: Uint8Array, offset: number, length: number, increment: number): boolean {
    this.expelled = null;
    itemHash.of(bytes, offset, length);
    const print = itemHash.c >>> 0;
    const count = this.#count(print, increment);
    const isFull = this.listed === this.#k;
    if (count === 0 || (isFull && count < this.#countAt(0))) return true;
    const place = this.#find(print, bytes, offset, length);
    if (place >= 0) {
      this.#memory.setUint32(this.#place(place) + COUNT, count);
      this.#sink(place);
      return true;
    }
    if (isFull && count === this.#countAt(0)) return true;
    return this.#list(print, count, Buffer.from(bytes.buffer, bytes.byteOffset + offset, length));
  }

  /** Counts in every row; returns the highest count the item has then, 0: it has none. */
  #count(print: number, increment: number): number {
    const memory = this.#memory;
    let highest = 0;
    for (let row = 0; row < this.#depth; row++) {
      const at = this.#bucket(row);
      const count = memory.uint32(at + COUNT);
      if (count === 0 || memory.uint32(at) === print) {
        if (count === 0) memory.setUint32(at, print);
        const counted = Math.min(MOST_COUNT, count + increment);
        memory.setUint32(at + COUNT, counted);
        highest = Math.max(highest, counted);
      } else {
        highest = Math.max(highest, this.#contest(at, count, print, increment));
      }
    }
    return highest;
  }

  /** Lets a bucket of another item decay; returns what the item has of it then. */
  #contest(at: number, before: number, print: number, increment: number): number {
    const memory = this.#memory;
    const { decay } = this;
    let count = before;
    let chance = memory.uint32(CHANCE_AT);
    let left = increment;
    for (; left > 0; left--) {
      chance = (chance + 0x6d2b79f5) >>> 0;
      if ((mix(chance) >>> 0) / 2 ** 32 < decayOf(decay, count) && --count === 0) break;
    }
    memory.setUint32(CHANCE_AT, chance);
    if (count === 0) {
      memory.setUint32(at, print);
      count = left;
    }
    if (count !== before) memory.setUint32(at + COUNT, count);
    return memory.uint32(at) === print ? count : 0;
  }

  /** Where the item that was hashed last is counted in a row. */
  #bucket(row: number): number {
    const spread = mix((itemHash.a + Math.imul(row, itemHash.b | 1)) | 0) >>> 0;
    const column = Math.floor((spread / 2 ** 32) * this.#width);
    return HEAD_BYTES + (row * this.#width + column) * BUCKET_BYTES;
  }

  #place(place: number): number {
    return this.#heap + place * PLACE_BYTES;
  }

  #countAt(place: number): number {
    return this.#memory.uint32(this.#place(place) + COUNT);
  }

  /** The place of an item on the list, below 0: none. */
  #find(print: number, bytes: Uint8Array, offset: number, length: number): number {
    const memory = this.#memory;
    const { listed } = this;
    for (let place = 0; place < listed; place++) {
      const at = this.#place(place);
      if (memory.uint32(at) !== print || memory.uint32(at + ITEM_LENGTH) !== length) continue;
      const from = memory.base + this.#items + memory.uint32(at + ITEM_OFFSET);
      let i = 0;
      while (i < length && memory.bytes[from + i] === bytes[offset + i]) i++;
      if (i === length) return place;
    }
    return -1;
  }

  /** Puts an item on the list, in place of the least one when it is full. */
  #list(print: number, count: number, item: Buffer): boolean {
    const memory = this.#memory;
    const { listed } = this;
    const isFull = listed === this.#k;
    const used = memory.float(ITEMS_AT);
    const first = this.#place(0);
    const freed = isFull ? memory.uint32(first + ITEM_LENGTH) : 0;
    const kept = used - freed;
    // The longer of both lengths first: what follows cannot fail.
    if (item.length > freed && !memory.resize(this.#items + kept + item.length)) return false;
    if (isFull) {
      const offset = memory.uint32(first + ITEM_OFFSET);
      this.expelled = Buffer.from(memory.slice(this.#items + offset, freed));
      this.#close(offset, freed, used);
    }
    if (item.length < freed) memory.resize(this.#items + kept + item.length);
    memory.write(this.#items + kept, item);
    memory.setFloat(ITEMS_AT, kept + item.length);
    const place = isFull ? 0 : listed;
    const at = this.#place(place);
    memory.setUint32(at, print);
    memory.setUint32(at + COUNT, count);
    memory.setUint32(at + ITEM_OFFSET, kept);
    memory.setUint32(at + ITEM_LENGTH, item.length);
    if (isFull) {
      this.#sink(0);
    } else {
      memory.setUint32(LISTED_AT, listed + 1);
      this.#rise(place);
    }
    return true;
  }

  /** Closes the gap that an item leaves among the others. */
  #close(offset: number, length: number, used: number): void {
    const memory = this.#memory;
    if (length === 0) return;
    const from = memory.base + this.#items + offset;
    memory.bytes.copyWithin(from, from + length, memory.base + this.#items + used);
    memory.touchRange(this.#items + offset, used - offset);
    const { listed } = this;
    for (let place = 0; place < listed; place++) {
      const at = this.#place(place) + ITEM_OFFSET;
      const other = memory.uint32(at);
      if (other > offset) memory.setUint32(at, other - length);
    }
  }

  #swap(a: number, b: number): void {
    const memory = this.#memory;
    const [first, second] = [this.#place(a), this.#place(b)];
    for (let word = 0; word < PLACE_BYTES; word += 4) {
      const kept = memory.uint32(first + word);
      memory.setUint32(first + word, memory.uint32(second + word));
      memory.setUint32(second + word, kept);
    }
  }

  #rise(from: number): void {
    for (let place = from; place > 0; ) {
      const parent = (place - 1) >> 1;
      if (this.#countAt(parent) <= this.#countAt(place)) return;
      this.#swap(parent, place);
      place = parent;
    }
  }

  #sink(from: number): void {
    const { listed } = this;
    for (let place = from; ; ) {
      let least = 2 * place + 1;
      if (least >= listed) break;
      if (least + 1 < listed && this.#countAt(least + 1) < this.#countAt(least)) least++;
      if (this.#countAt(place) <= this.#countAt(least)) break;
      this.#swap(place, least);
      place = least;
    }
    // A count can become less, when another row had the higher one.
    this.#rise(from);
  }

  /** True when an item is on the list. */
  has(bytes: Uint8Array, offset: number, length: number): boolean {
    itemHash.of(bytes, offset, length);
    return this.#find(itemHash.c >>> 0, bytes, offset, length) >= 0;
  }

  /** The estimate of an item's count: what the list says, or the highest of its buckets. */
  countOf(bytes: Uint8Array, offset: number, length: number): number {
    itemHash.of(bytes, offset, length);
    const memory = this.#memory;
    const print = itemHash.c >>> 0;
    const place = this.#find(print, bytes, offset, length);
    if (place >= 0) return this.#countAt(place);
    let highest = 0;
    for (let row = 0; row < this.#depth; row++) {
      const at = this.#bucket(row);
      if (memory.uint32(at) === print) highest = Math.max(highest, memory.uint32(at + COUNT));
    }
    return highest;
  }

  /** The items on the list, the most frequent first; valid until it changes. */
  list(): { readonly item: Buffer; readonly count: number }[] {
    const memory = this.#memory;
    const found: { item: Buffer; count: number }[] = [];
    for (let place = 0; place < this.listed; place++) {
      const at = this.#place(place);
      const from = this.#items + memory.uint32(at + ITEM_OFFSET);
      const item = memory.slice(from, memory.uint32(at + ITEM_LENGTH));
      found.push({ item, count: memory.uint32(at + COUNT) });
    }
    return found.sort((a, b) => b.count - a.count || Buffer.compare(a.item, b.item));
  }
}

/** True when bytes from elsewhere are a list that nothing here can stumble over. */
export function isTopK(memory: SketchMemory): boolean {
  if (memory.length < HEAD_BYTES || memory.byte(0) !== VERSION) return false;
  const k = memory.uint32(K_AT);
  const width = memory.uint32(WIDTH_AT);
  const depth = memory.uint32(DEPTH_AT);
  const decay = memory.float(DECAY_AT);
  const used = memory.float(ITEMS_AT);
  const items = topKBytes(k, width, depth);
  const listed = memory.uint32(LISTED_AT);
  if (k < 1 || width < 1 || depth < 1 || !(decay > 0 && decay <= 1) || listed > k) return false;
  if (!(used >= 0) || items + used !== memory.length) return false;
  let together = 0;
  for (let place = 0; place < listed; place++) {
    const at = items - (k - place) * PLACE_BYTES;
    const length = memory.uint32(at + ITEM_LENGTH);
    if (memory.uint32(at + ITEM_OFFSET) + length > used) return false;
    together += length;
  }
  return together === used;
}
