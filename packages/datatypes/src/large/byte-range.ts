// A place in somebody's bytes: how large values hand elements out without copying them. It is a
// view, not a value: it is true until the structure it came from changes.

const NOTHING = Buffer.alloc(0);

/** Bytes `offset` .. `offset + length` of `bytes`. Reused by whoever filled it. */
export class ByteRange {
  bytes: Buffer = NOTHING;
  offset = 0;
  length = 0;

  /** Points at other bytes. */
  point(bytes: Buffer, offset: number, length: number): void {
    this.bytes = bytes;
    this.offset = offset;
    this.length = length;
  }

  /** True when these are the same bytes. */
  holds(bytes: Uint8Array): boolean {
    return (
      bytes.length === this.length && equalBytes(this.bytes, this.offset, bytes, 0, this.length)
    );
  }

  /** Returns the bytes as a buffer of their own, which stays true. */
  copy(): Buffer {
    return Buffer.from(this.bytes.subarray(this.offset, this.offset + this.length));
  }
}

/** Below this a loop is faster than a call into native code. */
const LOOP_BYTES = 48;

/** Copies `length` bytes; the two may not overlap. */
export function copyBytes(
  from: Uint8Array,
  fromOffset: number,
  to: Buffer,
  toOffset: number,
  length: number,
): void {
  if (length > LOOP_BYTES) {
    to.set(from.subarray(fromOffset, fromOffset + length), toOffset);
    return;
  }
  for (let i = 0; i < length; i++) to[toOffset + i] = from[fromOffset + i]!;
}

/** True when both ranges of `length` bytes hold the same. */
export function equalBytes(
  a: Buffer,
  aOffset: number,
  b: Uint8Array,
  bOffset: number,
  length: number,
): boolean {
  if (length > LOOP_BYTES) {
    return a.compare(b, bOffset, bOffset + length, aOffset, aOffset + length) === 0;
  }
  for (let i = 0; i < length; i++) if (a[aOffset + i] !== b[bOffset + i]) return false;
  return true;
}

/** Negative, zero or positive, as memcmp and then the lengths say. */
export function compareBytes(
  a: Buffer,
  aOffset: number,
  aLength: number,
  b: Uint8Array,
  bOffset: number,
  bLength: number,
): number {
  const common = Math.min(aLength, bLength);
  const looped = Math.min(common, LOOP_BYTES);
  for (let i = 0; i < looped; i++) {
    const difference = a[aOffset + i]! - b[bOffset + i]!;
    if (difference !== 0) return difference;
  }
  if (common > looped) {
    const order = a.compare(
      b,
      bOffset + looped,
      bOffset + common,
      aOffset + looped,
      aOffset + common,
    );
    if (order !== 0) return order;
  }
  return aLength - bLength;
}
