// What CPU time the threads of this process have used: Linux tells, Node.js does not.

import { openSync, readSync } from 'node:fs';

/** The kernel counts in these whatever its own clock is. */
const TICKS_PER_SECOND = 100;
/** Behind the name, which may have blanks and brackets in it. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** The CPU time of one thread of this process, from /proc. */
export class ThreadClock {
  readonly #descriptor: number;
  readonly #text = Buffer.alloc(512);

  /** @param thread from systemThreadId, of this process */
  constructor(thread: number) {
    this.#descriptor = thread === 0 ? -1 : open(`/proc/self/task/${thread}/stat`);
  }

  /** Seconds the thread has run, by tens of milliseconds; NaN where the system does not tell. */
  seconds(): number {
    if (this.#descriptor < 0) return Number.NaN;
    let length: number;
    try {
      length = readSync(this.#descriptor, this.#text, 0, this.#text.length, 0);
    } catch {
      // The thread has ended.
      return Number.NaN;
    }
    const line = this.#text.toString('latin1', 0, length);
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) / TICKS_PER_SECOND;
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch {
    return -1;
  }
}
