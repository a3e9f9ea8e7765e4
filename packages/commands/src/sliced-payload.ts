// The DUMP payload of a large collection that nobody changes meanwhile, made page by page: that
// takes as long as making the collection.

import { crc64, RdbWriter } from '@forgekv/datatypes';

/** Bytes that a checksum is made of between two looks at the clock. */
const CHECKED_BYTES = 256 * 1024;
const VERSION_BYTES = 2;
/** More is not taken before it is needed. */
const MOST_ROOM = 2 ** 30;

/** A collection as a type of RDB files. */
export interface PayloadPages {
  /** The RDB version that brought the type. */
  readonly version: number;
  /** About the bytes it comes to. */
  readonly bytes: number;
  /** Writes the type byte, and what else comes before the elements. */
  begin(writer: RdbWriter): void;
  /** Writes elements from a cursor on, at first 0; returns the next one, 0 at the end. */
  page(writer: RdbWriter, cursor: number): number;
}

/** Writes all of it at once, without what follows it in a payload. */
export function writePages(writer: RdbWriter, pages: PayloadPages): void {
  pages.begin(writer);
  for (let at = pages.page(writer, 0); at !== 0; ) at = pages.page(writer, at);
}

export class SlicedPayload {
  readonly #writer = new RdbWriter();
  readonly #pages: PayloadPages;
  #cursor = 0;
  #isWritten = false;
  #checked = 0;
  #checksum = 0n;

  constructor(pages: PayloadPages) {
    this.#pages = pages;
    this.#writer.ensure(Math.min(MOST_ROOM, pages.bytes));
    pages.begin(this.#writer);
  }

  /** Does a part; true at the end. */
  step(): boolean {
    const writer = this.#writer;
    if (!this.#isWritten) {
      this.#cursor = this.#pages.page(writer, this.#cursor);
      if (this.#cursor !== 0) return false;
      writer.littleEndian(this.#pages.version, VERSION_BYTES);
      this.#isWritten = true;
    }
    const bytes = Math.min(CHECKED_BYTES, writer.position - this.#checked);
    this.#checksum = crc64(writer.buffer, this.#checked, bytes, this.#checksum);
    this.#checked += bytes;
    if (this.#checked < writer.position) return false;
    writer.uint64(this.#checksum);
    return true;
  }

  /** The payload, once it is whole. */
  get bytes(): Buffer {
    return this.#writer.buffer.subarray(0, this.#writer.position);
  }
}
