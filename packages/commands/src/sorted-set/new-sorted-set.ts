// A sorted set that is being made and belongs to no key yet: what RESTORE reads, what the commands
// with STORE keep and what unions and intersections come to. Packed while it may be, then large.

import {
  LargeSortedSet,
  MAX_PACKED_BYTES,
  SCORE_SAME,
  sortedSetAddStaysPacked,
} from '@forgekv/datatypes';
import { TYPE_ZSET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { NewValue } from '../new-value.ts';
import { SortedSetReading, viewOf } from './sorted-set-reading.ts';

/** More bytes than an effect has around a value, and an element of it around its member. */
const FRAME_BYTES = 128;
const ELEMENT_BYTES = 20;

/** Reused; what is made is good until `begin`. */
export class NewSortedSet extends SortedSetReading {
  readonly #bytes = Buffer.alloc(MAX_PACKED_BYTES);
  readonly #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, MAX_PACKED_BYTES);
  #context: CommandContext | null = null;
  #mostBytes = 0;
  #takesLong = false;

  /**
   * Starts an empty one.
   * @param mayPack false: it is large from the beginning
   * @param takesLong the length of members does not make it large
   */
  begin(c: CommandContext, mayPack: boolean = true, takesLong: boolean = false): void {
    this.#takesLong = takesLong;
    this.attachNone();
    this.packed.rebase(this.#bytes, this.#view, 0);
    this.#context = c;
    this.#mostBytes = c.mostPackedBytes;
    if (!mayPack) this.#convert(c);
  }

  /** Gives a member a score, whose sign counts at 0 too: sums go from -0 to 0. */
  put(bytes: Buffer, offset: number, length: number, score: number): void {
    const { packed, element, large } = this;
    if (large !== null) {
      if (large.set(score, bytes, offset, length) === SCORE_SAME && score === 0) {
        large.delete(bytes, offset, length);
        large.set(score, bytes, offset, length);
      }
      return;
    }
    element.set(bytes, viewOf(bytes), offset, length);
    if (packed.locate(element, score)) {
      if (!Object.is(packed.score, score)) packed.applyMove(element, score);
      return;
    }
    const c = this.#context!;
    const asked = this.#takesLong ? 0 : length;
    const stays = sortedSetAddStaysPacked(packed.count, asked, c.limits.sortedSet);
    if (!stays || packed.planInsert(element) > this.#mostBytes) {
      this.#convert(c);
      this.put(bytes, offset, length, score);
      return;
    }
    packed.applyInsert(element, score);
  }

  #convert(c: CommandContext): void {
    const large = new LargeSortedSet(c.largeOptions);
    this.walk(0, this.count, false, (bytes, offset, length, score) => {
      large.set(score, bytes, offset, length);
    });
    this.large = large;
  }

  /** More bytes than its effect has. */
  get effectBytes(): number {
    const { large, packed } = this;
    const bytes = large === null ? packed.usedBytes : large.memoryBytes;
    return FRAME_BYTES + bytes + this.count * ELEMENT_BYTES;
  }

  /** Forgets what was made. */
  clear(): void {
    this.attachNone();
  }

  /** Returns what was made, which has members. A large one is the caller's from now on. */
  finish(): NewValue {
    const { large, packed } = this;
    const type = TYPE_ZSET;
    if (large !== null) return { type, collection: large };
    // Redis: a listpack knows no -0; what is only shown is no listpack.
    packed.dropMinusZeros();
    return { type, encoding: 0, bytes: this.#bytes, offset: 0, length: packed.length };
  }
}

/** That of this thread's command, unless it may take long. */
export const made = new NewSortedSet();
