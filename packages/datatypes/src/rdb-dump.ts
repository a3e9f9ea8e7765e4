// The frame of a DUMP payload: what stands behind the value's type and bytes. What stands before
// it is the business of each type.
//
//   type (1) | value | RDB version (2, little endian) | CRC-64 of all before (8, little endian)

import { crc64 } from './crc64.ts';
import { RdbReader } from './rdb-reader.ts';
import type { RdbWriter } from './rdb-writer.ts';

/**
 * The version that payloads of forms known to every Redis 7 say they are of: that of Redis 7.0.
 * Redis: says its newest version, 11 in 7.2, and refuses newer ones; whatever reads 11 reads 10.
 */
export const DUMP_VERSION = 10;
/** The newest version accepted: that of Redis 7.4 and 8. */
const NEWEST_VERSION = 12;
const VERSION_BYTES = 2;
const CHECKSUM_BYTES = 8;
/** Bytes whose checksum is made in a step. */
const CHECKED_BYTES = 256 * 1024;

/** Ends the payload that `writer` holds from 0 on. */
export function sealDump(writer: RdbWriter, version: number = DUMP_VERSION): void {
  writer.littleEndian(version, VERSION_BYTES);
  writer.uint64(crc64(writer.buffer, 0, writer.position));
}

/**
 * Checks version and checksum of a payload of `length` bytes at `offset`.
 * @returns a reader of its type and value, or null when they are wrong
 */
export function openDump(bytes: Buffer, offset: number, length: number): RdbReader | null {
  const opening = new DumpOpening(bytes, offset, length);
  while (!opening.step());
  return opening.reader;
}

/** The same, step by step. */
export class DumpOpening {
  /** Once `step` has come to the end. */
  reader: RdbReader | null = null;
  readonly #bytes: Buffer;
  readonly #offset: number;
  readonly #length: number;
  #checked = 0;
  #checksum = 0n;

  constructor(bytes: Buffer, offset: number, length: number) {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#length = length;
  }

  /** Returns the same for a copy of the payload. */
  copy(): DumpOpening {
    const length = this.#length;
    const copy = Buffer.allocUnsafeSlow(length);
    this.#bytes.copy(copy, 0, this.#offset, this.#offset + length);
    return new DumpOpening(copy, 0, length);
  }

  /** Checks some bytes; true at the end. */
  step(): boolean {
    const bytes = this.#bytes;
    const offset = this.#offset;
    const covered = this.#length - CHECKSUM_BYTES;
    const valueBytes = covered - VERSION_BYTES;
    if (valueBytes < 0) return true;
    if (bytes.readUInt16LE(offset + valueBytes) > NEWEST_VERSION) return true;
    const count = Math.min(CHECKED_BYTES, covered - this.#checked);
    this.#checksum = crc64(bytes, offset + this.#checked, count, this.#checksum);
    this.#checked += count;
    if (this.#checked < covered) return false;
    const isRight = this.#checksum === bytes.readBigUInt64LE(offset + covered);
    if (isRight) this.reader = new RdbReader(bytes, offset, valueBytes);
    return true;
  }
}
