// Bytes of one connection that cannot be executed yet: an unfinished command, or whatever came
// in while an earlier command is away. Grows with what arrives, not with what is claimed: only once
// a good part of a large argument has come there is room for all of it, so that it is not copied
// again and again. The kernel gives no memory for room that nobody has written to.

import type { PartialCommand } from '@forgekv/protocol';

const FIRST_BYTES = 4096;
/** From here on room is made for an argument as a whole. */
const CLAIM_BYTES = 1024 * 1024;
/** Buffers above this are given back as soon as they are empty. */
const KEEP_BYTES = 64 * 1024;
const EMPTY = Buffer.alloc(0);
const EMPTY_VIEW = new DataView(EMPTY.buffer, 0, 0);

export class PendingInput {
  bytes: Buffer = EMPTY;
  view: DataView = EMPTY_VIEW;
  /** The pending bytes are `bytes[start..end)`. */
  start = 0;
  end = 0;
  /** How far the unfinished command at `start` was parsed. */
  partial: PartialCommand | null = null;

  /** Somebody keeps the bytes up to where they are consumed next: nothing is written over them. */
  #isGiven = false;

  get length(): number {
    return this.end - this.start;
  }

  /** Appends bytes. */
  append(source: Uint8Array, from: number, to: number): void {
    const added = to - from;
    if (added === 0) return;
    if (this.end + added > this.bytes.length) this.#makeRoom(added);
    this.bytes.set(source.subarray(from, to), this.end);
    this.end += added;
  }

  /** Puts bytes in front of the pending ones. */
  prepend(source: Uint8Array): void {
    if (this.length === 0 && source.length > KEEP_BYTES && isWhole(source)) {
      this.clear();
      this.#use(source);
      this.end = source.length;
      return;
    }
    const rest = Buffer.from(this.bytes.subarray(this.start, this.end));
    this.clear();
    this.append(source, 0, source.length);
    this.append(rest, 0, rest.length);
  }

  /** The bytes that are consumed next are somebody else's from now on. */
  give(): void {
    this.#isGiven = true;
  }

  /** Drops everything up to an offset of `bytes`. */
  consume(to: number): void {
    this.start = to;
    if (this.#isGiven) {
      const rest = this.bytes.subarray(this.start, this.end);
      const { partial } = this;
      this.#isGiven = false;
      this.#use(EMPTY);
      this.clear();
      this.append(rest, 0, rest.length);
      this.partial = partial;
    } else if (this.start === this.end) this.clear();
  }

  clear(): void {
    this.start = 0;
    this.end = 0;
    this.partial = null;
    if (this.bytes.length > KEEP_BYTES) this.#use(EMPTY);
  }

  #makeRoom(added: number): void {
    const needed = this.length + added;
    // Offsets in `partial` are relative to `start`, so moving the bytes does not harm it.
    if (needed <= this.bytes.length && this.start >= this.bytes.length / 2) {
      this.bytes.copyWithin(0, this.start, this.end);
    } else {
      const grown = this.#allocate(needed);
      grown.set(this.bytes.subarray(this.start, this.end));
      this.#use(grown);
    }
    this.end -= this.start;
    this.start = 0;
  }

  #allocate(needed: number): Buffer {
    const { partial } = this;
    if (needed > CLAIM_BYTES && partial !== null && partial.bulkBytes > 0) {
      try {
        const claimed = partial.scanned + partial.bulkBytes;
        if (claimed > needed) return Buffer.allocUnsafeSlow(claimed + KEEP_BYTES);
      } catch {
        // As much as there is to have, then.
      }
    }
    const size = Math.max(FIRST_BYTES, needed, Math.min(needed * 2, this.bytes.length * 2));
    return Buffer.allocUnsafeSlow(size);
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = bytes === EMPTY ? EMPTY_VIEW : new DataView(bytes.buffer, 0, bytes.length);
  }
}

/** True for bytes that have their memory for themselves. */
function isWhole(bytes: Uint8Array): bytes is Buffer {
  return (
    Buffer.isBuffer(bytes) && bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.length
  );
}
