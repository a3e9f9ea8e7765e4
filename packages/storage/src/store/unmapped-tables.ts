// Has LevelDB read its tables with pread instead of mapping them into memory. It maps the first
// 1,000 tables of the process, all stores together, and has no option for that; so before any
// store is opened, a store of 1,000 empty tables takes these places for as long as the process
// lives. Only about that store: it holds nothing, and its files are removed at once.
//
// Why: mapped tables count as resident memory as soon as they are read, and come to 2 GB. Reading
// one that the disk fails for, or that was cut short, is a signal that ends the process, with
// pread an error. And uncompressed blocks get into the block cache. What LevelDB offers instead,
// few open files, made random reads three to five times slower: each opens a table.
//
//   table   one empty block, as its index and as the index of its filters | footer of 48 bytes
//   block   restarts: offset 0, their count 1 | type 0 | masked CRC-32C of block and type
//   footer  twice a handle (offset 0, 8 bytes), zeros up to 40 bytes | magic number
//
// Source: the engine's published file formats; the manifest is in manifest-file.ts.

import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ClassicLevelEngine } from './classic-level-engine.ts';
import { maskedCrc32c } from './crc32c.ts';
import { logOf } from './log-file.ts';

/** Tables that LevelDB maps in a process of 64 bits. */
const MAPPED_TABLES = 1000;
const FIRST_TABLE = 10;
/** Tables on the last level are compacted with nothing. */
const LAST_LEVEL = 6;
const MANIFEST = 'MANIFEST-000002';
/** Its cache of open tables is cut in sixteenths that fill unevenly. */
const OPEN_FILES = 8 * MAPPED_TABLES;
const OPTIONS = {
  verify: 'none',
  writeBufferBytes: 1 << 16,
  cacheBytes: 1 << 16,
  openFiles: OPEN_FILES,
} as const;

/** Kept for good: closing it would give the places back. */
let holder: ClassicLevelEngine | null = null;

/**
 * Takes the places. Once per process, before its stores are opened; later calls change nothing.
 * @param directory made, and gone again when it resolves
 * @throws StoreError, Error of the file system; then tables are mapped, or some of them
 */
export async function keepTablesUnmapped(directory: string): Promise<void> {
  if (holder !== null) return;
  rmSync(directory, { recursive: true, force: true });
  try {
    writeEmptyTables(directory);
    const engine = new ClassicLevelEngine(directory, OPTIONS);
    await engine.open();
    holder = engine;
    // A look into a table opens it.
    for (let i = 0; i < MAPPED_TABLES; i++) engine.getSync(keyOfTable(i));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function writeEmptyTables(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const table = emptyTable();
  const edit = [
    field(1, 'leveldb.BytewiseComparator'),
    numbers(2, 0), // log
    numbers(3, FIRST_TABLE + MAPPED_TABLES), // next file
    numbers(4, 0), // last sequence
  ];
  let first = '';
  for (let i = 0; i < MAPPED_TABLES; i++) {
    const number = FIRST_TABLE + i;
    const file = path.join(directory, `${String(number).padStart(6, '0')}.ldb`);
    if (i === 0) writeFileSync(file, table);
    else linkSync(first, file);
    if (i === 0) first = file;
    // An internal key: sequence 0, a value.
    const key = Buffer.concat([keyOfTable(i), Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])]);
    edit.push(numbers(7, LAST_LEVEL, number, table.length), text(key), text(key));
  }
  writeFileSync(path.join(directory, MANIFEST), logOf(Buffer.concat(edit)));
  writeFileSync(path.join(directory, 'CURRENT'), `${MANIFEST}\n`);
}

function emptyTable(): Buffer {
  const table = Buffer.alloc(8 + 5 + 48);
  table.writeUInt32LE(1, 4);
  table.writeUInt32LE(maskedCrc32c(table, 0, 9), 9);
  table.set([0, 8, 0, 8], 13);
  table.writeUInt32LE(0x8b80fb57, 53);
  table.writeUInt32LE(0xdb477524, 57);
  return table;
}

function keyOfTable(i: number): Buffer {
  return Buffer.from(String(i).padStart(6, '0'));
}

function numbers(...values: readonly number[]): Buffer {
  const bytes: number[] = [];
  for (const value of values) {
    let left = value;
    for (; left > 127; left >>>= 7) bytes.push((left & 127) | 128);
    bytes.push(left);
  }
  return Buffer.from(bytes);
}

function text(bytes: Uint8Array): Buffer {
  return Buffer.concat([numbers(bytes.length), bytes]);
}

function field(tag: number, value: string): Buffer {
  return Buffer.concat([numbers(tag), text(Buffer.from(value))]);
}
