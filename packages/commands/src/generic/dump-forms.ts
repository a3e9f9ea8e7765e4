// How the value of each type is written into a DUMP payload and read from one: the table that a
// type enters to be dumped and restored. Types that are not in it are refused.

import { invariant } from '@forgekv/base';
import {
  DUMP_VERSION,
  LargeHash,
  LargeJson,
  LargeSet,
  LargeSketch,
  LargeSortedSet,
  LargeStream,
  type RdbReader,
  RdbWriter,
  readRdbString,
  STRING_PLAIN,
  sealDump,
  writeRdbString,
} from '@forgekv/datatypes';
import {
  TYPE_HASH,
  TYPE_JSON,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';
import {
  beginHash,
  dumpHash,
  hashRestores,
  pagesOfHash,
  RDB_HASH,
  RDB_HASH_TIMED,
} from '../hash/hash-dump.ts';
import { dumpJson, pagesOfJson, RDB_MODULE_2 } from '../json/json-dump.ts';
import type { LargeCollection } from '../large-values.ts';
import {
  beginList,
  dumpList,
  pagesOfList,
  RDB_LIST,
  RDB_LIST_QUICKLIST,
  RDB_LIST_QUICKLIST_2,
  RDB_LIST_ZIPLIST,
} from '../list/list-dump.ts';
import type { NewValue } from '../new-value.ts';
import type { Restoring } from '../restoring.ts';
import { beginSet, dumpSet, pagesOfSet, RDB_SET, setRestores } from '../set/set-dump.ts';
import {
  beginSketch,
  dumpSketch,
  pagesOfSketch,
  RDB_SKETCH,
  SKETCH_TYPES,
} from '../sketch/sketch-dump.ts';
import { type PayloadPages, writePages } from '../sliced-payload.ts';
import {
  beginSortedSet,
  dumpSortedSet,
  pagesOfSortedSet,
  RDB_ZSET,
  RDB_ZSET_2,
  sortedSetRestores,
} from '../sorted-set/sorted-set-dump.ts';
import {
  beginStream,
  pagesOfStream,
  RDB_STREAM,
  RDB_STREAM_2,
  RDB_STREAM_3,
} from '../stream/stream-dump.ts';
import { restoreModule } from './module-forms.ts';

/** Reads the value behind the type byte; null when it is damaged. Changes nothing. */
type Restore = (c: CommandContext, reader: RdbReader) => NewValue | null;
/**
 * Begins to do the same step by step; null when it is damaged.
 * @param isLater other commands may run between the steps
 */
type BeginRestore = (c: CommandContext, reader: RdbReader, isLater: boolean) => Restoring | null;
/** Writes type byte and value of the bytes opened last; `entry` is their key's. */
type Dump = (c: CommandContext, entry: number, writer: RdbWriter) => void;

/** By the type of an entry. */
const DUMPS: ReadonlyMap<number, Dump> = new Map([
  [TYPE_STRING, dumpString],
  [TYPE_HASH, dumpHash],
  [TYPE_LIST, dumpList],
  [TYPE_SET, dumpSet],
  [TYPE_ZSET, dumpSortedSet],
  ...SKETCH_TYPES.map((type): [number, Dump] => [type, dumpSketch]),
  [TYPE_JSON, dumpJson],
]);

// Types as RDB files number them.
const RDB_STRING = 0;
/** Types from this on are known since Redis 7.4. */
const FIRST_OF_VERSION_12 = 22;
const VERSION_12 = 12;

/** By the type byte of a payload: what is read element by element. */
const BEGINNINGS: ReadonlyMap<number, BeginRestore> = new Map<number, BeginRestore>([
  ...[RDB_LIST, RDB_LIST_ZIPLIST, RDB_LIST_QUICKLIST, RDB_LIST_QUICKLIST_2].map(
    (type): [number, BeginRestore] => [type, beginList(type)],
  ),
  ...[RDB_STREAM, RDB_STREAM_2, RDB_STREAM_3].map((type): [number, BeginRestore] => [
    type,
    beginStream(type),
  ]),
  [RDB_SKETCH, beginSketch],
  [RDB_SET, beginSet],
  [RDB_ZSET, beginSortedSet(RDB_ZSET)],
  [RDB_ZSET_2, beginSortedSet(RDB_ZSET_2)],
  [RDB_HASH, beginHash(RDB_HASH)],
  [RDB_HASH_TIMED, beginHash(RDB_HASH_TIMED)],
]);

/** The same for what is read in one go. */
const RESTORES: ReadonlyMap<number, Restore> = new Map<number, Restore>([
  [RDB_STRING, restoreString],
  [RDB_MODULE_2, restoreModule],
  ...setRestores,
  ...sortedSetRestores,
  ...hashRestores,
]);

/** False when the type of an entry has no form yet. */
export function isDumpable(c: CommandContext, entry: number): boolean {
  const type = c.table.typeOf(entry);
  // A stream is always large.
  return type === TYPE_STREAM || DUMPS.has(type);
}

const writer = new RdbWriter();

/** Returns the value opened last as RESTORE takes it; good until the next call. */
export function serializedValue(c: CommandContext, entry: number): Buffer {
  writer.reset();
  if (c.collection === null) {
    const dump = DUMPS.get(c.table.typeOf(entry));
    invariant(dump !== undefined, 'a value of this type cannot be serialized');
    dump(c, entry, writer);
    sealDump(writer, versionOf(writer.buffer[0]!));
  } else {
    const pages = pagesOf(c, c.collection);
    writePages(writer, pages);
    sealDump(writer, pages.version);
  }
  return writer.buffer.subarray(0, writer.position);
}

/** A large collection as it is written into a payload. */
export function pagesOf(c: CommandContext, collection: LargeCollection): PayloadPages {
  if (collection instanceof LargeHash) return pagesOfHash(c, collection);
  if (collection instanceof LargeSet) return pagesOfSet(c, collection);
  if (collection instanceof LargeSortedSet) return pagesOfSortedSet(c, collection);
  if (collection instanceof LargeStream) return pagesOfStream(c, collection);
  if (collection instanceof LargeSketch) return pagesOfSketch(c, collection);
  if (collection instanceof LargeJson) return pagesOfJson(c, collection);
  return pagesOfList(c, collection);
}

/** The RDB version that brought a type. */
function versionOf(type: number): number {
  return type >= FIRST_OF_VERSION_12 && type !== RDB_SKETCH ? VERSION_12 : DUMP_VERSION;
}

/** Reads type byte and value; null when they are damaged or of a type without a form. */
export function restoreValue(c: CommandContext, reader: RdbReader): NewValue | null {
  const restoring = beginRestore(c, reader, false);
  while (restoring?.step() === false);
  return restoring?.finish() ?? null;
}

/** Begins to do so; see BeginRestore. */
export function beginRestore(
  c: CommandContext,
  reader: RdbReader,
  isLater: boolean,
): Restoring | null {
  const type = reader.byte();
  if (reader.failed) return null;
  const begin = BEGINNINGS.get(type);
  if (begin !== undefined) return begin(c, reader, isLater);
  const restore = RESTORES.get(type);
  if (restore === undefined) return null;
  return { step: () => true, finish: () => restore(c, reader) };
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
