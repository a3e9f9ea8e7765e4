// The conformance suite over both engines, and what only LevelDB can show: its lock, pages over
// damaged blocks, the synced marker.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Test, test } from 'tap';
import { ClassicLevelEngine } from '../src/store/classic-level-engine.ts';
import { crc32c } from '../src/store/crc32c.ts';
import { listTables, verifyLevelFiles } from '../src/store/level-files.ts';
import { MemoryEngine } from '../src/store/memory-engine.ts';
import { unsnappy } from '../src/store/snappy.ts';
import { readMarker } from '../src/store/synced-marker.ts';
import { conformance } from './engine-conformance.ts';

/** A small write buffer: every test compacts. */
const SMALL = { writeBufferBytes: 1 << 16, cacheBytes: 1 << 18 };
const FIRST = Buffer.alloc(0);
const LAST = Buffer.alloc(40, 255);

function temporary(t: Test): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'forgekv-store-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('in memory', async (t) => {
  await conformance(t, () => new MemoryEngine());
});

test('on LevelDB', async (t) => {
  const base = temporary(t);
  await conformance(t, (place) => new ClassicLevelEngine(path.join(base, place), SMALL));
});

test('a second handle is told that the first has the lock', async (t) => {
  const directory = temporary(t);
  const engine = new ClassicLevelEngine(directory, SMALL);
  await engine.open();
  await t.rejects(new ClassicLevelEngine(directory).open(), { code: 'LOCKED' });
  await engine.close();
  const next = new ClassicLevelEngine(directory);
  await next.open();
  await next.close();
});

/** Writes 3,000 entries, synced at the end and closed; returns the engine. */
async function filled(directory: string): Promise<ClassicLevelEngine> {
  const engine = new ClassicLevelEngine(directory, SMALL);
  await engine.open();
  for (let i = 0; i < 3000; i += 50) {
    const batch = Array.from({ length: 50 }, (_, j) => ({
      key: Buffer.from(`key-${String(i + j).padStart(6, '0')}`),
      value: Buffer.alloc(100, i + j),
    }));
    await engine.writeBatch(batch, { sync: i === 2950 });
  }
  await engine.close();
  return engine;
}

test('the checks of files pass what LevelDB writes, compressed or not', async (t) => {
  const directory = temporary(t);
  await filled(directory);
  t.ok(readdirSync(directory).filter((name) => name.endsWith('.ldb')).length > 0);
  t.same(await verifyLevelFiles(directory, 'all', 10), []);
  t.ok([...(await readMarker(directory))!.values()].some((size) => size > 0));
  t.equal(crc32c(Buffer.from('123456789'), 0, 9), 0xe3069283, 'the check value of the standard');
});

test('a page over a block that cannot be read is an error, not a gap', async (t) => {
  const directory = temporary(t);
  const engine = await filled(directory);
  const table = readdirSync(directory).find((name) => name.endsWith('.ldb'))!;
  const file = path.join(directory, table);
  const bytes = readFileSync(file);
  // The first data block's compressed length becomes absurd.
  bytes.fill(255, 0, 8);
  writeFileSync(file, bytes);
  t.equal((await verifyLevelFiles(directory, 'index', 10)).length, 0, 'not looked at');
  const [damage] = await verifyLevelFiles(directory, 'all', 10);
  t.same(damage, { file: table, offset: 0, what: 'data block' });
  const trusting = new ClassicLevelEngine(directory, { ...SMALL, verify: 'index' });
  await trusting.open();
  let errors = 0;
  let from: Buffer | null = FIRST;
  let entries = 0;
  for (let i = 0; i < 3000 && from !== null; i++) {
    try {
      const page = await trusting.scanPage(from, LAST, 3, 1e6);
      entries += page.keys.length;
      from = page.next;
    } catch (error) {
      t.match(error, { code: 'CORRUPT' });
      errors++;
      break;
    }
  }
  t.equal(errors, 1, `after ${entries} entries`);
  await trusting.close();
  t.equal(engine.isOpen, false);
  const fresh = new ClassicLevelEngine(directory, SMALL);
  await t.rejects(fresh.open(), { code: 'CORRUPT', message: table });
  const limited = new ClassicLevelEngine(directory, { ...SMALL, verifyAllBytes: 1000 });
  await limited.open();
  await limited.close();
});

test('half of a table that no manifest names is no damage', async (t) => {
  const directory = temporary(t);
  await filled(directory);
  const tables = (await listTables(directory)).length;
  t.ok(tables > 0);
  const leftover = path.join(directory, '000999.ldb');
  writeFileSync(leftover, 'cut off');
  t.same(await verifyLevelFiles(directory, 'all', 10), []);
  const engine = new ClassicLevelEngine(directory, SMALL);
  await engine.open();
  t.equal(existsSync(leftover), false, 'the engine removes it');
  let name = '';
  let count = 0;
  for (;;) {
    const check = await engine.verifyFile(name);
    if (check === null) break;
    t.equal(check.damage, null);
    name = check.name;
    count++;
  }
  t.ok(count >= tables);
  await engine.close();
});

test('files that are gone or cut are found before LevelDB makes a new store', async (t) => {
  const directory = temporary(t);
  const engine = await filled(directory);
  const current = path.join(directory, 'CURRENT');
  const text = readFileSync(current);
  rmSync(current);
  await t.rejects(engine.open(), { code: 'CORRUPT', message: 'CURRENT' });
  writeFileSync(current, 'MANIFEST-999999\n');
  await t.rejects(engine.open(), { code: 'CORRUPT', message: 'CURRENT' });
  writeFileSync(current, text);
  const log = readdirSync(directory).find((name) => name.endsWith('.log'))!;
  const bytes = readFileSync(path.join(directory, log));
  writeFileSync(path.join(directory, log), bytes.subarray(0, -1));
  await t.rejects(engine.open(), { code: 'CORRUPT', message: log });
  // Behind what was synced, whatever a power loss leaves is no damage.
  writeFileSync(path.join(directory, log), Buffer.concat([bytes, Buffer.alloc(99, 7)]));
  await engine.open();
  t.same(engine.getSync(Buffer.from('key-002999')), Buffer.alloc(100, 2999));
  await engine.close();
});

test('Snappy: hand-made streams, and nonsense is refused', async (t) => {
  const text = (hex: string) => unsnappy(Buffer.from(hex, 'hex'), 1000);
  t.same(text('00'), new Uint8Array(0));
  t.same(text('0308616263'), new Uint8Array([97, 98, 99]));
  // A literal "ab", then a copy of 8 from 2 back, in both forms.
  t.equal(Buffer.from(text('0a0461621102')!).toString(), 'ababababab');
  t.equal(Buffer.from(text('0a0461621e0200')!).toString(), 'ababababab');
  t.equal(Buffer.from(text('0a0461621f02000000')!).toString(), 'ababababab');
  for (const bad of ['', 'ff', 'ffffffffff01', '03086162', '0508616263', '0a0461621103', '05f4']) {
    t.equal(text(bad), null, bad);
  }
});
