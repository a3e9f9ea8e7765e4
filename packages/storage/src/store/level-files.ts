// Care for the engine's directory beyond what the engine does: syncing all that a checkpoint
// rests on, and verifying files by their checksums. Never changes the engine's files.
//
// Why sync more than the engine: its synced write syncs the log it writes to. Batches written
// before may be in the log before that one, which was closed without a sync and is not a table
// yet; a power loss would lose them and keep the later, synced batch.

import { open, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { verifyLog } from './log-file.ts';
import { readLiveTables } from './manifest-file.ts';
import { MARKER_FILE, readMarker, writeMarker } from './synced-marker.ts';
import { type FileDamage, type VerifyDepth, verifyTable } from './table-file.ts';

const LOG = /^(\d+\.log|MANIFEST-\d+)$/;
const TABLE = /^\d+\.(ldb|sst)$/;

/** Syncs all logs and manifests and the directory, and notes down how far that reached. */
export async function syncLevelFiles(directory: string): Promise<void> {
  const sizes = new Map<string, number>();
  for (const file of (await readdir(directory)).filter((name) => LOG.test(name))) {
    const size = await syncFile(path.join(directory, file));
    if (size !== null) sizes.set(file, size);
  }
  await syncFile(directory);
  await writeMarker(directory, sizes);
}

/** Returns the size that is surely synced, or null when the engine has removed the file. */
async function syncFile(name: string): Promise<number | null> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(name, 'r');
  } catch (error) {
    // Tables hold what was in it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    // The size first: more may be appended while the sync runs.
    const { size } = await handle.stat();
    await handle.sync();
    return size;
  } finally {
    await handle.close();
  }
}

/**
 * Verifies the files of a store that is closed, or (tables only) open. Reads the files once; with
 * depth 'index' about a hundredth of the tables. Returns at most `maxFound` damages, none for an
 * empty or missing directory. Behind the synced part of a log nothing counts as damage.
 */
export async function verifyLevelFiles(
  directory: string,
  depth: VerifyDepth,
  maxFound: number,
): Promise<FileDamage[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const found: FileDamage[] = [];
  const note = (damage: FileDamage | null): void => {
    if (damage !== null && found.length < maxFound) found.push(damage);
  };
  note(await verifyCurrent(directory, names));
  const synced = await readMarker(directory);
  if (synced === null) note({ file: MARKER_FILE, offset: 0, what: 'synced marker' });
  for (const name of names) {
    if (LOG.test(name)) note(await verifyLog(directory, name, synced?.get(name) ?? 0));
  }
  for (const name of await listTables(directory)) {
    note(await verifyTableNamed(directory, name, depth));
  }
  return found;
}

/** The engine takes a directory without CURRENT for a new one, and removes what is in it. */
async function verifyCurrent(
  directory: string,
  names: readonly string[],
): Promise<FileDamage | null> {
  const damage = { file: 'CURRENT', offset: 0 };
  if (!names.includes('CURRENT')) {
    const isUsed = names.some((name) => TABLE.test(name) || name === MARKER_FILE);
    return isUsed ? { ...damage, what: 'missing' } : null;
  }
  const text = await readFile(path.join(directory, 'CURRENT'), 'latin1');
  const [, manifest] = /^(MANIFEST-\d+)\n$/.exec(text) ?? [];
  if (manifest !== undefined && names.includes(manifest)) return null;
  return { ...damage, what: 'names no manifest' };
}

/** Verifies one table; one that the engine removes meanwhile is no damage. */
export async function verifyTableNamed(
  directory: string,
  name: string,
  depth: VerifyDepth,
): Promise<FileDamage | null> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path.join(directory, name), 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return await verifyTable(handle, name, depth);
  } finally {
    await handle.close();
  }
}

/** Returns the names of the tables a store consists of, sorted; none without a manifest. */
export async function listTables(directory: string): Promise<string[]> {
  const live = await readLiveTables(directory);
  if (live === null) return [];
  const names = (await readdir(directory)).filter((name) => TABLE.test(name));
  return names.filter((name) => live.has(Number.parseInt(name, 10))).sort();
}

/** Returns the bytes of all files in a directory, 0 when it is missing. */
export async function sizeOfFiles(directory: string): Promise<number> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  let bytes = 0;
  for (const name of names) bytes += (await stat(path.join(directory, name))).size;
  return bytes;
}
