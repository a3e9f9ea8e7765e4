// The runs of a worker that were put aside, each kind where it waits, and what lets them go on:
// room, keys or values of stores, large arguments. It executes nothing itself.

import type { ReplyWriter } from '@forgekv/protocol';
import type { AwaitingRuns } from './awaiting-runs.ts';
import type { ColdReads } from './cold-reads.ts';
import type { WaitReason } from './command-runner.ts';
import type { FrontLink } from './front-link.ts';
import type { WaitingRuns } from './waiting-runs.ts';

/** Executes bytes of commands of a connection and sends the replies. */
export type ExecuteRun = (
  front: FrontLink,
  connection: number,
  flags: number,
  bytes: Buffer,
  view: DataView,
) => void;

export interface KeptRunsModules {
  readonly writer: ReplyWriter;
  readonly fronts: readonly FrontLink[];
  readonly awaiting: AwaitingRuns<FrontLink>;
  readonly waiting: WaitingRuns;
  readonly execute: ExecuteRun;
}

export class KeptRuns {
  readonly #m: KeptRunsModules;
  #cold: ColdReads | null = null;

  constructor(modules: KeptRunsModules) {
    this.#m = modules;
  }

  /** Takes what reads stores. */
  adopt(cold: ColdReads): void {
    this.#cold = cold;
  }

  get length(): number {
    return this.#m.awaiting.length + this.#m.waiting.length;
  }

  /**
   * Keeps the rest of a run until it can go on, behind the replies of its beginning.
   * @param isFirst it has not come any further since it was kept before
   */
  keep(
    front: FrontLink,
    connection: number,
    flags: number,
    rest: Buffer,
    reason: WaitReason,
    isFirst: boolean,
  ): void {
    const { writer, waiting, awaiting, fronts } = this.#m;
    front.replies.reply(connection, writer, false);
    if (reason === 'room' || reason === 'dataset') {
      waiting.park(reason, front.replies, connection, rest);
    } else if (reason === 'keys') {
      const bytes = Buffer.from(rest);
      this.#cold!.paged.park({ front: fronts.indexOf(front), connection, flags, bytes });
    } else {
      awaiting.add(front, connection, flags, rest, reason, isFirst);
    }
  }

  /** Goes on with runs that have waited for keys of stores; true when there were any. */
  resumePaged(): boolean {
    const { fronts, execute } = this.#m;
    const answer = this.#cold?.paged.release(({ front, connection, flags, bytes }) => {
      const link = fronts[front]!;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      execute(link, connection, flags, bytes, view);
      link.replies.flush();
    });
    return answer === true;
  }

  /** Goes on with runs whose values were read; true when there were any. */
  resumeAwaiting(nowMs: number): boolean {
    return this.#m.awaiting.resume(nowMs, ({ front, connection, flags, bytes, view }) => {
      this.#m.execute(front, connection, flags, bytes, view);
      front.replies.flush();
    });
  }
}
