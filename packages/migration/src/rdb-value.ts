// Where the value of each type ends in an RDB file: nothing else of it is looked at, RESTORE does
// that. Types and their forms as Redis 7.4 and 8 write and read them (RDB versions 1 to 12).

import type { RdbReader } from '@forgekv/datatypes';

export const RDB_MODULE = 6;
export const RDB_MODULE_2 = 7;

const DOUBLE_BYTES = 8;
const TIME_BYTES = 8;
const STREAM_ID_BYTES = 16;
/** Lengths of a double as text that stand for nan, inf and -inf. */
const FIRST_SPECIAL_DOUBLE = 253;

/** What a module's value consists of. */
const MODULE_END = 0;
const MODULE_INTEGERS = [1, 2];
const MODULE_FLOAT = 3;
const MODULE_DOUBLE = 4;
const MODULE_STRING = 5;

type Skip = (reader: RdbReader) => void;

/** By type. */
const SKIPS: ReadonlyMap<number, Skip> = new Map<number, Skip>([
  // string, zipmap, ziplists, intset, listpacks: one string each
  ...[0, 9, 10, 11, 12, 13, 16, 17, 20].map((type): [number, Skip] => [type, skipRdbString]),
  // list, set, quicklist of ziplists
  ...[1, 2, 14].map((type): [number, Skip] => [type, (r) => many(r, count(r), skipRdbString)]),
  [3, (r) => many(r, count(r), skipScoreAsText)],
  [4, (r) => many(r, 2 * count(r), skipRdbString)],
  [5, (r) => many(r, count(r), skipScore)],
  [RDB_MODULE_2, skipModule],
  [15, (r) => skipStream(r, 1)],
  [18, (r) => many(r, count(r), skipQuicklistNode)],
  [19, (r) => skipStream(r, 2)],
  [21, (r) => skipStream(r, 3)],
  // hashes whose fields expire; two that were not released, then those of 7.4
  [22, (r) => many(r, count(r), skipTimedField)],
  [23, skipRdbString],
  [24, (r) => after(r, TIME_BYTES, () => many(r, count(r), skipTimedField))],
  [25, (r) => after(r, TIME_BYTES, () => skipRdbString(r))],
]);

/** True for types whose values end where `skipRdbValue` says. */
export function isKnownType(type: number): boolean {
  return SKIPS.has(type);
}

/**
 * Moves behind the value of a type that is known. The reader has failed when the value is longer
 * than what there is to read, or damaged.
 */
export function skipRdbValue(reader: RdbReader, type: number): void {
  SKIPS.get(type)!(reader);
}

/** Moves behind a string, in whichever form it is. */
export function skipRdbString(reader: RdbReader): void {
  const length = reader.length();
  switch (reader.special) {
    case -1:
      reader.take(length);
      break;
    case 0:
    case 1:
    case 2:
      reader.take(1 << reader.special);
      break;
    case 3: {
      const compressed = count(reader);
      count(reader);
      reader.take(compressed);
      break;
    }
    default:
      reader.fail();
  }
}

/** Moves behind what a module has saved, its id first. */
export function skipModule(reader: RdbReader): void {
  count(reader);
  skipModuleParts(reader);
}

/** The same without the id. */
export function skipModuleParts(reader: RdbReader): void {
  while (!reader.failed) {
    const part = count(reader);
    if (part === MODULE_END) return;
    if (MODULE_INTEGERS.includes(part)) count(reader);
    else if (part === MODULE_FLOAT) reader.take(4);
    else if (part === MODULE_DOUBLE) reader.take(DOUBLE_BYTES);
    else if (part === MODULE_STRING) skipRdbString(reader);
    else reader.fail();
  }
}

/** Reads a count. */
function count(reader: RdbReader): number {
  const length = reader.length();
  if (reader.special >= 0) reader.fail();
  return reader.failed ? 0 : length;
}

function many(reader: RdbReader, times: number, skip: Skip): void {
  for (let i = 0; i < times && !reader.failed; i++) skip(reader);
}

function after(reader: RdbReader, bytes: number, skip: () => void): void {
  reader.take(bytes);
  if (!reader.failed) skip();
}

function skipScoreAsText(reader: RdbReader): void {
  skipRdbString(reader);
  const length = reader.byte();
  if (length < FIRST_SPECIAL_DOUBLE) reader.take(length);
}

function skipScore(reader: RdbReader): void {
  skipRdbString(reader);
  reader.take(DOUBLE_BYTES);
}

/** A node is a listpack, or one long element. */
function skipQuicklistNode(reader: RdbReader): void {
  count(reader);
  skipRdbString(reader);
}

function skipTimedField(reader: RdbReader): void {
  count(reader);
  skipRdbString(reader);
  skipRdbString(reader);
}

/** @param form 1: as Redis 5 writes streams, 2: 7.0, 3: 7.2 */
function skipStream(reader: RdbReader, form: 1 | 2 | 3): void {
  // Nodes: the id of the first entry, and a listpack.
  many(reader, 2 * count(reader), skipRdbString);
  // Entries, and the last id; from 7.0 on the first and the highest deleted one, and those added.
  many(reader, form === 1 ? 3 : 8, count);
  many(reader, count(reader), (r) => skipGroup(r, form));
}

function skipGroup(reader: RdbReader, form: 1 | 2 | 3): void {
  skipRdbString(reader);
  many(reader, form === 1 ? 2 : 3, count);
  many(reader, count(reader), (r) => {
    r.take(STREAM_ID_BYTES + TIME_BYTES);
    count(r);
  });
  many(reader, count(reader), (r) => {
    skipRdbString(r);
    r.take(form === 3 ? 2 * TIME_BYTES : TIME_BYTES);
    r.take(count(r) * STREAM_ID_BYTES);
  });
}
