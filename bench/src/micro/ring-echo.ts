// Thread of rings.ts: takes frames, answers those that ask for it, sleeps when there are none.

import { isMainThread, workerData } from 'node:worker_threads';
import { Doorbell, RingConsumer, RingProducer } from '@forgekv/rings';

/** Kinds of frames: answer this one; answer how many there were; end. All others are counted. */
export const ECHO = 1;
export const SUM = 2;
export const STOP = 3;

export interface EchoInit {
  readonly requests: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
  /** Doorbell 0 belongs to the asking thread, 1 to this one. */
  readonly doorbells: SharedArrayBuffer;
}

const SLEEP_MS = 1000;

function serve(init: EchoInit): void {
  const requests = new RingConsumer(init.requests);
  const replies = new RingProducer(init.replies);
  const other = new Doorbell(init.doorbells, 0);
  const own = new Doorbell(init.doorbells, 1);
  let count = 0;
  for (;;) {
    while (requests.next()) {
      const { kind } = requests;
      count += 1;
      if (kind === STOP) return;
      if (kind === ECHO || kind === SUM) replies.reserve(0, kind, count, 0, 0, 0);
    }
    if (requests.release()) other.ring();
    if (replies.publish()) other.ring();
    own.sleep(SLEEP_MS, () => requests.pending);
  }
}

if (!isMainThread && workerData !== null) serve(workerData as EchoInit);
