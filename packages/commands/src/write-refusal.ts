// Whether all threads refuse writes, and why: one word in the memory that the effect logs share. A
// thread that meets a log which takes nothing sets it, the log keeper takes it back.

import { WAL_NO_SPACE, WAL_OPEN, type WalLogs, type WalWriter } from '@forgekv/storage';
import { REFUSED_WORD } from './log-dependencies.ts';
import type { LogShare } from './log-share.ts';

/** By code; 0: writes are not refused. */
const REASONS = ['', 'No space left on device', 'Input/output error'];
export const REFUSE_NO_SPACE = 1;
export const REFUSE_BROKEN = 2;

/** Of an effect besides its arguments: its name and their frames, unless they are many. */
const EFFECT_BYTES = 128;
/**
 * What else a command may do that was not asked for: it removes what has expired, and tells what
 * all that builds on.
 */
const SPARE_BYTES = 32 * 1024;
const NO_ROOM = 'MISCONF Errors writing to the AOF file: No space left on device';

/** Lets all threads refuse writes (REFUSE_NO_SPACE, REFUSE_BROKEN) or, with 0, accept them. */
export function refuseWrites(memory: SharedArrayBuffer, code: number): void {
  Atomics.store(new Int32Array(memory), REFUSED_WORD, code);
}

/**
 * Why writes are refused now, as an error reply; '': they are not.
 * @param words of the memory that the effect logs share
 * @param ownState of the caller's log: the thread that met the error is the first to know
 */
export function refusalText(words: Int32Array, ownState: number): string {
  let code = Atomics.load(words, REFUSED_WORD);
  if (code === 0) {
    if (ownState === WAL_OPEN) return '';
    code = ownState === WAL_NO_SPACE ? REFUSE_NO_SPACE : REFUSE_BROKEN;
  }
  return `MISCONF Errors writing to the AOF file: ${REASONS[code]}`;
}

/** Whether a thread's log takes what a command is about to do. */
export class WriteRoom {
  readonly #words: Int32Array;
  readonly #logs: WalLogs;
  readonly #own: number;
  readonly #writer: WalWriter;

  constructor(share: LogShare, logs: WalLogs, writer: WalWriter) {
    this.#words = new Int32Array(share.effects);
    this.#logs = logs;
    this.#own = share.log;
    this.#writer = writer;
  }

  /** Why writes are refused now, as an error reply; '': they are not. */
  get refusal(): string {
    return refusalText(this.#words, this.#logs.state(this.#own));
  }

  /** See EffectLog.refusalOf. */
  refusalOf(bytes: number, effects: number): string {
    const wanted = bytes + effects * EFFECT_BYTES + SPARE_BYTES;
    if (this.#writer.hasRoom(wanted) || this.#writer.accepts(wanted, effects)) return '';
    return this.refusal || NO_ROOM;
  }

  /**
   * Refuses writes, unless they are refused already: this log, or one that replies depend on, takes
   * none. So nobody else runs into it; the log keeper allows it again.
   */
  refuseAll(others: readonly number[]): void {
    const states = [...others, this.#own].map((log) => this.#logs.state(log));
    const isBroken = states.some((state) => state !== WAL_NO_SPACE && state !== WAL_OPEN);
    const reason = isBroken ? REFUSE_BROKEN : REFUSE_NO_SPACE;
    Atomics.compareExchange(this.#words, REFUSED_WORD, 0, reason);
  }
}
