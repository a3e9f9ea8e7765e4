// Tables are read without being mapped into memory. In a process of its own, as every test file:
// what is taken is taken for good.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'tap';
import { ClassicLevelEngine } from '../src/store/classic-level-engine.ts';
import { keepTablesUnmapped } from '../src/store/unmapped-tables.ts';

const SMALL = { writeBufferBytes: 1 << 16, cacheBytes: 1 << 18 };
const RECORDS = 4000;
const VALUE_BYTES = 500;

/** Tables this process has mapped whose path has a part in it; null where nobody can tell. */
function mapped(part: string): number | null {
  if (!existsSync('/proc/self/maps')) return null;
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n');
  return lines.filter((line) => line.includes(part) && line.includes('.ldb')).length;
}

test('the places of mapped tables are taken, and what is read is the same', async (t) => {
  const base = mkdtempSync(path.join(tmpdir(), 'forgekv-unmapped-'));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  const file = path.join(base, 'file');
  writeFileSync(file, '');
  await t.rejects(keepTablesUnmapped(path.join(file, 'below')), 'nothing can be made there');
  const unmapped = path.join(base, 'unmapped');
  await keepTablesUnmapped(unmapped);
  await keepTablesUnmapped(unmapped);
  t.notOk(existsSync(unmapped), 'its files are gone');
  if (mapped(unmapped) !== null) t.equal(mapped(unmapped), 1000);

  const directory = path.join(base, 'store');
  const engine = new ClassicLevelEngine(directory, SMALL);
  await engine.open();
  const keyAt = (i: number): Buffer => Buffer.from(`key-${String(i).padStart(6, '0')}`);
  const valueAt = (i: number): Buffer => Buffer.alloc(VALUE_BYTES, `value ${i * 7919} `);
  for (let i = 0; i < RECORDS; i += 100) {
    const batch = Array.from({ length: 100 }, (_, j) => ({
      key: keyAt(i + j),
      value: valueAt(i + j),
    }));
    await engine.writeBatch(batch, { sync: false });
  }
  await engine.close();
  await engine.open();
  t.ok(engine.stats().filesPerLevel.some((files) => files > 0));
  for (let i = 0; i < RECORDS; i++) {
    if (!engine.getSync(keyAt(i))?.equals(valueAt(i))) t.fail(`record ${i}`);
  }
  let seen = 0;
  let from: Buffer | null = Buffer.alloc(0);
  while (from !== null) {
    const page = await engine.scanPage(from, Buffer.alloc(9, 255), 100, 20_000);
    for (const [i, key] of page.keys.entries()) {
      if (!key.equals(keyAt(seen)) || !page.values[i]!.equals(valueAt(seen))) t.fail(`at ${seen}`);
      seen++;
    }
    from = page.next;
  }
  t.equal(seen, RECORDS);
  if (mapped(directory) !== null) t.equal(mapped(directory), 0, 'none of its tables is mapped');
  await engine.close();
});
