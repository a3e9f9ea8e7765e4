// Bytes given by a caller, as the packed forms read them: compared and copied word by word. It
// owns nothing: the bytes stay the caller's and must not change while they are in use here.

const EMPTY = Buffer.alloc(0);
const EMPTY_VIEW = new DataView(new ArrayBuffer(0));
/** Copies of more bytes are left to the runtime: a native call costs as much as so many words. */
const WORD_COPY_BYTES = 128;

/** A field, member or element in somebody's buffer; one object is reused for many. */
export class ElementBytes {
  bytes: Buffer = EMPTY;
  view: DataView = EMPTY_VIEW;
  offset = 0;
  length = 0;
  /** The last four bytes, where equally long keys differ most often. */
  #tail = 0;

  /** Points to `length` bytes at `offset`; `view` shows the same memory as `bytes`. */
  set(bytes: Buffer, view: DataView, offset: number, length: number): this {
    this.bytes = bytes;
    this.view = view;
    this.offset = offset;
    this.length = length;
    if (length >= 4) this.#tail = view.getInt32(offset + length - 4, true);
    return this;
  }

  /** Points to a whole buffer. Makes a view: not for hot paths. */
  setBuffer(bytes: Buffer): this {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.set(bytes, view, 0, bytes.length);
  }

  /** True when the bytes at `at`, as many as these, are the same. */
  equals(bytes: Uint8Array, view: DataView, at: number): boolean {
    const { length, offset } = this;
    if (length < 4) {
      for (let i = 0; i < length; i++) if (bytes[at + i] !== this.bytes[offset + i]) return false;
      return true;
    }
    const last = length - 4;
    if (view.getInt32(at + last, true) !== this.#tail) return false;
    for (let i = 0; i < last; i += 4) {
      if (view.getInt32(at + i, true) !== this.view.getInt32(offset + i, true)) return false;
    }
    return true;
  }

  /** Compares `length` bytes at `at` with these, as memcmp does, a prefix being less. */
  compareTo(view: DataView, at: number, length: number): number {
    const common = Math.min(length, this.length);
    let i = 0;
    for (; i + 4 <= common; i += 4) {
      const theirs = view.getUint32(at + i, false);
      const ours = this.view.getUint32(this.offset + i, false);
      if (theirs !== ours) return theirs - ours;
    }
    for (; i < common; i++) {
      const difference = view.getUint8(at + i) - this.bytes[this.offset + i]!;
      if (difference !== 0) return difference;
    }
    return length - this.length;
  }

  /** Copies the bytes to `at`; source and target must not overlap. */
  copyTo(bytes: Buffer, view: DataView, at: number): void {
    const { length, offset } = this;
    if (length > WORD_COPY_BYTES) {
      this.bytes.copy(bytes, at, offset, offset + length);
      return;
    }
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      view.setInt32(at + i, this.view.getInt32(offset + i, true), true);
    }
    for (; i < length; i++) bytes[at + i] = this.bytes[offset + i]!;
  }
}
