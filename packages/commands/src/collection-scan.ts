// One page of HSCAN, SSCAN or ZSCAN: its cursor and options, what was found, and the reply. How a
// collection is walked is for its family to know; a packed one is one page, whatever COUNT says.
//
//   wrong = page.readCursor(c)               before the key is opened
//   missing key: page.reply(c, 0)
//   wrong = page.readOptions(c, false)       after its type was checked, as Redis does
//   for each element: if (page.matches(...)) page.add(...)
//   page.reply(c, next)

import { globMatch } from '@forgekv/base';
import { ReplyWriter } from '@forgekv/protocol';
import type { CommandContext } from './context.ts';
import { ERR_INVALID_CURSOR, ERR_NOT_INTEGER, ERR_SYNTAX } from './errors.ts';
import type { LargeCollection } from './large-values.ts';
import { readCursor } from './scan-cursor.ts';

const DEFAULT_COUNT = 10;
const FIRST_OPTION = 3;
const STAR = 42;

/** One per thread, reused. */
export class ScanPage {
  /** Where the page begins: 0, what an earlier page returned, or what a client has made up. */
  cursor = 0;
  /** Elements asked for, at least 1; a page may have more or fewer. */
  count = DEFAULT_COUNT;
  /** NOVALUES: only the fields of a hash. */
  omitsValues = false;
  /** Null: every element. A view of the request. */
  #pattern: Buffer | null = null;
  /** What was added, as bulk strings; how many there are is known only at the end. */
  readonly #found = new ReplyWriter(4096);
  #foundCount = 0;

  /** Begins a page; returns '' or an error reply. */
  readCursor(c: CommandContext): string {
    this.#found.reset();
    this.#foundCount = 0;
    const cursor = readCursor(c, 2);
    if (cursor === null) return ERR_INVALID_CURSOR;
    this.cursor = cursor;
    return '';
  }

  /**
   * Reads [MATCH pattern] [COUNT count] and, for hashes, [NOVALUES].
   * @returns '' or an error reply
   */
  readOptions(c: CommandContext, mayOmitValues: boolean): string {
    const { request } = c;
    this.count = DEFAULT_COUNT;
    this.omitsValues = false;
    this.#pattern = null;
    for (let i = FIRST_OPTION; i < request.argc; i++) {
      const hasNext = i + 1 < request.argc;
      if (hasNext && request.is(i, 'count')) {
        const count = request.int64(++i);
        if (count === null) return ERR_NOT_INTEGER;
        if (count < 1n) return ERR_SYNTAX;
        this.count = Number(count);
      } else if (hasNext && request.is(i, 'match')) {
        const pattern = request.slice(++i);
        this.#pattern = pattern.length === 1 && pattern[0] === STAR ? null : pattern;
      } else if (mayOmitValues && request.is(i, 'novalues')) {
        this.omitsValues = true;
      } else {
        return ERR_SYNTAX;
      }
    }
    return '';
  }

  /** True when MATCH lets a field or member pass. */
  matches(bytes: Uint8Array, offset: number, length: number): boolean {
    const pattern = this.#pattern;
    return pattern === null || globMatch(pattern, bytes.subarray(offset, offset + length), false);
  }

  /** Adds one string to the page: a field, a value, a member. */
  add(bytes: Uint8Array, offset: number, length: number): void {
    this.#found.bulk(bytes, offset, length);
    this.#foundCount++;
  }

  /** The same for latin-1 text: a score, which Redis writes as a string in RESP3, too. */
  addText(text: string): void {
    this.#found.text(text);
    this.#foundCount++;
  }

  /**
   * Writes the page and forgets it.
   * @param next the cursor of the next page, 0 when this is the last
   */
  reply(c: CommandContext, next: number): void {
    this.replyHead(c, next);
    this.replyPart(c, 0, this.bytes);
    this.#found.reset();
    this.#pattern = null;
  }

  /** True when a page of a large collection is made in slices: see sliced-scan.ts. */
  isLong(c: CommandContext, collection: LargeCollection | null): collection is LargeCollection {
    return collection !== null && Math.min(this.count, collection.count) > c.sliceElements;
  }

  /** Returns an empty page with the same options, for somebody else. */
  taken(): ScanPage {
    const page = new ScanPage();
    page.omitsValues = this.omitsValues;
    page.#pattern = this.#pattern === null ? null : Buffer.from(this.#pattern);
    return page;
  }

  /** Bytes of what was added, as a reply. */
  get bytes(): number {
    return this.#found.position;
  }

  /** Writes what comes before the elements. */
  replyHead(c: CommandContext, next: number): void {
    c.reply.array(2);
    c.reply.text(String(next));
    c.reply.array(this.#foundCount);
  }

  /** Writes at most so many bytes of what was added, from a byte on; returns the next one. */
  replyPart(c: CommandContext, from: number, most: number): number {
    const length = Math.min(most, this.bytes - from);
    c.reply.encoded(this.#found.buffer, from, length);
    return from + length;
  }
}

/** The page of this thread's command. */
export const page = new ScanPage();
