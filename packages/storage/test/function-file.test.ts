// The file of the function libraries: what was written is read, and nothing else passes for it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import {
  FUNCTION_FILE,
  FunctionFileError,
  nodeFileSystem,
  readFunctions,
  writeFunctions,
} from '../src/index.ts';

test('written, read, damaged', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'forgekv-functions-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  t.equal(readFunctions(nodeFileSystem, directory), null);
  for (const payload of [Buffer.from('a payload'), Buffer.alloc(0), Buffer.alloc(70_000, 'x')]) {
    const facts = { payload, libraries: 3, functions: 7 };
    writeFunctions(nodeFileSystem, directory, facts);
    t.same(readFunctions(nodeFileSystem, directory), facts);
  }
  const path = join(directory, FUNCTION_FILE);
  const good = readFileSync(path);
  for (const at of [0, 4, 8, 12, 16, 20, 24, good.length - 1]) {
    const bad = Buffer.from(good);
    bad[at] = bad[at]! ^ 0x41;
    writeFileSync(path, bad);
    t.throws(() => readFunctions(nodeFileSystem, directory), FunctionFileError, `byte ${at}`);
  }
  writeFileSync(path, good.subarray(0, 20));
  t.throws(() => readFunctions(nodeFileSystem, directory), FunctionFileError);
  t.end();
});
