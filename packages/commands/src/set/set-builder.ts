// A set that a command makes, or makes anew, until it is stored: members in a hash table, and the
// form that Redis 7.2 would have given the set by then. What lies in the table is not touched.

import {
  ElementBytes,
  HEAD_BYTES,
  Int64,
  intsetStays,
  LargeSet,
  MAX_PACKED_BYTES,
  PackedIntset,
  PackedSet,
  type SetForm,
  setAddStaysPacked,
} from '@forgekv/datatypes';
import { TYPE_SET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import type { NewValue } from '../new-value.ts';
import { MemberList } from './member-list.ts';

const integer = new Int64();
const element = new ElementBytes();
const intset = new PackedIntset();
const packed = new PackedSet();
/** Where a packed set is written; words are read behind its end. */
const written = Buffer.alloc(MAX_PACKED_BYTES + 8);
const writtenView = new DataView(written.buffer, written.byteOffset, written.length);
/** Bytes around the members of a payload that restores the set. */
const FRAME_BYTES = 64;
const MEMBER_FRAME_BYTES = 5;

/** `begin`, `take` or `add` members, `value`. One per thread and purpose, reused. */
export class SetBuilder {
  form: SetForm = 'intset';
  #c: CommandContext | null = null;
  #members: LargeSet | null = null;
  /** Members in the order they came, of which some may be gone, while the set may be packed. */
  readonly #order = new MemberList();
  /** Bytes of the longest member as text. */
  #longest = 0;
  /** Bytes of an integer, while all are integers. */
  #width = 2;
  /** Bytes of the members in the listpack form. */
  #packedBytes = 0;

  /** Begins an empty set of a form. */
  begin(c: CommandContext, form: SetForm): void {
    this.form = form;
    this.#c = c;
    this.#members = new LargeSet(c.largeOptions);
    this.#longest = 0;
    this.#width = 2;
    this.#packedBytes = 0;
    this.#order.clear();
  }

  get count(): number {
    return this.#members!.count;
  }

  /** About the bytes of an effect that restores the set. */
  get effectBytes(): number {
    return FRAME_BYTES + this.#packedBytes + this.count * MEMBER_FRAME_BYTES;
  }

  has(bytes: Uint8Array, offset: number, length: number): boolean {
    return this.#members!.has(bytes, offset, length);
  }

  /** Adds a member that suits the form, without a look at the limits; false: it was there. */
  take(bytes: Buffer, offset: number, length: number): boolean {
    if (this.form === 'intset') this.#readInteger(bytes, offset, length);
    return this.#insert(bytes, offset, length);
  }

  /** Adds a member as Redis does: the set may take another form. False: it was there. */
  add(bytes: Buffer, offset: number, length: number): boolean {
    const { limits } = this.#c!;
    if (this.form === 'intset') {
      if (this.#readInteger(bytes, offset, length)) {
        if (!this.#insert(bytes, offset, length)) return false;
        if (!intsetStays(this.count, limits.maxIntsetEntries)) this.form = 'hashtable';
        return true;
      }
      const longest = Math.max(length, this.#longest);
      const stays = setAddStaysPacked(this.count, longest, limits.set);
      this.form = stays ? 'listpack' : 'hashtable';
      return this.#insert(bytes, offset, length);
    }
    const before = this.count;
    if (!this.#insert(bytes, offset, length)) return false;
    if (!setAddStaysPacked(before, length, limits.set)) this.form = 'hashtable';
    return true;
  }

  /** Removes a member; the form stays. False: it was not there. */
  remove(bytes: Uint8Array, offset: number, length: number): boolean {
    if (!this.#members!.delete(bytes, offset, length)) return false;
    this.#packedBytes -= packed.memberBytes(length);
    return true;
  }

  /** Makes it an intset when all members are integers, and few enough. */
  preferIntset(): void {
    if (this.form === 'intset' || this.count > this.#c!.limits.maxIntsetEntries) return;
    this.#width = 2;
    const isIntset = everyMember(this.#members!, (bytes, offset, length) =>
      this.#readInteger(bytes, offset, length),
    );
    if (isIntset) this.form = 'intset';
  }

  /** True when the set will be packed: its form is, and it is short enough. */
  get isPacked(): boolean {
    if (this.form === 'hashtable') return false;
    const bytes =
      this.form === 'intset'
        ? intset.bytesOf(this.count, this.#width)
        : HEAD_BYTES + this.#packedBytes;
    return bytes <= this.#c!.mostPackedBytes;
  }

  /** Returns the set, which is not empty, and forgets it. Bytes are valid until the next call. */
  value(): NewValue {
    const members = this.#members!;
    const length = this.isPacked ? this.#write(members) : 0;
    this.clear();
    if (length === 0) return { type: TYPE_SET, collection: members };
    return { type: TYPE_SET, encoding: 0, bytes: written, offset: 0, length };
  }

  /**
   * Returns the members, to be looked for: those of the set that `value` makes when that is large,
   * else a copy.
   */
  members(c: CommandContext): LargeSet {
    const members = this.#members!;
    if (!this.isPacked) return members;
    const copy = new LargeSet(c.largeOptions);
    everyMember(members, (bytes, offset, length) => copy.insert(bytes, offset, length));
    return copy;
  }

  /** Forgets the members. */
  clear(): void {
    this.#order.clear();
    this.#members = null;
    this.#c = null;
  }

  #readInteger(bytes: Buffer, offset: number, length: number): boolean {
    if (!integer.parse(bytes, offset, length)) return false;
    this.#width = Math.max(this.#width, integer.width);
    return true;
  }

  #insert(bytes: Buffer, offset: number, length: number): boolean {
    if (!this.#members!.insert(bytes, offset, length)) return false;
    this.#longest = Math.max(this.#longest, length);
    this.#packedBytes += packed.memberBytes(length);
    if (this.form === 'hashtable') this.#order.clear();
    else this.#order.add(bytes, offset, length);
    return true;
  }

  /** Writes the packed form to `written`; returns its length. */
  #write(members: LargeSet): number {
    if (this.form === 'intset') {
      intset.openEmpty().rebase(written, writtenView, 0);
      everyMember(members, (bytes, offset, length) => {
        integer.parse(bytes, offset, length);
        intset.find(integer);
        intset.planAdd(integer);
        intset.applyAdd(integer);
        return true;
      });
      return intset.length;
    }
    packed.openEmpty().rebase(written, writtenView, 0);
    const order = this.#order;
    for (let i = 0; i < order.count; i++) {
      const offset = order.offset(i);
      const length = order.length(i);
      if (!members.has(order.bytes, offset, length)) continue;
      element.setBuffer(order.bytes.subarray(offset, offset + length));
      packed.planAdd(length);
      packed.applyAdd(element);
    }
    return packed.length;
  }
}

/** True when the visitor, which may change nothing, says so of all members. */
function everyMember(
  members: LargeSet,
  visit: (bytes: Buffer, offset: number, length: number) => boolean,
): boolean {
  let isTrue = true;
  let cursor = 0;
  do {
    cursor = members.scan(cursor, 1024, ({ bytes, offset, length }) => {
      isTrue = isTrue && visit(bytes, offset, length);
    });
  } while (cursor !== 0 && isTrue);
  return isTrue;
}
