// How sorted sets are written into a DUMP payload and read from one.
//
//   type  3  count, then members as strings, each with its score: a length (u8) and so much text,
//            or 253 NaN, 254 infinity, 255 minus infinity
//         5  count, then members as strings, each with its score as a double; the highest first
//        12  a string: a ziplist of members and scores as text
//        17  a string: a listpack of the same, the lowest first
// Large ones are written as 5, packed ones as 17. Whatever is read is put in order again.

import {
  DUMP_VERSION,
  type LargeSortedSet,
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
import { ElementsRestoring, type Restoring } from '../restoring.ts';
import { type PayloadPages, SlicedPayload } from '../sliced-payload.ts';
import { pageOf } from '../sliced-work.ts';
import { made, NewSortedSet } from './new-sorted-set.ts';
import { SortedSetReading } from './sorted-set-reading.ts';

export const RDB_ZSET = 3;
export const RDB_ZSET_2 = 5;
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

/** A large one as members and scores. */
export function pagesOfSortedSet(c: CommandContext, large: LargeSortedSet): PayloadPages {
  const compress = c.config.boolean('rdbcompression');
  const { count } = large;
  const page = pageOf(large);
  return {
    version: DUMP_VERSION,
    bytes: large.memoryBytes,
    begin: (writer) => {
      writer.byte(RDB_ZSET_2);
      writer.length(count);
    },
    page: (writer, done) => {
      const wanted = Math.min(page, count - done);
      large.walk(count - 1 - done, wanted, true, ({ bytes, offset, length }, score) => {
        writePair(writer, bytes, offset, length, score, compress);
      });
      return done + wanted < count ? done + wanted : 0;
    },
  };
}

/** Makes the payload of a large one that is being made. */
export function payloadOfMade(c: CommandContext, zset: NewSortedSet): SlicedPayload {
  return new SlicedPayload(pagesOfSortedSet(c, zset.collection!));
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

/** Writes the packed sorted set opened last. */
export function dumpSortedSet(c: CommandContext, _entry: number, writer: RdbWriter): void {
  zset.attach(c);
  writer.byte(RDB_ZSET_LISTPACK);
  listpackWriter.begin();
  zset.walk(0, zset.count, false, appendPair);
  listpackWriter.write(writer, c.config.boolean('rdbcompression'));
}

function appendPair(bytes: Buffer, offset: number, length: number, score: number): void {
  listpackWriter.append(bytes, offset, length);
  if (Number.isSafeInteger(score) && !Object.is(score, -0)) {
    listpackWriter.appendNumber(score);
  } else {
    listpackWriter.append(scoreBytes, 0, scoreBytes.write(doubleText(score), 'latin1'));
  }
}

/** Begins to read `count`, members and scores, in the form of a type. */
export function beginSortedSet(
  type: number,
): (c: CommandContext, reader: RdbReader, isLater: boolean) => Restoring | null {
  const readScore = type === RDB_ZSET ? readTextScore : readDouble;
  return (c, reader, isLater) => {
    const count = reader.length();
    if (reader.special >= 0 || count === 0) return null;
    const into = isLater ? new NewSortedSet() : made;
    into.begin(c, count <= c.limits.sortedSet.maxEntries);
    return new PairsRestoring(reader, count, into, readScore);
  };
}

class PairsRestoring extends ElementsRestoring {
  readonly #into: NewSortedSet;
  readonly #readScore: (reader: RdbReader) => number;

  constructor(
    reader: RdbReader,
    count: number,
    into: NewSortedSet,
    readScore: (reader: RdbReader) => number,
  ) {
    super(reader, count);
    this.#into = into;
    this.#readScore = readScore;
  }

  protected override read(): boolean {
    const member = readRdbString(this.reader, MAX_ELEMENT_BYTES);
    if (member === null) return false;
    const score = this.#readScore(this.reader);
    if (this.reader.failed) return false;
    return take(this.#into, member.bytes, member.offset, member.length, score);
  }

  protected override value(): NewValue {
    return finished(this.#into);
  }

  protected override clear(): void {
    this.#into.clear();
  }
}

/** False for what is no score, and for a member that is there already. */
function take(
  into: NewSortedSet,
  bytes: Buffer,
  offset: number,
  length: number,
  score: number,
): boolean {
  if (Number.isNaN(score)) return false;
  const before = into.count;
  into.put(bytes, offset, length, score);
  return into.count > before;
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
  entries: EntryReader,
): NewValue | null {
  const blob = readRdbString(reader, MAX_ELEMENT_BYTES);
  if (blob === null || !entries.open(blob.bytes, blob.offset, blob.length)) return null;
  made.begin(c, true, true);
  while (entries.next()) {
    // The member may lie in the reader's own bytes, which the score then overwrites.
    const { bytes, offset, length } = entries;
    const isOwn = bytes !== blob.bytes;
    if (isOwn) bytes.copy(memberText, 0, offset, offset + length);
    if (!entries.next()) return refused();
    const score = parseFloat64(entries.bytes, entries.offset, entries.length);
    if (!take(made, isOwn ? memberText : bytes, isOwn ? 0 : offset, length, score))
      return refused();
  }
  return entries.failed || made.count === 0 ? refused() : finished(made);
}

const memberText = Buffer.alloc(MOST_TEXT);
const listpack = new ListpackReader();
const ziplist = new ZiplistReader();

type Restore = (c: CommandContext, reader: RdbReader) => NewValue | null;

/** How other forms of a sorted set are read, by the type byte of a payload; see dump-forms.ts. */
export const sortedSetRestores: readonly (readonly [type: number, restore: Restore])[] = [
  [RDB_ZSET_ZIPLIST, (c, reader) => restoreEntries(c, reader, ziplist)],
  [RDB_ZSET_LISTPACK, (c, reader) => restoreEntries(c, reader, listpack)],
];

function finished(made: NewSortedSet): NewValue {
  const value = made.finish();
  made.clear();
  return value;
}

function refused(): null {
  made.clear();
  return null;
}
