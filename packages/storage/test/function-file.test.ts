// The file of the function libraries: what was written is read, and nothing else passes for it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { test } from 'tap';
import {
  FUNCTION_FILE,
  FunctionFileError,
  nodeFileSystem,
  readFunctions,
  writeFunctions,
} from '../src/index.ts';

/** As the version before wrote it. */
function functionFileOfFormat1(payload: Buffer, libraries: number, functions: number): Buffer {
  const header = Buffer.alloc(24);
  header.write('FKVF', 0, 'latin1');
  for (const [i, word] of [1, libraries, functions, payload.length].entries()) {
    header.writeUInt32LE(word, 4 + 4 * i);
  }
  header.writeUInt32LE(crc32(payload, crc32(header.subarray(0, 20))), 20);
  return Buffer.concat([header, payload]);
}

test('written, read, damaged', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'forgekv-functions-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  t.equal(readFunctions(nodeFileSystem, directory), null);
  for (const payload of [Buffer.from('a payload'), Buffer.alloc(0), Buffer.alloc(70_000, 'x')]) {
    const facts = { payload, libraries: 3, functions: 7, lsn: 2 ** 40 + 5 };
    writeFunctions(nodeFileSystem, directory, facts);
    t.same(readFunctions(nodeFileSystem, directory), { ...facts, isCurrent: true });
  }
  const path = join(directory, FUNCTION_FILE);
  const good = readFileSync(path);
  for (const at of [0, 4, 8, 12, 16, 20, 24, 31, 32, good.length - 1]) {
    const bad = Buffer.from(good);
    bad[at] = bad[at]! ^ 0x41;
    writeFileSync(path, bad);
    t.throws(() => readFunctions(nodeFileSystem, directory), FunctionFileError, `byte ${at}`);
  }
  writeFileSync(path, good.subarray(0, 20));
  t.throws(() => readFunctions(nodeFileSystem, directory), FunctionFileError);
  t.end();
});

test('a file of before logs had the changes', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'forgekv-functions-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const payload = Buffer.from('a payload of then');
  writeFileSync(join(directory, FUNCTION_FILE), functionFileOfFormat1(payload, 1, 2));
  const facts = { payload, libraries: 1, functions: 2, lsn: 0, isCurrent: false };
  t.same(readFunctions(nodeFileSystem, directory), facts);
  const path = join(directory, FUNCTION_FILE);
  const newer = readFileSync(path);
  newer.writeUInt32LE(3, 4);
  writeFileSync(path, newer);
  t.throws(() => readFunctions(nodeFileSystem, directory), { message: /has format 3/ });
  t.end();
});
