// The state of a log in shared memory: open, or fenced and why. Decides nothing about when a log
// may be opened again; WalLogs does.

import { constants } from 'node:os';
import { errorCode } from './segment-keeper.ts';
import { ERRNO, STATE } from './wal-layout.ts';
import type { LogBlock } from './wal-memory.ts';

export const WAL_OPEN = 0;
/** No room on disk: `retry` when there may be some. */
export const WAL_NO_SPACE = 1;
/** A write or a sync failed: make everything older durable elsewhere, then `renew`. */
export const WAL_BROKEN = 2;

const ERRNO_OF_CODE = new Map<string, number>(Object.entries(constants.errno));
const CODE_OF_ERRNO = new Map([...ERRNO_OF_CODE].map(([code, errno]) => [errno, code]));

/** Returns the number of an error code, EIO's for one the system does not know. */
function errnoOfCode(code: string): number {
  return ERRNO_OF_CODE.get(code) ?? constants.errno.EIO;
}

export function codeOfErrno(errno: number): string {
  return CODE_OF_ERRNO.get(errno) ?? 'EIO';
}

/** Fences a log, from any thread. The worse state wins. */
export function fence(block: LogBlock, state: number, error: unknown): void {
  const { words } = block;
  for (;;) {
    const before = Atomics.load(words, STATE);
    if (before >= state) return;
    words[ERRNO] = errnoOfCode(errorCode(error));
    if (Atomics.compareExchange(words, STATE, before, state) === before) return;
  }
}
