// The entries of the packed encodings of Redis, listpack and ziplist, one after the other: strings,
// and integers, which are handed out as their text. It is no container: what is read goes into a
// value of our own.

import { MAX_INTEGER_TEXT } from './integer-text.ts';
import { Int64 } from './packed/int64.ts';

const NOTHING = Buffer.alloc(0);

/** Base of both readers. The bytes are hostile until proven otherwise. */
export class RdbEntries {
  /** The entry: `length` bytes at `offset` of `bytes`; valid until the next one. */
  bytes: Buffer = NOTHING;
  offset = 0;
  length = 0;
  /** The bytes are damaged; the walk has ended. */
  failed = false;

  protected source: Buffer = NOTHING;
  protected position = 0;
  /** Where the byte lies that ends all. */
  protected last = 0;
  readonly #value = new Int64();
  readonly #text = Buffer.alloc(MAX_INTEGER_TEXT);

  /** Marks the bytes as damaged and ends the walk. */
  protected fail(): false {
    this.failed = true;
    this.position = this.last;
    return false;
  }

  /** Takes `length` bytes at `at`, which may not lie inside, as the entry. */
  protected takeString(at: number, length: number): boolean {
    if (at + length > this.last) return this.fail();
    this.bytes = this.source;
    this.offset = at;
    this.length = length;
    return true;
  }

  /** Takes a safe integer as the entry. */
  protected takeNumber(value: number): boolean {
    this.#value.setNumber(value);
    return this.#takeValue();
  }

  /** Takes a signed integer of 1 to 8 bytes at `at`, the lowest byte first. */
  protected takeInteger(at: number, width: 1 | 2 | 3 | 4 | 8): boolean {
    if (at + width > this.last) return this.fail();
    if (width < 8) return this.takeNumber(this.source.readIntLE(at, width));
    this.#value.low = this.source.readUInt32LE(at);
    this.#value.high = this.source.readInt32LE(at + 4);
    return this.#takeValue();
  }

  #takeValue(): true {
    this.bytes = this.#text;
    this.offset = 0;
    this.length = this.#value.write(this.#text, 0);
    return true;
  }
}
