// Replaces a small file as a whole: whoever reads it, also after a crash, finds the old one or the
// new one. Not for data: it blocks until the disk has it.

import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { getSystemErrorMap } from 'node:util';

/** For the owner only: such files have passwords. */
const NEW_FILE_MODE = 0o600;
const MODE_BITS = 0o7777;

/**
 * Replaces a file, or makes it. Durable when it returns. An old one's mode and owner stay, and a
 * symbolic link goes on to be one.
 * @throws what the file system throws, and the old one stays
 */
export function replaceFile(path: string, content: Uint8Array): void {
  const old = statSync(path, { throwIfNoEntry: false });
  const target = old === undefined ? path : realpathSync(path);
  const draft = `${target}.${process.pid}.tmp`;
  try {
    const file = openSync(draft, 'w', NEW_FILE_MODE);
    try {
      if (old !== undefined) {
        // The owner first: a change of it takes bits of the mode away.
        if (process.getuid?.() === 0) fchownSync(file, old.uid, old.gid);
        fchmodSync(file, old.mode & MODE_BITS);
      }
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  const directory = openSync(dirname(target), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** What the system's library says of an error, as Redis tells it. */
export function reasonOf({ errno, message }: NodeJS.ErrnoException): string {
  const [, text] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return text === undefined ? message : text[0]!.toUpperCase() + text.slice(1);
}
