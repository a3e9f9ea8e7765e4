// Bytes of the RDB format as they are written: one growing buffer, reused. Knows lengths and
// numbers, not what a value of a type looks like.

const INITIAL_BYTES = 16 * 1024;
/** Above this a buffer that grew for a large value is dropped again by `reset`. */
const KEEP_BYTES = 1024 * 1024;

/** The low six bits of a length byte name a special form when its high two are set. */
export const RDB_SPECIAL = 0xc0;
const LENGTH_14 = 0x40;
const LENGTH_32 = 0x80;
const LENGTH_64 = 0x81;

/** What was written so far is `buffer[0..position)`. */
export class RdbWriter {
  /** Replaced when it grows. */
  buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  position = 0;

  /** Forgets what was written and gives back a buffer that had become large. */
  reset(): void {
    this.position = 0;
    if (this.buffer.length > KEEP_BYTES) this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  /** Makes room for `bytes` more; every writing method does so itself. */
  ensure(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }

  byte(value: number): void {
    this.ensure(1);
    this.buffer[this.position++] = value;
  }

  /** Writes the lowest `bytes` (1..4) bytes of an integer, the lowest first. */
  littleEndian(value: number, bytes: number): void {
    this.ensure(bytes);
    for (let i = 0; i < bytes; i++) this.buffer[this.position++] = value >> (8 * i);
  }

  /** Writes a 64-bit number, the lowest byte first. */
  uint64(value: bigint): void {
    this.ensure(8);
    this.position = this.buffer.writeBigUInt64LE(value, this.position);
  }

  /** Writes a length or a count of 0..2^53 in as few bytes as the format allows. */
  length(value: number): void {
    this.ensure(9);
    const { buffer } = this;
    if (value < 64) {
      buffer[this.position++] = value;
    } else if (value < 16384) {
      buffer[this.position++] = LENGTH_14 | (value >> 8);
      buffer[this.position++] = value;
    } else if (value < 2 ** 32) {
      buffer[this.position++] = LENGTH_32;
      this.position = buffer.writeUInt32BE(value, this.position);
    } else {
      buffer[this.position++] = LENGTH_64;
      this.position = buffer.writeBigUInt64BE(BigInt(value), this.position);
    }
  }

  /** The same for an unsigned 64-bit number, given as two words. */
  length64(high: number, low: number): void {
    if (high === 0) {
      this.length(low >>> 0);
      return;
    }
    this.ensure(9);
    this.buffer[this.position++] = LENGTH_64;
    this.position = this.buffer.writeInt32BE(high | 0, this.position);
    this.position = this.buffer.writeInt32BE(low | 0, this.position);
  }

  bytes(source: Uint8Array, offset: number, length: number): void {
    this.ensure(length);
    this.buffer.set(source.subarray(offset, offset + length), this.position);
    this.position += length;
  }
}
