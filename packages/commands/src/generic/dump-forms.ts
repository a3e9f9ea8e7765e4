// How the value of each type is written into a DUMP payload and read from one: the table that a
// type enters to be dumped and restored. Types that are not in it are refused.

import {
  type RdbReader,
  type RdbWriter,
  readRdbString,
  STRING_PLAIN,
  writeRdbString,
} from '@forgekv/datatypes';
import { TYPE_STRING } from '@forgekv/keyspace';
import type { CommandContext } from '../context.ts';

/** A value as it will lie in the table, not stored yet. */
export interface RestoredValue {
  /** Of its entry. */
  readonly type: number;
  readonly encoding: number;
  readonly bytes: Buffer;
  readonly offset: number;
  readonly length: number;
}

/** Reads the value behind the type byte; null when it is damaged. Changes nothing. */
type Restore = (c: CommandContext, reader: RdbReader) => RestoredValue | null;
/** Writes type byte and value of the value opened last; `entry` is its key's. */
type Dump = (c: CommandContext, entry: number, writer: RdbWriter) => void;

/** By the type of an entry. */
const DUMPS: ReadonlyMap<number, Dump> = new Map([[TYPE_STRING, dumpString]]);

// Types as RDB files number them.
const RDB_STRING = 0;

/** By the type byte of a payload. */
const RESTORES: ReadonlyMap<number, Restore> = new Map([[RDB_STRING, restoreString]]);

/** Writes type byte and value of the value opened last; false: its type has no form yet. */
export function dumpValue(c: CommandContext, entry: number, writer: RdbWriter): boolean {
  const dump = DUMPS.get(c.table.typeOf(entry));
  if (dump === undefined) return false;
  dump(c, entry, writer);
  return true;
}

/** Reads type byte and value; null when they are damaged or of a type without a form. */
export function restoreValue(c: CommandContext, reader: RdbReader): RestoredValue | null {
  const type = reader.byte();
  if (reader.failed) return null;
  return RESTORES.get(type)?.(c, reader) ?? null;
}

function dumpString(c: CommandContext, _entry: number, writer: RdbWriter): void {
  const { valueBytes, valueOffset, valueLength } = c;
  writer.byte(RDB_STRING);
  writeRdbString(writer, valueBytes, valueOffset, valueLength, c.config.boolean('rdbcompression'));
}

function restoreString(c: CommandContext, reader: RdbReader): RestoredValue | null {
  const text = readRdbString(reader, c.maxStringBytes);
  return text === null ? null : { ...text, type: TYPE_STRING, encoding: STRING_PLAIN };
}
