// How sets are written into a DUMP payload and read from one.
//
//   type  2  count, members as strings
//        11  a string: width (u32) | count (u32) | integers, ascending, little-endian
//        20  a string: a listpack of the members; Redis 7.2 writes it, 7.0 cannot read it

import {
  DUMP_VERSION,
  Int64,
  type LargeSet,
  ListpackReader,
  MAX_ELEMENT_BYTES,
  MAX_INTEGER_TEXT,
  type RdbReader,
  type RdbWriter,
  readRdbString,
  writeRdbString,
} from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import type { NewValue } from '../new-value.ts';
import { ElementsRestoring, type Restoring } from '../restoring.ts';
import type { PayloadPages } from '../sliced-payload.ts';
import { pageOf } from '../sliced-work.ts';
import { SetBuilder } from './set-builder.ts';
import { SetValue } from './set-value.ts';

export const RDB_SET = 2;
const RDB_SET_INTSET = 11;
const RDB_SET_LISTPACK = 20;

const INTSET_HEAD_BYTES = 8;

const set = new SetValue();
const builder = new SetBuilder();
const listpack = new ListpackReader();
const integer = new Int64();
const text = Buffer.alloc(MAX_INTEGER_TEXT);

/** Writes the packed set opened last: integers as such, others as strings, for every Redis. */
export function dumpSet(c: CommandContext, entry: number, writer: RdbWriter): void {
  set.open(c, entry);
  const compress = c.config.boolean('rdbcompression');
  if (set.form === 'intset') {
    writer.byte(RDB_SET_INTSET);
    const bytes = set.integerBytes();
    writeRdbString(writer, bytes, 0, bytes.length, compress);
    return;
  }
  writer.byte(RDB_SET);
  writer.length(set.count);
  set.each((bytes, offset, length) => {
    writeRdbString(writer, bytes, offset, length, compress);
    return true;
  });
}

/** A large set as strings. */
export function pagesOfSet(c: CommandContext, large: LargeSet): PayloadPages {
  const compress = c.config.boolean('rdbcompression');
  const wanted = pageOf(large);
  return {
    version: DUMP_VERSION,
    bytes: large.memoryBytes,
    begin: (writer) => {
      writer.byte(RDB_SET);
      writer.length(large.count);
    },
    page: (writer, cursor) =>
      large.scan(cursor, wanted, ({ bytes, offset, length }) => {
        writeRdbString(writer, bytes, offset, length, compress);
      }),
  };
}

/** Begins to read members as strings; the form is what they suit. */
export function beginSet(c: CommandContext, reader: RdbReader, isLater: boolean): Restoring | null {
  const count = reader.length();
  if (reader.special >= 0 || count === 0) return null;
  const into = isLater ? new SetBuilder() : builder;
  into.begin(c, count > c.limits.maxIntsetEntries ? 'hashtable' : 'intset');
  return new SetRestoring(reader, count, into);
}

class SetRestoring extends ElementsRestoring {
  readonly #into: SetBuilder;

  constructor(reader: RdbReader, count: number, into: SetBuilder) {
    super(reader, count);
    this.#into = into;
  }

  protected override read(): boolean {
    const member = readRdbString(this.reader, MAX_ELEMENT_BYTES);
    return member !== null && this.#into.add(member.bytes, member.offset, member.length);
  }

  protected override value(): NewValue {
    return this.#into.value();
  }

  protected override clear(): void {
    this.#into.clear();
  }
}

/** Reads an intset, which must be sorted. */
function restoreIntset(c: CommandContext, reader: RdbReader): NewValue | null {
  const blob = readRdbString(reader, MAX_ELEMENT_BYTES);
  if (blob === null || blob.length <= INTSET_HEAD_BYTES) return null;
  const { bytes, offset, length } = blob;
  const width = bytes.readUInt32LE(offset);
  const count = bytes.readUInt32LE(offset + 4);
  if (width !== 2 && width !== 4 && width !== 8) return null;
  if (INTSET_HEAD_BYTES + count * width !== length) return null;
  builder.begin(c, count > c.limits.maxIntsetEntries ? 'hashtable' : 'intset');
  let highBefore = -Infinity;
  let lowBefore = 0;
  for (let at = offset + INTSET_HEAD_BYTES; at < offset + length; at += width) {
    readInteger(bytes, at, width);
    const { high, low } = integer;
    if (high < highBefore || (high === highBefore && low <= lowBefore)) return refused();
    highBefore = high;
    lowBefore = low;
    builder.take(text, 0, integer.write(text, 0));
  }
  return builder.value();
}

function readInteger(bytes: Buffer, at: number, width: 2 | 4 | 8): void {
  if (width === 8) {
    integer.low = bytes.readUInt32LE(at);
    integer.high = bytes.readInt32LE(at + 4);
  } else {
    integer.setNumber(bytes.readIntLE(at, width));
  }
}

/** Reads a listpack; like Redis it keeps the form, whatever the lengths of its members. */
function restoreSetListpack(c: CommandContext, reader: RdbReader): NewValue | null {
  const blob = readRdbString(reader, MAX_ELEMENT_BYTES);
  if (blob === null || !listpack.open(blob.bytes, blob.offset, blob.length)) return null;
  builder.begin(c, 'listpack');
  while (listpack.next()) {
    if (!builder.take(listpack.bytes, listpack.offset, listpack.length)) return refused();
  }
  if (listpack.failed || builder.count === 0) return refused();
  if (builder.count > c.limits.set.maxEntries) builder.form = 'hashtable';
  return builder.value();
}

type Restore = (c: CommandContext, reader: RdbReader) => NewValue | null;

/** How other forms of a set are read, by the type byte of a payload; see dump-forms.ts. */
export const setRestores: readonly (readonly [type: number, restore: Restore])[] = [
  [RDB_SET_INTSET, restoreIntset],
  [RDB_SET_LISTPACK, restoreSetListpack],
];

function refused(): null {
  builder.clear();
  return null;
}
