// Strings in the RDB format: as small integers, compressed, or as they are. Every other type's
// elements are such strings, too.

import { integerTextLength, parseSafeInteger, writeInteger } from './integer-text.ts';
import { lzfCompress, lzfDecompress, lzfMostBytes } from './lzf.ts';
import type { RdbReader } from './rdb-reader.ts';
import { RDB_SPECIAL, type RdbWriter } from './rdb-writer.ts';

// The special forms.
const INT8 = 0;
const INT16 = 1;
const INT32 = 2;
const LZF = 3;

/** Longest text that can be a 32-bit integer. */
const MAX_INT32_TEXT = 11;
/** Shorter strings are not compressed. */
const MIN_COMPRESSED = 21;
/** Compressing has to save at least so many bytes. */
const MIN_SAVED = 4;
/** Room for the special form and two lengths. */
const LZF_HEAD = 1 + 9 + 9;

/** Where the bytes of a string lie: in the payload itself, or in a buffer of their own. */
export interface RdbText {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly length: number;
}

/**
 * Writes a string in the shortest of the format's forms, as Redis chooses.
 * @param compress false: never compressed (`rdbcompression no`)
 */
export function writeRdbString(
  writer: RdbWriter,
  bytes: Uint8Array,
  offset: number,
  length: number,
  compress: boolean,
): void {
  if (length <= MAX_INT32_TEXT) {
    const value = parseSafeInteger(bytes, offset, length);
    if (value === (value | 0)) {
      writeInt(writer, value);
      return;
    }
  }
  if (compress && length >= MIN_COMPRESSED && writeCompressed(writer, bytes, offset, length)) {
    return;
  }
  writer.length(length);
  writer.bytes(bytes, offset, length);
}

function writeInt(writer: RdbWriter, value: number): void {
  const form = value === (value << 24) >> 24 ? INT8 : value === (value << 16) >> 16 ? INT16 : INT32;
  writer.byte(RDB_SPECIAL | form);
  writer.littleEndian(value, 1 << form);
}

/** Returns false, with nothing written, when compressing saves too little. */
function writeCompressed(
  writer: RdbWriter,
  bytes: Uint8Array,
  offset: number,
  length: number,
): boolean {
  writer.ensure(length + LZF_HEAD);
  const { buffer, position } = writer;
  // The lengths come before the bytes and are known after them.
  const at = position + LZF_HEAD;
  const compressed = lzfCompress(bytes, offset, length, buffer, at, length - MIN_SAVED);
  if (compressed === 0) return false;
  writer.byte(RDB_SPECIAL | LZF);
  writer.length(compressed);
  writer.length(length);
  buffer.copyWithin(writer.position, at, at + compressed);
  writer.position += compressed;
  return true;
}

/**
 * Reads a string. Allocates only what the bytes that are really there can become.
 * @param mostBytes longest string to accept
 * @returns null, and the reader has failed, when it is damaged or too long
 */
export function readRdbString(reader: RdbReader, mostBytes: number): RdbText | null {
  const length = reader.length();
  if (reader.special >= 0) return readSpecial(reader, mostBytes);
  if (length > mostBytes) reader.fail();
  const offset = reader.take(length);
  return reader.failed ? null : { bytes: reader.bytes, offset, length };
}

function readSpecial(reader: RdbReader, mostBytes: number): RdbText | null {
  const form = reader.special;
  if (form === LZF) return readCompressed(reader, mostBytes);
  if (form > LZF) reader.fail();
  const value = reader.signed(form === INT8 ? 1 : form === INT16 ? 2 : 4);
  if (reader.failed) return null;
  const length = integerTextLength(value);
  const bytes = Buffer.allocUnsafe(length);
  writeInteger(bytes, 0, length, value);
  return { bytes, offset: 0, length };
}

function readCompressed(reader: RdbReader, mostBytes: number): RdbText | null {
  const compressed = readPlainLength(reader);
  const length = readPlainLength(reader);
  const at = reader.take(compressed);
  if (length > mostBytes || length > lzfMostBytes(compressed)) reader.fail();
  if (reader.failed) return null;
  const bytes = Buffer.allocUnsafe(length);
  if (lzfDecompress(reader.bytes, at, compressed, bytes, 0, length)) {
    return { bytes, offset: 0, length };
  }
  reader.fail();
  return null;
}

function readPlainLength(reader: RdbReader): number {
  const length = reader.length();
  if (reader.special >= 0) reader.fail();
  return length;
}
