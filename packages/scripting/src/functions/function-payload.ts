// FUNCTION DUMP and RESTORE: libraries as a payload that Redis 7 reads and writes. Each is the
// opcode of a library in an RDB file and its code; the frame is that of DUMP.

import { openDump, RdbWriter, readRdbString, sealDump, writeRdbString } from '@forgekv/datatypes';
import type { FunctionLibraries, FunctionLibrary } from './function-library.ts';

/** A library in an RDB file; the one before it is of versions that were not released. */
const OPCODE_FUNCTION2 = 245;
const OPCODE_FUNCTION = 246;
const MOST_CODE_BYTES = 512 * 1024 * 1024;

/** What RESTORE does with libraries that are there. */
export const RESTORE_APPEND = 0;
export const RESTORE_REPLACE = 1;
export const RESTORE_FLUSH = 2;
export type RestorePolicy = typeof RESTORE_APPEND | typeof RESTORE_REPLACE | typeof RESTORE_FLUSH;

/** Returns the payload of libraries, in their order. */
export function dumpLibraries(libraries: readonly FunctionLibrary[]): Buffer {
  const writer = new RdbWriter();
  for (const { code } of libraries) {
    writer.byte(OPCODE_FUNCTION2);
    writeRdbString(writer, code, 0, code.length, true);
  }
  sealDump(writer);
  return Buffer.from(writer.buffer.subarray(0, writer.position));
}

/** Reads the code of every library of a payload, or returns the text of the error reply. */
export function readLibraryCodes(payload: Buffer): Buffer[] | string {
  const reader = openDump(payload, 0, payload.length);
  if (reader === null) return 'ERR DUMP payload version or checksum are wrong';
  const codes: Buffer[] = [];
  while (reader.remaining > 0) {
    const opcode = reader.byte();
    if (opcode === OPCODE_FUNCTION) return 'ERR Pre-GA function format not supported';
    if (opcode !== OPCODE_FUNCTION2) return 'ERR given type is not a function';
    const text = readRdbString(reader, MOST_CODE_BYTES);
    if (text === null) return 'ERR failed loading the given functions payload';
    codes.push(Buffer.from(text.bytes.subarray(text.offset, text.offset + text.length)));
  }
  return codes;
}

/** Puts the libraries of a payload into others by a policy; null, or the text of the error. */
export function joinLibraries(
  into: FunctionLibraries,
  restored: readonly FunctionLibrary[],
  policy: RestorePolicy,
): string | null {
  if (policy === RESTORE_FLUSH) into.clear();
  for (const library of restored) {
    if (policy !== RESTORE_REPLACE && into.find(library.name) !== undefined) {
      return `ERR Library ${library.name} already exists`;
    }
  }
  if (policy === RESTORE_REPLACE) for (const { name } of restored) into.remove(name);
  for (const library of restored) {
    const collision = into.collision(library);
    if (collision !== null) return collision;
    into.add(library);
  }
  return null;
}
