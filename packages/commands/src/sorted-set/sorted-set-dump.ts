// How sorted sets are written into a DUMP payload and read from one.
//
//   type  3  count, then members as strings, each with its score: a length (u8) and so much text,
//            or 253 NaN, 254 infinity, 255 minus infinity
//         5  count, then members as strings, each with its score as a double; the highest first
//        12  a string: a ziplist of members and scores as text
//        17  a string: a listpack of the same, the lowest first
// Large ones are written as 5, packed ones as 17. Whatever is read is put in order again.

import {
  ListpackReader,
  ListpackWriter,
  MAX_ELEMENT_BYTES,
  parseFloat64,
  type RdbEntries,
  type RdbReader,
  type RdbWriter,
  readRdbString,
  writeRdbString,
  ZiplistReader,
} from '@forgekv/datatypes';
import { doubleText } from '@forgekv/protocol';
import type { CommandContext } from '../context.ts';
import type { NewValue } from '../new-value.ts';
import { SlicedPayload } from '../sliced-payload.ts';
import { SLICE_PAGE } from '../sliced-work.ts';
import { made, type NewSortedSet } from './new-sorted-set.ts';
import { SortedSetReading } from './sorted-set-reading.ts';

const RDB_ZSET = 3;
const RDB_ZSET_2 = 5;
const RDB_ZSET_ZIPLIST = 12;
const RDB_ZSET_LISTPACK = 17;

const DOUBLE_BYTES = 8;
const NOT_A_NUMBER = 253;
const INFINITE = 254;
const MINUS_INFINITE = 255;
/** Longest text of a score. */
const MOST_TEXT = 40;

const zset = new SortedSetReading();
const listpackWriter = new ListpackWriter();
const scoreBytes = Buffer.alloc(MOST_TEXT);

/** Makes the payload of a large one that is being made, page by page. */
export function payloadOfMade(c: CommandContext, zset: NewSortedSet): SlicedPayload {
  const compress = c.config.boolean('rdbcompression');
  const { count } = zset;
  return new SlicedPayload(RDB_ZSET_2, count, zset.effectBytes, (writer, done) => {
    const wanted = Math.min(SLICE_PAGE, count - done);
    zset.walk(count - 1 - done, wanted, true, (bytes, offset, length, score) => {
      writePair(writer, bytes, offset, length, score, compress);
    });
    return done + wanted < count ? done + wanted : 0;
  });
}

function writePair(
  writer: RdbWriter,
  bytes: Buffer,
  offset: number,
  length: number,
  score: number,
  compress: boolean,
): void {
  writeRdbString(writer, bytes, offset, length, compress);
  writer.ensure(DOUBLE_BYTES);
  writer.position = writer.buffer.writeDoubleLE(score, writer.position);
}

/** Writes the sorted set opened last. */
export function dumpSortedSet(c: CommandContext, _entry: number, writer: RdbWriter): void {
  zset.attach(c);
  const compress = c.config.boolean('rdbcompression');
  if (zset.isLarge) {
    writer.byte(RDB_ZSET_2);
    writer.length(zset.count);
    zset.walk(zset.count - 1, zset.count, true, (bytes, offset, length, score) => {
      writePair(writer, bytes, offset, length, score, compress);
    });
  } else {
    writer.byte(RDB_ZSET_LISTPACK);
    listpackWriter.begin();
    zset.walk(0, zset.count, false, appendPair);
    listpackWriter.write(writer, compress);
  }
  zset.attachNone();
}

function appendPair(bytes: Buffer, offset: number, length: number, score: number): void {
  listpackWriter.append(bytes, offset, length);
  if (Number.isSafeInteger(score) && !Object.is(score, -0)) {
    listpackWriter.appendNumber(score);
  } else {
    listpackWriter.append(scoreBytes, 0, scoreBytes.write(doubleText(score), 'latin1'));
  }
}

/** Reads `count`, members and scores. */
function restorePairs(
  c: CommandContext,
  reader: RdbReader,
  mayPack: boolean,
  readScore: (reader: RdbReader) => number,
): NewValue | null {
  const count = reader.length();
  if (reader.special >= 0) return null;
  made.begin(c, mayPack && count <= c.limits.sortedSet.maxEntries);
  for (let i = 0; i < count; i++) {
    const member = readRdbString(reader, MAX_ELEMENT_BYTES);
    if (member === null) return refused();
    const score = readScore(reader);
    if (reader.failed || !take(member.bytes, member.offset, member.length, score)) {
      return refused();
    }
  }
  return made.count === 0 ? refused() : finished();
}

/** False for what is no score, and for a member that is there already. */
function take(bytes: Buffer, offset: number, length: number, score: number): boolean {
  if (Number.isNaN(score)) return false;
  const before = made.count;
  made.put(bytes, offset, length, score);
  return made.count > before;
}

function readDouble(reader: RdbReader): number {
  const at = reader.take(DOUBLE_BYTES);
  return reader.failed ? NaN : reader.bytes.readDoubleLE(at);
}

function readTextScore(reader: RdbReader): number {
  const length = reader.byte();
  if (length === MINUS_INFINITE) return -Infinity;
  if (length === INFINITE) return Infinity;
  if (length === NOT_A_NUMBER) return NaN;
  const at = reader.take(length);
  return reader.failed ? NaN : parseFloat64(reader.bytes, at, length);
}

/** A reader of packed entries that can be opened. */
type EntryReader = RdbEntries & Pick<ListpackReader, 'open' | 'next'>;

/** Reads members and scores as entries; the length of members does not count, as in Redis. */
function restoreEntries(
  c: CommandContext,
  reader: RdbReader,
  mayPack: boolean,
  entries: EntryReader,
): NewValue | null {
  const blob = readRdbString(reader, MAX_ELEMENT_BYTES);
  if (blob === null || !entries.open(blob.bytes, blob.offset, blob.length)) return null;
  made.begin(c, mayPack, true);
  while (entries.next()) {
    // The member may lie in the reader's own bytes, which the score then overwrites.
    const { bytes, offset, length } = entries;
    const isOwn = bytes !== blob.bytes;
    if (isOwn) bytes.copy(memberText, 0, offset, offset + length);
    if (!entries.next()) return refused();
    const score = parseFloat64(entries.bytes, entries.offset, entries.length);
    if (!take(isOwn ? memberText : bytes, isOwn ? 0 : offset, length, score)) return refused();
  }
  return entries.failed || made.count === 0 ? refused() : finished();
}

const memberText = Buffer.alloc(MOST_TEXT);
const listpack = new ListpackReader();
const ziplist = new ZiplistReader();

type Restore = (c: CommandContext, reader: RdbReader, mayPack: boolean) => NewValue | null;

/** How a sorted set is read, by the type byte of a payload; see dump-forms.ts. */
export const sortedSetRestores: readonly (readonly [type: number, restore: Restore])[] = [
  [RDB_ZSET, (c, reader, mayPack) => restorePairs(c, reader, mayPack, readTextScore)],
  [RDB_ZSET_2, (c, reader, mayPack) => restorePairs(c, reader, mayPack, readDouble)],
  [RDB_ZSET_ZIPLIST, (c, reader, mayPack) => restoreEntries(c, reader, mayPack, ziplist)],
  [RDB_ZSET_LISTPACK, (c, reader, mayPack) => restoreEntries(c, reader, mayPack, listpack)],
];

function finished(): NewValue {
  const value = made.finish();
  made.clear();
  return value;
}

function refused(): null {
  made.clear();
  return null;
}
