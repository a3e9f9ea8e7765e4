// How the value of each type is written into a DUMP payload and read from one: the table that a
// type enters to be dumped and restored. Types that are not in it are refused.

import { invariant } from '@forgekv/base';
import {
  DUMP_VERSION,
  openDump,
  type RdbReader,
  RdbWriter,
  readRdbString,
  STRING_PLAIN,
  sealDump,
  writeRdbString,
} from '@forgekv/datatypes';
import { TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STRING, TYPE_ZSET } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import { dumpHash, hashRestores } from '../hash/hash-dump.ts';
import type { LargeCollection } from '../large-values.ts';
import {
  dumpList,
  RDB_LIST,
  RDB_LIST_QUICKLIST,
  RDB_LIST_QUICKLIST_2,
  RDB_LIST_ZIPLIST,
  restoreList,
} from '../list/list-dump.ts';
import type { NewValue } from '../new-value.ts';
import { dumpSet, setRestores } from '../set/set-dump.ts';
import { dumpSortedSet, sortedSetRestores } from '../sorted-set/sorted-set-dump.ts';

/**
 * Reads the value behind the type byte; null when it is damaged. Changes nothing.
 * @param mayPack false: a collection becomes a large one, however small it is
 */
type Restore = (c: CommandContext, reader: RdbReader, mayPack: boolean) => NewValue | null;
/** Writes type byte and value of the value opened last; `entry` is its key's. */
type Dump = (c: CommandContext, entry: number, writer: RdbWriter) => void;

/** By the type of an entry. */
const DUMPS: ReadonlyMap<number, Dump> = new Map([
  [TYPE_STRING, dumpString],
  [TYPE_HASH, dumpHash],
  [TYPE_LIST, dumpList],
  [TYPE_SET, dumpSet],
  [TYPE_ZSET, dumpSortedSet],
]);

// Types as RDB files number them.
const RDB_STRING = 0;
/** Types from this on are known since Redis 7.4. */
const FIRST_OF_VERSION_12 = 22;
const VERSION_12 = 12;

/** By the type byte of a payload. */
const RESTORES: ReadonlyMap<number, Restore> = new Map<number, Restore>([
  [RDB_STRING, restoreString],
  ...[RDB_LIST, RDB_LIST_ZIPLIST, RDB_LIST_QUICKLIST, RDB_LIST_QUICKLIST_2].map(
    (type): [number, Restore] => [type, restoreList(type)],
  ),
  ...setRestores,
  ...sortedSetRestores,
  ...hashRestores,
]);

/** False when the type of an entry has no form yet. */
export function isDumpable(c: CommandContext, entry: number): boolean {
  return DUMPS.has(c.table.typeOf(entry));
}

const writer = new RdbWriter();

/** Returns the value opened last as RESTORE takes it; good until the next call. */
export function serializedValue(c: CommandContext, entry: number): Buffer {
  const dump = DUMPS.get(c.table.typeOf(entry));
  invariant(dump !== undefined, 'a value of this type cannot be serialized');
  writer.reset();
  dump(c, entry, writer);
  sealDump(writer, versionOf(writer.buffer[0]!));
  return writer.buffer.subarray(0, writer.position);
}

/** The RDB version that brought a type. */
function versionOf(type: number): number {
  return type >= FIRST_OF_VERSION_12 ? VERSION_12 : DUMP_VERSION;
}

/** Returns a copy of a large collection, that of an entry which was opened last. */
export function cloneCollection(
  c: CommandContext,
  entry: number,
  collection: LargeCollection,
): LargeCollection {
  invariant(c.collection === collection, 'what is copied was opened last');
  const payload = serializedValue(c, entry);
  const reader = openDump(payload, 0, payload.length);
  const copy = (reader && restoreValue(c, reader, false))?.collection ?? null;
  invariant(copy !== null, 'what was large can be made again');
  return copy;
}

/** Reads type byte and value; null when they are damaged or of a type without a form. */
export function restoreValue(
  c: CommandContext,
  reader: RdbReader,
  mayPack = true,
): NewValue | null {
  const type = reader.byte();
  if (reader.failed) return null;
  return RESTORES.get(type)?.(c, reader, mayPack) ?? null;
}

function dumpString(c: CommandContext, _entry: number, writer: RdbWriter): void {
  const { valueBytes, valueOffset, valueLength } = c;
  writer.byte(RDB_STRING);
  writeRdbString(writer, valueBytes, valueOffset, valueLength, c.config.boolean('rdbcompression'));
}

function restoreString(c: CommandContext, reader: RdbReader): NewValue | null {
  const text = readRdbString(reader, c.maxStringBytes);
  return text === null ? null : { ...text, type: TYPE_STRING, encoding: STRING_PLAIN };
}
