// Entries of streams as replies, written in one go or, when they are many, in slices.

import { EntryCursor, type LargeStream, type StreamId } from '@forgekv/datatypes';
import type { ReplyWriter } from '@forgekv/protocol';
import type { CommandContext } from '../context.ts';
import type { LargeCollection } from '../large-values.ts';
import { pageOf, type SlicedWork } from '../sliced-work.ts';
import { replyId } from './id-argument.ts';

/** Some entries of one stream. */
export interface EntryList {
  readonly stream: LargeStream;
  readonly count: number;
  /** Writes up to `most` more; true: these were the last. */
  write(reply: ReplyWriter, most: number): boolean;
}

/** Writes the entry a cursor is at: its id, and fields and values in turn. */
export function replyEntry(reply: ReplyWriter, cursor: EntryCursor): void {
  reply.array(2);
  replyId(reply, cursor.id);
  reply.array(2 * cursor.fieldCount);
  cursor.visit((bytes, offset, length) => reply.bulk(bytes, offset, length));
}

/** Those between two ids, the first `count` of them, of which there are so many. */
export class EntryRange implements EntryList {
  readonly stream: LargeStream;
  readonly count: number;
  readonly #cursor = new EntryCursor();
  #left: number;

  constructor(
    stream: LargeStream,
    from: StreamId,
    to: StreamId,
    isReverse: boolean,
    count: number,
  ) {
    this.stream = stream;
    this.count = count;
    this.#left = count;
    this.#cursor.open(stream, from, to, isReverse);
  }

  write(reply: ReplyWriter, most: number): boolean {
    for (let i = Math.min(most, this.#left); i > 0 && this.#cursor.next(); i--) {
      replyEntry(reply, this.#cursor);
      this.#left--;
    }
    return this.#left === 0 || this.#cursor.node === null;
  }
}

/** Those of given ids. */
export class ListedEntries implements EntryList {
  readonly stream: LargeStream;
  readonly #ids: readonly StreamId[];
  readonly #cursor = new EntryCursor();
  #next = 0;

  constructor(stream: LargeStream, ids: readonly StreamId[]) {
    this.stream = stream;
    this.#ids = ids;
  }

  get count(): number {
    return this.#ids.length;
  }

  write(reply: ReplyWriter, most: number): boolean {
    const end = Math.min(this.#ids.length, this.#next + most);
    for (; this.#next < end; this.#next++) {
      const id = this.#ids[this.#next]!;
      if (this.#cursor.open(this.stream, id, id, false).next()) {
        replyEntry(reply, this.#cursor);
      } else {
        // It is pending, but was removed.
        reply.array(2);
        replyId(reply, id);
        reply.nullArray();
      }
    }
    return end === this.#ids.length;
  }
}

/** A list of entries, and what comes before its header. */
export interface ReplySection {
  readonly entries: EntryList;
  /** The key, where the reply names it. */
  readonly key: Buffer | null;
}

/** A reply of one or several lists of entries. */
export class EntriesReply implements SlicedWork {
  readonly isPreparation = false;
  readonly collections: readonly LargeCollection[];
  readonly #sections: readonly ReplySection[];
  readonly #head: (reply: ReplyWriter) => void;
  readonly #tail: () => void;
  #next = -1;
  #isBegun = false;

  /** @param head writes what comes before all of it, and `tail` what comes behind */
  constructor(
    sections: readonly ReplySection[],
    head: (reply: ReplyWriter) => void,
    tail: () => void = NO_HEAD,
  ) {
    this.#sections = sections;
    this.#head = head;
    this.#tail = tail;
    this.collections = sections.map(({ entries }) => entries.stream);
  }

  get elements(): number {
    return this.#sections.reduce((sum, { entries }) => sum + entries.count, 0);
  }

  detach(): void {}

  step({ reply }: CommandContext): boolean {
    if (this.#next < 0) {
      this.#head(reply);
      this.#next = 0;
    }
    const section = this.#sections[this.#next];
    if (section === undefined) return true;
    const { entries, key } = section;
    if (!this.#isBegun) {
      this.#isBegun = true;
      if (key !== null) {
        if (!reply.resp3) reply.array(2);
        reply.bulk(key, 0, key.length);
      }
      reply.array(entries.count);
    }
    if (!entries.write(reply, pageOf(entries.stream))) return false;
    this.#isBegun = false;
    if (++this.#next < this.#sections.length) return false;
    this.#tail();
    return true;
  }
}

/** The head of a reply of entries by key. */
export function keyedHead(count: number): (reply: ReplyWriter) => void {
  return (reply) => (reply.resp3 ? reply.map(count) : reply.array(count));
}

export const NO_HEAD = (): void => {};
