// Which thread of the operating system this is, which Node.js does not tell: so that another one
// can ask the system what it does.

import { readlinkSync } from 'node:fs';

/** Returns the number of the thread that calls, 0 where the system does not tell. */
export function systemThreadId(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1)) || 0;
  } catch {
    // Not Linux, or no /proc: nobody depends on it.
    return 0;
  }
}
