// The function libraries of a data directory, as a file of its own that is replaced as a whole:
// they belong to no key and no shard, so they have no place in the logs. Does not know what a
// library is.
//
//    0 'FKVF'
//    4 u32 format     1
//    8 u32 libraries  how many the payload has, and
//   12 u32 functions  how many they have
//   16 u32 length     of the payload
//   20 u32 CRC-32     of all before and of the payload, this word left out
//   24 payload

import { crc32 } from 'node:zlib';
import { type FileSystem, readFully, writeFully } from './file-system.ts';

const NAME = 'functions.fkv';
const DRAFT = 'functions.draft';
const MAGIC = 'FKVF';
const FORMAT = 1;
const HEADER_BYTES = 24;
const CRC_AT = 20;
const MOST_BYTES = 1 << 30;

export interface FunctionFacts {
  /** In the form of FUNCTION DUMP. */
  readonly payload: Buffer;
  readonly libraries: number;
  readonly functions: number;
}

/** The file is not what this version writes. */
export class FunctionFileError extends Error {
  override name = 'FunctionFileError';
  readonly code = 'FUNCTIONS';
}

/** The name of the file in a data directory. */
export const FUNCTION_FILE: string = NAME;

/**
 * Reads the libraries of a data directory; null when it never had any.
 * @throws FunctionFileError when the file is damaged or of a newer format
 */
export function readFunctions(fs: FileSystem, directory: string): FunctionFacts | null {
  const path = `${directory}/${NAME}`;
  if (!fs.exists(path)) return null;
  const fd = fs.openRead(path);
  try {
    const size = fs.size(fd);
    if (size < HEADER_BYTES || size > MOST_BYTES) throw damaged(path, 'its size');
    const bytes = Buffer.alloc(size);
    if (readFully(fs, fd, bytes, 0, size, 0) < size) throw damaged(path, 'its end is missing');
    const format = bytes.readUInt32LE(4);
    if (bytes.toString('latin1', 0, 4) !== MAGIC) throw damaged(path, 'its beginning');
    if (format > FORMAT) {
      const text = `${path} has format ${format}; this version knows formats up to ${FORMAT}`;
      throw new FunctionFileError(text);
    }
    const payload = bytes.subarray(HEADER_BYTES);
    if (bytes.readUInt32LE(16) !== payload.length) throw damaged(path, 'its length');
    if (bytes.readUInt32LE(CRC_AT) !== checksum(bytes, payload)) throw damaged(path, 'its bytes');
    return { payload, libraries: bytes.readUInt32LE(8), functions: bytes.readUInt32LE(12) };
  } finally {
    fs.close(fd);
  }
}

/**
 * Replaces the libraries. Durable when it returns; before that, either may be found after a crash.
 * @throws what the file system throws: then the old ones are in force, unless it was the sync of
 *   the directory, after which only a start can tell
 */
export function writeFunctions(fs: FileSystem, directory: string, facts: FunctionFacts): void {
  const { payload, libraries, functions } = facts;
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  header.writeUInt32LE(FORMAT, 4);
  header.writeUInt32LE(libraries, 8);
  header.writeUInt32LE(functions, 12);
  header.writeUInt32LE(payload.length, 16);
  header.writeUInt32LE(checksum(header, payload), CRC_AT);
  const draft = `${directory}/${DRAFT}`;
  // Left behind by a crash.
  if (fs.exists(draft)) fs.unlink(draft);
  const fd = fs.create(draft);
  try {
    writeFully(fs, fd, header, 0, HEADER_BYTES, 0);
    writeFully(fs, fd, payload, 0, payload.length, HEADER_BYTES);
    fs.fdatasync(fd);
  } finally {
    fs.close(fd);
  }
  fs.rename(draft, `${directory}/${NAME}`);
  fs.syncDirectory(directory);
}

function checksum(header: Buffer, payload: Uint8Array): number {
  return crc32(payload, crc32(header.subarray(0, CRC_AT)));
}

function damaged(path: string, what: string): FunctionFileError {
  return new FunctionFileError(`${path} is damaged: ${what}`);
}
