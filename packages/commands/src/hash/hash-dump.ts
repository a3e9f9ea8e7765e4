// How hashes are written into DUMP payloads and read from them, in the encodings of Redis.
//
//   4   count, then field and value                      a large one
//   13  a ziplist of fields and values                   read only
//   16  a listpack of fields and values                  a packed one
//   24  earliest time i64, count, then time, field, value: fields that expire, in any form
//   25  earliest time i64, a listpack of field, value and time (Unix ms, 0: none)  read only
// A time in 24 is 0 for none, else 1 + the milliseconds after the earliest one.

import {
  ListpackReader,
  ListpackWriter,
  parseSafeInteger,
  type RdbEntries,
  type RdbReader,
  type RdbText,
  type RdbWriter,
  readRdbString,
  writeRdbString,
  ZiplistReader,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import type { NewValue } from '../new-value.ts';
import { HashBuilder } from './hash-builder.ts';
import { hash } from './hash-value.ts';

const RDB_HASH = 4;
const RDB_HASH_ZIPLIST = 13;
const RDB_HASH_LISTPACK = 16;
const RDB_HASH_TIMED = 24;
const RDB_HASH_TIMED_LISTPACK = 25;

const TIME_BYTES = 8;
/** Later times are no times of fields: the limit of Redis 7.4. */
const LATEST_MS = 2 ** 46 - 1;
/** Shorter elements of a large hash are not worth compressing one by one. */
const LEAST_COMPRESSED = 256;

const listpack = new ListpackWriter();

type RestoreHash = (c: CommandContext, reader: RdbReader, mayPack: boolean) => NewValue | null;

/** How the hash types of RDB are read. */
export const hashRestores: readonly (readonly [type: number, restore: RestoreHash])[] = [
  [RDB_HASH, (c, reader, mayPack) => restorePairs(c, reader, mayPack, false)],
  [RDB_HASH_ZIPLIST, (c, reader, mayPack) => restoreBlob(c, reader, mayPack, new ZiplistReader())],
  [
    RDB_HASH_LISTPACK,
    (c, reader, mayPack) => restoreBlob(c, reader, mayPack, new ListpackReader()),
  ],
  [RDB_HASH_TIMED, (c, reader, mayPack) => restorePairs(c, reader, mayPack, true)],
  [RDB_HASH_TIMED_LISTPACK, restoreTimedBlob],
];

/** Writes the hash opened last. */
export function dumpHash(c: CommandContext, _entry: number, writer: RdbWriter): void {
  hash.attach(c);
  const earliestMs = hash.earliestExpiry;
  const compress = c.config.boolean('rdbcompression');
  if (earliestMs !== 0) {
    dumpTimed(c, writer, compress, earliestMs);
  } else if (c.collection === null) {
    listpack.begin();
    hash.each(c, appendPair);
    writer.byte(RDB_HASH_LISTPACK);
    listpack.write(writer, compress);
  } else {
    writer.byte(RDB_HASH);
    writer.length(hash.count);
    hash.each(c, () => writePair(writer, compress));
  }
}

function appendPair(): void {
  listpack.append(hash.fieldBytes, hash.fieldAt, hash.fieldLength);
  listpack.append(hash.valueBytes, hash.valueAt, hash.valueLength);
}

function writePair(writer: RdbWriter, compress: boolean): void {
  const { fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength } = hash;
  writeRdbString(
    writer,
    fieldBytes,
    fieldAt,
    fieldLength,
    compress && fieldLength >= LEAST_COMPRESSED,
  );
  writeRdbString(
    writer,
    valueBytes,
    valueAt,
    valueLength,
    compress && valueLength >= LEAST_COMPRESSED,
  );
}

function dumpTimed(
  c: CommandContext,
  writer: RdbWriter,
  compress: boolean,
  earliestMs: number,
): void {
  writer.byte(RDB_HASH_TIMED);
  writer.uint64(BigInt(earliestMs));
  writer.length(hash.count);
  hash.each(c, () => {
    writer.length(hash.expireAtMs === 0 ? 0 : hash.expireAtMs - earliestMs + 1);
    writePair(writer, compress);
  });
}

function restorePairs(
  c: CommandContext,
  reader: RdbReader,
  mayPack: boolean,
  isTimed: boolean,
): NewValue | null {
  const earliestMs = isTimed ? readTime(reader) : 0;
  const count = readCount(reader);
  if (reader.failed) return null;
  const { hash: limits } = c.limits;
  const builder = new HashBuilder(
    c,
    mayPack && count <= limits.maxEntries,
    isTimed,
    limits.maxValueBytes,
  );
  for (let i = 0; i < count; i++) {
    const after = isTimed ? readCount(reader) : 0;
    const field = readRdbString(reader, c.maxStringBytes);
    const value = readRdbString(reader, c.maxStringBytes);
    const expireAtMs = after === 0 ? 0 : earliestMs + after - 1;
    if (field === null || value === null || expireAtMs > LATEST_MS) return null;
    if (after !== 0 && expireAtMs === 0) return null;
    if (!builder.add(field, value, expireAtMs)) return null;
  }
  return builder.finish();
}

function readTime(reader: RdbReader): number {
  const at = reader.take(TIME_BYTES);
  if (reader.failed) return 0;
  const time = Number(reader.bytes.readBigInt64LE(at));
  if (time < 0 || time > LATEST_MS) reader.fail();
  return time;
}

function readCount(reader: RdbReader): number {
  const count = reader.length();
  if (reader.special >= 0) reader.fail();
  return count;
}

function restoreBlob(
  c: CommandContext,
  reader: RdbReader,
  mayPack: boolean,
  entries: ListpackReader | ZiplistReader,
): NewValue | null {
  const blob = readRdbString(reader, c.maxStringBytes);
  if (blob === null || !entries.open(blob.bytes, blob.offset, blob.length)) return null;
  const builder = new HashBuilder(c, mayPack, false);
  while (entries.next()) {
    const field = kept(entries);
    if (!entries.next() || !builder.add(field, entries, 0)) return null;
  }
  return entries.failed ? null : builder.finish();
}

function restoreTimedBlob(c: CommandContext, reader: RdbReader, mayPack: boolean): NewValue | null {
  readTime(reader);
  const blob = readRdbString(reader, c.maxStringBytes);
  const entries = new ListpackReader();
  if (blob === null || !entries.open(blob.bytes, blob.offset, blob.length)) return null;
  const builder = new HashBuilder(c, mayPack, true);
  while (entries.next()) {
    const field = kept(entries);
    if (!entries.next()) return null;
    const value = kept(entries);
    if (!entries.next()) return null;
    const expireAtMs = parseSafeInteger(entries.bytes, entries.offset, entries.length);
    if (!(expireAtMs >= 0 && expireAtMs <= LATEST_MS)) return null;
    if (!builder.add(field, value, expireAtMs)) return null;
  }
  return entries.failed ? null : builder.finish();
}

/** An entry that is needed after the next one was read. Integers are texts of the reader's own. */
function kept({ bytes, offset, length }: RdbEntries): RdbText {
  return { bytes: Buffer.from(bytes.subarray(offset, offset + length)), offset: 0, length };
}
