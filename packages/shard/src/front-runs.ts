// Takes what fronts have sent, frame by frame, and hands it to whom it concerns. Executes nothing
// itself.

import type { FrontLink } from './front-link.ts';
import type { SlicedRuns } from './sliced-runs.ts';
import type { Waiters } from './waiters.ts';

/** Bytes of runs that are not complete that are taken from a front in one turn. */
const TURN_PART_BYTES = 1024 * 1024;

/** A frame that is no run. */
export interface OtherFrame {
  readonly connection: number;
  readonly flags: number;
  readonly slot: number;
  readonly ticket: number;
}

export interface FrontRunsModules {
  readonly sliced: SlicedRuns<FrontLink>;
  readonly waiters: Waiters;
  /** Executes the commands in bytes[start..end) for a connection and sends the replies. */
  readonly run: (
    front: FrontLink,
    connection: number,
    flags: number,
    bytes: Buffer,
    view: DataView,
    start: number,
    end: number,
  ) => void;
}

export class FrontRuns {
  readonly #m: FrontRunsModules;

  constructor(modules: FrontRunsModules) {
    this.#m = modules;
  }

  /** Does what a front has sent, large runs in turns; true: there was any. */
  serve(front: FrontLink): boolean {
    const { intake } = front;
    let any = false;
    let partBytes = 0;
    for (let what = intake.next(); what !== 'none'; what = intake.next()) {
      any = true;
      // What a large run is made of comes as fast as it is taken: others have a turn, too.
      if (what === 'part') {
        partBytes += intake.frameBytes;
      } else if (what === 'run') {
        const { connection, flags, bytes, view, start, end } = intake;
        this.#m.run(front, connection, flags, bytes, view, start, end);
      } else {
        this.take(what, front, intake);
      }
      // Early, so that a front with a full ring goes on while this one works.
      if (intake.release()) front.doorbell.ring();
      if (partBytes > TURN_PART_BYTES) break;
    }
    if (any) front.replies.flush();
    return any;
  }

  /** Takes a frame that is no run; between runs. */
  take(what: 'go' | 'gone' | 'unblocked', front: FrontLink, frame: OtherFrame): void {
    const { sliced, waiters } = this.#m;
    if (what === 'go') sliced.goOn(front, frame.connection, frame.flags);
    else if (what === 'gone') sliced.leave(front, frame.connection);
    else waiters.endedHere(frame.slot, frame.ticket);
  }
}
