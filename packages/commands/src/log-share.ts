// What a thread is given for its log, and what it is told of it: names only.

import type { WalTransfer } from '@forgekv/storage';

// What `settle` answers.
/** The replies of the tick may leave. */
export const SETTLED = 0;
/** Ask again soon. */
export const UNSETTLED = 1;
/** A log is fenced: these replies may never leave. */
export const LOST = 2;

export type SyncMode = 'Always' | 'EverySecond' | 'Never';

/** What a thread needs to write its log. */
export interface LogShare {
  readonly transfer: WalTransfer;
  /** From createEffectMemory. */
  readonly effects: SharedArrayBuffer;
  /** Number of the thread's own log. */
  readonly log: number;
}
