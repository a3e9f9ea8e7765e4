// How hashes are written into DUMP payloads and read from them, in the encodings of Redis.
//
//   4   count, then field and value                      a large one
//   13  a ziplist of fields and values                   read only
//   16  a listpack of fields and values                  a packed one
//   24  earliest time i64, count, then time, field, value: fields that expire, in any form
//   25  earliest time i64, a listpack of field, value and time (Unix ms, 0: none)  read only
// A time in 24 is 0 for none, else 1 + the milliseconds after the earliest one.

import {
  DUMP_VERSION,
  type LargeHash,
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
import { ElementsRestoring, type Restoring } from '../restoring.ts';
import type { PayloadPages } from '../sliced-payload.ts';
import { pageOf } from '../sliced-work.ts';
import { HashBuilder } from './hash-builder.ts';
import { hash } from './hash-value.ts';

export const RDB_HASH = 4;
const RDB_HASH_ZIPLIST = 13;
const RDB_HASH_LISTPACK = 16;
export const RDB_HASH_TIMED = 24;
const RDB_HASH_TIMED_LISTPACK = 25;

/** The RDB version that brought types with times. */
const TIMED_VERSION = 12;
const TIME_BYTES = 8;
/** Later times are no times of fields: the limit of Redis 7.4. */
const LATEST_MS = 2 ** 46 - 1;
/** Shorter elements of a large hash are not worth compressing one by one. */
const LEAST_COMPRESSED = 256;

const listpack = new ListpackWriter();

type RestoreHash = (c: CommandContext, reader: RdbReader) => NewValue | null;

/** How other hash types of RDB are read. */
export const hashRestores: readonly (readonly [type: number, restore: RestoreHash])[] = [
  [RDB_HASH_ZIPLIST, (c, reader) => restoreBlob(c, reader, new ZiplistReader())],
  [RDB_HASH_LISTPACK, (c, reader) => restoreBlob(c, reader, new ListpackReader())],
  [RDB_HASH_TIMED_LISTPACK, restoreTimedBlob],
];

/** Writes the packed hash opened last. */
export function dumpHash(c: CommandContext, _entry: number, writer: RdbWriter): void {
  hash.attach(c);
  const earliestMs = hash.earliestExpiry;
  const compress = c.config.boolean('rdbcompression');
  if (earliestMs !== 0) {
    beginPairs(writer, hash.count, earliestMs);
    hash.each(c, () => {
      const { fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength } = hash;
      writeTime(writer, hash.expireAtMs, earliestMs);
      writePart(writer, fieldBytes, fieldAt, fieldLength, compress);
      writePart(writer, valueBytes, valueAt, valueLength, compress);
    });
    return;
  }
  listpack.begin();
  hash.each(c, appendPair);
  writer.byte(RDB_HASH_LISTPACK);
  listpack.write(writer, compress);
}

function appendPair(): void {
  listpack.append(hash.fieldBytes, hash.fieldAt, hash.fieldLength);
  listpack.append(hash.valueBytes, hash.valueAt, hash.valueLength);
}

/** A large hash as fields and values, with their times when there are any. */
export function pagesOfHash(c: CommandContext, large: LargeHash): PayloadPages {
  const compress = c.config.boolean('rdbcompression');
  const wanted = pageOf(large);
  const earliestMs = large.nextExpireAtMs;
  return {
    version: earliestMs === 0 ? DUMP_VERSION : TIMED_VERSION,
    bytes: large.memoryBytes,
    begin: (writer) => beginPairs(writer, large.count, earliestMs),
    page: (writer, cursor) =>
      large.scan(cursor, wanted, (field, value, expireAtMs) => {
        if (earliestMs !== 0) writeTime(writer, expireAtMs, earliestMs);
        writePart(writer, field.bytes, field.offset, field.length, compress);
        writePart(writer, value.bytes, value.offset, value.length, compress);
      }),
  };
}

/** @param earliestMs 0: no field has a time */
function beginPairs(writer: RdbWriter, count: number, earliestMs: number): void {
  writer.byte(earliestMs === 0 ? RDB_HASH : RDB_HASH_TIMED);
  if (earliestMs !== 0) writer.uint64(BigInt(earliestMs));
  writer.length(count);
}

function writeTime(writer: RdbWriter, expireAtMs: number, earliestMs: number): void {
  writer.length(expireAtMs === 0 ? 0 : expireAtMs - earliestMs + 1);
}

function writePart(
  writer: RdbWriter,
  bytes: Buffer,
  offset: number,
  length: number,
  compress: boolean,
): void {
  writeRdbString(writer, bytes, offset, length, compress && length >= LEAST_COMPRESSED);
}

/** Begins to read fields and values, in the form of a type. */
export function beginHash(
  type: number,
): (c: CommandContext, reader: RdbReader) => Restoring | null {
  const isTimed = type === RDB_HASH_TIMED;
  return (c, reader) => {
    const earliestMs = isTimed ? readTime(reader) : 0;
    const count = readCount(reader);
    if (reader.failed) return null;
    const { maxEntries, maxValueBytes } = c.limits.hash;
    const into = new HashBuilder(c, count <= maxEntries, isTimed, maxValueBytes);
    return new FieldsRestoring(reader, count, into, isTimed ? earliestMs : -1);
  };
}

class FieldsRestoring extends ElementsRestoring {
  readonly #mostBytes: number;
  readonly #into: HashBuilder;
  readonly #earliestMs: number;

  /** @param earliestMs below 0: fields have no times */
  constructor(reader: RdbReader, count: number, into: HashBuilder, earliestMs: number) {
    super(reader, count);
    this.#mostBytes = into.mostStringBytes;
    this.#into = into;
    this.#earliestMs = earliestMs;
  }

  protected override read(): boolean {
    const { reader } = this;
    const earliestMs = this.#earliestMs;
    const after = earliestMs < 0 ? 0 : readCount(reader);
    const field = readRdbString(reader, this.#mostBytes);
    const value = readRdbString(reader, this.#mostBytes);
    const expireAtMs = after === 0 ? 0 : earliestMs + after - 1;
    if (field === null || value === null || expireAtMs > LATEST_MS) return false;
    if (after !== 0 && expireAtMs === 0) return false;
    return this.#into.add(field, value, expireAtMs);
  }

  protected override value(): NewValue | null {
    return this.#into.finish();
  }
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
  entries: ListpackReader | ZiplistReader,
): NewValue | null {
  const blob = readRdbString(reader, c.maxStringBytes);
  if (blob === null || !entries.open(blob.bytes, blob.offset, blob.length)) return null;
  const builder = new HashBuilder(c, true, false);
  while (entries.next()) {
    const field = kept(entries);
    if (!entries.next() || !builder.add(field, entries, 0)) return null;
  }
  return entries.failed ? null : builder.finish();
}

function restoreTimedBlob(c: CommandContext, reader: RdbReader): NewValue | null {
  readTime(reader);
  const blob = readRdbString(reader, c.maxStringBytes);
  const entries = new ListpackReader();
  if (blob === null || !entries.open(blob.bytes, blob.offset, blob.length)) return null;
  const builder = new HashBuilder(c, true, true);
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
