// Whether all threads refuse writes, and why: one word in the memory that the effect logs share. A
// thread that meets a log which takes nothing sets it, the log keeper takes it back.

import { WAL_NO_SPACE, WAL_OPEN } from '@forgekv/storage';
import { REFUSED_WORD } from './log-dependencies.ts';

/** By code; 0: writes are not refused. */
const REASONS = ['', 'No space left on device', 'Input/output error'];
export const REFUSE_NO_SPACE = 1;
export const REFUSE_BROKEN = 2;

export const NO_ROOM = 'MISCONF Errors writing to the AOF file: No space left on device';

/** Lets all threads refuse writes (REFUSE_NO_SPACE, REFUSE_BROKEN) or, with 0, accept them. */
export function refuseWrites(memory: SharedArrayBuffer, code: number): void {
  Atomics.store(new Int32Array(memory), REFUSED_WORD, code);
}

/**
 * Why writes are refused now, as an error reply; '': they are not.
 * @param words of the memory that the effect logs share
 * @param ownState of the caller's log: the thread that met the error is the first to know
 */
export function refusalText(words: Int32Array, ownState: number): string {
  let code = Atomics.load(words, REFUSED_WORD);
  if (code === 0) {
    if (ownState === WAL_OPEN) return '';
    code = ownState === WAL_NO_SPACE ? REFUSE_NO_SPACE : REFUSE_BROKEN;
  }
  return `MISCONF Errors writing to the AOF file: ${REASONS[code]}`;
}

/** Refuses writes, unless they are refused already, because one of these logs takes none. */
export function refuseFor(words: Int32Array, states: readonly number[]): void {
  const isBroken = states.some((state) => state !== WAL_NO_SPACE && state !== WAL_OPEN);
  Atomics.compareExchange(words, REFUSED_WORD, 0, isBroken ? REFUSE_BROKEN : REFUSE_NO_SPACE);
}
