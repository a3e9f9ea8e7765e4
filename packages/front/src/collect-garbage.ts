// Collects the garbage of this thread's heap at once. V8 offers that only to scripts of a context
// that was made with the flag set, so one is made for it. The flag is the process's: it stays set,
// else a thread might take it away while another one makes its context.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | null = null;

export function collectGarbage(): void {
  if (collect === null) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
