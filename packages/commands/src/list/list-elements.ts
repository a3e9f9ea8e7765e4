// A list as the commands of the family read it: elements by index or by what they are, whichever of
// the two forms the list has. Edits are in list-value.ts, and no other file knows both forms.

import { invariant } from '@forgekv/base';
import { type ByteRange, ElementBytes, LargeList, PackedList } from '@forgekv/datatypes';
import { TYPE_LIST } from '@forgekv/keyspace';
import type { ReplyWriter } from '@forgekv/protocol';
import type { CommandContext } from '../context.ts';
import { OTHER_TYPE } from '../outcome.ts';
import { PagedReply, pageOf } from '../sliced-work.ts';

/** Sees elements; the bytes are valid during the call only. */
export type VisitElement = (bytes: Buffer, offset: number, length: number) => void;

const NOTHING = Buffer.alloc(0);

/** The element that is pushed or looked for. */
export const element = new ElementBytes();

export class ListElements {
  /** The key's entry, 0: there is none, and the list is empty. */
  entry = 0;
  /** The element that `get` has found, until the next edit. */
  bytes: Buffer = NOTHING;
  offset = 0;
  length = 0;
  protected readonly packed = new PackedList();
  /** Null: the list is packed. */
  protected large: LargeList | null = null;

  /**
   * Opens the list at an argument index.
   * @returns its entry, 0 when there is none, or what `openCollection` answers below 0
   */
  open(c: CommandContext, index: number): number {
    const entry = c.openCollection(index, TYPE_LIST);
    if (entry < 0) return entry;
    return this.load(c, entry);
  }

  /** The same for commands that count as reads of the key. */
  openToRead(c: CommandContext, index: number): number {
    const entry = this.open(c, index);
    if (entry >= 0) c.countRead(entry, index);
    else if (entry === OTHER_TYPE) c.stats.hits++;
    return entry;
  }

  /** Takes the list that was opened last, `entry` being its key's, or an empty one. */
  load(c: CommandContext, entry: number): number {
    this.entry = entry;
    this.large = null;
    if (entry === 0) {
      this.packed.openEmpty();
    } else if (c.collection === null) {
      this.packed.open(c.valueBytes, c.table.view, c.valueOffset, c.valueLength);
    } else {
      invariant(c.collection instanceof LargeList, 'a list is a list');
      this.large = c.collection;
    }
    return entry;
  }

  /** Lets go of a large list, so that it is not kept alive longer than its key. */
  close(): void {
    this.large = null;
    this.bytes = NOTHING;
  }

  /** Number of elements. */
  get count(): number {
    return this.large === null ? this.packed.count : this.large.count;
  }

  /** Finds an element; false when the index is not 0..count-1. */
  get(index: number): boolean {
    const large = this.large;
    if (large !== null) {
      if (!large.get(index)) return false;
      this.#point(large.element.bytes, large.element.offset, large.element.length);
      return true;
    }
    const packed = this.packed;
    if (!packed.seek(index)) return false;
    this.#point(packed.bytes, packed.payloadAt, packed.payloadBytes);
    return true;
  }

  #point(bytes: Buffer, offset: number, length: number): void {
    this.bytes = bytes;
    this.offset = offset;
    this.length = length;
  }

  /** Writes `count` elements from `first` on, upwards or downwards, all of which exist. */
  reply(reply: ReplyWriter, first: number, count: number, downwards: boolean): void {
    if (this.large !== null) {
      this.visit(first, count, downwards, (bytes, offset, length) => {
        reply.bulk(bytes, offset, length);
      });
      return;
    }
    const packed = this.packed;
    packed.seek(first);
    for (let left = count; left > 0; left--) {
      reply.bulk(packed.bytes, packed.payloadAt, packed.payloadBytes);
      if (downwards) packed.previous();
      else packed.next();
    }
  }

  /** Visits `count` elements from `first` on, upwards or downwards, all of which exist. */
  visit(first: number, count: number, downwards: boolean, visit: VisitElement): void {
    if (this.large !== null) {
      this.large.walk(first, count, downwards, ({ bytes, offset, length }) => {
        visit(bytes, offset, length);
      });
      return;
    }
    const packed = this.packed;
    packed.seek(first);
    for (let left = count; left > 0; left--) {
      visit(packed.bytes, packed.payloadAt, packed.payloadBytes);
      if (downwards) packed.previous();
      else packed.next();
    }
  }

  /** True when a reply of `count` elements is put off: it is `paged`. */
  isLong(c: CommandContext, count: number): boolean {
    return this.large !== null && count > c.sliceElements;
  }

  /** The reply of elements of a large list, behind its head, as work for later. */
  paged(
    reply: ReplyWriter,
    head: () => void,
    first: number,
    count: number,
    downwards: boolean,
  ): PagedReply {
    const large = this.large!;
    const page = pageOf(large);
    const write = ({ bytes, offset, length }: ByteRange): void => reply.bulk(bytes, offset, length);
    return new PagedReply(large, head, (done) => {
      const wanted = Math.min(page, count - done);
      large.walk(downwards ? first - done : first + done, wanted, downwards, write);
      return done + wanted < count ? done + wanted : 0;
    });
  }

  /** Returns the index of the first element that equals an argument, -1 without one. */
  find(c: CommandContext, argument: number): number {
    if (this.large !== null) return this.large.indexOf(c.request.slice(argument));
    const packed = this.packed;
    point(c, argument);
    packed.rewind();
    while (packed.next()) if (isHere(packed)) return packed.index;
    return -1;
  }

  /**
   * Visits the indexes of elements that equal an argument, as LPOS asks for them.
   * @param rank of the first one, negative: from the end, backwards
   * @param wanted at most so many, 0: all
   * @param maxLength elements compared at most, 0: all
   */
  positions(
    c: CommandContext,
    argument: number,
    rank: number,
    wanted: number,
    maxLength: number,
    visit: (index: number) => void,
  ): void {
    if (this.large !== null) {
      this.large.positions(c.request.slice(argument), rank, wanted, maxLength, visit);
      return;
    }
    const packed = this.packed;
    point(c, argument);
    if (rank < 0) packed.toEnd();
    else packed.rewind();
    let skip = Math.abs(rank) - 1;
    let left = wanted === 0 ? Number.POSITIVE_INFINITY : wanted;
    let compared = maxLength === 0 ? packed.count : maxLength;
    while (compared-- > 0 && left > 0 && (rank < 0 ? packed.previous() : packed.next())) {
      if (!isHere(packed)) continue;
      if (skip > 0) {
        skip--;
        continue;
      }
      visit(packed.index);
      left--;
    }
  }

  /** Shows the memory that `get` has pointed `bytes` to. */
  get view(): DataView {
    const { bytes } = this;
    return this.large === null
      ? this.packed.view
      : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** Points `element` to an argument. */
export function point(c: CommandContext, argument: number): void {
  const { request } = c;
  const { bytes, view } = request;
  element.set(bytes, view, request.offset(argument), request.length(argument));
}

/** True when the packed list's cursor stands on an element that equals `element`. */
export function isHere(packed: PackedList): boolean {
  if (packed.payloadBytes !== element.length) return false;
  return element.equals(packed.bytes, packed.view, packed.payloadAt);
}
