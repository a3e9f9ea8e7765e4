// Offline verification of all stores in a directory: every file, then every record of stores
// whose files are whole. Opening a LevelDB changes it, so records are read from a copy beside it:
// links to the tables, which are never changed, and copies of the other files. Repairs nothing.

import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { ClassicLevelEngine } from './classic-level-engine.ts';
import { CountCheck } from './count-check.ts';
import { type Damage, DamageList } from './damage-list.ts';
import { lockDirectory } from './directory-lock.ts';
import { verifyLevelFiles } from './level-files.ts';
import { END_OF_KEYS, keyOfMain, kindOfKey, type RecordKind, RecordView } from './record.ts';
import { skipPage } from './record-pages.ts';
import { readLayout, storePath } from './store-directory.ts';
import type { StoreEngine } from './store-engine.ts';
import { printable, StoreError } from './store-errors.ts';
import { MARKER_FILE } from './synced-marker.ts';

const PAGE_ENTRIES = 1000;
const PAGE_BYTES = 4 << 20;
const MAX_DAMAGES = 1000;

export interface CheckResult {
  readonly stores: number;
  /** Whole records, by kind. */
  readonly records: Readonly<Record<RecordKind, number>>;
  /** Bytes of their keys and values. */
  readonly bytes: number;
  readonly damageCount: number;
  /** At most 1,000 of them; names begin with the store. */
  readonly damages: readonly Damage[];
}

/**
 * Verifies the stores of a directory that no server has open.
 * @param namespaces those whose records are counted and compared with what checkpoints say
 * @throws StoreError LOCKED, CORRUPT (the directory itself), IO; DirectoryVersionError
 */
export async function checkStores(
  directory: string,
  namespaces: readonly number[] = [],
): Promise<CheckResult> {
  const layout = readLayout(directory);
  if (layout === null) throw new StoreError('IO', `${directory} has no stores`);
  const lock = lockDirectory(directory);
  const scratch = `${directory}.check-${process.pid}`;
  const totals = { main: 0, expiry: 0, meta: 0, element: 0, unknown: 0 };
  const damages = new DamageList(MAX_DAMAGES);
  let bytes = 0;
  try {
    for (let i = 0; i < layout.storeCount; i++) {
      const from = storePath(layout, i);
      const note = (kind: Damage['kind'], name: string, what: string): void =>
        damages.note({ kind, name: `store-${i} ${name}`, what });
      const found = await verifyLevelFiles(from, 'all', MAX_DAMAGES);
      for (const { file, offset, what } of found) note('file', file, `${what} at byte ${offset}`);
      if (found.some(({ file }) => file !== MARKER_FILE)) {
        // The engine may end the process over it.
        note('page', 'all records', 'not read: files are damaged');
        continue;
      }
      const copy = path.join(scratch, `store-${i}`);
      await copyStore(from, copy);
      bytes += await checkRecords(copy, totals, note, new CountCheck(namespaces));
      await rm(copy, { recursive: true });
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
    lock.release();
  }
  const { count, list } = damages;
  return {
    stores: layout.storeCount,
    records: totals,
    bytes,
    damageCount: count,
    damages: list,
  };
}

async function copyStore(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    const target = path.join(to, name);
    const copy = (): Promise<void> => copyFile(path.join(from, name), target);
    if (/\.(ldb|sst)$/.test(name)) await link(path.join(from, name), target).catch(copy);
    else if (name !== 'LOCK') await copy();
  }
}

type Note = (kind: Damage['kind'], name: string, what: string) => void;

async function checkRecords(
  directory: string,
  totals: Record<RecordKind, number>,
  note: Note,
  counts: CountCheck,
): Promise<number> {
  const engine = new ClassicLevelEngine(directory, { verify: 'none' });
  try {
    await engine.open();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    note('page', 'all records', error.message);
    return 0;
  }
  let bytes = 0;
  try {
    const view = new RecordView();
    let failures = 0;
    let from: Buffer | null = Buffer.alloc(0);
    while (from !== null) {
      const page = await pageOrNull(engine, from, note);
      if (page === null) {
        counts.giveUp();
        from = skipPage(from, failures++);
        if (from.compare(END_OF_KEYS) >= 0) break;
        continue;
      }
      failures = 0;
      for (const [i, key] of page.keys.entries()) {
        const value = page.values[i]!;
        const kind = kindOfKey(key);
        const what = kind === 'unknown' ? 'unknown key' : view.decode(key, value);
        counts.see(key, kind, what === null ? view : null);
        if (what === null) totals[kind]++;
        else note('record', printable(kind === 'main' ? keyOfMain(key) : key), what);
        bytes += key.length + value.length;
      }
      from = page.next;
    }
    for (const { name, what } of counts.problems()) note('record', name, what);
  } finally {
    await engine.close();
  }
  return bytes;
}

async function pageOrNull(engine: StoreEngine, from: Buffer, note: Note) {
  try {
    return await engine.scanPage(from, END_OF_KEYS, PAGE_ENTRIES, PAGE_BYTES);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'CORRUPT') throw error;
    note('page', printable(from), error.message);
    return null;
  }
}
