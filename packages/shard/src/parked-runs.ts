// Runs that wait for room: their commands found none, but there will be some, in the hot table when
// what has changed is in the stores, in the dataset when keys were found that may go. At most one
// per connection, which waits all the while; then the front gets the rest of the run back and sends
// it again.

import type { ReplyWriter } from '@forgekv/protocol';
import type { ReplySender } from './reply-sender.ts';
import { keepBytes } from './run-bytes.ts';

interface ParkedRun {
  readonly replies: ReplySender;
  readonly connection: number;
  readonly bytes: Buffer;
}

export class ParkedRuns {
  readonly #mayGoOn: () => boolean;
  #runs: ParkedRun[] = [];

  /** @param mayGoOn there is room, or none to be had */
  constructor(mayGoOn: () => boolean) {
    this.#mayGoOn = mayGoOn;
  }

  get length(): number {
    return this.#runs.length;
  }

  /** Keeps the rest of a run. */
  park(replies: ReplySender, connection: number, rest: Buffer): void {
    this.#runs.push({ replies, connection, bytes: keepBytes(rest).bytes });
  }

  /** Lets all of them go on when they may. */
  release(writer: ReplyWriter): void {
    if (this.#runs.length === 0) return;
    if (!this.#mayGoOn()) return;
    for (const { replies, connection, bytes } of this.#runs.splice(0)) {
      replies.leftover(connection, bytes, 0, bytes.length);
      replies.reply(connection, writer, true);
      replies.flush();
    }
  }
}
