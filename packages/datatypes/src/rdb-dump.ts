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
  const covered = length - CHECKSUM_BYTES;
  const valueBytes = covered - VERSION_BYTES;
  if (valueBytes < 0) return null;
  if (bytes.readUInt16LE(offset + valueBytes) > NEWEST_VERSION) return null;
  const checksum = bytes.readBigUInt64LE(offset + covered);
  if (crc64(bytes, offset, covered) !== checksum) return null;
  return new RdbReader(bytes, offset, valueBytes);
}
