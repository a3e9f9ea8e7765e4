// The fields of the hash a command has opened, to be read: found, walked and picked, whether they
// are packed or large. How a hash is opened and changed is in hash-value.ts.

import { invariant } from '@forgekv/base';
import { type ByteRange, ElementBytes, LargeHash, PackedHash } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { PickWalk } from '../random-picks.ts';
import { PagedReply, pageOf, SLICE_PAGE } from '../sliced-work.ts';

/** Is called for one field after the other, which `hash` shows then. It may not change the hash. */
export type VisitField = (c: CommandContext) => void;

/** Fields of a large hash that are looked at in one go. */
const SCAN_FIELDS = 1024;
/** Numbers noted of a packed pair that is picked repeatedly. */
const PLACE_NUMBERS = 4;

const NO_BYTES = Buffer.alloc(0);
const walk = new PickWalk();

export class HashFields {
  /** The open hash while `large` is null. */
  protected readonly packed: PackedHash = new PackedHash();
  protected large: LargeHash | null = null;
  /** The argument `find` has looked for. */
  protected readonly field: ElementBytes = new ElementBytes();

  // The field that was found or is visited: ranges of bytes, valid until the hash changes.
  fieldBytes: Buffer = NO_BYTES;
  fieldAt = 0;
  fieldLength = 0;
  valueBytes: Buffer = NO_BYTES;
  valueAt = 0;
  valueLength = 0;
  /** Unix milliseconds, 0 = never. */
  expireAtMs = 0;

  /** Points to the hash that `c` has opened last, as it is: fields may have expired. */
  attach(c: CommandContext): void {
    const { collection } = c;
    if (collection === null) {
      this.large = null;
      this.packed.open(c.valueBytes, c.table.view, c.valueOffset, c.valueLength);
    } else {
      invariant(collection instanceof LargeHash, 'a large hash is a hash');
      this.large = collection;
    }
  }

  /** Points to a hash without fields: that of a missing key. */
  protected attachNone(): void {
    this.large = null;
    this.packed.openEmpty();
  }

  /** Number of fields. */
  get count(): number {
    return this.large === null ? this.packed.count : this.large.count;
  }

  /** The earliest time at which a field expires in Unix milliseconds, 0 = never. */
  get earliestExpiry(): number {
    return this.large === null ? this.packed.earliestExpiry() : this.large.nextExpireAtMs;
  }

  /** Finds the field an argument names, and shows it. */
  find(c: CommandContext, index: number): boolean {
    const { bytes, view } = c.request;
    const offset = c.request.offset(index);
    const length = c.request.length(index);
    const { large } = this;
    if (large !== null) {
      if (!large.get(bytes, offset, length)) return false;
      this.valueBytes = large.value.bytes;
      this.valueAt = large.value.offset;
      this.valueLength = large.value.length;
      this.expireAtMs = large.expireAtMs;
      return true;
    }
    const { packed } = this;
    if (!packed.find(this.field.set(bytes, view, offset, length))) return false;
    this.#showPacked();
    return true;
  }

  /** Visits all fields, each once. */
  each(c: CommandContext, visit: VisitField): void {
    let cursor = 0;
    do cursor = this.scan(c, cursor, SCAN_FIELDS, visit);
    while (cursor !== 0);
  }

  /**
   * Visits about `wanted` fields from a cursor on, all of them when they are packed.
   * @param cursor 0 or what the last call returned
   * @returns the cursor to go on with, 0 at the end
   */
  scan(c: CommandContext, cursor: number, wanted: number, visit: VisitField): number {
    if (this.large !== null) {
      return this.large.scan(cursor, wanted, (field, value, expireAtMs) => {
        this.#show(field, value, expireAtMs);
        visit(c);
      });
    }
    const { packed } = this;
    packed.rewind();
    while (packed.next()) {
      packed.read();
      this.#showPacked();
      visit(c);
    }
    return 0;
  }

  /** True when what is about `count` fields is put off: then it is `paged` or `pagedPicks`. */
  isLong(c: CommandContext, count: number): boolean {
    return this.large !== null && count > c.sliceElements;
  }

  /** Visits all fields of a large hash as work for later; `head` comes before them. */
  paged(c: CommandContext, head: () => void, visit: VisitField): PagedReply {
    const large = this.large!;
    const show = (field: ByteRange, value: ByteRange, expireAtMs: number): void => {
      this.#show(field, value, expireAtMs);
      visit(c);
    };
    const wanted = pageOf(large);
    return new PagedReply(large, head, (cursor) => large.scan(cursor, wanted, show));
  }

  /** The same for `wanted` picks, each independent of the others. */
  pagedPicks(c: CommandContext, wanted: number, head: () => void, visit: VisitField): PagedReply {
    const large = this.large!;
    return new PagedReply(large, head, (done) => {
      const end = Math.min(wanted, done + SLICE_PAGE);
      for (let i = done; i < end && !c.reply.overflowed; i++) {
        large.pick();
        this.#show(large.member, large.value, large.expireAtMs);
        visit(c);
      }
      return end < wanted ? end : 0;
    });
  }

  /** Picks a field of a hash that has some, each with the same probability, and shows it. */
  pick(c: CommandContext): void {
    const { large, packed } = this;
    if (large === null) {
      packed.seek(c.random.below(packed.count));
      packed.read();
      this.#showPacked();
    } else {
      large.pick();
      this.#show(large.member, large.value, large.expireAtMs);
    }
  }

  /**
   * Visits `wanted` picks, each independent of the others. Ends early when the reply is too large
   * for its client.
   */
  pickMany(c: CommandContext, wanted: number, visit: VisitField): void {
    const places = this.large === null && wanted > 1 ? this.#places() : null;
    for (let i = 0; i < wanted && !c.reply.overflowed; i++) {
      if (places === null) this.pick(c);
      else this.#showPlace(places, c.random.below(this.packed.count) * PLACE_NUMBERS);
      visit(c);
    }
  }

  /** Visits `wanted` distinct fields, or all, every choice with the same probability. */
  sample(c: CommandContext, wanted: number, visit: VisitField): void {
    if (this.large !== null) {
      this.large.sample(wanted, (field, value, expireAtMs) => {
        this.#show(field, value, expireAtMs);
        visit(c);
      });
      return;
    }
    walk.begin(c.random, this.packed.count, wanted);
    this.scan(c, 0, wanted, () => {
      if (walk.takes()) visit(c);
    });
  }

  #showPacked(): void {
    const { packed } = this;
    this.fieldBytes = packed.bytes;
    this.fieldAt = packed.fieldAt;
    this.fieldLength = packed.fieldBytes;
    this.valueBytes = packed.bytes;
    this.valueAt = packed.valueAt;
    this.valueLength = packed.valueBytes;
    this.expireAtMs = packed.expireAtMs;
  }

  #show(field: ByteRange, value: ByteRange, expireAtMs: number): void {
    this.fieldBytes = field.bytes;
    this.fieldAt = field.offset;
    this.fieldLength = field.length;
    this.valueBytes = value.bytes;
    this.valueAt = value.offset;
    this.valueLength = value.length;
    this.expireAtMs = expireAtMs;
  }

  /** Where all packed pairs lie: walking to a pair for each of many picks would take too long. */
  #places(): Int32Array {
    const { packed } = this;
    const places = new Int32Array(packed.count * PLACE_NUMBERS);
    let at = 0;
    packed.rewind();
    while (packed.next()) {
      packed.read();
      places[at++] = packed.fieldAt;
      places[at++] = packed.fieldBytes;
      places[at++] = packed.valueAt;
      places[at++] = packed.valueBytes;
    }
    return places;
  }

  #showPlace(places: Int32Array, at: number): void {
    this.fieldBytes = this.packed.bytes;
    this.valueBytes = this.packed.bytes;
    this.fieldAt = places[at]!;
    this.fieldLength = places[at + 1]!;
    this.valueAt = places[at + 2]!;
    this.valueLength = places[at + 3]!;
  }
}
