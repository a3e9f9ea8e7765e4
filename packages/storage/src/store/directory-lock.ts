// Who owns a data directory: a file with the owner's pid, so that an error can name it. The
// engine's own lock is the one that is certain; this one speaks first and more clearly. One host
// only: a pid means nothing on another.
//
// A pid may be used again, in containers right after a restart, so the file also holds when the
// owner started, as the kernel counts it. A lock whose owner is gone is taken over. Two processes
// that take over at the same moment: both may remove the stale file, but `link` lets only one put
// its own there, unless the slower one removes the faster one's; then the engine's lock decides.

import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StoreError } from './store-errors.ts';

export const LOCK_FILE = 'forgekv.lock';
const ATTEMPTS = 3;

export interface DirectoryLock {
  /** Gives the directory up. Twice is fine. */
  release(): void;
}

/** Takes a directory, made when missing. @throws StoreError LOCKED naming the pid that has it */
export function lockDirectory(directory: string): DirectoryLock {
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, LOCK_FILE);
  const mine = `${file}.${process.pid}`;
  const text = `${process.pid} ${startOf(process.pid)}\n`;
  writeFileSync(mine, text);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        linkSync(mine, file);
        return { release: () => release(file, text) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = ownerOf(file);
      if (owner !== null) {
        throw new StoreError('LOCKED', `${directory} is in use by process ${owner}`);
      }
      rmSync(file, { force: true });
    }
    throw new StoreError('LOCKED', `${directory} is being taken by other processes`);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Removes the lock if it is still ours. */
function release(file: string, text: string): void {
  if (readOr(file, '') === text) rmSync(file, { force: true });
}

/** Returns the pid in a lock file when that process still runs, else null. */
function ownerOf(file: string): number | null {
  const [pidText = '', start = ''] = readOr(file, '').trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return null;
  const startNow = startOf(pid);
  return start !== '' && startNow !== '' && start !== startNow ? null : pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started, in clock ticks since boot, with the boot's id; '' where unknown. */
function startOf(pid: number): string {
  const stat = readOr(`/proc/${pid}/stat`, '');
  const boot = readOr('/proc/sys/kernel/random/boot_id', '').trim();
  // Behind the name in brackets, which may hold spaces, the 20th field.
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return ticks === '' ? '' : `${boot}:${ticks}`;
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}
