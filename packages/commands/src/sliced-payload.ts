// The DUMP payload of a collection that a command has prepared and nobody else knows of, made page
// by page: of a large one that takes as long as making the collection.

import { crc64, DUMP_VERSION, RdbWriter } from '@forgekv/datatypes';

/** Bytes that a checksum is made of between two looks at the clock. */
const CHECKED_BYTES = 256 * 1024;
const VERSION_BYTES = 2;

/** Writes elements from a cursor on, at first 0; returns the next one, 0 at the end. */
export type WritePage = (writer: RdbWriter, cursor: number) => number;

export class SlicedPayload {
  readonly #writer = new RdbWriter();
  readonly #page: WritePage;
  #cursor = 0;
  #isWritten = false;
  #checked = 0;
  #checksum = 0n;

  /**
   * @param type of the value, as RDB files number it, which must be known to DUMP_VERSION
   * @param count of its elements
   * @param bytes that it comes to, about
   */
  constructor(type: number, count: number, bytes: number, page: WritePage) {
    this.#page = page;
    this.#writer.ensure(bytes);
    this.#writer.byte(type);
    this.#writer.length(count);
  }

  /** Does a part; true at the end. */
  step(): boolean {
    const writer = this.#writer;
    if (!this.#isWritten) {
      this.#cursor = this.#page(writer, this.#cursor);
      if (this.#cursor !== 0) return false;
      writer.littleEndian(DUMP_VERSION, VERSION_BYTES);
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
