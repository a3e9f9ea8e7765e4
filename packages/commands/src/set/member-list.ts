// Members that a command has found before it knows how many there are, or before it changes what
// they lie in: copies, one behind the other. It is no set: nothing is looked up in it.

const INITIAL_BYTES = 4096;
/** A buffer that grew beyond this is given back by `clear`. */
const KEEP_BYTES = 256 * 1024;
/** The same for the number of members. */
const KEEP_MEMBERS = 16384;

/** One per thread and purpose, reused. */
export class MemberList {
  /** Member `i` lies at `offset(i)`. Replaced when it grows. */
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  count = 0;
  /** Bytes of all members together. */
  totalBytes = 0;
  #ends = new Float64Array(64);

  clear(): void {
    if (this.bytes.length > KEEP_BYTES) this.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    if (this.#ends.length > KEEP_MEMBERS) this.#ends = new Float64Array(64);
    this.count = 0;
    this.totalBytes = 0;
  }

  /** Adds a copy of a member. */
  add(bytes: Uint8Array, offset: number, length: number): void {
    const at = this.totalBytes;
    if (at + length > this.bytes.length) this.#growBytes(at + length);
    if (this.count === this.#ends.length) this.#growEnds();
    if (length < 64) {
      for (let i = 0; i < length; i++) this.bytes[at + i] = bytes[offset + i]!;
    } else {
      this.bytes.set(bytes.subarray(offset, offset + length), at);
    }
    this.totalBytes = at + length;
    this.#ends[this.count++] = this.totalBytes;
  }

  offset(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!;
  }

  length(index: number): number {
    return this.#ends[index]! - this.offset(index);
  }

  #growBytes(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.totalBytes);
    this.bytes = grown;
  }

  #growEnds(): void {
    const grown = new Float64Array(this.#ends.length * 2);
    grown.set(this.#ends);
    this.#ends = grown;
  }
}
