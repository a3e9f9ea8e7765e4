// Bytes of the RDB format as they are read: hostile until proven otherwise. Nothing is read beyond
// the given range and nothing is allocated from a length; knows lengths and numbers, no types.

const LENGTH_32 = 0x80;
const LENGTH_64 = 0x81;

/**
 * Reads from `bytes[position..end)`. The first failure latches: from then on everything reads as
 * 0, and `failed` says so.
 */
export class RdbReader {
  readonly bytes: Buffer;
  readonly end: number;
  position: number;
  failed = false;
  /** After `length`: the special form (0..63) that follows instead of so many bytes, or -1. */
  special = -1;

  constructor(bytes: Buffer, offset: number, length: number) {
    this.bytes = bytes;
    this.position = offset;
    this.end = offset + length;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.end - this.position;
  }

  /** Marks what is read as damaged. */
  fail(): void {
    this.failed = true;
    this.position = this.end;
  }

  /** Skips `count` bytes and returns where they begin; 0 when there are fewer. */
  take(count: number): number {
    if (this.failed || count > this.remaining) {
      this.fail();
      return 0;
    }
    this.position += count;
    return this.position - count;
  }

  byte(): number {
    const at = this.take(1);
    return this.failed ? 0 : this.bytes[at]!;
  }

  /** Reads a signed integer of 1, 2 or 4 bytes, the lowest first. */
  signed(bytes: 1 | 2 | 4): number {
    const at = this.take(bytes);
    return this.failed ? 0 : this.bytes.readIntLE(at, bytes);
  }

  /** Reads a length or count, or the number of a special form into `special`. */
  length(): number {
    this.special = -1;
    const first = this.byte();
    switch (first >> 6) {
      case 0:
        return first;
      case 1:
        return ((first & 0x3f) << 8) | this.byte();
      case 3:
        this.special = first & 0x3f;
        return 0;
      default:
        return this.#longLength(first);
    }
  }

  /** Reads a length that may be any 64-bit number, as two words; special forms fail. */
  length64(into: { high: number; low: number }): void {
    if (this.remaining > 8 && this.bytes[this.position] === LENGTH_64) {
      into.high = this.bytes.readInt32BE(this.position + 1);
      into.low = this.bytes.readInt32BE(this.position + 5);
      this.position += 9;
      return;
    }
    const length = this.length();
    if (this.special >= 0) this.fail();
    into.high = 0;
    into.low = length | 0;
  }

  #longLength(first: number): number {
    if (first !== LENGTH_32 && first !== LENGTH_64) {
      this.fail();
      return 0;
    }
    const at = this.take(first === LENGTH_32 ? 4 : 8);
    if (this.failed) return 0;
    if (first === LENGTH_32) return this.bytes.readUInt32BE(at);
    // Rounded above 2^53, where it is more than there can be in any case.
    return Number(this.bytes.readBigUInt64BE(at));
  }
}
