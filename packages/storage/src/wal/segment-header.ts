// The first 4 KB of a segment file, written and read. Opens no files.

import { crc32 } from 'node:zlib';
import {
  FORMAT_VERSION,
  HEADER_CRC,
  HEADER_FLAGS,
  HEADER_GENERATION,
  HEADER_LOG,
  HEADER_SALT,
  HEADER_SEQUENCE,
  HEADER_START,
  HEADER_VERSION,
  SEGMENT_HEADER_BYTES,
  SEGMENT_MAGIC,
} from './wal-layout.ts';

export interface SegmentHeader {
  readonly generation: number;
  readonly log: number;
  readonly sequence: number;
  /** Position of the first frame. */
  readonly start: number;
  /** SEGMENT_FIRST or 0. */
  readonly flags: number;
  /** Unsigned 32 bits, in every frame of the process. */
  readonly salt: number;
}

/** Fills `bytes` (4 KB). */
export function writeSegmentHeader(bytes: Uint8Array, header: SegmentHeader): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER_BYTES);
  bytes.fill(0);
  view.setUint32(0, SEGMENT_MAGIC, true);
  view.setUint32(HEADER_VERSION, FORMAT_VERSION, true);
  view.setUint32(HEADER_GENERATION, header.generation, true);
  view.setUint32(HEADER_LOG, header.log, true);
  view.setFloat64(HEADER_SEQUENCE, header.sequence, true);
  view.setFloat64(HEADER_START, header.start, true);
  view.setUint32(HEADER_FLAGS, header.flags, true);
  view.setUint32(HEADER_SALT, header.salt, true);
  view.setUint32(HEADER_CRC, crc32(bytes.subarray(0, HEADER_CRC)), true);
}

/** Returns the header in `bytes`, or undefined when it is none of this format. */
export function readSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  if (bytes.length < HEADER_CRC + 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== SEGMENT_MAGIC) return undefined;
  if (view.getUint32(HEADER_CRC, true) !== crc32(bytes.subarray(0, HEADER_CRC))) return undefined;
  if (view.getUint32(HEADER_VERSION, true) !== FORMAT_VERSION) return undefined;
  return {
    generation: view.getUint32(HEADER_GENERATION, true),
    log: view.getUint32(HEADER_LOG, true),
    sequence: view.getFloat64(HEADER_SEQUENCE, true),
    start: view.getFloat64(HEADER_START, true),
    flags: view.getUint32(HEADER_FLAGS, true),
    salt: view.getUint32(HEADER_SALT, true),
  };
}
