// The runs of a worker that wait for room, and what they wait for: room in the hot table, which the
// keeper of the stores makes, or within the cap on the dataset.

import type { ReplyWriter } from '@forgekv/protocol';
import type { CapKeeper } from './cap-keeper.ts';
import { ParkedRuns } from './parked-runs.ts';
import type { ReplySender } from './reply-sender.ts';
import type { StoreKeeper } from './store-keeper.ts';

export class WaitingRuns {
  /** For room in the hot table. */
  readonly table = new ParkedRuns(() => this.hasTableRoom);
  /** For room within the cap. */
  readonly dataset: ParkedRuns;
  #keeper: StoreKeeper | null = null;
  /** Flushes ended when the first of those that wait for the table found no room, and when. */
  #passesBefore = 0;
  #sinceMs = 0;
  /** Pages that one of those needs at once. */
  #pages = 0;

  constructor(cap: CapKeeper) {
    this.dataset = new ParkedRuns(() => cap.hasRoom);
  }

  /** Takes what makes room in the hot table. */
  adopt(keeper: StoreKeeper): void {
    this.#keeper = keeper;
  }

  get length(): number {
    return this.table.length + this.dataset.length;
  }

  /** Keeps the rest of a run (copied) until there is room in the table or within the cap. */
  park(what: 'room' | 'dataset', replies: ReplySender, connection: number, rest: Buffer): void {
    (what === 'room' ? this.table : this.dataset).park(replies, connection, rest);
  }

  /**
   * For a command that found no room in the table: 'room' try again, 'wait' park its run, 'none'
   * refuse it.
   * @param isInVain it has tried again often enough: it waits if a flush may help
   */
  makeRoom(isInVain = false): 'room' | 'wait' | 'none' {
    if (this.#keeper === null) return 'none';
    const nowMs = Date.now();
    const pages = this.#keeper.takeRefusedPages();
    if (this.table.length === 0) {
      this.#passesBefore = this.#keeper.passes;
      this.#sinceMs = nowMs;
      this.#pages = 0;
    }
    this.#pages = Math.max(this.#pages, pages);
    if (isInVain) return this.#keeper.waitForFlush(nowMs);
    return this.#keeper.makeRoom(nowMs, this.#passesBefore, this.#sinceMs, this.#pages);
  }

  /** True when those that wait for room in the table are to be tried again. */
  get hasTableRoom(): boolean {
    return this.#keeper?.hasRoomFor(this.#pages) === true || this.makeRoom() === 'none';
  }

  /** Lets those go on that may. */
  release(writer: ReplyWriter): void {
    this.table.release(writer);
    this.dataset.release(writer);
  }
}
