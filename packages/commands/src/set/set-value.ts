// Sets as the commands of the family read them. With set-edit.ts and set-builder.ts the only file
// that knows their forms: integers, packed members, a large set. It replies and logs nothing.

import { invariant } from '@forgekv/base';
import {
  ByteRange,
  ElementBytes,
  FORM_INTSET,
  HEAD_BYTES,
  Int64,
  LargeSet,
  MAX_INTEGER_TEXT,
  MAX_PACKED_BYTES,
  PackedIntset,
  PackedSet,
  packedForm,
  type SetForm,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { PickWalk } from '../random-picks.ts';
import { PagedReply, pageOf } from '../sliced-work.ts';

/** Words are read behind the end of what is packed. */
const SPARE_BYTES = 8;
const INTEGER_HEAD_BYTES = 4;

/** Told of a member, valid during the call; returns whether to go on. May change nothing. */
export type VisitMember = (bytes: Buffer, offset: number, length: number) => boolean;

// One of each per thread is enough: nothing in them is kept from one call to the next.
/** The member looked for in an intset. */
export const integer = new Int64();
/** The member looked for in a packed set. */
export const element = new ElementBytes();
/** Members from anywhere but the request and the table. */
const scratch = Buffer.alloc(MAX_PACKED_BYTES);
const scratchView = new DataView(scratch.buffer, scratch.byteOffset, scratch.length);

const walk = new PickWalk();

/** One set that is open; reused for many. */
export class SetValue {
  /** Members. */
  count = 0;
  form: SetForm = 'intset';
  /** The member `pick` has found, valid until the next call. */
  readonly picked: ByteRange = new ByteRange();

  protected readonly intset: PackedIntset = new PackedIntset();
  protected readonly packed: PackedSet = new PackedSet();
  protected large: LargeSet | null = null;
  readonly #text = Buffer.alloc(MAX_INTEGER_TEXT);

  /** Opens the set that `c.openCollection` has opened last; 0 as `entry`: an empty one. */
  open(c: CommandContext, entry: number): this {
    this.large = null;
    if (entry === 0) {
      this.form = 'intset';
      this.count = 0;
      this.intset.openEmpty();
    } else if (c.collection !== null) {
      invariant(c.collection instanceof LargeSet, 'a set is kept as something else');
      this.form = 'hashtable';
      this.large = c.collection;
      this.count = c.collection.count;
    } else if (packedForm(c.valueBytes, c.valueOffset) === FORM_INTSET) {
      this.form = 'intset';
      this.intset.open(c.valueBytes, c.table.view, c.valueOffset, c.valueLength);
      this.count = this.intset.count;
    } else {
      this.form = 'listpack';
      this.packed.open(c.valueBytes, c.table.view, c.valueOffset, c.valueLength);
      this.count = this.packed.count;
    }
    return this;
  }

  /** Opens a large set that has no key. */
  openLarge(large: LargeSet): this {
    this.form = 'hashtable';
    this.large = large;
    this.count = large.count;
    return this;
  }

  /** Lets go of a large set, so that it is not kept for longer than its key. */
  close(): void {
    this.large = null;
  }

  /** True when these bytes are a member: of the request, the table, or anywhere else. */
  has(c: CommandContext, bytes: Buffer, offset: number, length: number): boolean {
    if (this.large !== null) return this.large.has(bytes, offset, length);
    if (this.form === 'intset') {
      return integer.parse(bytes, offset, length) && this.intset.find(integer);
    }
    return point(c, bytes, offset, length) && this.packed.find(element);
  }

  /** Visits all members until the visitor ends it. */
  each(visit: VisitMember): void {
    if (this.large !== null)
      for (let at = this.walk(0, visit); at !== 0; ) at = this.walk(at, visit);
    else if (this.form === 'intset') this.#eachInteger(visit);
    else this.#eachPacked(visit);
  }

  #eachInteger(visit: VisitMember): void {
    const { intset, count } = this;
    const text = this.#text;
    for (let i = 0; i < count; i++) {
      intset.read(i, integer);
      if (!visit(text, 0, integer.write(text, 0))) return;
    }
  }

  #eachPacked(visit: VisitMember): void {
    const { packed } = this;
    packed.rewind();
    while (packed.next()) {
      if (!visit(packed.bytes, packed.payloadAt, packed.payloadBytes)) return;
    }
  }

  /**
   * Visits a page of all members, until the visitor ends it.
   * @param cursor 0, or what the last call has returned, with nothing changed since
   * @returns the next cursor, 0: at the end
   */
  walk(cursor: number, visit: VisitMember): number {
    const { large } = this;
    if (large === null) {
      this.each(visit);
      return 0;
    }
    let goesOn = true;
    const next = large.scan(cursor, pageOf(large), ({ bytes, offset, length }) => {
      if (goesOn) goesOn = visit(bytes, offset, length);
    });
    return goesOn ? next : 0;
  }

  /** The same as work for later, of a large set; `head` comes before the members. */
  paged(head: () => void, visit: VisitMember): PagedReply {
    const walked = this.taken();
    return new PagedReply(this.large, head, (cursor) => walked.walk(cursor, visit));
  }

  /** The large set that is open, null: it is packed. */
  get collection(): LargeSet | null {
    return this.large;
  }

  /** Copies a packed set out of the table, so that it stays what it is. */
  detach(): void {
    if (this.large !== null || this.count === 0) return;
    if (this.form === 'intset') openCopy(this.intset, this.intset);
    else openCopy(this.packed, this.packed);
  }

  /** Returns the same set for somebody else, detached. */
  taken(): SetValue {
    const set = new SetValue();
    set.count = this.count;
    set.form = this.form;
    set.large = this.large;
    if (this.large === null && this.count > 0) {
      if (this.form === 'intset') openCopy(this.intset, set.intset);
      else openCopy(this.packed, set.packed);
    }
    return set;
  }

  /**
   * Visits a page of a walk that goes on however the set changes meanwhile.
   * @param cursor 0, or what the last page has returned; anything else is harmless
   * @param wanted members that are enough for a page
   * @returns the next cursor, 0 at the end; what is packed is one page, as in Redis
   */
  page(cursor: number, wanted: number, visit: VisitMember): number {
    if (this.large !== null) {
      return this.large.scan(cursor, wanted, ({ bytes, offset, length }) => {
        visit(bytes, offset, length);
      });
    }
    this.each(visit);
    return 0;
  }

  /** The integers of an intset, ascending: their width and number (u32 each), then they. */
  integerBytes(): Buffer {
    const { bytes, offset, length, width } = this.intset;
    const copy = Buffer.alloc(2 * INTEGER_HEAD_BYTES + length - HEAD_BYTES);
    copy.writeUInt32LE(width, 0);
    copy.writeUInt32LE(this.count, INTEGER_HEAD_BYTES);
    bytes.copy(copy, 2 * INTEGER_HEAD_BYTES, offset + HEAD_BYTES, offset + length);
    return copy;
  }

  /** Picks a member into `picked`, each with the same probability; there is one. */
  pick(c: CommandContext): void {
    const { picked, large } = this;
    if (large !== null) {
      large.pickMember();
      picked.point(large.member.bytes, large.member.offset, large.member.length);
      return;
    }
    const index = c.random.below(this.count);
    if (this.form === 'intset') {
      this.intset.index = index;
      this.intset.read(index, integer);
      picked.point(this.#text, 0, integer.write(this.#text, 0));
    } else {
      const { packed } = this;
      packed.seek(index);
      picked.point(packed.bytes, packed.payloadAt, packed.payloadBytes);
    }
  }

  /** Visits so many distinct members, at most all, every choice with the same probability. */
  sample(c: CommandContext, wanted: number, visit: VisitMember): void {
    if (wanted >= this.count) {
      this.each(visit);
    } else if (this.large !== null) {
      this.large.sample(wanted, ({ bytes, offset, length }) => {
        visit(bytes, offset, length);
      });
    } else {
      walk.begin(c.random, this.count, wanted);
      this.each((bytes, offset, length) => {
        if (walk.takes()) visit(bytes, offset, length);
        return walk.needed > 0;
      });
    }
  }
}

/** Opens a copy of what a packed form has open. */
function openCopy<F extends PackedIntset | PackedSet>(from: F, into: F): void {
  const { bytes, offset, length } = from;
  const copy = Buffer.alloc(length + SPARE_BYTES);
  bytes.copy(copy, 0, offset, offset + length);
  into.open(copy, new DataView(copy.buffer, copy.byteOffset, copy.length), 0, length);
}

/** Points `element` to bytes with a view of them; false: too long to be in a packed set. */
function point(c: CommandContext, bytes: Buffer, offset: number, length: number): boolean {
  if (bytes === c.request.bytes) {
    element.set(bytes, c.request.view, offset, length);
  } else if (bytes === c.table.bytes) {
    element.set(bytes, c.table.view, offset, length);
  } else {
    if (length > scratch.length) return false;
    bytes.copy(scratch, 0, offset, offset + length);
    element.set(scratch, scratchView, 0, length);
  }
  return true;
}
