// Copies the engine's directory while the engine is open and nobody writes to it: links to the
// tables, which are never changed, copies of everything else. The engine may still be compacting.
//
// Why a copy is whole. The manifest names the tables and the first log that count, and nothing of
// what it names is removed before it has grown by an edit that no longer names it; the logs do not
// grow, since nobody writes. So when the manifest is the same after the copying as before, all it
// names was there all the time. When it is not, the copy is thrown away and made again.

import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listTables, syncLevelFiles } from './level-files.ts';
import { StoreError } from './store-errors.ts';

/** A compaction changes the manifest every few hundred milliseconds; copying takes a few. */
const ATTEMPTS = 100;
const RETRY_MS = 20;
const COPIED = /^(\d+\.log|MANIFEST-\d+|CURRENT)$/;

/**
 * Makes a copy that the engine can open, durable when it returns.
 * @param to made here; what is there already is removed
 * @throws StoreError IO when compactions never leave the time; what the file system throws
 */
export async function copyLevelFiles(from: string, to: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await rm(to, { recursive: true, force: true });
    await mkdir(to, { recursive: true });
    if (await copyOnce(from, to)) {
      await syncLevelFiles(to);
      return;
    }
    await sleep(RETRY_MS);
  }
  throw new StoreError('IO', `${from} changes too fast to be copied`);
}

/** Returns false when the engine changed what there is meanwhile. */
async function copyOnce(from: string, to: string): Promise<boolean> {
  try {
    const before = await readEdition(from);
    for (const name of await readdir(from)) {
      if (COPIED.test(name)) await copyDurably(path.join(from, name), path.join(to, name));
    }
    for (const name of await listTables(from)) {
      await linkOrCopy(path.join(from, name), path.join(to, name));
    }
    return (await readEdition(from)) === before;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Which manifest is in force, and how long it is. */
async function readEdition(directory: string): Promise<string> {
  const current = (await readFile(path.join(directory, 'CURRENT'), 'latin1')).trim();
  return `${current} ${(await stat(path.join(directory, current))).size}`;
}

/** A copy where no link is possible: on another file system, or one without links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    await copyDurably(from, to);
  }
}

async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  const handle = await open(to, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
