// One flipped bit anywhere in the files of a real store: every key reads as it was written, or
// there is a typed error, and the process goes on. FORGEKV_FLIPS sets how many bits.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Random } from '@forgekv/base';
import { test } from 'tap';
import { ClassicLevelEngine } from '../src/store/classic-level-engine.ts';
import { verifyLevelFiles } from '../src/store/level-files.ts';
import type { RecordHead } from '../src/store/record.ts';
import { Store } from '../src/store/store.ts';
import { CorruptRecordError, StoreError } from '../src/store/store-errors.ts';

const FLIPS = Number(process.env.FORGEKV_FLIPS ?? 150);
const KEYS = 150;
const SMALL = { writeBufferBytes: 1 << 16, cacheBytes: 1 << 18 };

function valueFor(key: number, version: number): Buffer {
  const random = new Random(key * 1000 + version);
  // Half of it does not compress, so that both kinds of blocks are there.
  return Buffer.from(
    Array.from({ length: 200 }, (_, i) => (i < 100 ? random.below(256) : version)),
  );
}

/** Every key in three versions, the last one in tables, and of some keys in the log. */
async function make(directory: string): Promise<void> {
  const store = new Store(new ClassicLevelEngine(directory, SMALL));
  await store.open();
  for (let version = 0; version < 3; version++) await putAll(store, 0, KEYS, version);
  // Others, never read, that push what is above out of the log.
  await putAll(store, KEYS, KEYS + 300, 2);
  await putAll(store, 0, 25, 2);
  await store.close();
}

async function putAll(store: Store, from: number, to: number, version: number): Promise<void> {
  const head: RecordHead = { type: 1, flags: 0, encoding: 0, expireAtMs: 0, lsn: version };
  for (let key = from; key < to; key += 25) {
    const batch = store.batch();
    for (let i = key; i < key + 25; i++) {
      batch.put(i % 3, 0, i * 7919, Buffer.from(`k${i}`), head, valueFor(i, version));
    }
    await store.commit(batch, { sync: true });
  }
}

interface Outcome {
  right: number;
  errors: number;
  /** Absent, or an older version. */
  lost: number;
}

async function readAll(directory: string): Promise<Outcome> {
  const outcome = { right: 0, errors: 0, lost: 0 };
  const store = new Store(new ClassicLevelEngine(directory, SMALL));
  try {
    await store.open();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { ...outcome, errors: KEYS };
  }
  try {
    for (let key = 0; key < KEYS; key++) readOne(store, key, outcome);
  } finally {
    await store.close().catch((error) => {
      if (!(error instanceof StoreError)) throw error;
    });
  }
  return outcome;
}

function readOne(store: Store, key: number, outcome: Outcome): void {
  try {
    const record = store.read(key % 3, 0, key * 7919, Buffer.from(`k${key}`));
    const versions = [0, 1, 2].map((version) => valueFor(key, version));
    const found = versions.findIndex((value) => record !== null && value.equals(record.payload));
    if (found === 2) outcome.right++;
    else if (record === null || found >= 0) outcome.lost++;
    else throw new Error(`wrong bytes of k${key}`);
  } catch (error) {
    if (!(error instanceof StoreError) && !(error instanceof CorruptRecordError)) throw error;
    outcome.errors++;
  }
}

test('one flipped bit anywhere', async (t) => {
  const base = mkdtempSync(path.join(tmpdir(), 'forgekv-flips-'));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  const original = path.join(base, 'original');
  await make(original);
  t.same(await verifyLevelFiles(original, 'all', 10), []);
  const files = readdirSync(original).filter((name) => !/^LO(G|CK)/.test(name));
  t.ok(files.some((name) => name.endsWith('.ldb')));
  t.ok(files.some((name) => name.endsWith('.log')));

  const seed = 77;
  const random = new Random(seed);
  const totals = { right: 0, errors: 0, lost: 0, refused: 0, unseen: 0 };
  for (let i = 0; i < FLIPS; i++) {
    const copy = path.join(base, `flip-${i}`);
    cpSync(original, copy, { recursive: true });
    const file = files[random.below(files.length)]!;
    const bytes = readFileSync(path.join(copy, file));
    // A third of them near the end, where tables and logs keep what matters most.
    const from = random.below(3) === 0 ? Math.max(0, bytes.length - 200) : 0;
    const bit = from * 8 + random.below((bytes.length - from) * 8);
    bytes[bit >>> 3]! ^= 1 << (bit & 7);
    writeFileSync(path.join(copy, file), bytes);
    const found = await verifyLevelFiles(copy, 'all', 10);
    const outcome = await readAll(copy);
    const where = `bit ${bit} of ${file}, flip ${i} of seed ${seed}`;
    if (outcome.lost > 0 && found.length === 0) t.fail(`${outcome.lost} lost unseen: ${where}`);
    if (outcome.errors === KEYS) totals.refused++;
    else totals.errors += outcome.errors;
    if (found.length === 0) totals.unseen++;
    totals.lost += outcome.lost;
    totals.right += outcome.right;
    rmSync(copy, { recursive: true });
  }
  // Padding, and the marker's name of an old file, are all that nobody looks at.
  t.ok(totals.unseen < FLIPS / 4, `${totals.unseen} flips where nothing is`);
  t.pass(`${FLIPS} flips, seed ${seed}: ${JSON.stringify(totals)}`);
});

test('a flipped bit in a value is found by the record where files are not checked', async (t) => {
  const base = mkdtempSync(path.join(tmpdir(), 'forgekv-flips-'));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  await make(base);
  let flipped = 0;
  for (const name of readdirSync(base).filter((file) => file.endsWith('.ldb'))) {
    const file = path.join(base, name);
    const bytes = readFileSync(file);
    for (let key = 30; key < KEYS; key += 10) {
      // The half that does not compress stands in the file as it is.
      const at = bytes.indexOf(valueFor(key, 2).subarray(20, 60));
      if (at < 0) continue;
      bytes[at + (key % 40)]! ^= 1 << (key & 7);
      flipped++;
    }
    writeFileSync(file, bytes);
  }
  t.ok(flipped > 5, `${flipped} values`);
  const store = new Store(new ClassicLevelEngine(base, { ...SMALL, verify: 'index' }));
  await store.open();
  const outcome = { right: 0, errors: 0, lost: 0 };
  for (let key = 0; key < KEYS; key++) readOne(store, key, outcome);
  t.same(outcome, { right: KEYS - flipped, errors: flipped, lost: 0 });
  t.equal(store.counters.damages, flipped);
  while (!(await store.scrubStep(100))) t.equal(store.state, 'open');
  t.ok(store.damages.some(({ kind, what }) => kind === 'file' && /data block/.test(what)));
  t.equal(store.counters.scrubbedRecords, 0, 'the files are damaged');
  await store.close();
});
