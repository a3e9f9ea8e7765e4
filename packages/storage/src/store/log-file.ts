// Verifies one log or manifest of the engine by its checksums. The engine skips a damaged record
// of its log without a word, so we look before it does. Also gives a manifest's records.
//
//   file    blocks of 32 KB, the last one short
//   block   records; fewer than 7 bytes at its end are left unused
//   record  masked CRC-32C u32 LE of type and bytes | length u16 LE | type u8 | bytes
//   type    1 a whole record; 2, 3, 4 the first, a middle, the last part of one

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { maskedCrc32c } from './crc32c.ts';
import type { FileDamage } from './table-file.ts';

const BLOCK_BYTES = 32768;
const HEAD_BYTES = 7;
const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;
const MAX_TYPE = 4;

/**
 * Returns the first damage below `syncedBytes`, or null. What lies behind was never promised: a
 * power loss may have left anything there.
 */
export async function verifyLog(
  directory: string,
  file: string,
  syncedBytes: number,
): Promise<FileDamage | null> {
  const bytes = await readFile(path.join(directory, file));
  const damage = (offset: number, what: string): FileDamage => ({ file, offset, what });
  let at = 0;
  while (at < syncedBytes) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (left < HEAD_BYTES) {
      at += left;
      continue;
    }
    if (at + HEAD_BYTES > bytes.length) return damage(at, 'cut short');
    const length = bytes.readUInt16LE(at + 4);
    const type = bytes[at + 6]!;
    const end = at + HEAD_BYTES + length;
    if (type === 0 || type > MAX_TYPE || length > left - HEAD_BYTES)
      return damage(at, 'record head');
    if (end > bytes.length) return damage(at, 'cut short');
    if (maskedCrc32c(bytes, at + 6, end) !== bytes.readUInt32LE(at)) return damage(at, 'record');
    at = end;
  }
  return null;
}

/**
 * Returns the whole records of a log, put together from their parts, up to the first bad one.
 * @param verifies false: checksums are not looked at, only whether a record is all there
 */
export function readLogRecords(bytes: Buffer, verifies = true): Buffer[] {
  const records: Buffer[] = [];
  let parts: Buffer[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (left < HEAD_BYTES) {
      at += left;
      continue;
    }
    const type = bytes[at + 6]!;
    const end = at + HEAD_BYTES + bytes.readUInt16LE(at + 4);
    if (type === 0 || type > MAX_TYPE || end > bytes.length || end > at + left) break;
    if (verifies && maskedCrc32c(bytes, at + 6, end) !== bytes.readUInt32LE(at)) break;
    if (type === FULL || type === FIRST) parts = [];
    parts.push(bytes.subarray(at + HEAD_BYTES, end));
    if (type === FULL) records.push(parts[0]!);
    else if (type === LAST) records.push(Buffer.concat(parts));
    at = end;
  }
  return records;
}

/** Returns a log of one record. */
export function logOf(record: Buffer): Buffer {
  const parts: Buffer[] = [];
  const most = BLOCK_BYTES - HEAD_BYTES;
  for (let at = 0; at === 0 || at < record.length; at += most) {
    const isLast = at + most >= record.length;
    const type = at === 0 ? (isLast ? FULL : FIRST) : isLast ? LAST : MIDDLE;
    const bytes = record.subarray(at, at + most);
    const part = Buffer.alloc(HEAD_BYTES + bytes.length);
    part.writeUInt16LE(bytes.length, 4);
    part[6] = type;
    part.set(bytes, HEAD_BYTES);
    part.writeUInt32LE(maskedCrc32c(part, 6, part.length), 0);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
