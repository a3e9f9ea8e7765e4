// The function libraries of a data directory as of some LSN, as a file of its own that is replaced
// as a whole: the checkpoint of what the logs say about them. Does not know what a library is.
//
//    0 'FKVF'
//    4 u32 format     2
//    8 u32 libraries  how many the payload has, and
//   12 u32 functions  how many they have
//   16 u32 length     of the payload
//   20 u32 CRC-32     of all before and all behind this word
//   24 f64 lsn        of the last effect that is in it, 0: none
//   32 payload
//
// Format 1 has no LSN, and the payload at 24: logs had nothing of libraries then. A start makes
// sure that there is a file of format 2: a version that would pass over what the logs have of
// libraries refuses the directory.

import { crc32 } from 'node:zlib';
import { type FileSystem, readFully, writeFully } from './file-system.ts';

const NAME = 'functions.fkv';
const DRAFT = 'functions.draft';
const MAGIC = 'FKVF';
const FORMAT = 2;
const FORMAT_WITHOUT_LSN = 1;
const OLD_HEADER_BYTES = 24;
const HEADER_BYTES = 32;
const CRC_AT = 20;
const LSN_AT = 24;
const MOST_BYTES = 1 << 30;

export interface FunctionFacts {
  /** In the form of FUNCTION DUMP. */
  readonly payload: Buffer;
  readonly libraries: number;
  readonly functions: number;
  /** Of the last change that is in it, in the shard that such changes are logged under; 0: none. */
  readonly lsn: number;
}

/** The file is not what this version writes. */
export class FunctionFileError extends Error {
  override name = 'FunctionFileError';
  readonly code = 'FUNCTIONS';
}

/** The name of the file in a data directory. */
export const FUNCTION_FILE: string = NAME;

/**
 * Reads the libraries of a data directory; null when there is no file. One that is not current was
 * written by an earlier version.
 * @throws FunctionFileError when the file is damaged or of a newer format
 */
export function readFunctions(
  fs: FileSystem,
  directory: string,
): (FunctionFacts & { readonly isCurrent: boolean }) | null {
  const path = `${directory}/${NAME}`;
  if (!fs.exists(path)) return null;
  const fd = fs.openRead(path);
  try {
    const size = fs.size(fd);
    if (size < OLD_HEADER_BYTES || size > MOST_BYTES) throw damaged(path, 'its size');
    const bytes = Buffer.alloc(size);
    if (readFully(fs, fd, bytes, 0, size, 0) < size) throw damaged(path, 'its end is missing');
    const format = bytes.readUInt32LE(4);
    if (bytes.toString('latin1', 0, 4) !== MAGIC) throw damaged(path, 'its beginning');
    if (format > FORMAT) {
      const text = `${path} has format ${format}; this version knows formats up to ${FORMAT}`;
      throw new FunctionFileError(text);
    }
    const isCurrent = format > FORMAT_WITHOUT_LSN;
    const payload = bytes.subarray(isCurrent ? HEADER_BYTES : OLD_HEADER_BYTES);
    if (bytes.readUInt32LE(16) !== payload.length) throw damaged(path, 'its length');
    const rest = bytes.subarray(OLD_HEADER_BYTES);
    if (bytes.readUInt32LE(CRC_AT) !== checksum(bytes, rest)) throw damaged(path, 'its bytes');
    const lsn = isCurrent ? bytes.readDoubleLE(LSN_AT) : 0;
    const [libraries, functions] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
    return { payload, libraries, functions, lsn, isCurrent };
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
  const { payload, libraries, functions, lsn } = facts;
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  header.writeUInt32LE(FORMAT, 4);
  header.writeUInt32LE(libraries, 8);
  header.writeUInt32LE(functions, 12);
  header.writeUInt32LE(payload.length, 16);
  header.writeDoubleLE(lsn, LSN_AT);
  const crc = checksum(header, header.subarray(OLD_HEADER_BYTES), payload);
  header.writeUInt32LE(crc, CRC_AT);
  const draft = `${directory}/${DRAFT}`;
  // Left behind by a crash, or by a disk that failed; its name is that of another file soon.
  if (fs.exists(draft)) {
    fs.unlink(draft);
    fs.syncDirectory(directory);
  }
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

function checksum(header: Buffer, ...rest: readonly Uint8Array[]): number {
  return rest.reduce((crc, bytes) => crc32(bytes, crc), crc32(header.subarray(0, CRC_AT)));
}

function damaged(path: string, what: string): FunctionFileError {
  return new FunctionFileError(`${path} is damaged: ${what}`);
}
