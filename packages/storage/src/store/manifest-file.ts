// Which tables of a store count, from the engine's manifest: a compaction that failed, or was cut
// off by a kill, leaves half of a table behind, which the engine removes and nobody may judge.
//
//   CURRENT   names the manifest, a log file (see log-file.ts) whose records are edits
//   edit      fields, each a varint tag and: 1 string | 2, 3, 4, 9 number | 5 level, string |
//             6 level, number (table removed) | 7 level, number, size, string, string (table added)
//   string    varint length, bytes; every number is a varint

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readLogRecords } from './log-file.ts';
import { readVarints } from './table-file.ts';

/** What the fields of a tag are: n a number, s a string. */
const FIELDS = new Map([
  [1, 's'],
  [2, 'n'],
  [3, 'n'],
  [4, 'n'],
  [5, 'ns'],
  [6, 'nn'],
  [7, 'nnnss'],
  [9, 'n'],
]);
const REMOVED = 6;
const ADDED = 7;
const SEQUENCE_BYTES = 8;

/**
 * Returns the numbers of the tables that the store consists of, or null when CURRENT or what it
 * names cannot be read. An edit that is cut off at the end of the manifest never took effect.
 */
export async function readLiveTables(directory: string): Promise<Set<number> | null> {
  let manifest: Buffer;
  try {
    const current = await readFile(path.join(directory, 'CURRENT'), 'latin1');
    manifest = await readFile(path.join(directory, current.trim()));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR') return null;
    throw error;
  }
  const tables = applyAll(manifest);
  return tables && new Set(tables.keys());
}

/** Keys a table has none below, and none above, as its users know them. */
export interface TableBounds {
  readonly smallest: Buffer;
  readonly largest: Buffer;
}

/** Returns the tables as `readLiveTables` does, with their bounds, without an event loop. */
export function readTableBoundsSync(directory: string): ReadonlyMap<number, TableBounds> | null {
  try {
    const current = readFileSync(path.join(directory, 'CURRENT'), 'latin1');
    return applyAll(readFileSync(path.join(directory, current.trim())));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function applyAll(manifest: Buffer): Map<number, TableBounds> | null {
  const live = new Map<number, TableBounds>();
  for (const edit of readLogRecords(manifest)) if (!apply(edit, live)) return null;
  return live;
}

/** Applies one edit; false when it makes no sense. */
function apply(edit: Buffer, live: Map<number, TableBounds>): boolean {
  let at = 0;
  while (at < edit.length) {
    const tag = readVarints(edit, at, 1);
    const fields = tag === null ? undefined : FIELDS.get(tag[0]!);
    if (tag === null || fields === undefined) return false;
    at += tag.usedBytes;
    const numbers: number[] = [];
    const keys: Buffer[] = [];
    for (const field of fields) {
      const number = readVarints(edit, at, 1);
      if (number === null) return false;
      at += number.usedBytes;
      if (field === 'n') {
        numbers.push(number[0]!);
      } else {
        // Without the sequence that the engine puts behind its keys.
        const end = at + number[0]!;
        keys.push(edit.subarray(at, Math.max(at, end - SEQUENCE_BYTES)));
        at = end;
      }
    }
    if (tag[0] === REMOVED) live.delete(numbers[1]!);
    if (tag[0] === ADDED) live.set(numbers[1]!, { smallest: keys[0]!, largest: keys[1]! });
  }
  return at === edit.length;
}
