// What a worker does for others while a script of its own goes on for long: it ends the tick of
// what was done before, answers the other workers, and, once it is busy, tells clients so. What has
// to be done between commands is kept for the end of the script.
//
// The run that has called the script, and those behind it, may lie in the ring it came by: frames
// are taken, but no room is given back before that run has ended.

import { BUSY_FUNCTION, BUSY_SCRIPT, type ThreadStats } from '@forgekv/commands';
import { ReplyWriter, RequestParser } from '@forgekv/protocol';
import { KIND_FUNCTION, RUN_BLOCK, type ScriptKind } from '@forgekv/rings';
import type { FrontLink } from './front-link.ts';
import type { OtherFrame } from './front-runs.ts';
import type { Peers } from './peers.ts';

const NO_LIMITS = { maxBulkBytes: Infinity, authenticated: true };
const ABORTED = 'EXECABORT Transaction discarded because of:';

export interface BusyServiceModules {
  readonly fronts: readonly FrontLink[];
  readonly peers: Peers;
  readonly stats: ThreadStats;
  /** Ends the tick as far as it has come. */
  readonly settle: () => void;
  /** What a frame means that is no run, as `RunIntake.next` names it. */
  readonly take: (what: 'go' | 'gone' | 'unblocked', front: FrontLink, frame: OtherFrame) => void;
}

export class BusyService {
  readonly #m: BusyServiceModules;
  readonly #parser = new RequestParser();
  readonly #writer = new ReplyWriter(4096);
  #kept: (() => void)[] = [];

  constructor(modules: BusyServiceModules) {
    this.#m = modules;
  }

  /** A script goes on for long. */
  serve(kind: ScriptKind, isBusy: boolean): void {
    const { fronts, peers, stats, settle } = this.#m;
    peers.serve();
    settle();
    stats.turns++;
    stats.publish();
    for (const front of fronts) {
      if (isBusy) this.#refuseAll(front, kind === KIND_FUNCTION ? BUSY_FUNCTION : BUSY_SCRIPT);
      front.replies.flush();
    }
  }

  #refuseAll(front: FrontLink, text: string): void {
    const { intake } = front;
    for (let what = intake.next(); what !== 'none'; what = intake.next()) {
      if (what === 'run') this.#refuse(front, text);
      else if (what !== 'part') this.#keep(what, front);
    }
  }

  #refuse({ intake, replies }: FrontLink, text: string): void {
    const { connection, flags, bytes, start, end } = intake;
    const writer = this.#writer;
    if ((flags & RUN_BLOCK) !== 0) {
      writer.error(`${ABORTED} ${text}`);
    } else {
      for (let at = start; at < end; ) {
        at = this.#parser.parse(bytes, at, end, NO_LIMITS);
        if (this.#parser.commandCount === 0) break;
        for (let i = 0; i < this.#parser.commandCount; i++) writer.error(text);
      }
    }
    replies.reply(connection, writer, true);
  }

  #keep(what: 'go' | 'gone' | 'unblocked', front: FrontLink): void {
    const { connection, flags, slot, ticket } = front.intake;
    this.#kept.push(() => this.#m.take(what, front, { connection, flags, slot, ticket }));
  }

  /** Does what was kept; true when there was any. */
  afterwards(): boolean {
    if (this.#kept.length === 0) return false;
    const kept = this.#kept;
    this.#kept = [];
    for (const act of kept) act();
    return true;
  }
}
