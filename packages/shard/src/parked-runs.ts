// Runs that wait for room in the hot table: their commands found none, but there will be some when
// what has changed is in the stores. At most one per connection, which waits all the while; then
// the front gets the rest of the run back and sends it again.

import type { ReplyWriter } from '@forgekv/protocol';
import type { ReplySender } from './reply-sender.ts';
import type { StoreKeeper } from './store-keeper.ts';

interface ParkedRun {
  readonly replies: ReplySender;
  readonly connection: number;
  readonly bytes: Buffer;
}

export class ParkedRuns {
  readonly #keeper: StoreKeeper;
  #runs: ParkedRun[] = [];
  /** Flushes ended when the first of them found no room, and when that was. */
  #passesBefore = 0;
  #sinceMs = 0;

  constructor(keeper: StoreKeeper) {
    this.#keeper = keeper;
  }

  get length(): number {
    return this.#runs.length;
  }

  /**
   * For a command that found no room: 'room' try again, 'wait' park its run, 'none' refuse it.
   * @param isInVain it has tried again often enough: it waits if a flush may help
   */
  makeRoom(isInVain = false): 'room' | 'wait' | 'none' {
    const nowMs = Date.now();
    if (this.#runs.length === 0) {
      this.#passesBefore = this.#keeper.passes;
      this.#sinceMs = nowMs;
    }
    if (isInVain) return this.#keeper.waitForFlush(nowMs);
    return this.#keeper.makeRoom(nowMs, this.#passesBefore, this.#sinceMs);
  }

  /** Keeps the rest of a run (copied). */
  park(replies: ReplySender, connection: number, rest: Buffer): void {
    this.#runs.push({ replies, connection, bytes: Buffer.from(rest) });
  }

  /** Lets all of them go on when there is room, or none to be had. */
  release(writer: ReplyWriter): void {
    if (this.#runs.length === 0) return;
    if (!this.#keeper.hasRoom && this.makeRoom() !== 'none') return;
    for (const { replies, connection, bytes } of this.#runs.splice(0)) {
      replies.leftover(connection, bytes, 0, bytes.length);
      replies.reply(connection, writer, true);
      replies.flush();
    }
  }
}
