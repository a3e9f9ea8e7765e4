// A small hash in one packed value: a record per pair, in the order fields were added. It knows
// nothing of the clock: whether a field has expired is the caller's question.

import { invariant } from '@forgekv/base';
import type { ElementBytes } from './element-bytes.ts';
import {
  FLAG_TIMED,
  FLOAT_BYTES,
  FORM_HASH,
  HEAD_BYTES,
  lengthAt,
  lengthBytes,
  MAX_PACKED_BYTES,
  recordBytes,
  writeHead,
  writeLength,
  writeRecordFrame,
} from './layout.ts';
import { moveBytes, PackedValue } from './packed-value.ts';

/** See packed-value.ts for how plan and apply go together. */
export class PackedHash extends PackedValue {
  // The pair `find` or `read` saw last.
  fieldAt = 0;
  fieldBytes = 0;
  valueAt = 0;
  valueBytes = 0;
  /** Unix milliseconds, 0 = never. */
  expireAtMs = 0;

  #replaces = false;
  #newPayload = 0;

  constructor() {
    super(FORM_HASH);
  }

  /** True when the pairs have room for an expiry each. Such a hash stays that way. */
  get isTimed(): boolean {
    return (this.flags & FLAG_TIMED) !== 0;
  }

  /** Goes to a field's pair and reads it; false when there is none. */
  find(field: ElementBytes): boolean {
    // State in locals, as in `findKey`.
    const { bytes, view, count } = this;
    const wanted = field.length;
    const skip = this.isTimed ? FLOAT_BYTES : 0;
    let at = this.firstRecord();
    for (let index = 0; index < count; index++) {
      let length = bytes[at]!;
      let payload = at + 1;
      if (length >= 128) length = ((length & 127) << 8) | bytes[payload++]!;
      let here = payload + skip;
      let fieldBytes = bytes[here++]!;
      if (fieldBytes >= 128) fieldBytes = ((fieldBytes & 127) << 8) | bytes[here++]!;
      if (fieldBytes === wanted && field.equals(bytes, view, here)) {
        this.standOn(index, at);
        this.read();
        return true;
      }
      at = payload + length + (payload - at);
    }
    this.toEnd();
    return false;
  }

  /** Reads the pair the cursor stands on. */
  read(): void {
    let at = this.payloadAt;
    this.expireAtMs = 0;
    if (this.isTimed) {
      this.expireAtMs = this.view.getFloat64(at, true);
      at += FLOAT_BYTES;
    }
    this.fieldBytes = lengthAt(this.bytes, at);
    this.fieldAt = at + lengthBytes(this.fieldBytes);
    this.valueAt = this.fieldAt + this.fieldBytes;
    this.valueBytes = this.payloadAt + this.payloadBytes - this.valueAt;
  }

  /** Bytes of the hash as it is; of one that does not exist yet, those of an empty one. */
  get baseBytes(): number {
    return this.endAt();
  }

  /** Bytes one more pair takes at most: what to ask for before the first of several changes. */
  pairBytes(fieldBytes: number, valueBytes: number): number {
    return recordBytes(this.#payloadBytes(fieldBytes, valueBytes));
  }

  /**
   * Sets a field to a value of so many bytes.
   * @param isFound what `find(field)` has just answered
   * @returns the new length in bytes
   */
  planSet(isFound: boolean, field: ElementBytes, valueBytes: number): number {
    this.#replaces = isFound;
    this.#newPayload = this.#payloadBytes(field.length, valueBytes);
    const bytes = recordBytes(this.#newPayload);
    if (!isFound) return this.planSplice(this.endAt(), 0, bytes);
    return this.planSplice(this.recordAt - this.offset, this.recordEnd - this.recordAt, bytes);
  }

  /**
   * Applies `planSet`.
   * @param expireAtMs Unix milliseconds; other than 0 only in a timed hash, see `planTimed`
   */
  applySet(field: ElementBytes, value: ElementBytes, expireAtMs: number = 0): void {
    invariant(expireAtMs === 0 || this.isTimed, 'the hash has no room for an expiry');
    this.splice(this.#replaces ? this.count : this.count + 1);
    let at = writeRecordFrame(this.bytes, this.offset + this.plan.at, this.#newPayload);
    if (this.isTimed) {
      this.view.setFloat64(at, expireAtMs, true);
      at += FLOAT_BYTES;
    }
    at = writeLength(this.bytes, at, field.length);
    field.copyTo(this.bytes, this.view, at);
    value.copyTo(this.bytes, this.view, at + field.length);
  }

  /** Changes the expiry of the pair the cursor stands on; the hash is timed. */
  setExpiry(expireAtMs: number): void {
    this.view.setFloat64(this.payloadAt, expireAtMs, true);
    this.expireAtMs = expireAtMs;
  }

  /** Earliest expiry of any field in Unix milliseconds, 0 = none expires. Moves the cursor. */
  earliestExpiry(): number {
    if (!this.isTimed) return 0;
    let earliest = 0;
    this.rewind();
    while (this.next()) {
      const expireAtMs = this.view.getFloat64(this.payloadAt, true);
      if (expireAtMs !== 0 && (earliest === 0 || expireAtMs < earliest)) earliest = expireAtMs;
    }
    return earliest;
  }

  /** Gives every pair room for an expiry; the hash is not timed. Returns the new length. */
  planTimed(): number {
    let bytes = HEAD_BYTES;
    this.rewind();
    while (this.next()) bytes += recordBytes(this.payloadBytes + FLOAT_BYTES);
    this.plan.newLength = bytes;
    return bytes;
  }

  /** Applies `planTimed`: from the last pair to the first, as all of them move up. */
  applyTimed(): void {
    const { bytes, view } = this;
    invariant(this.plan.newLength <= MAX_PACKED_BYTES, 'a packed value would be too long');
    let end = this.offset + this.plan.newLength;
    this.toEnd();
    while (this.previous()) {
      const { payloadAt, payloadBytes } = this;
      const longer = payloadBytes + FLOAT_BYTES;
      const at = end - recordBytes(longer);
      // The record before must still be readable: what is written starts above what is read.
      moveBytes(bytes, at + lengthBytes(longer) + FLOAT_BYTES, payloadAt, payloadBytes);
      const payload = writeRecordFrame(bytes, at, longer);
      view.setFloat64(payload, 0, true);
      end = at;
    }
    this.flags |= FLAG_TIMED;
    this.length = this.plan.newLength;
    writeHead(bytes, this.offset, this.form, this.flags, this.count);
    this.rewind();
  }

  #payloadBytes(fieldBytes: number, valueBytes: number): number {
    const timed = this.isTimed ? FLOAT_BYTES : 0;
    return timed + lengthBytes(fieldBytes) + fieldBytes + valueBytes;
  }
}
