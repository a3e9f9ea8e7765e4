// Bytes of one connection that cannot be executed yet: an unfinished command, or whatever came
// in while an earlier command is away. Grows with what arrives, never with what is claimed.

import type { PartialCommand } from '@forgekv/protocol';

const FIRST_BYTES = 4096;
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
    const rest = Buffer.from(this.bytes.subarray(this.start, this.end));
    this.clear();
    this.append(source, 0, source.length);
    this.append(rest, 0, rest.length);
  }

  /** Drops everything up to an offset of `bytes`. */
  consume(to: number): void {
    this.start = to;
    if (this.start === this.end) this.clear();
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
      const size = Math.max(FIRST_BYTES, needed, Math.min(needed * 2, this.bytes.length * 2));
      const grown = Buffer.allocUnsafeSlow(size);
      grown.set(this.bytes.subarray(this.start, this.end));
      this.#use(grown);
    }
    this.end -= this.start;
    this.start = 0;
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = bytes === EMPTY ? EMPTY_VIEW : new DataView(bytes.buffer, 0, bytes.length);
  }
}
