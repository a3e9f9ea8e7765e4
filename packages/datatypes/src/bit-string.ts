// A string seen as a row of bits: where its bytes lie, and the same memory as words, so that the
// bit commands can take 32 bits at a time. Bit 0 is the highest bit of the first byte.

import { invariant } from '@forgekv/base';

/** Reused for one string after the other; valid while these bytes stay where they are. */
export class BitString {
  bytes: Uint8Array = new Uint8Array(0);
  /** The same memory as `bytes`; the last bytes need not be there when they fill no word. */
  words: Int32Array = new Int32Array(0);
  /** Of the first byte, a multiple of 4. */
  offset = 0;
  /** In bytes. */
  length = 0;

  set(bytes: Uint8Array, words: Int32Array, offset: number, length: number): void {
    invariant(offset % 4 === 0, 'a value begins at a word');
    this.bytes = bytes;
    this.words = words;
    this.offset = offset;
    this.length = length;
  }

  /** Returns a byte; what lies behind the end is zero. */
  byte(index: number): number {
    return index < this.length ? this.bytes[this.offset + index]! : 0;
  }

  /** Returns the bit (0 or 1) at a position of 0 and more. */
  bit(position: number): number {
    return (this.byte(Math.floor(position / 8)) >> (7 - (position % 8))) & 1;
  }
}
