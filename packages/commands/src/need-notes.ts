// Tells in a thread's log what its next effects may build on in others: recovery follows a log only
// as far as that is there (causal-ends.ts). Not what is on the disk already.

import {
  NEEDS_LOG,
  NEEDS_UP_TO,
  NOTE_HEAD_BYTES,
  RECORD_NEEDS,
  type WalLogs,
  type WalWriter,
} from '@forgekv/storage';
import { type LogDependencies, POSITION_UNIT, toUnits } from './log-dependencies.ts';

const NOTHING = new Uint8Array(0);
const NO_SHARD = -1;

export class NeedNotes {
  readonly #logs: WalLogs;
  readonly #writer: WalWriter;
  readonly #depends: LogDependencies;
  readonly #head = new Uint8Array(NOTE_HEAD_BYTES);
  readonly #view = new DataView(this.#head.buffer);

  constructor(logs: WalLogs, writer: WalWriter, depends: LogDependencies) {
    this.#logs = logs;
    this.#writer = writer;
    this.#depends = depends;
  }

  /** To be called before an effect begins. Throws as the writer's `append`. */
  tell(): void {
    const { untold } = this.#depends;
    if (untold.length === 0) return;
    for (const log of untold) {
      const position = this.#whole(log, this.#depends.toldUpTo(log));
      if (position <= this.#logs.synced(log)) continue;
      this.#view.setFloat64(NEEDS_LOG, log, true);
      this.#view.setFloat64(NEEDS_UP_TO, position, true);
      this.#writer.appendNote(RECORD_NEEDS, NO_SHARD, 0, this.#head, NOTHING, 0, 0);
    }
    untold.length = 0;
  }

  /** The whole of a position, which is not far from where its log is. */
  #whole(log: number, units: number): number {
    const sealed = this.#logs.sealed(log);
    const behind = (units - toUnits(sealed)) | 0;
    return (Math.ceil(sealed / POSITION_UNIT) + behind) * POSITION_UNIT;
  }
}
